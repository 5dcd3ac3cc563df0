/* SPDX-License-Identifier: BSD-2-Clause */
/* For EVA: a budget with any contents, used for any time at any times, for ever. */
#include "object.h"

#include <__fc_builtin.h>

static struct budget budget;

int main(void)
{
    Frama_C_make_unknown((char *)&budget, sizeof(budget));
    budget.refills = (uint8_t)Frama_C_interval(1, BUDGET_REFILLS);
    budget.oldest = (uint8_t)Frama_C_interval(0, BUDGET_REFILLS - 1);
    while (Frama_C_interval(0, 1)) {
        const uint64_t now = Frama_C_unsigned_long_long_interval(0, UINT64_MAX);

        switch (Frama_C_interval(0, 2)) {
        case 0:
            (void)budget_spend(&budget, now);
            break;
        case 1:
            (void)budget_begin(&budget, now);
            break;
        default:
            (void)budget_end_time(&budget, now);
            break;
        }
    }
    return 0;
}
