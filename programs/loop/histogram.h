/* SPDX-License-Identifier: BSD-2-Clause */
/* Lateness of a periodic job, in ticks: extremes, mean, and a histogram by powers of two. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BINS = 32 };

struct histogram {
    uint64_t count, missed;
    uint64_t best, worst, sum;
    uint64_t bin[HISTOGRAM_BINS]; /* bin 0: 0 ticks; bin n: below 2^n; the last: the rest */
};

static inline unsigned histogram_bin(uint64_t ticks)
{
    unsigned bits = ticks == 0 ? 0 : 64 - (unsigned)__builtin_clzll(ticks);

    return bits < HISTOGRAM_BINS ? bits : HISTOGRAM_BINS - 1;
}

static inline void histogram_add(struct histogram *histogram, uint64_t ticks)
{
    if (histogram->count == 0 || ticks < histogram->best) {
        histogram->best = ticks;
    }
    if (ticks > histogram->worst) {
        histogram->worst = ticks;
    }
    histogram->sum += ticks;
    histogram->bin[histogram_bin(ticks)]++;
    histogram->count++;
}

static inline uint64_t histogram_mean(const struct histogram *histogram)
{
    return histogram->count == 0 ? 0 : histogram->sum / histogram->count;
}

#endif
