/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue of deadlines of a core: there is no tick, only the next thing that matters. */
#include "timer.h"
#include "arch.h"
#include "object.h"
#include "sched.h"

void timer_init(struct timer *timer, enum timer_kind kind)
{
    list_init(&timer->link);
    timer->kind = kind;
}

void timer_set(struct core *core, struct timer *timer, uint64_t deadline)
{
    struct link *at;

    list_remove(&timer->link);
    timer->deadline = deadline;
    for (at = core->timers.prev; at != &core->timers; at = at->prev)
        if (CONTAINER(at, struct timer, link)->deadline <= deadline)
            break;
    list_insert(at->next, &timer->link);
    if (deadline < core->programmed) {
        core->programmed = deadline;
        arch_timer_program(deadline);
    }
}

void timer_cancel(struct core *core, struct timer *timer)
{
    (void)core; /* a hardware timer that fires early finds nothing due */
    list_remove(&timer->link);
}

void timer_program(struct core *core, uint64_t other)
{
    uint64_t deadline = other;

    if (!list_empty(&core->timers)) {
        const struct timer *first = CONTAINER(core->timers.next, struct timer, link);
        if (first->deadline < deadline)
            deadline = first->deadline;
    }
    if (deadline != core->programmed) {
        core->programmed = deadline;
        arch_timer_program(deadline);
    }
}

static void timer_expire(struct timer *timer)
{
    switch ((enum timer_kind)timer->kind) {
    case TIMER_SIGNAL:
        signal_timer_due(CONTAINER(timer, struct signal, timer));
        break;
    case TIMER_REFILL:
        budget_refilled(CONTAINER(timer, struct budget, timer));
        break;
    case TIMER_VCPU:
        vcpu_timer_due(CONTAINER(timer, struct thread, vcpu.timer));
        break;
    }
}

void timer_run(struct core *core)
{
    while (!list_empty(&core->timers)) {
        struct timer *first = CONTAINER(core->timers.next, struct timer, link);
        if (first->deadline > arch_ticks())
            break;
        list_remove(&first->link);
        timer_expire(first);
    }
    /* The hardware fired, and does so until it is programmed again: no deadline that dispatch can
     * find is taken for this one. */
    core->programmed = 0;
    core->reschedule = 1;
}
