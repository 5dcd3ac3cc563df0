/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of one core, in ticks of the physical counter: a leftist heap, which needs no memory
 * but its nodes.  Every operation takes a number of steps that is logarithmic in the deadlines.
 */
#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct core;

enum timer_kind { TIMER_SIGNAL, TIMER_REFILL, TIMER_VCPU };

struct timer {
    struct timer *up, *left, *right; /* none of those below is due before this one */
    uint64_t deadline;
    uint32_t rank; /* nodes on the way down that keeps right, which is the shortest; 0: idle */
    uint32_t kind; /* enum timer_kind: what contains it */
};

void timer_init(struct timer *timer, enum timer_kind kind);
static inline bool timer_armed(const struct timer *timer)
{
    return timer->rank != 0;
}
/* Arms, or moves an armed one; on the core that owns what contains it. */
void timer_set(struct core *core, struct timer *timer, uint64_t deadline);
void timer_cancel(struct core *core, struct timer *timer);
/* Runs some of what is due; the hardware fires again at once if there is more.  A dispatch follows.
 */
void timer_run(struct core *core);

/* Programs the hardware for the first deadline or `other`, whichever comes first. */
void timer_program(struct core *core, uint64_t other);

#endif
