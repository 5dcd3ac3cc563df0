/* SPDX-License-Identifier: BSD-2-Clause */
/* Time: ticks of the physical counter, nanoseconds, deadlines. */
#ifndef WHIT_TIME_H
#define WHIT_TIME_H

#include <stdint.h>

/*
 * The physical counter: the virtual one carries the offset of whichever guest ran last.  The
 * barrier keeps the read behind what comes before it: the counter may be read speculatively (Arm
 * ARM, the Generic Timer in AArch64 state).
 */
static inline uint64_t whit_ticks(void)
{
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(ticks) : : "memory");
    return ticks;
}

/* Ticks per second, as root said. */
uint64_t whit_frequency(void);

/* Nanoseconds in ticks, rounded up, so that a wait is never too short; and back, rounded down.
 * Saturate instead of overflowing. */
uint64_t whit_ns_to_ticks(uint64_t ns);
uint64_t whit_ticks_to_ns(uint64_t ticks);

/* The deadline that is `ns` from now. */
uint64_t whit_deadline(uint64_t ns);

#endif
