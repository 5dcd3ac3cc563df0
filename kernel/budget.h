/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A budget: the right to run on one core, at one priority, for so much time in every period
 * (sporadic server).  The ready queue holds budgets; which thread a budget runs is found by
 * following the calls from its thread.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include "cap.h"
#include "request.h"
#include "timer.h"

enum { BUDGET_REFILLS = 8 };

enum budget_state {
    BUDGET_IDLE,     /* drives nobody, or its signal is not active */
    BUDGET_READY,    /* in the core's ready queue, the running one too */
    BUDGET_PARKED,   /* in the list of a thread that cannot run */
    BUDGET_THROTTLED /* used up; waits for its timer */
};

struct refill {
    uint64_t when, amount; /* ticks */
};

struct budget {
    struct link link; /* ready queue of its priority, or the parked list of a thread */
    struct core *core;
    struct thread *thread; /* whose own it is, or NULL */
    struct signal *signal; /* that it activates for, or NULL */
    uint8_t priority;
    uint8_t state;             /* enum budget_state */
    uint8_t refills;           /* in use, oldest first */
    uint8_t dry;               /* ran out since it became ready */
    uint8_t simple;            /* no limit, no slice, no length, not metered */
    uint32_t flags;            /* enum whit_budget_flag */
    uint64_t capacity, period; /* ticks; capacity 0: no limit */
    uint64_t length, left;     /* of an activation, and of the present one; length 0: no limit */
    struct refill refill[BUDGET_REFILLS];
    struct timer timer; /* next replenishment */
    uint64_t used, lent, exhausted, late;
    struct request request;
};
_Static_assert(sizeof(struct budget) <= WHIT_SIZE_BUDGET, "budget size");

#endif
