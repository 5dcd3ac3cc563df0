/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The invariants, looked up in the structures themselves.  Conservation follows from three of them:
 * a child lies within its parent, given siblings do not overlap, and only what was given can be an
 * object or a pool: so of each byte exactly one node, the deepest given one, says what it is.
 */
#include "invariant.h"
#include "fake_arch.h"
#include "irq.h"
#include "portal.h"
#include "stage2.h"

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return #condition;                                                                     \
    } while (0)

enum { NODES_MAX = 1 << 20 };

static uintptr_t end_of(const struct slot *slot)
{
    uint64_t unit = cap_kind(slot) == WHIT_IRQ ? sizeof(struct irq) : WHIT_UNIT;
    return cap_base(slot) + cap_units(slot) * unit;
}

static bool contains(const void *object, size_t bytes, const void *part)
{
    return (const char *)part >= (const char *)object &&
           (const char *)part < (const char *)object + bytes;
}

/* ---- translation tables */

struct leaves {
    uint64_t bytes; /* that are mapped in all */
};

static const char *check_table(struct space *space, uint64_t *table)
{
    for (unsigned i = 0; i < space->pool_count; i++)
        if (contains(cap_object(&space->pool[i]), cap_bytes(&space->pool[i]), table))
            return NULL;
    return "a table that is not from the space's pool";
}

static const char *count_leaves(struct space *space, uint64_t *table, unsigned level,
                                uint64_t *bytes);

static const char *count_entry(struct space *space, uint64_t entry, unsigned level, uint64_t *bytes)
{
    if (!arch_entry_is_valid(entry)) {
        EXPECT(entry == 0);
        return NULL;
    }
    if (level == 3 || !arch_entry_is_table(entry)) {
        *bytes += (uint64_t)1 << (39 - 9 * level);
        return NULL;
    }
    uint64_t *next = (uint64_t *)arch_entry_address(entry);
    const char *wrong = check_table(space, next);
    return wrong ? wrong : count_leaves(space, next, level + 1, bytes);
}

