/* SPDX-License-Identifier: BSD-2-Clause */
/* Computes for ever, and tells every second what share of the processor it got. */
#include "whit/program.h"

#include <stdio.h>

enum { PERCENT = 100 };

int main(void)
{
    const uint32_t budget = whit_grant_selector(WHIT_GRANT_BUDGET, "budget");
    struct whit_budget_use before = {0}, use;

    for (;;) {
        const uint64_t start = whit_ticks();
        while (whit_ticks() - start < whit_frequency())
            ;
        if (whit_budget_read(budget, &use) != WHIT_OK)
            whit_fail("cannot read its budget");
        printf("share %llu %%\n",
               (unsigned long long)((use.used - before.used) * PERCENT / (whit_ticks() - start)));
        before = use;
    }
}
