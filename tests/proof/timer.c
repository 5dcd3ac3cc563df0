/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For EVA: four timers of a core, armed, moved, cancelled and due in any order, for ever, at any
 * times.  Which of them is where in the heap is what they come to be.
 */
#include "arch.h"
#include "object.h"

#include <__fc_builtin.h>

static struct core core;
static struct signal signals[2];
static struct budget budget;
static struct thread thread;

/* What becomes of what is due is not the heap's. */
void signal_timer_due(struct signal *signal)
{
    (void)signal;
}

void budget_refilled(struct budget *of)
{
    (void)of;
}

void vcpu_timer_due(struct thread *of)
{
    (void)of;
}

void arch_timer_program(uint64_t deadline)
{
    (void)deadline;
}

uint64_t arch_ticks(void)
{
    return Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
}

int main(void)
{
    struct timer *timer[] = {&signals[0].timer, &signals[1].timer, &budget.timer,
                             &thread.vcpu.timer};

    timer_init(timer[0], TIMER_SIGNAL);
    timer_init(timer[1], TIMER_SIGNAL);
    timer_init(timer[2], TIMER_REFILL);
    timer_init(timer[3], TIMER_VCPU);
    while (Frama_C_interval(0, 1)) {
        const int which = Frama_C_interval(0, 3);
        const uint64_t when = Frama_C_unsigned_long_long_interval(0, UINT64_MAX);

        switch (Frama_C_interval(0, 3)) {
        case 0:
            timer_set(&core, timer[which], when);
            break;
        case 1:
            timer_cancel(&core, timer[which]);
            break;
        case 2:
            timer_program(&core, when);
            break;
        default:
            timer_run(&core);
            break;
        }
    }
    return 0;
}
