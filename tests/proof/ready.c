/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For EVA: three budgets, two of one priority, enter and leave the ready queue of their core, and
 * have their turn there, in any order, for ever.
 */
#include "../../kernel/sched.h"
#include "arch.h"
#include "object.h"

#include <__fc_builtin.h>

static struct core core;
static struct budget budgets[3];

uint64_t arch_ticks(void)
{
    return Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
}

/* Two of the same priority, and the first and the last of the map. */
static const uint8_t priority[3] = {PRIORITIES - 1, 0, 0};

int main(void)
{
    for (int i = 0; i < 3; i++) {
        list_init(&budgets[i].link);
        budgets[i].core = &core;
        budgets[i].priority = priority[i];
    }
    while (Frama_C_interval(0, 1)) {
        struct budget *budget = Frama_C_interval(0, 1)   ? &budgets[0]
                                : Frama_C_interval(0, 1) ? &budgets[1]
                                                         : &budgets[2];

        switch (Frama_C_interval(0, 2)) {
        case 0:
            budget_ready(budget);
            break;
        case 1:
            budget_unready(budget);
            break;
        default:
            core.budget = budget; /* only here: nothing is charged */
            sched_give_way(&core);
            core.budget = NULL;
            break;
        }
    }
    return 0;
}
