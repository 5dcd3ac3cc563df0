/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of ranges, against a bitmap of the same. */
#include "ranges.h"

#include <stdio.h>
#include <string.h>

enum { POINTS = 64, ROUNDS = 20000 };

static struct ranges set;

static void result(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s - wrong\n", name);
}

/* Sorted, without gaps of nothing, and exactly the bits of the map. */
static bool agrees(uint64_t map)
{
    uint64_t seen = 0;
    for (uint32_t i = 0; i < set.count; i++) {
        if (set.range[i].base >= set.range[i].end ||
            (i > 0 && set.range[i - 1].end >= set.range[i].base))
            return false;
        for (uint64_t at = set.range[i].base; at < set.range[i].end; at++)
            seen |= UINT64_C(1) << at;
    }
    return seen == map;
}

static uint64_t bits(uint64_t base, uint64_t end)
{
    uint64_t map = 0;
    for (uint64_t at = base; at < end; at++)
        map |= UINT64_C(1) << at;
    return map;
}

static bool behaves_as_bitmap(void)
{
    uint32_t random = 1;
    uint64_t map = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        random = random * 1664525 + 1013904223;
        uint64_t base = random >> 8 & 63, end = base + (random >> 16 & 7);
        end = end > POINTS ? POINTS : end;
        if (random >> 31) {
            ranges_add(&set, base, end);
            map |= bits(base, end);
        } else {
            ranges_remove(&set, base, end);
            map &= ~bits(base, end);
        }
        bool covered = base < end && (map & bits(base, end)) == bits(base, end);
        if (!agrees(map) || ranges_cover(&set, base, end) != covered)
            return false;
    }
    return true;
}

static bool takes_aligned(void)
{
    set = (struct ranges){0};
    ranges_add(&set, 0x1100, 0x1800);
    ranges_add(&set, 0x2800, 0x6000);
    return ranges_take(&set, 0x2000, 0x1000) == 0x3000 && !ranges_cover(&set, 0x3000, 0x3001) &&
           ranges_cover(&set, 0x2800, 0x3000) && ranges_take(&set, 0x1000, 0x1000) == 0x5000 &&
           ranges_take(&set, 0x1000, 0x1000) == 0 && ranges_take(&set, 0x700, 0x100) == 0x1100;
}

static bool takes_nothing_beyond_the_end(void)
{
    set = (struct ranges){0};
    ranges_add(&set, UINT64_MAX - 0x800, UINT64_MAX);
    return ranges_take(&set, 0x10, 0x1000) == 0 && set.count == 1;
}

static bool says_overflow(void)
{
    set = (struct ranges){0};
    for (uint64_t i = 0; i < RANGES_MAX; i++)
        ranges_add(&set, 2 * i, 2 * i + 1);
    if (set.overflow)
        return false;
    ranges_add(&set, UINT64_MAX - 1, UINT64_MAX);
    return set.overflow && set.count == RANGES_MAX;
}

int main(void)
{
    result("bitmap", behaves_as_bitmap());
    result("take", takes_aligned());
    result("take at the end of all addresses", takes_nothing_beyond_the_end());
    result("overflow", says_overflow());
    return 0;
}
