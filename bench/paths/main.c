/* SPDX-License-Identifier: BSD-2-Clause */
/* The benchmark of path lengths: a root program that measures what it does, and switches off. */
#include "console.h"
#include "count.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "world.h"

void row_print(const char *name, uint64_t value)
{
    console_print("row %s %llu\n", name, (unsigned long long)value);
}

enum { PASSES = 256 };

static uint64_t count_run(loop_function *loop, uint64_t passes)
{
    uint64_t start = count_now();

    loop(passes);
    return count_now() - start;
}

uint64_t count_passes(const char *name, loop_function *loop)
{
    uint64_t once, twice;

    loop(2); /* whatever is done only once */
    once = count_run(loop, PASSES);
    twice = count_run(loop, 2 * PASSES);
    if ((twice - once) % PASSES != 0) {
        console_stop(name, "not every pass takes the same number of instructions");
    }
    return (twice - once) / PASSES;
}

void count_shot(const char *name, struct count_shots *shots, uint64_t value)
{
    if (shots->shots != 0 && shots->value != value) {
        console_print("bench: %s: %llu, then %llu\n", name, (unsigned long long)shots->value,
                      (unsigned long long)value);
        console_stop(name, "not every time takes the same number of instructions");
    }
    shots->value = value;
    shots->shots++;
}

int main(void)
{
    world_begin();
    console_print("bench: %u cores\n", (unsigned)whit_boot->cores);
    rows_ipc();
    rows_signal();
    rows_fault();
    rows_memory();
    rows_time();
    rows_guest();
    rows_remote();
    rows_pairs();
    console_print("bench: done\n");
    (void)whit_power(whit_boot->first_core, WHIT_POWER_OFF);
    return 0;
}
