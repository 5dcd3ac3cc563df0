/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A space: one stage-2 translation regime and one capability table, for a program or a machine.
 * The object is two pages: this structure, then the top translation table.
 */
#ifndef SPACE_H
#define SPACE_H

#include "cap.h"

enum { SPACE_DIRECTORY = 256, SLOTS_PER_PAGE = WHIT_PAGE / sizeof(struct slot) };

/* Most ranges donated to one space. */
enum { SPACE_POOL_RANGES = 24 };

/* How far the end of a space has come; see teardown.c. */
enum space_phase {
    SPACE_ALIVE,
    SPACE_REVOKE, /* its capabilities are being revoked: its threads stop */
    SPACE_SCAN,   /* the capabilities in its table are being deleted */
    SPACE_GRACE,  /* waits until no core uses its tables */
    SPACE_DETACH, /* the memory mapped in it loses that use */
    SPACE_RETURN  /* its pool is scrubbed and goes back to where it came from */
};

struct space {
    uint64_t vttbr;                /* VMID and table, as loaded; see space_enter */
    uint64_t machine;              /* enum whit_space_type */
    struct slot *original;         /* its original capability; root of a tree: never ends */
    struct link mappings;          /* slots mapped here (slot.user) */
    struct link dying;             /* in the list of spaces that are ending */
    struct link vmid_link;         /* in a list of spaces with a VMID (space.c) */
    uint64_t running;              /* the last round of vmids_steal in which a core ran it */
    uint32_t vmid;                 /* 0: none */
    uint32_t phase;                /* enum space_phase */
    uint32_t pool_count;           /* ranges in pool[] */
    uint32_t pool_current;         /* the range that pages are taken from ... */
    uint64_t pool_offset;          /* ... from this byte on */
    uint64_t progress;             /* within the phase: selector, ticket or bytes */
    struct thread *last_vcpu;      /* loaded last from here, on any core: see vcpu.c */
    _Alignas(64) struct slot home; /* the original capability, when its own slot has to vanish */
    struct slot pool[SPACE_POOL_RANGES];     /* given children of the donated capabilities */
    struct slot *directory[SPACE_DIRECTORY]; /* pages of slots; unfilled: the page of empty slots */
};
_Static_assert(sizeof(struct space) <= WHIT_PAGE, "the structure is one page");
_Static_assert(SPACE_DIRECTORY *SLOTS_PER_PAGE == WHIT_SLOTS, "selectors");

/* Shared by all spaces for directory entries that have no page, and as the table of those without a
 * VMID: zeros, which the kernel too can only read once its MMU is on (init.c). */
extern struct slot empty_slots[SLOTS_PER_PAGE];

static inline uint64_t *space_top_table(struct space *space)
{
    return (uint64_t *)((uintptr_t)space + WHIT_PAGE);
}

/* Makes the zeroed memory at `space` an empty space. */
void space_init(struct space *space, enum whit_space_type type);

/*
 * A thread of `space` faulted at its fetch because the space has no VMID: it gets one, if that can
 * be done at once; the thread tries again in any case.  Takes tree_lock.
 */
void space_enter(struct space *space);

/* No core uses the tables of `space` any more, and now no translation is cached of them either; its
 * VMID is free for another. */
void space_leave(struct space *space);

/* A zeroed page from the pool, or NULL.  O(1) but for the zeroing. */
void *space_page(struct space *space);

/* Adds the memory behind `donor` (checked by the caller) to the pool.  Error: DEPTH: pool full. */
status space_donate(struct space *space, struct slot *donor);

/* The space that an argument names: selector 0 is the thread's own, another one a capability with
 * the control right.  Else NULL and *error. */
struct space *space_argument(const struct thread *self, uint64_t selector, status *error);

#endif
