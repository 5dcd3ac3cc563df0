/* SPDX-License-Identifier: BSD-2-Clause */
/* Selector allocator and memory splitter, against a kernel of two functions that keeps book. */
#include "whit/scale.h"
#include "whit/slots.h"
#include "whit/splitter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 10, END = 40 };

static struct whit_slots slots;
static struct whit_splitter splitter;

static void result(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s - wrong\n", name);
}

/* ---- the kernel's side: what each selector really covers */

static struct {
    uint64_t base, bytes;
} truth[END];
static uint32_t splits_left;

static enum whit_error split(uint32_t memory, uint32_t upper, uint64_t bytes)
{
    if (splits_left == 0) {
        return WHIT_E_FUNDS;
    }
    splits_left--;
    if (truth[upper].bytes != 0 || truth[memory].bytes <= bytes || bytes == 0) {
        return WHIT_E_ARGUMENT;
    }
    truth[upper].base = truth[memory].base + bytes;
    truth[upper].bytes = truth[memory].bytes - bytes;
    truth[memory].bytes = bytes;
    return WHIT_OK;
}

static enum whit_error join(uint32_t memory, uint32_t upper)
{
    if (truth[memory].base + truth[memory].bytes != truth[upper].base || truth[upper].bytes == 0) {
        return WHIT_E_ARGUMENT;
    }
    truth[memory].bytes += truth[upper].bytes;
    truth[upper].bytes = 0;
    return WHIT_OK;
}

/* One range of 64 KiB that begins 64 bytes behind a page, at selector 1. */
static void fresh(void)
{
    struct whit_piece all = {0x10040, 0x10000 - 0x40, 1};

    memset(truth, 0, sizeof truth);
    truth[1].base = all.base;
    truth[1].bytes = all.bytes;
    splits_left = UINT32_MAX;
    whit_slots_init(&slots, FIRST, END);
    splitter = (struct whit_splitter){.split = split, .join = join, .slots = &slots};
    whit_splitter_add(&splitter, &all);
}

static bool is_true(const struct whit_piece *piece)
{
    return truth[piece->selector].base == piece->base &&
           truth[piece->selector].bytes == piece->bytes;
}

/* ---- slots */

static bool slots_are_taken_once(void)
{
    bool seen[END] = {false};

    whit_slots_init(&slots, FIRST, END);
    for (uint32_t i = FIRST; i < END; i++) {
        uint32_t selector = whit_slots_take(&slots, 1);

        if (selector < FIRST || selector >= END || seen[selector]) {
            return false;
        }
        seen[selector] = true;
    }
    return whit_slots_take(&slots, 1) == 0;
}

static bool slots_in_runs(void)
{
    whit_slots_init(&slots, FIRST, END);
    uint32_t first = whit_slots_take(&slots, 1), run = whit_slots_take(&slots, 8);

    whit_slots_free(&slots, first, 1);
    uint32_t second = whit_slots_take(&slots, 2);

    return run == first + 1 && second == run + 8 && whit_slots_take(&slots, 1) == first &&
           whit_slots_take(&slots, END) == 0 && whit_slots_take(&slots, 0) == 0;
}

static bool slots_never_zero(void)
{
    whit_slots_init(&slots, 0, 3);
    return whit_slots_take(&slots, 1) == 1 && whit_slots_take(&slots, 1) == 2 &&
           whit_slots_take(&slots, 1) == 0;
}

/* ---- splitter */

static bool takes_aligned(void)
{
    struct whit_piece page, small;

    fresh();
    return whit_splitter_take(&splitter, 4096, 4096, &page) == WHIT_OK && page.base == 0x11000 &&
           page.bytes == 4096 && is_true(&page) &&
           whit_splitter_take(&splitter, 256, 256, &small) == WHIT_OK && is_true(&small) &&
           small.base == 0x10100;
}

static bool takes_everything(void)
{
    struct whit_piece piece;

    fresh();
    return whit_splitter_take(&splitter, 0x10000 - 0x40, 64, &piece) == WHIT_OK &&
           piece.selector == 1 && splitter.count == 0 &&
           whit_splitter_take(&splitter, 64, 64, &piece) == WHIT_E_SIZE;
}

static bool refuses(void)
{
    struct whit_piece piece;

    fresh();
    return whit_splitter_take(&splitter, 0x20000, 64, &piece) == WHIT_E_SIZE &&
           whit_splitter_take(&splitter, 100, 64, &piece) == WHIT_E_ALIGNMENT &&
           whit_splitter_take(&splitter, 0, 64, &piece) == WHIT_E_ALIGNMENT &&
           whit_splitter_take(&splitter, 64, 96, &piece) == WHIT_E_ALIGNMENT;
}

static bool joins_again(void)
{
    struct whit_piece piece[6];

    fresh();
    for (unsigned i = 0; i < 6; i++) {
        if (whit_splitter_take(&splitter, 64u << i, 64u << i, &piece[i]) != WHIT_OK) {
            return false;
        }
    }
    for (unsigned i = 0; i < 6; i++) {
        if (whit_splitter_give_back(&splitter, &piece[i * 5 % 6]) != WHIT_OK) {
            return false;
        }
    }
    return splitter.count == 1 && splitter.free[0].bytes == 0x10000 - 0x40 &&
           is_true(&splitter.free[0]);
}

/* The second cut of a take fails: the piece of the first goes back. */
static bool failing_split_loses_nothing(void)
{
    struct whit_piece piece;

    fresh();
    splits_left = 1;
    bool failed = whit_splitter_take(&splitter, 4096, 4096, &piece) == WHIT_E_FUNDS;

    return failed && splitter.count == 1 && splitter.free[0].bytes == 0x10000 - 0x40 &&
           is_true(&splitter.free[0]);
}

static bool random_walk(void)
{
    struct whit_piece held[16];
    unsigned count = 0;

    fresh();
    srand(1);
    for (unsigned step = 0; step < 20000; step++) {
        if (count < 8 && rand() % 2 == 0) {
            uint64_t bytes = 64u << rand() % 7;

            if (whit_splitter_take(&splitter, bytes, bytes, &held[count]) == WHIT_OK) {
                if (!is_true(&held[count]) || held[count].base % bytes != 0) {
                    return false;
                }
                count++;
            }
        } else if (count > 0) {
            unsigned which = (unsigned)rand() % count;

            if (whit_splitter_give_back(&splitter, &held[which]) != WHIT_OK) {
                return false;
            }
            held[which] = held[--count];
        }
    }
    while (count > 0) {
        whit_splitter_give_back(&splitter, &held[--count]);
    }
    return splitter.count == 1 && is_true(&splitter.free[0]);
}

static bool scales(void)
{
    return whit_scale_up(1, 62500000, 1000000000) == 1 &&
           whit_scale_up(1000000, 62500000, 1000000000) == 62500 &&
           whit_scale_down(62500, 1000000000, 62500000) == 1000000 &&
           whit_scale_down(UINT64_MAX, 1000000000, 62500000) == UINT64_MAX &&
           whit_scale_up(UINT64_MAX, 1000000000, 1) == UINT64_MAX;
}

int main(void)
{
    result("each slot is taken once", slots_are_taken_once());
    result("runs of slots", slots_in_runs());
    result("slot 0 is never taken", slots_never_zero());
    result("pieces are aligned and small ones come from leftovers", takes_aligned());
    result("a range may be taken whole", takes_everything());
    result("what cannot be is refused", refuses());
    result("pieces given back are joined", joins_again());
    result("a split that fails loses nothing", failing_split_loses_nothing());
    result("random takes and returns", random_walk());
    result("ticks and nanoseconds", scales());
    return 0;
}
