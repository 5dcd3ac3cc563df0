/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts pieces out of memory capabilities and takes them back.  Knows ranges and selectors; the cuts
 * themselves are made by two calls that its owner names (whit_split and whit_join, or a test's).
 */
#ifndef WHIT_SPLITTER_H
#define WHIT_SPLITTER_H

#include "whit.h"
#include "whit/slots.h"

enum { WHIT_PIECES = 64 };

/* One capability over [base, base + bytes). */
struct whit_piece {
    uint64_t base, bytes;
    uint32_t selector;
};

struct whit_splitter {
    enum whit_error (*split)(uint32_t memory, uint32_t upper, uint64_t bytes);
    enum whit_error (*join)(uint32_t memory, uint32_t upper);
    struct whit_slots *slots; /* for the selectors of new pieces */
    struct whit_piece free[WHIT_PIECES];
    uint32_t count; /* of free */
};

/* Adds a free range.  Errors: FUNDS (no entry is left), ALIGNMENT (of WHIT_UNIT). */
enum whit_error whit_splitter_add(struct whit_splitter *splitter, const struct whit_piece *piece);

/*
 * Takes `bytes` (multiple of WHIT_UNIT) at a multiple of `alignment` (power of two, bytes), from
 * the smallest free range that has room.  Errors: SIZE (none has), FUNDS (no entry or selector is
 * left), ALIGNMENT, and what the split says; on an error nothing is lost.
 */
enum whit_error whit_splitter_take(struct whit_splitter *splitter, uint64_t bytes,
                                   uint64_t alignment, struct whit_piece *piece);

/* Gives a piece back and joins it with free neighbours.  Errors: as whit_splitter_add. */
enum whit_error whit_splitter_give_back(struct whit_splitter *splitter,
                                        const struct whit_piece *piece);

#endif
