/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revocation and destruction.  Everything is a step on a leaf of the derivation tree: unmap it, let
 * the object that holds it drop it, end the object behind it, or remove it; on the way to the leaf
 * each node loses its rights, so that nothing can be added below.
 *
 * A leaf that belongs to a space (its pool, or its original capability) waits for the end of that
 * space, which goes into a list.  A dying space never waits for another: what it cannot delete it
 * lifts out of the capability that it is deleting.  So cycles of spaces that hold each other's
 * memory end too, and every operation here leaves the list empty.
 */
#include "teardown.h"
#include "arch.h"
#include "budget.h"
#include "irq.h"
#include "portal.h"
#include "stage2.h"

/* Steps return WHIT_OK when something was done; or this: the leaf waits for a dying space. */
enum { WAITS = -2 };

enum { SCAN_SLOTS = SLOTS_PER_PAGE, DETACH_SLOTS = 16, SCRUB_BYTES = 2 * WHIT_PAGE };

/* Spaces that are ending, in the order of their deaths; guarded by tree_lock. */
static struct link dying = {&dying, &dying};

/* ---- objects other than spaces */

/* An original capability of an object that was made of memory, with the right to make at least;
 * those that were there at boot never end. */
static bool object_was_made(const struct slot *slot)
{
    bool object = cap_kind(slot) >= WHIT_SPACE && cap_kind(slot) <= WHIT_BUDGET;
    return object && cap_flag(slot, CAP_ORIGINAL) && slot->address != 0;
}

static status object_stop(struct slot *original)
{
    void *object = cap_object(original);
    enum whit_kind kind = cap_kind(original);
    if (kind == WHIT_THREAD)
        return thread_end(object);
    if (kind == WHIT_PORTAL)
        return portal_end(object);
    if (kind == WHIT_SIGNAL)
        return signal_end(object);
    if (kind == WHIT_BUDGET)
        return budget_end(object);
    panic("no such object");
}

/* The original capability becomes memory again, with the rights of before. */
static void original_restore(struct slot *original)
{
    cap_become(original, WHIT_MEMORY, (unsigned)original->address & WHIT_R_ALL, false);
}

/* Ends the object behind an original capability without descendants; then it is only zeros. */
static status object_end(struct slot *original)
{
    uint64_t ticket = original->address >> 8;
    if (ticket == 0) {
        status result = object_stop(original);
        if (result != WHIT_OK)
            return result;
        ticket = core_grace_begin() + 1;
        original->address |= ticket << 8;
    }
    if (!core_grace_over(ticket - 1)) {
        arch_pause();
        return RESTART;
    }
    arch_scrub(cap_object(original), cap_bytes(original));
    return WHIT_OK;
}

/* ---- leaves */

/* Puts a space into the list of the dying.  Error: BUSY: it was made at boot. */
static status space_doom(struct space *space)
{
    if (!object_was_made(space->original))
        return WHIT_E_BUSY;
    if (space->phase == SPACE_ALIVE) {
        space->phase = SPACE_REVOKE;
        cap_doom(space->original);
        list_insert(&dying, &space->dying);
    }
    return WAITS;
}

/* The original capability of a space moves into the space: its own slot must not wait for it. */
static status space_home(struct slot *original)
{
    struct space *space = cap_object(original);
    if (original != &space->home)
        cap_move(original, &space->home);
    return space_doom(space);
}

static status held_drop(struct slot *held)
{
    void *holder = cap_holder(held);
    enum cap_role role = (enum cap_role)held->address;
    switch (role) {
    case ROLE_THREAD_SPACE:
    case ROLE_THREAD_BUDGET:
    case ROLE_THREAD_FAULT:
    case ROLE_THREAD_STATE:
        return thread_drop(holder, role);
    case ROLE_PORTAL_THREAD:
        return portal_drop(holder);
    case ROLE_SIGNAL_TARGET:
    case ROLE_SIGNAL_BUDGET:
        return signal_drop(holder, role);
    case ROLE_IRQ_SIGNAL:
        return irq_drop(holder);
    default:
        panic("no such role");
    }
}

