/* SPDX-License-Identifier: BSD-2-Clause */
/* Root's own means: free selectors, free RAM, and mappings in its own space. */
#ifndef ROOT_MEANS_H
#define ROOT_MEANS_H

#include "heap.h"
#include "reporter.h"
#include "whit/parameters.h"
#include "whit/splitter.h"

#include <stdbool.h>

struct means {
    const struct whit_boot *boot;
    struct reporter *reporter;
    struct whit_slots slots;
    struct whit_splitter ram;
    uint64_t next_address; /* of lasting mappings */
};

/* Takes over what the kernel gave.  False after a report: root cannot do anything. */
bool means_init(struct means *means, const struct whit_boot *boot, struct reporter *reporter);

/* Consecutive empty selectors; 0 after a report. */
uint32_t selectors_take(struct means *means, uint32_t count);

/* RAM with all rights; `align` a power of two.  False if there is no such range. */
bool ram_take(struct means *means, uint64_t bytes, uint64_t align, struct whit_piece *piece);

/* The largest number of bytes that one ram_take could return. */
uint64_t ram_largest(const struct means *means);

/* Maps memory into root for good, or NULL after a report. */
void *map_own(struct means *means, uint32_t memory, uint64_t bytes, uint32_t access);

/* Maps memory into root for a moment (one at a time), or NULL after a report; window_close ends
 * that. */
void *window_open(struct means *means, uint32_t memory);
void window_close(uint32_t memory);

/* Zeroes RAM that nobody has mapped. */
bool ram_zero(struct means *means, const struct whit_piece *piece);

/* The boot range of this kind that contains [base, base + bytes), or NULL. */
const struct whit_boot_range *boot_range(const struct whit_boot *boot, enum whit_boot_kind kind,
                                         uint64_t base, uint64_t bytes);

#endif
