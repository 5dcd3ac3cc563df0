/* SPDX-License-Identifier: BSD-2-Clause */
/* Empty selectors of one capability table: which are taken.  Pure bookkeeping, no system calls. */
#ifndef WHIT_SLOTS_H
#define WHIT_SLOTS_H

#include "whit.h"
#include <stdbool.h>
#include <stdint.h>

struct whit_slots {
    uint32_t first, end;             /* selectors managed: half open */
    uint64_t taken[WHIT_SLOTS / 64]; /* bit n: selector n is taken */
    uint32_t hint;                   /* no selector below is free */
};

/* Manages selectors from `first` to below `end`, all empty. */
void whit_slots_init(struct whit_slots *slots, uint32_t first, uint32_t end);

/* Takes the lowest run of `count` consecutive selectors; 0 if there is none. */
uint32_t whit_slots_take(struct whit_slots *slots, uint32_t count);

/* Gives back what whit_slots_take returned, or single selectors of it. */
void whit_slots_free(struct whit_slots *slots, uint32_t selector, uint32_t count);

#endif
