/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capability slots and the derivation tree.  A slot is a capability, a node of the tree, and the
 * record of the one thing that its memory is used for: the mapping database needs no other memory.
 *
 * The tree is kept in preorder in one doubly linked list per origin, each node with its depth: the
 * descendants of a node are the nodes that follow it with a greater depth.  So insertion below a
 * node and removal of a leaf are O(1).  Only leaves are removed, so a child's depth is always its
 * parent's plus one.
 */
#ifndef CAP_H
#define CAP_H

#include "list.h"
#include "whit.h"

struct space;
struct thread;

/* Result of an operation: enum whit_error, or RESTART: nothing is lost, do it again. */
typedef int status;
enum { RESTART = -1 };

/* Small rather than fast, as the files that the Makefile says that of. */
#define SELDOM __attribute__((cold))

/*
 * word: object address (bits 47:0), kind (55:48), rights (63:56); 0 is empty.  One load decides:
 * the exclusive-or with the expected kind leaves a usable pointer (the rights lie in the ignored
 * top byte), or else, under speculation too, a non-canonical address.
 */
enum { CAP_KIND_SHIFT = 48, CAP_RIGHTS_SHIFT = 56 };
#define CAP_ADDRESS_MASK 0x0000ffffffffffff
#define CAP_KIND_MASK    0x00ff000000000000

/* extent: size in units (41:0), depth (55:42), flags (63:56).
 * Units: WHIT_UNIT bytes for memory and the objects made of it, lines for an irq. */
enum { CAP_DEPTH_SHIFT = 42, CAP_FLAGS_SHIFT = 56, CAP_DEPTH_MASK = 0x3fff };
/* Most derivations in a row: bounds the way from a node to its first leaf, one step of a revoke. */
enum { CAP_DEPTH_MAX = 80 };
#define CAP_UNITS_MASK 0x000003ffffffffff

enum cap_flag {
    CAP_ORIGINAL = 1, /* object made here, or root of a tree: cannot be deleted or passed on */
    CAP_GIVEN = 2,    /* child by GIVE: its parent is inert */
    CAP_DEVICE = 4,   /* memory without RAM behind it */
    CAP_DYING = 8     /* lost its rights: a revoke or destroy is under way */
};

/* What the range or object of a slot is used for: one thing at a time. */
enum cap_use {
    USE_NONE,
    USE_MAPPED, /* holder: space; address: where and how far, see stage2.h */
    USE_POOL,   /* the slot is part of a space (the holder), a child of what was donated */
    USE_HELD,   /* the slot is part of a kernel object (the holder); address: its enum cap_role */
    USE_PINNED  /* a device may reach it: no child, no holder; only its own slot lets go */
};

/* Slots inside kernel objects: a reference is a capability, so revoking it is seen. */
enum cap_role {
    ROLE_THREAD_SPACE,
    ROLE_THREAD_BUDGET,
    ROLE_THREAD_FAULT,
    ROLE_THREAD_STATE,
    ROLE_PORTAL_THREAD,
    ROLE_SIGNAL_TARGET,
    ROLE_SIGNAL_BUDGET,
    ROLE_IRQ_SIGNAL
};

struct slot {
    uint64_t word;
    uint64_t extent;
    struct slot *next, *prev; /* preorder of the derivation tree, circular */
    uint64_t use;             /* holder's address | enum cap_use (low 3 bits) */
    struct link user;         /* in the holder's list: mappings, or pool */
    uint64_t address; /* of the mapping; role; priority ceiling of a core (0: none); for an object's
                         original, rights as memory (7:0) and grace ticket + 1 (63:8) */
};
_Static_assert(sizeof(struct slot) == 64, "a slot is one cache line");

static inline enum whit_kind cap_kind(const struct slot *slot)
{
    return (enum whit_kind)((slot->word & CAP_KIND_MASK) >> CAP_KIND_SHIFT);
}

static inline unsigned cap_rights(const struct slot *slot)
{
    return (unsigned)(slot->word >> CAP_RIGHTS_SHIFT);
}

/* Address of the object, or base of the memory range. */
static inline uintptr_t cap_base(const struct slot *slot)
{
    return (uintptr_t)(slot->word & CAP_ADDRESS_MASK);
}

static inline void *cap_object(const struct slot *slot)
{
    return (void *)cap_base(slot);
}

