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

/*
 * Pieces of use that are kept: BUDGET_APART whatever they are, and one for each of the BUDGET_PARTS
 * of a period.  A period touches one part more than it has, so there is room for all.  Few: each is
 * two changes of who runs, which cost more than its delay.
 */
enum { BUDGET_APART = 2, BUDGET_PARTS = 2, BUDGET_REFILLS = BUDGET_APART + BUDGET_PARTS + 1 };

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
    struct thread *plain;  /* the same if it is simple, else NULL */
    struct signal *signal; /* that it activates for, or NULL */
    uint64_t used;         /* ticks, and of them for others than its thread: lent */
    uint8_t priority;
    uint8_t state;             /* enum budget_state */
    uint8_t refills, oldest;   /* in use, in a ring that begins there */
    uint8_t dry;               /* ran out since it became ready */
    uint8_t simple;            /* no limit, no slice, no length, not metered */
    uint32_t flags;            /* enum whit_budget_flag */
    uint64_t capacity, period; /* ticks; capacity 0: no limit */
    uint64_t length, left;     /* of an activation, and of the present one; length 0: no limit */
    uint64_t owed;             /* ticks used for it while it did not run; with a limit only */
    struct refill refill[BUDGET_REFILLS];
    struct timer timer; /* next replenishment */
    uint64_t lent, exhausted, late;
    struct request request;
};
_Static_assert(sizeof(struct budget) <= WHIT_SIZE_BUDGET, "budget size");

/* The refill that is used now, or next. */
static inline struct refill budget_first(const struct budget *budget)
{
    return budget->refill[budget->oldest];
}

#endif
