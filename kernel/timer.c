/* SPDX-License-Identifier: BSD-2-Clause */
/* The deadlines of a core: there is no tick, only the next thing that matters. */
#include "timer.h"
#include "arch.h"
#include "object.h"
#include "sched.h"

enum { RUN_MOST = 8 };

void timer_init(struct timer *timer, enum timer_kind kind)
{
    timer->rank = 0;
    timer->kind = kind;
}

static uint32_t rank(const struct timer *timer)
{
    return timer ? timer->rank : 0;
}

/* What is below `node` has changed: the side with the higher rank goes left.  True if its own rank
 * has changed. */
static bool node_settle(struct timer *node)
{
    if (rank(node->left) < rank(node->right)) {
        struct timer *left = node->left;
        node->left = node->right;
        node->right = left;
    }
    uint32_t before = node->rank;
    node->rank = rank(node->right) + 1;
    return node->rank != before;
}

/* One heap of two: along their right sides, which are logarithmically short. */
static struct timer *heap_merge(struct timer *a, struct timer *b)
{
    struct timer *top = NULL, *up = NULL, **place = &top;

    while (a && b) {
        struct timer *first = a->deadline <= b->deadline ? a : b;
        if (first == b)
            b = a;
        *place = first;
        first->up = up;
        up = first;
        place = &first->right;
        a = first->right;
    }
    *place = a ? a : b;
    if (*place)
        (*place)->up = up;
    for (; up; up = up->up)
        (void)node_settle(up);
    return top;
}

static void heap_remove(struct core *core, struct timer *timer)
{
    struct timer *up = timer->up, *below = heap_merge(timer->left, timer->right);
    struct timer **place = &core->timers;

    if (up)
        place = up->left == timer ? &up->left : &up->right;
    *place = below;
    if (below)
        below->up = up;
    /* Each rank that falls is one above the one below it: logarithmically many do. */
    while (up && node_settle(up))
        up = up->up;
    timer->rank = 0;
}

void timer_set(struct core *core, struct timer *timer, uint64_t deadline)
{
    timer_cancel(core, timer);
    timer->deadline = deadline;
    timer->left = timer->right = NULL;
    timer->rank = 1;
    core->timers = heap_merge(core->timers, timer);
    if (deadline < core->programmed) {
        core->programmed = deadline;
        arch_timer_program(deadline);
    }
}

void timer_cancel(struct core *core, struct timer *timer)
{
    /* A hardware timer that fires early finds nothing due. */
    if (timer_armed(timer))
        heap_remove(core, timer);
}

void timer_program(struct core *core, uint64_t other)
{
    uint64_t deadline = other;

    if (core->timers && core->timers->deadline < deadline)
        deadline = core->timers->deadline;
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
    const uint64_t now = arch_ticks();

    for (unsigned n = 0; n < RUN_MOST && core->timers && core->timers->deadline <= now; n++) {
        struct timer *first = core->timers;
        heap_remove(core, first);
        timer_expire(first);
    }
    /* The hardware fired, and does so until it is programmed again: no deadline that dispatch can
     * find is taken for this one. */
    core->programmed = 0;
    core->expired = core->interrupted;
    core->reschedule = 1;
}