/* The leaf is in no use: it goes, or the object behind it ends. */
static status leaf_remove(struct slot *leaf)
{
    if (cap_flag(leaf, CAP_ORIGINAL) && cap_kind(leaf) == WHIT_SPACE)
        return space_home(leaf);
    status result = cap_flag(leaf, CAP_ORIGINAL) ? object_end(leaf) : WHIT_OK;
    if (result == WHIT_OK)
        cap_remove(leaf);
    return result;
}

/* One step towards the end of a leaf that has lost its rights.  PINNED: it has not. */
static status leaf_step(struct slot *leaf)
{
    switch (cap_use(leaf)) {
    case USE_MAPPED:
        return mapping_clear(leaf);
    case USE_POOL:
        return space_doom(cap_holder(leaf));
    case USE_HELD: {
        status result = held_drop(leaf);
        if (result == WHIT_OK)
            cap_remove(leaf);
        return result;
    }
    case USE_PINNED:
        /* Only who holds it lets go: deletes it, or ends with the slot. */
        return cap_flag(leaf, CAP_DYING) ? leaf_remove(leaf) : WHIT_E_PINNED;
    case USE_NONE:
    default:
        return leaf_remove(leaf);
    }
}

/* The first leaf below `top`, or `top` itself; what lies between loses its rights.  Not a
 * pinned one: it keeps them. */
static inline struct slot *leaf_find(struct slot *top)
{
    struct slot *node = top;
    while (cap_has_child(node)) {
        node = node->next;
        if (!cap_flag(node, CAP_DYING) && cap_use(node) != USE_PINNED)
            cap_doom(node);
    }
    return node;
}

/* ---- dying spaces */

static void phase_enter(struct space *space, enum space_phase phase)
{
    space->phase = phase;
    space->progress = 0;
}

/* The descendants of its original capability; the threads that run in it are among them. */
static status revoke_step(struct space *space)
{
    struct slot *leaf = leaf_find(space->original);
    if (leaf != space->original)
        return leaf_step(leaf);
    phase_enter(space, SPACE_SCAN);
    return WHIT_OK;
}

/* The next filled slot of the table from `progress` on, or NULL: none within a bounded number of
 * slots and of pages that were never filled. */
static struct slot *scan_find(struct space *space)
{
    for (unsigned n = 0; n < SCAN_SLOTS && space->progress < WHIT_SLOTS; n++) {
        struct slot *page = space->directory[space->progress / SLOTS_PER_PAGE];
        struct slot *slot = &page[space->progress % SLOTS_PER_PAGE];
        if (page == empty_slots) {
            space->progress += SLOTS_PER_PAGE - space->progress % SLOTS_PER_PAGE;
            continue;
        }
        if (slot->word != 0)
            return slot;
        space->progress++;
    }
    return NULL;
}

static status scan_step(struct space *space)
{
    struct slot *slot = scan_find(space);
    if (slot) {
        if (!cap_flag(slot, CAP_DYING))
            cap_doom(slot);
        struct slot *leaf = leaf_find(slot);
        struct slot *home =
            cap_kind(leaf) == WHIT_SPACE ? &((struct space *)cap_object(leaf))->home : NULL;
        status result = leaf_step(leaf);
        if (result != WAITS && result != WHIT_E_BUSY && result != WHIT_E_PINNED)
            return result;
        /* It vanishes with its space, or stays with a space that never ends, or is somebody's who
         * has not let go; not our business. */
        if (leaf != slot)
            cap_lift(leaf->word != 0 ? leaf : home, slot);
        return WHIT_OK;
    }
    if (space->progress == WHIT_SLOTS) {
        phase_enter(space, SPACE_GRACE);
        space->progress = core_grace_begin();
    }
    return WHIT_OK;
}

static status grace_step(struct space *space)
{
    if (!core_grace_over(space->progress)) {
        arch_pause();
        return RESTART;
    }
    /* Nothing may translate by the tables once what they map can be put to another use. */
    space_leave(space);
    phase_enter(space, SPACE_DETACH);
    return WHIT_OK;
}

static status detach_step(struct space *space)
{
    for (unsigned n = 0; n < DETACH_SLOTS; n++) {
        if (list_empty(&space->mappings)) {
            phase_enter(space, SPACE_RETURN);
            return WHIT_OK;
        }
        struct slot *slot = CONTAINER(space->mappings.next, struct slot, user);
        /* Uncached memory has to be flushed, as at any unmapping. */
        if ((mapping_access(slot) & WHIT_MAP_UNCACHED) != 0)
            return mapping_clear(slot);
        mapping_end(slot);
    }
    return WHIT_OK;
}