static inline uint64_t cap_units(const struct slot *slot)
{
    return slot->extent & CAP_UNITS_MASK;
}

static inline unsigned cap_depth(const struct slot *slot)
{
    return (unsigned)(slot->extent >> CAP_DEPTH_SHIFT) & CAP_DEPTH_MASK;
}

static inline bool cap_flag(const struct slot *slot, enum cap_flag flag)
{
    return ((slot->extent >> CAP_FLAGS_SHIFT) & flag) != 0;
}

static inline enum cap_use cap_use(const struct slot *slot)
{
    return (enum cap_use)(slot->use & 7);
}

static inline void *cap_holder(const struct slot *slot)
{
    return (void *)(uintptr_t)(slot->use & ~(uint64_t)7);
}

/* True if the node has descendants. */
static inline bool cap_has_child(const struct slot *slot)
{
    return slot->next != slot && cap_depth(slot->next) > cap_depth(slot);
}

/* A parent whose range was given away, or pinned memory: nothing can be derived from it. */
static inline bool cap_inert(const struct slot *slot)
{
    return cap_use(slot) == USE_PINNED || (cap_has_child(slot) && cap_flag(slot->next, CAP_GIVEN));
}

/* Bytes of a memory range. */
static inline uint64_t cap_bytes(const struct slot *slot)
{
    return cap_units(slot) * WHIT_UNIT;
}

/*
 * Looks a selector up in the table of `space`, for slow paths: NULL if it is out of range.  An
 * unfilled slot is found with word 0.  Safe under speculation: the index is masked.
 */
struct slot *cap_slot(struct space *space, uint64_t selector);

/* The slot, if it holds `kind` with all of `rights` and is not dying; else *error says why not. */
struct slot *cap_find(struct space *space, uint64_t selector, enum whit_kind kind, unsigned rights,
                      status *error);

/*
 * The object of such a slot, for call, notify and wait, which hold no lock: the word is read once.
 * It stays an object until this core leaves the kernel.
 */
void *cap_lookup(struct space *space, uint64_t selector, enum whit_kind kind, unsigned rights,
                 status *error);

/* As cap_slot, for an empty slot to fill: takes a page from the pool of `space` if there is none
 * yet.  Errors: CAPABILITY (range), OCCUPIED, FUNDS. */
struct slot *cap_empty_slot(struct space *space, uint64_t selector, status *error);

/* Fills `root` as the root of a tree (boot, and host tests). */
void cap_root(struct slot *root, enum whit_kind kind, uintptr_t base, uint64_t units,
              unsigned rights, unsigned flags);

/*
 * Makes `child` (empty) a child of `parent`, same object or a sub-range; publishes its word last.
 * The caller has checked everything but the depth.  Error: DEPTH.
 */
status cap_derive(struct slot *parent, struct slot *child, uintptr_t base, uint64_t units,
                  unsigned rights, unsigned flags);

/* Memory leaves, checked by the caller: `lower` keeps the first units, `upper` (empty) gets the
 * rest; and the reverse, `upper` is empty afterwards. */
void cap_split(struct slot *lower, struct slot *upper, uint64_t units);
void cap_join(struct slot *lower, struct slot *upper);

/* Moves a capability with all its links; `from` is empty afterwards. */
void cap_move(struct slot *from, struct slot *to);

/* Whether cap_hold would succeed.  Errors: DEPTH, BUSY (inert). */
status cap_hold_check(const struct slot *from);

/* Derives `from`, which is not inert, into `held`, a slot inside the kernel object `holder`.
 * Error: DEPTH. */
status cap_hold(struct slot *from, struct slot *held, void *holder, enum cap_role role);

/* Unlinks a leaf that is not mapped (it may be held) and empties it.  Harmless on an empty slot. */
void cap_remove(struct slot *leaf);

/* Takes all rights from a slot, by one store; its kind stays.  It can no longer be passed on. */
void cap_doom(struct slot *slot);

/* Makes `leaf`, a descendant of `above`, a sibling of `above`. */
void cap_lift(struct slot *leaf, struct slot *above);

/* Changes what a slot names in place, at the same address and size; used by make and destroy. */
void cap_become(struct slot *slot, enum whit_kind kind, unsigned rights, bool original);

#endif
