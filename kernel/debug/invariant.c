/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of debug kernels and of the host's tests: the invariants, looked up in the structures themselves.
 * Conservation follows from three of them: a child lies within its parent, given siblings do not
 * overlap, and only what was given can be an object or a pool: so of each byte exactly one node,
 * the deepest given one, says what it is.
 */
#include "debug/invariant.h"
#include "arch.h"
#include "irq.h"
#include "portal.h"
#include "stage2.h"

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return #condition;                                                                     \
    } while (0)

enum { NODES_MAX = 1 << 20, ENTRIES = 512 };

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

static const char *check_table(struct space *space, uint64_t *table)
{
    for (unsigned i = 0; i < space->pool_count; i++)
        if (contains(cap_object(&space->pool[i]), cap_bytes(&space->pool[i]), table))
            return NULL;
    return "a table that is not from the space's pool";
}

/* Adds what the entry maps to *bytes; a table that it leads to goes to *next. */
static const char *count_entry(struct space *space, uint64_t entry, unsigned level, uint64_t *bytes,
                               uint64_t **next)
{
    *next = NULL;
    if (!arch_entry_is_valid(entry)) {
        EXPECT(entry == 0);
        return NULL;
    }
    if (level == 3 || !arch_entry_is_table(entry)) {
        *bytes += (uint64_t)1 << (39 - 9 * level);
        return NULL;
    }
    *next = (uint64_t *)arch_entry_address(entry);
    return check_table(space, *next);
}

static const char *count_pages(struct space *space, const uint64_t *table, uint64_t *bytes)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t *none;
        const char *wrong = count_entry(space, table[i], 3, bytes, &none);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static const char *count_blocks(struct space *space, const uint64_t *table, uint64_t *bytes)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t *next;
        const char *wrong = count_entry(space, table[i], 2, bytes, &next);
        if (!wrong && next)
            wrong = count_pages(space, next, bytes);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static const char *count_leaves(struct space *space, const uint64_t *table, uint64_t *bytes)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t *next;
        const char *wrong = count_entry(space, table[i], 1, bytes, &next);
        if (!wrong && next)
            wrong = count_blocks(space, next, bytes);
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
    const char *wrong = count_leaves(space, space_top_table(space), &mapped);
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
        if (space->directory[i] != empty_slots)
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
    case USE_PINNED:
        EXPECT(slot->use == USE_PINNED && cap_kind(slot) == WHIT_MEMORY && !cap_has_child(slot));
        return NULL;
    case USE_NONE:
    default:
        EXPECT(slot->use == 0);
        return NULL;
    }
}

/* What is used comes back, so all refills together are the capacity. */
static const char *check_budget(const struct budget *budget)
{
    uint64_t sum = 0;

    EXPECT(budget->state <= BUDGET_THROTTLED && budget->refills <= BUDGET_REFILLS);
    EXPECT(budget->oldest < BUDGET_REFILLS);
    EXPECT(!budget->thread || !budget->signal);
    for (unsigned i = 0; i < budget->refills; i++)
        sum += budget->refill[(budget->oldest + i) % BUDGET_REFILLS].amount;
    EXPECT(!budget->capacity || sum == budget->capacity);
    return NULL;
}

