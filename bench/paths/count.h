/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting instructions.  Under the emulator's exact instruction counting, PMCCNTR_EL0 advances by
 * one for each instruction at EL0 and EL2 of any core that is awake.
 */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

static inline uint64_t count_now(void)
{
    uint64_t count;

    __asm__ volatile("mrs %0, pmccntr_el0" : "=r"(count) : : "memory");
    return count;
}

/* Between two readings with nothing in between: one of the two instructions. */
enum { COUNT_OVERHEAD = 1 };

/* Runs a loop of so many passes. */
typedef void loop_function(uint64_t passes);

/*
 * Instructions of one pass: the difference between a long and a short run, so that what surrounds
 * the loop does not count.  Stops the benchmark if passes differ.
 */
uint64_t count_passes(const char *name, loop_function *loop);

/* One-shot measurements: all must agree, or the benchmark stops. */
struct count_shots {
    uint64_t value;
    unsigned shots;
};
void count_shot(const char *name, struct count_shots *shots, uint64_t value);

/* Prints the result of a row. */
void row_print(const char *name, uint64_t value);

#endif
