/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread: a processor's register state, of a program's thread or of a virtual CPU.
 * Its run state is written only by its own core.
 */
#ifndef THREAD_H
#define THREAD_H

#include "cap.h"
#include "request.h"
#include "timer.h"

struct budget;
struct core;
struct portal;
struct signal;

/*
 * link: the address of the core while the thread is an idle handler there (so "idle", "ready to
 * serve" and "on this core" are one compare); the caller's address while it serves a plain call;
 * else a value with LINK_SLOW set, so that the fast reply leaves it alone.
 */
enum {
    LINK_SLOW = 1,   /* the reply needs the slow path */
    LINK_KERNEL = 2, /* with LINK_SLOW: the kernel made the call for the caller (fault, exit) */
    LINK_SIGNAL = 4, /* with LINK_SLOW: it serves the signal of this address */
    LINK_MASK = 7
};
#define LINK_NONE LINK_SLOW                 /* serves nobody, and has not replied yet */
#define LINK_GONE (LINK_SLOW | LINK_KERNEL) /* ends what it began for somebody that is gone */

enum thread_state {
    THREAD_RUNNABLE, /* or calling (callee), or an idle handler (link) */
    THREAD_WAITING   /* for its signal, or a virtual CPU for an interrupt */
};

/* A thread that helps is at an instruction whose handler was busy; it executes it again. */
enum thread_help {
    HELP_NONE,
    HELP_CALL, /* at a CALL: the portal is that of its saved x10 */
    HELP_FAULT /* at an instruction that faults or exits: its fault portal */
};

enum { VIRQ_PRIORITIES = 32, LIST_REGISTERS = 16 };

/* State of a virtual CPU that is not in its registers. */
struct vcpu {
    uint64_t el1[32]; /* enum whit_el1, while its EL1 state is not loaded */
    uint64_t vmcr, ap0r[4], ap1r[4];
    uint64_t lr[LIST_REGISTERS];
    struct signal *shown[LIST_REGISTERS]; /* signal behind each list register */
    struct link pending[VIRQ_PRIORITIES]; /* signals waiting for a list register, by priority */
    uint64_t pending_map;                 /* bit p: pending[p] is not empty */
    struct signal *timer_signal;          /* bound with WHIT_VIRQ_TIMER */
    struct timer timer;                   /* the guest's virtual timer while it is not loaded */
    uint64_t timer_held;  /* while it is not loaded: the timer's interrupt is not yet ended */
    uint64_t activations; /* number of the present ones, never 0: all end when it goes idle */
};

struct thread {
    /* First line: all that a call touches. */
    uintptr_t link;
    struct thread *callee; /* whom it called and waits for, or NULL */
    struct space *space;
    uint64_t frame_pc, frame_sp, frame_tls; /* caller's, from CALL to REPLY */
    uint64_t entry_sp, entry_tls;           /* handler's, as at its first REPLY */

    struct whit_registers *save; /* where its registers are kept: `own` or the state page */
    struct core *core;           /* by its budget; NULL without */
    struct budget *budget;       /* its own, or NULL */
    struct portal *fault;        /* or NULL */
    struct signal *waits;        /* WAITING for this one */
    struct link parked;          /* budgets that would run it, while it cannot run */
    union {
        struct {
            uint8_t state;   /* enum thread_state */
            uint8_t type;    /* enum whit_thread_type */
            uint8_t helping; /* enum thread_help */
            uint8_t stopped; /* does not run, whatever its state: new, stopped, or left so */
        };
        uint32_t unusual; /* 0: a program's thread that can run, but for its link and callee */
    };
    uint32_t receive; /* selector for passed capabilities, 0: none */
    uint32_t ended;   /* destroyed; only its memory is not back yet */
    struct request request;
    struct request *asked; /* by its operation, which is restarted until it is done, or NULL */
    uint64_t ticket;       /* of that */
    uint64_t start_x0;     /* of a START under way, whose other registers are in the frame */
    struct slot space_slot, budget_slot, fault_slot, state_slot;
    struct whit_registers own;
    uint64_t fp[64], fpcr, fpsr;
    struct vcpu vcpu;
};
_Static_assert(sizeof(struct thread) <= WHIT_SIZE_THREAD, "thread size");

/* An idle handler, also if it is stopped (then its link is tagged). */
static inline bool thread_is_idle(const struct thread *thread)
{
    return thread->core && (thread->link & ~(uintptr_t)LINK_MASK) == (uintptr_t)thread->core;
}

static inline bool thread_can_run(const struct thread *thread)
{
    return !thread->stopped && thread->state == THREAD_RUNNABLE && !thread->callee &&
           !thread_is_idle(thread);
}

/* Clears x0-x30, without a loop. */
/*@
  requires \valid(registers);
  assigns registers->x[0 .. 30];
  ensures \forall integer i; 0 <= i <= 30 ==> registers->x[i] == 0;
*/
static inline void registers_clear(struct whit_registers *registers)
{
#pragma GCC unroll 31
    /*@
      loop invariant i <= 31 && \forall integer k; 0 <= k < i ==> registers->x[k] == 0;
      loop assigns i, registers->x[0 .. 30];
      loop variant 31 - i;
    */
    for (unsigned i = 0; i < 31; i++)
        registers->x[i] = 0;
}

#endif
