/* SPDX-License-Identifier: BSD-2-Clause */
/* Best fit over a short list of free ranges. */
#include "whit/splitter.h"

enum whit_error whit_splitter_add(struct whit_splitter *splitter, const struct whit_piece *piece)
{
    if (piece->bytes == 0 || piece->bytes % WHIT_UNIT != 0 || piece->base % WHIT_UNIT != 0) {
        return WHIT_E_ALIGNMENT;
    }
    if (splitter->count == WHIT_PIECES) {
        return WHIT_E_FUNDS;
    }
    splitter->free[splitter->count++] = *piece;
    return WHIT_OK;
}

static void forget(struct whit_splitter *splitter, uint32_t index)
{
    splitter->free[index] = splitter->free[--splitter->count];
}

/* Bytes in front of the first aligned address of a free range. */
static uint64_t gap(const struct whit_piece *free, uint64_t alignment)
{
    return -free->base & (alignment - 1);
}

/* Index of the smallest free range with room, or WHIT_PIECES. */
static uint32_t find(const struct whit_splitter *splitter, uint64_t bytes, uint64_t alignment)
{
    uint32_t best = WHIT_PIECES;

    for (uint32_t i = 0; i < splitter->count; i++) {
        const struct whit_piece *free = &splitter->free[i];
        uint64_t skip = gap(free, alignment);

        if (skip <= free->bytes && bytes <= free->bytes - skip &&
            (best == WHIT_PIECES || free->bytes < splitter->free[best].bytes)) {
            best = i;
        }
    }
    return best;
}

/* Cuts the piece in two: it keeps `bytes`, *rest is what follows. */
static enum whit_error cut(struct whit_splitter *splitter, struct whit_piece *piece, uint64_t bytes,
                           struct whit_piece *rest)
{
    uint32_t selector = whit_slots_take(splitter->slots, 1);

    if (selector == 0) {
        return WHIT_E_FUNDS;
    }
    enum whit_error error = splitter->split(piece->selector, selector, bytes);
    if (error != WHIT_OK) {
        whit_slots_free(splitter->slots, selector, 1);
        return error;
    }
    *rest = (struct whit_piece){piece->base + bytes, piece->bytes - bytes, selector};
    piece->bytes = bytes;
    return WHIT_OK;
}

enum whit_error whit_splitter_take(struct whit_splitter *splitter, uint64_t bytes,
                                   uint64_t alignment, struct whit_piece *piece)
{
    if (bytes == 0 || bytes % WHIT_UNIT != 0 || alignment == 0 ||
        (alignment & (alignment - 1)) != 0) {
        return WHIT_E_ALIGNMENT;
    }
    uint32_t index = find(splitter, bytes, alignment);
    if (index == WHIT_PIECES) {
        return WHIT_E_SIZE;
    }
    if (splitter->count + 2 > WHIT_PIECES) {
        return WHIT_E_FUNDS; /* what is cut off in front and behind needs an entry each */
    }
    struct whit_piece taken = splitter->free[index];
    uint64_t skip = gap(&taken, alignment);

    if (skip != 0) {
        struct whit_piece front = taken;
        enum whit_error error = cut(splitter, &front, skip, &taken);

        if (error != WHIT_OK) {
            return error;
        }
        splitter->free[index] = front;
    } else {
        forget(splitter, index);
    }
    if (taken.bytes > bytes) {
        struct whit_piece rest;
        enum whit_error error = cut(splitter, &taken, bytes, &rest);

        if (error != WHIT_OK) {
            (void)whit_splitter_give_back(splitter, &taken);
            return error;
        }
        (void)whit_splitter_add(splitter, &rest);
    }
    *piece = taken;
    return WHIT_OK;
}

/* Joins two free ranges that touch; false if there are none. */
static bool join_one(struct whit_splitter *splitter)
{
    for (uint32_t i = 0; i < splitter->count; i++) {
        for (uint32_t j = 0; j < splitter->count; j++) {
            struct whit_piece *lower = &splitter->free[i], *upper = &splitter->free[j];

            if (lower->base + lower->bytes == upper->base &&
                splitter->join(lower->selector, upper->selector) == WHIT_OK) {
                lower->bytes += upper->bytes;
                whit_slots_free(splitter->slots, upper->selector, 1);
                forget(splitter, j);
                return true;
            }
        }
    }
    return false;
}

enum whit_error whit_splitter_give_back(struct whit_splitter *splitter,
                                        const struct whit_piece *piece)
{
    enum whit_error error = whit_splitter_add(splitter, piece);

    while (error == WHIT_OK && join_one(splitter)) {
    }
    return error;
}
