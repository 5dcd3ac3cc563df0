/* SPDX-License-Identifier: BSD-2-Clause */
/* A signal: asynchronous, a word of sticky bits with one target, at home on one core. */
#ifndef SIGNAL_H
#define SIGNAL_H

#include "cap.h"
#include "request.h"
#include "timer.h"

struct budget;
struct portal;

struct signal {
    struct core *home;     /* see signal_home */
    uint64_t bits;         /* written by the home core only */
    uint64_t remote;       /* atomic: bits set by other cores, not yet taken over */
    struct thread *thread; /* waiter, virtual CPU, or handler while it is entered */
    struct portal *portal; /* TARGET_ENTRY */
    struct budget *budget; /* that an activation runs on, or NULL */
    struct signal *inbox;  /* next in the home core's inbox */
    uint16_t virq;         /* virtual interrupt number */
    uint8_t virq_priority, virq_flags;
    uint8_t target;      /* enum whit_target */
    uint8_t listed;      /* 1 + index of the list register that shows it, or 0 */
    uint8_t entered;     /* TARGET_ENTRY: `thread`, its handler, serves this signal */
    uint8_t target_next; /* the target that the home core is asked to take */
    uint64_t grace;      /* ticket, while it is being destroyed */
    uint64_t
        activation; /* TARGET_VIRQ: its thread's vcpu.activations while one is under way, or 0 */
    uint64_t timer_bits;
    struct timer timer;
    struct request request;
    struct link pending; /* in the virtual CPU's list while it waits for a list register */
    struct slot target_slot, budget_slot;
};
_Static_assert(sizeof(struct signal) <= WHIT_SIZE_SIGNAL, "signal size");
_Static_assert(offsetof(struct signal, home) == 0, "vectors.S loads it without an offset");

/* A core that finds itself to be the home sees all that the last home has done with the signal. */
static inline struct core *signal_home(const struct signal *signal)
{
    return __atomic_load_n(&signal->home, __ATOMIC_ACQUIRE);
}

/* What NOTIFY, WAIT and YIELD leave in x0 and x10. */
struct event_result {
    uint64_t bits, status;
};

#endif
