/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Beside a guest that hangs, less urgent than it: how much of the time the guest's two CPUs get by
 * their budget, what the rest is, and that root ends the guest when it is asked to.
 */
#include "whit/program.h"

#include <stdio.h>

enum { PERCENT = 100 };
#define MILLISECOND UINT64_C(1000000)

static void check(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s\n", name);
}

/* Computes for that long; returns how much of it, in hundredths of a percent, was its own. */
static uint64_t own_share(uint64_t ns)
{
    const uint32_t budget = whit_grant_selector(WHIT_GRANT_BUDGET, "budget");
    struct whit_budget_use before = {0}, after = {0};
    const uint64_t start = whit_ticks(), end = start + whit_ns_to_ticks(ns);

    check("its use is readable", whit_budget_read(budget, &before) == WHIT_OK);
    while (whit_ticks() < end)
        ;
    (void)whit_budget_read(budget, &after);
    return (after.used - before.used) * PERCENT * PERCENT / (whit_ticks() - start);
}

static void look(const char *name, uint64_t low, uint64_t high)
{
    uint64_t share = own_share(100 * MILLISECOND);

    printf("%s: %llu.%02llu %% for programs\n", name, (unsigned long long)share / PERCENT,
           (unsigned long long)share % PERCENT);
    check(name, share >= low && share <= high);
}

static void stop(void)
{
    const struct whit_grant *grant = whit_grant(WHIT_GRANT_NOTIFY, "hung");

    (void)whit_notify(grant->selector, grant->value);
    (void)whit_wait_events(whit_deadline(50 * MILLISECOND));
}

int main(void)
{
    /* Two CPUs with 20 of every 100 parts each. */
    (void)whit_wait_events(whit_deadline(50 * MILLISECOND));
    look("the guest's CPUs have their budgets and no more", 5940, 6060);
    stop();
    look("the same after it was stopped and started anew", 5940, 6060);
    stop();
    look("all is free when it was stopped for good", 9900, 10000);
    printf("done\n");
    return 0;
}