static const char *count_leaves(struct space *space, uint64_t *table, unsigned level,
                                uint64_t *bytes)
{
    for (unsigned i = 0; i < 512; i++) {
        const char *wrong = count_entry(space, table[i], level, bytes);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* The leaf for `ipa`, 0 if there is none. */
static uint64_t translate(struct space *space, uint64_t ipa, unsigned *level)
{
    uint64_t *table = space_top_table(space);
    for (*level = 1;; ++*level) {
        uint64_t entry = table[(ipa >> (39 - 9 * *level)) & 511];
        if (*level == 3 || !arch_entry_is_table(entry))
            return entry;
        table = (uint64_t *)arch_entry_address(entry);
    }
}

static const char *check_mapping(struct space *space, const struct slot *slot)
{
    uint64_t start = mapping_start(slot), position = mapping_position(slot);
    EXPECT(cap_holder(slot) == space && cap_use(slot) == USE_MAPPED);
    EXPECT(cap_kind(slot) == WHIT_MEMORY && !cap_inert(slot));
    EXPECT(position >= start && position <= start + cap_bytes(slot));
    for (uint64_t ipa = start; ipa < position;) {
        unsigned level;
        uint64_t entry = translate(space, ipa, &level);
        uintptr_t physical = cap_base(slot) + (ipa - start);
        EXPECT(entry ==
               arch_entry_leaf(physical, level, mapping_access(slot), cap_flag(slot, CAP_DEVICE)));
        ipa += (uint64_t)1 << (39 - 9 * level);
        EXPECT(ipa <= position);
    }
    return NULL;
}

static const char *check_mappings(struct space *space)
{
    uint64_t mapped = 0, expected = 0;
    const char *wrong = count_leaves(space, space_top_table(space), 1, &mapped);
    if (wrong)
        return wrong;
    for (struct link *at = space->mappings.next; at != &space->mappings; at = at->next) {
        const struct slot *slot = CONTAINER(at, struct slot, user);
        EXPECT(at->next->prev == at && at->prev->next == at);
        wrong = check_mapping(space, slot);
        if (wrong)
            return wrong;
        expected += mapping_position(slot) - mapping_start(slot);
    }
    EXPECT(mapped == expected);
    return NULL;
}

/* ---- spaces */

static const char *check_pool(struct space *space)
{
    EXPECT(space->pool_count <= SPACE_POOL_RANGES);
    EXPECT(space->pool_current <= space->pool_count || space->phase == SPACE_RETURN);
    for (unsigned i = 0; i < space->pool_count; i++) {
        struct slot *range = &space->pool[i];
        EXPECT(cap_use(range) == USE_POOL && cap_holder(range) == space);
        EXPECT(cap_kind(range) == WHIT_MEMORY && cap_flag(range, CAP_GIVEN));
        EXPECT(!cap_has_child(range) && cap_rights(range) == 0);
    }
    for (unsigned i = space->pool_count; i < SPACE_POOL_RANGES; i++)
        EXPECT(space->pool[i].word == 0);
    return NULL;
}

const char *invariant_check_space(struct space *space)
{
    const char *wrong = check_pool(space);
    /* What was mapped in it can already be something else. */
    EXPECT(space->phase <= SPACE_GRACE || space->vmid == 0);
    if (wrong || space->phase > SPACE_GRACE)
        return wrong;
    EXPECT((space->vmid != 0) == !list_empty(&space->vmid_link));
    EXPECT(space->vmid != 0 || space->vttbr == (uintptr_t)empty_slots);
    EXPECT(list_empty(&space->dying) == (space->phase == SPACE_ALIVE));
    for (unsigned i = 0; i < SPACE_DIRECTORY; i++)
        if (space->directory[i] != (struct slot *)(uintptr_t)empty_slots)
            EXPECT(!check_table(space, (uint64_t *)space->directory[i]));
    EXPECT(empty_slots[0].word == 0 && space->directory[0][0].word == 0);
    return check_mappings(space);
}

/* ---- nodes */

static const char *check_held(const struct slot *slot)
{
    static const size_t bytes[] = {
        [ROLE_THREAD_SPACE] = WHIT_SIZE_THREAD,  [ROLE_THREAD_BUDGET] = WHIT_SIZE_THREAD,
        [ROLE_THREAD_FAULT] = WHIT_SIZE_THREAD,  [ROLE_THREAD_STATE] = WHIT_SIZE_THREAD,
        [ROLE_PORTAL_THREAD] = WHIT_SIZE_PORTAL, [ROLE_SIGNAL_TARGET] = WHIT_SIZE_SIGNAL,
        [ROLE_SIGNAL_BUDGET] = WHIT_SIZE_SIGNAL, [ROLE_IRQ_SIGNAL] = sizeof(struct irq),
    };
    EXPECT(slot->address <= ROLE_IRQ_SIGNAL);
    EXPECT(contains(cap_holder(slot), bytes[slot->address], slot));
    EXPECT(!cap_has_child(slot));
    return NULL;
}

static const char *check_use(const struct slot *slot)
{
    EXPECT(slot->user.next->prev == &slot->user && slot->user.prev->next == &slot->user);
    EXPECT(list_empty(&slot->user) == (cap_use(slot) != USE_MAPPED));
    switch (cap_use(slot)) {
    case USE_MAPPED:
        EXPECT(cap_kind(slot) == WHIT_MEMORY && !cap_inert(slot));
        return NULL;
    case USE_POOL: {
        struct space *space = cap_holder(slot);
        EXPECT(contains(space->pool, sizeof(space->pool), slot));
        return NULL;
    }
    case USE_HELD:
        return check_held(slot);
    case USE_NONE:
    default:
        EXPECT(slot->use == 0);
        return NULL;
    }
}

/* An original capability: root of a tree, or an object on memory that was given. */
static const char *check_original(struct slot *slot)
{
    EXPECT(cap_use(slot) == USE_NONE || cap_depth(slot) == 0);
    if (cap_depth(slot) != 0) {
        EXPECT(cap_kind(slot) != WHIT_MEMORY && cap_kind(slot) != WHIT_NONE);
        EXPECT(cap_flag(slot, CAP_GIVEN) && !cap_flag(slot, CAP_DEVICE));
    }
    if (cap_kind(slot) != WHIT_SPACE)
        return NULL;
    struct space *space = cap_object(slot);
    EXPECT(space->original == slot);
    return invariant_check_space(space);
}

static const char *check_child(const struct slot *parent, const struct slot *child)
{
    bool made = cap_flag(child, CAP_ORIGINAL);
    EXPECT(cap_depth(child) == cap_depth(parent) + 1);
    EXPECT(made ? cap_kind(parent) == WHIT_MEMORY : cap_kind(parent) == cap_kind(child));
    EXPECT(cap_base(child) >= cap_base(parent) && end_of(child) <= end_of(parent));
    EXPECT(end_of(child) > cap_base(child) || cap_units(parent) == 0);
    if (!made && !cap_flag(parent, CAP_DYING))
        EXPECT((cap_rights(child) & ~cap_rights(parent)) == 0);
    if (cap_kind(child) == WHIT_MEMORY && (cap_rights(child) & WHIT_R_MAKE) != 0)
        EXPECT(cap_flag(child, CAP_GIVEN));
    EXPECT(cap_flag(child, CAP_DEVICE) == cap_flag(parent, CAP_DEVICE));
    if (cap_flag(child, CAP_GIVEN))
        EXPECT(cap_kind(parent) == WHIT_MEMORY && cap_use(parent) == USE_NONE);
    return NULL;
}

/* Splits leave siblings in the order of their addresses; what was lifted overlaps what dies. */
static const char *check_sibling(const struct slot *before, const struct slot *slot)
{
    EXPECT(cap_flag(before, CAP_GIVEN) == cap_flag(slot, CAP_GIVEN));
    bool dying = cap_flag(before, CAP_DYING) || cap_flag(slot, CAP_DYING);
    if (cap_flag(slot, CAP_GIVEN) && !dying)
        EXPECT(end_of(before) <= cap_base(slot));
    return NULL;
}

static const char *check_root(const struct slot *before, const struct slot *slot)
{
    EXPECT(cap_flag(slot, CAP_ORIGINAL) && !cap_flag(slot, CAP_GIVEN));
    if (before)
        EXPECT(end_of(before) <= cap_base(slot) || end_of(slot) <= cap_base(before));
    return NULL;
}

/* `path`: the last node at each depth, up to the depth of the node before. */
static const char *check_node(struct slot *slot, struct slot **path, unsigned *deepest)
{
    unsigned depth = cap_depth(slot);
    EXPECT(slot->word != 0 && cap_kind(slot) < WHIT_KINDS);
    EXPECT(slot->next->prev == slot && slot->prev->next == slot);
    EXPECT(depth <= CAP_DEPTH_MAX && depth <= *deepest + 1);
    EXPECT(!cap_flag(slot, CAP_DYING) || cap_rights(slot) == 0);
    struct slot *before = depth <= *deepest ? path[depth] : NULL;
    const char *wrong = depth == 0 ? check_root(before, slot) : check_child(path[depth - 1], slot);
    if (!wrong && depth != 0 && before)
        wrong = check_sibling(before, slot);
    if (!wrong && cap_flag(slot, CAP_ORIGINAL))
        wrong = check_original(slot);
    path[depth] = slot;
    *deepest = depth;
    return wrong ? wrong : check_use(slot);
}

const char *invariant_check(struct slot *root)
{
    struct slot *path[CAP_DEPTH_MAX + 1] = {NULL};
    unsigned deepest = 0;
    struct slot *slot = root;
    EXPECT(cap_depth(root) == 0);
    for (unsigned n = 0; n < NODES_MAX; n++) {
        const char *wrong = check_node(slot, path, &deepest);
        if (wrong)
            return wrong;
        slot = slot->next;
        if (slot == root)
            return NULL;
    }
    return "the tree does not close";
}