/* An original capability: root of a tree, or an object on memory that was given. */
static const char *check_original(struct slot *slot)
{
    EXPECT(cap_use(slot) == USE_NONE || cap_depth(slot) == 0);
    if (cap_depth(slot) != 0) {
        EXPECT(cap_kind(slot) != WHIT_MEMORY && cap_kind(slot) != WHIT_NONE);
        EXPECT(cap_flag(slot, CAP_GIVEN) && !cap_flag(slot, CAP_DEVICE));
    }
    /* Budgets of other cores are in use meanwhile. */
    if (cap_kind(slot) == WHIT_BUDGET && ((struct budget *)cap_object(slot))->core == core_here())
        return check_budget(cap_object(slot));
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
    if (cap_kind(child) == WHIT_MEMORY && cap_flag(child, CAP_GIVEN))
        EXPECT((cap_rights(child) & WHIT_R_PIN) == 0 && cap_use(child) != USE_PINNED);
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

/* ---- queues */

static const char *check_ready(struct core *core, unsigned priority)
{
    const struct budget *first = core->ready[priority], *budget = first;
    bool in_map = (core->ready_map[priority / 64] >> (priority % 64) & 1) != 0;

    EXPECT(in_map == (first != NULL));
    EXPECT(!first || core->top >= priority);
    if (!first)
        return NULL;
    do {
        const struct link *at = &budget->link;
        EXPECT(at->next->prev == at && at->prev->next == at);
        EXPECT(budget->core == core && budget->priority == priority);
        EXPECT(budget->state == BUDGET_READY);
        budget = CONTAINER(at->next, struct budget, link);
    } while (budget != first);
    return NULL;
}

/* Of a leftist heap, in preorder. */
static const struct timer *timer_next(const struct timer *at)
{
    if (at->left)
        return at->left;
    for (; at->up; at = at->up)
        if (at->up->left == at && at->up->right)
            return at->up->right;
    return NULL;
}

static const char *check_timers(const struct core *core)
{
    EXPECT(!core->timers || !core->timers->up);
    for (const struct timer *at = core->timers; at; at = timer_next(at)) {
        uint32_t left = at->left ? at->left->rank : 0, right = at->right ? at->right->rank : 0;
        EXPECT(at->kind <= TIMER_VCPU);
        EXPECT(at->rank == right + 1 && left >= right);
        EXPECT((!at->left || at->left->up == at) && (!at->right || at->right->up == at));
        EXPECT(!at->up || at->up->deadline <= at->deadline);
    }
    return NULL;
}

const char *invariant_check_core(struct core *core)
{
    for (unsigned priority = 0; priority < PRIORITIES; priority++) {
        const char *wrong = check_ready(core, priority);
        if (wrong)
            return wrong;
    }
    EXPECT(core->ready[core->top] || !core->top);
    EXPECT(!core->budget || core->budget->core == core);
    return check_timers(core);
}

/* ---- the whole machine */

static struct space *root_space;
static uint64_t root_bytes; /* of RAM that root had at the beginning */

/* Of several nodes of depth 0 in one tree, the one at the lowest address. */
static bool is_first_root(const struct slot *slot)
{
    for (const struct slot *at = slot->next; at != slot; at = at->next)
        if (cap_depth(at) == 0 && cap_base(at) < cap_base(slot))
            return false;
    return true;
}

static void count_tree(const struct slot *root, struct invariant_count *count)
{
    const struct slot *at = root;

    do {
        bool ram = cap_kind(at) != WHIT_IRQ && cap_kind(at) != WHIT_CORE &&
                   !cap_flag(at, CAP_DEVICE) && cap_depth(at) == 0;
        count->capabilities++;
        count->bytes += ram ? cap_bytes(at) : 0;
        at = at->next;
    } while (at != root);
}

/* Originals of depth 0 never leave the table of the space that was made at boot. */
static const char *check_roots(struct invariant_count *count)
{
    for (uint64_t selector = 1; selector < WHIT_SLOTS; selector++) {
        struct slot *slot = cap_slot(root_space, selector);
        if (slot->word == 0 || cap_depth(slot) != 0 || !is_first_root(slot))
            continue;
        const char *wrong = invariant_check(slot);
        if (wrong)
            return wrong;
        count_tree(slot, count);
    }
    return NULL;
}

void invariant_begin(struct space *root)
{
    struct invariant_count count = {0, 0};
    const char *wrong;

    root_space = root;
    wrong = check_roots(&count);
    if (wrong)
        panic(wrong);
    root_bytes = count.bytes;
}

const char *invariant_check_all(struct invariant_count *count)
{
    const char *wrong = check_roots(count);

    if (!wrong)
        wrong = invariant_check_core(core_here());
    if (!wrong && count->bytes != root_bytes)
        wrong = "memory was lost or won";
    return wrong;
}
