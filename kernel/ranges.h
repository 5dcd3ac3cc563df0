/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorted sets of half-open address ranges, of bounded size: what the boot knows of memory. */
#ifndef RANGES_H
#define RANGES_H

#include "whit.h"

#include <stdbool.h>
#include <stdint.h>

enum { RANGES_MAX = 128 };

struct range {
    uint64_t base, end;
};

static inline uint64_t page_floor(uint64_t address)
{
    return address & ~(uint64_t)(WHIT_PAGE - 1);
}

/* 0 above the last page. */
static inline uint64_t page_ceiling(uint64_t address)
{
    return page_floor(address + WHIT_PAGE - 1);
}

/* The whole pages around it. */
static inline struct range range_outward(struct range range)
{
    return (struct range){page_floor(range.base), page_ceiling(range.end)};
}

struct ranges {
    uint32_t count;
    bool overflow; /* a change did not fit: the set holds less than it should */
    struct range range[RANGES_MAX];
};

/* Adds a range; those that it overlaps or touches become one with it. */
void ranges_add(struct ranges *set, uint64_t base, uint64_t end);
/* Takes a range out, wherever it is covered. */
void ranges_remove(struct ranges *set, uint64_t base, uint64_t end);
/* True if all of the range is covered, and it is not empty. */
bool ranges_cover(const struct ranges *set, uint64_t base, uint64_t end);
/*
 * Takes `bytes` out of the lowest place that has them at a multiple of `align` (a power of two).
 * Returns their base, or 0.
 */
uint64_t ranges_take(struct ranges *set, uint64_t bytes, uint64_t align);

#endif
