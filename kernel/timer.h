/* SPDX-License-Identifier: BSD-2-Clause */
/* Deadlines of one core, in ticks of the physical counter. */
#ifndef TIMER_H
#define TIMER_H

#include "list.h"
#include <stdint.h>

struct core;

enum timer_kind { TIMER_SIGNAL, TIMER_REFILL, TIMER_VCPU };

struct timer {
    struct link link; /* in the core's queue, ordered by deadline; self when idle */
    uint64_t deadline;
    uint32_t kind; /* enum timer_kind: what contains it */
};

void timer_init(struct timer *timer, enum timer_kind kind);
static inline bool timer_armed(const struct timer *timer)
{
    return timer->link.next != &timer->link;
}
/* Arms, or moves an armed one; on the core that owns what contains it. */
void timer_set(struct core *core, struct timer *timer, uint64_t deadline);
void timer_cancel(struct core *core, struct timer *timer);
/* Runs what is due; a dispatch follows. */
void timer_run(struct core *core);

/* Programs the hardware for the first deadline or `other`, whichever comes first. */
void timer_program(struct core *core, uint64_t other);

#endif
