/* SPDX-License-Identifier: BSD-2-Clause */
/* A core: what one processor is doing, its ready queue, its deadlines, its inbox. */
#ifndef CORE_H
#define CORE_H

#include "budget.h"
#include "list.h"
#include "thread.h"
#include "timer.h"

enum { CORES_MAX = 64, PRIORITIES = 256 };

/* Bit in core.current: the fast call and reply must look closer (see sched.c). */
enum { CURRENT_SLOW = 1 };

struct core {
    /* First line: the stack pointer points here while the core is outside the kernel. */
    uintptr_t current; /* running thread | CURRENT_SLOW; 0: idle */
    uint64_t scratch[3];
    struct budget *budget;   /* that pays at this moment */
    struct budget *payer;    /* of the last choice, or NULL */
    struct thread *fp_owner; /* whose FP registers are loaded; fp_live: it is the current one */
    union {
        struct {
            uint8_t fp_live;
            uint8_t borrowed;   /* the running budget came through a helping link or a signal */
            uint8_t reschedule; /* something more urgent became ready */
            uint8_t metered;    /* it has WHIT_BUDGET_METER */
            uint8_t guest_live; /* registers that act on programs too hold el1_owner's (vcpu.c) */
            uint8_t limited;    /* it is not simple */
            uint8_t alone;      /* it runs a virtual CPU whose WFI nobody need know of */
            uint8_t behind;     /* inbox_rest or unparked is not empty */
        };
        uint64_t special; /* all of them: 0 while a program runs that needs none of this */
    };
    struct thread *el1_owner; /* virtual CPU whose EL1 state is loaded */
    uint32_t errata;          /* enum erratum, of this core (errata.h) */
    uint32_t guard; /* function of the firmware to be called at each entry, or 0 (errata.h) */

    uint32_t walked; /* links that sched_help followed since the last dispatch */
    uint32_t index;  /* 0 is the boot core */
    uint32_t online;
    uint64_t mpidr;       /* affinity fields */
    uint64_t kick;        /* what makes arch_core_kick interrupt it, since it is online */
    uint64_t charged;     /* ticks: since when core.budget has not been charged */
    uint64_t interrupted; /* ticks: when the interrupt that is handled came; 0: none is */
    uint64_t expired;     /* of which the last one was the timer's: when it came */
    uint64_t programmed;  /* deadline in the hardware timer */
    uint64_t price;       /* ticks: what the interrupt of a deadline takes that changes nothing */
    struct timer *timers; /* the first of its deadlines */
    uint64_t ready_map[PRIORITIES / 64]; /* bit p: ready[p] is not NULL */
    uint64_t top;                        /* the most urgent such p; 0 if there is none */
    struct budget *ready[PRIORITIES];    /* rings: who has its turn, or NULL */
    struct link unparked; /* budgets that are to be readied; empty outside of the kernel */

    struct signal *signal_inbox; /* atomic lists, pushed by other cores */
    struct signal *inbox_rest;   /* taken out, not yet delivered; empty outside of the kernel */
    struct request *requests;
    uint64_t grace_seen; /* last grace period that this core answered */
};

/* Of core.special, from here on: what a choice depends on; reschedule is the first of it. */
enum { SPECIAL_CHOICE = 16, SPECIAL_RESCHEDULE = 1 };

static inline struct thread *core_current(const struct core *core)
{
    return (struct thread *)(core->current & ~(uintptr_t)CURRENT_SLOW);
}

extern struct core *cores[CORES_MAX];
extern uint32_t cores_online;

/* The core that this code runs on. */
struct core *core_here(void);

/* Makes the zeroed memory at `core` the structure of core `index`. */
void core_init(struct core *core, uint32_t index, uint64_t mpidr);

/*
 * Grace periods: memory of an object that was unlinked is reused only after every other core has
 * been outside the kernel.  core_grace_begin returns a ticket and interrupts the others;
 * core_grace_over tells whether all have answered.
 */
uint64_t core_grace_begin(void);
bool core_grace_over(uint64_t ticket);

/* Handles the inter-processor interrupt: grace periods, inboxes. */
void core_ipi(struct core *core);

/* What runs when the kernel is left: the current thread, or after a dispatch another one.  Handles
 * interrupts between the steps of a dispatch, and idles while there is nothing to run. */
struct thread *core_next(struct core *core);
/* The same, after sched_quick did not find it. */
struct thread *core_choose(struct core *core);

#endif
