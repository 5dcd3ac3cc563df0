/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage-2 mappings: the range of a memory slot in the tables of a space.  The slot is the record:
 * its `address` says where, with which access, and how far a mapping under way has come:
 * enum whit_access (3:0), IPA (38:12), chunks done (61:39 and 5:4), enum mapping_phase (63:62).
 */
#ifndef STAGE2_H
#define STAGE2_H

#include "space.h"

enum mapping_phase {
    MAPPING_COMPLETE,
    MAPPING_CLEANING, /* nothing mapped; caches are done up to the position */
    MAPPING_FILLING,  /* mapped from the start up to the position */
    MAPPING_CLEARING  /* likewise, and the position goes down */
};

static inline uint64_t mapping_start(const struct slot *slot)
{
    return slot->address & 0x7ffffff000;
}

static inline unsigned mapping_access(const struct slot *slot)
{
    return (unsigned)(slot->address & WHIT_MAP_ALL);
}

static inline enum mapping_phase mapping_phase(const struct slot *slot)
{
    return (enum mapping_phase)(slot->address >> 62);
}

/* The IPA before which the slot is in the tables (MAPPING_CLEANING: in no cache). */
uint64_t mapping_position(const struct slot *slot);

/* The slot (in no use, checked by the caller) starts to be mapped; nothing is mapped yet. */
void mapping_begin(struct slot *slot, struct space *space, uint64_t ipa, unsigned access);

/*
 * Goes on with a mapping until it is complete.  Never replaces an entry.  Errors: FUNDS: no page
 * for a table, the slot can go on later; OCCUPIED: an entry is in the way, the slot is in no use
 * again; RESTART.
 */
status mapping_fill(struct slot *slot);

/* Takes a mapping, complete or not, out of the tables; the slot is in no use afterwards.  RESTART.
 */
status mapping_clear(struct slot *slot);

/* The slot is in no use again, without a look at the tables. */
void mapping_end(struct slot *slot);

#endif
