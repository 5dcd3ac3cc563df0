/* SPDX-License-Identifier: BSD-2-Clause */
/* First fit over a bitmap: tables are small and slots are taken rarely. */
#include "whit/slots.h"

#include <string.h>

static bool is_taken(const struct whit_slots *slots, uint32_t selector)
{
    return (slots->taken[selector / 64] >> (selector % 64) & 1) != 0;
}

void whit_slots_init(struct whit_slots *slots, uint32_t first, uint32_t end)
{
    memset(slots, 0, sizeof *slots);
    slots->first = first == 0 ? 1 : first;
    slots->end = end > WHIT_SLOTS ? WHIT_SLOTS : end;
    slots->hint = slots->first;
}

uint32_t whit_slots_take(struct whit_slots *slots, uint32_t count)
{
    uint32_t run = 0;

    for (uint32_t at = slots->hint; count > 0 && at < slots->end; at++) {
        run = is_taken(slots, at) ? 0 : run + 1;
        if (run == count) {
            uint32_t selector = at + 1 - count;

            for (uint32_t i = selector; i <= at; i++) {
                slots->taken[i / 64] |= UINT64_C(1) << (i % 64);
            }
            if (selector == slots->hint) {
                slots->hint = at + 1;
            }
            return selector;
        }
    }
    return 0;
}

void whit_slots_free(struct whit_slots *slots, uint32_t selector, uint32_t count)
{
    for (uint32_t i = selector; i < selector + count; i++) {
        if (i >= slots->first && i < slots->end) {
            slots->taken[i / 64] &= ~(UINT64_C(1) << (i % 64));
        }
    }
    if (selector >= slots->first && selector < slots->hint) {
        slots->hint = selector;
    }
}
