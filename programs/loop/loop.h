/* SPDX-License-Identifier: BSD-2-Clause */
/* What the control loop tells others: samples through its channel, a summary through its portal. */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

/* One record of the channel "samples": one period. */
struct loop_sample {
    uint64_t number;   /* periods since the start; a gap: samples found no room */
    uint64_t deadline; /* ticks */
    uint64_t lateness; /* ticks from the deadline until the loop ran */
};

/* Words of the answer of the portal "latest"; the call has none. */
enum loop_word {
    LOOP_COUNT,  /* periods */
    LOOP_MISSED, /* periods left out, because the one before them took too long */
    LOOP_BEST,   /* lateness, ns */
    LOOP_WORST,
    LOOP_MEAN,
    LOOP_WORDS
};

#endif