/* The space's own two pages; its original capability stays valid until they are clean. */
static void space_free(struct space *space)
{
    struct slot *original = space->original;
    list_remove(&space->dying);
    if (original != &space->home) {
        arch_scrub(space, WHIT_SIZE_SPACE);
        original_restore(original);
        return;
    }
    char *start = (char *)space;
    char *after = (char *)(&space->home + 1);
    arch_scrub(start, (uint64_t)((char *)&space->home - start));
    arch_scrub(after, (uint64_t)(start + WHIT_SIZE_SPACE - after));
    cap_remove(original);
    arch_scrub(original, sizeof(*original));
}

/* Bytes of the last range in the pool that were ever taken for pages. */
static uint64_t pool_used(const struct space *space)
{
    unsigned last = space->pool_count - 1;
    if (last < space->pool_current)
        return cap_bytes(&space->pool[last]);
    return last == space->pool_current ? space->pool_offset : 0;
}

static status return_step(struct space *space)
{
    if (space->pool_count == 0) {
        space_free(space);
        return WHIT_OK;
    }
    struct slot *range = &space->pool[space->pool_count - 1];
    uint64_t left = pool_used(space) - space->progress;
    uint64_t bytes = left < SCRUB_BYTES ? left : SCRUB_BYTES;
    arch_scrub((char *)cap_object(range) + space->progress, bytes);
    space->progress += bytes;
    if (bytes == left) {
        cap_remove(range);
        space->pool_count--;
        space->progress = 0;
    }
    return WHIT_OK;
}

/* One bounded step of the first dying space. */
static SELDOM status dying_step(void)
{
    struct space *space = CONTAINER(dying.next, struct space, dying);
    switch ((enum space_phase)space->phase) {
    case SPACE_REVOKE:
        return revoke_step(space);
    case SPACE_SCAN:
        return scan_step(space);
    case SPACE_GRACE:
        return grace_step(space);
    case SPACE_DETACH:
        return detach_step(space);
    case SPACE_RETURN:
        return return_step(space);
    case SPACE_ALIVE:
    default:
        panic("a living space among the dying");
    }
}

/* ---- operations */

status teardown_settle(void)
{
    while (!list_empty(&dying)) {
        status result = dying_step();
        if (result != WHIT_OK)
            return result;
        if (arch_interrupt_pending())
            return RESTART;
    }
    return WHIT_OK;
}

status teardown_revoke(struct slot *slot)
{
    for (;;) {
        struct slot *leaf = leaf_find(slot);
        if (leaf == slot)
            return teardown_settle();
        status result = leaf_step(leaf);
        bool stays = result == WHIT_E_BUSY || result == WHIT_E_PINNED;
        /* What stays must not keep others from ending that have begun to. */
        if (result == WAITS || (stays && !list_empty(&dying)))
            result = dying_step();
        if (result != WHIT_OK)
            return result;
        if (arch_interrupt_pending())
            return RESTART;
    }
}

status teardown_delete(struct slot *slot)
{
    if (cap_flag(slot, CAP_ORIGINAL))
        return WHIT_E_ORIGINAL;
    cap_doom(slot);
    status result = teardown_revoke(slot);
    if (result == WHIT_OK && cap_use(slot) == USE_MAPPED)
        result = mapping_clear(slot);
    if (result == WHIT_OK)
        cap_remove(slot);
    return result;
}

status teardown_destroy(struct slot *slot)
{
    if (!object_was_made(slot))
        return WHIT_E_ORIGINAL;
    cap_doom(slot);
    status result = teardown_revoke(slot);
    if (result != WHIT_OK || cap_kind(slot) == WHIT_NONE || cap_kind(slot) == WHIT_MEMORY)
        return result; /* the kind: another core was faster */
    if (cap_kind(slot) == WHIT_SPACE) {
        (void)space_doom(cap_object(slot));
        return teardown_settle();
    }
    result = object_end(slot);
    if (result == WHIT_OK)
        original_restore(slot);
    return result;
}
