/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capability slots and the derivation tree.  All functions run with tree_lock held; only the word
 * of a slot and the directory are read without it, by call, reply and notify.
 */
#include "cap.h"
#include "space.h"

static uint64_t cap_word(enum whit_kind kind, uintptr_t base, unsigned rights)
{
    return (base & CAP_ADDRESS_MASK) | ((uint64_t)kind << CAP_KIND_SHIFT) |
           ((uint64_t)rights << CAP_RIGHTS_SHIFT);
}

static uint64_t cap_extent(uint64_t units, unsigned depth, unsigned flags)
{
    return (units & CAP_UNITS_MASK) | ((uint64_t)depth << CAP_DEPTH_SHIFT) |
           ((uint64_t)flags << CAP_FLAGS_SHIFT);
}

/* Who reads a word without the lock finds all that it names complete. */
static void cap_publish(struct slot *slot, uint64_t word)
{
    __atomic_store_n(&slot->word, word, __ATOMIC_RELEASE);
}

/* An index that is in range under wrong speculation too: the compiler must not drop the mask. */
/*@
  assigns \nothing;
  ensures \result < WHIT_SLOTS;
  ensures same: selector < WHIT_SLOTS ==> \result == selector;
*/
static uint64_t selector_mask(uint64_t selector)
{
    __asm__ volatile("" : "+r"(selector));
    return selector & (WHIT_SLOTS - 1);
}

/*@
  requires \valid_read(space);
  assigns \nothing;
  ensures selector >= WHIT_SLOTS ==> \result == \null;
  ensures selector < WHIT_SLOTS ==>
    \result == &space->directory[selector / SLOTS_PER_PAGE][selector % SLOTS_PER_PAGE];
*/
struct slot *cap_slot(struct space *space, uint64_t selector)
{
    if (selector >= WHIT_SLOTS)
        return NULL;
    selector = selector_mask(selector);
    return &space->directory[selector / SLOTS_PER_PAGE][selector % SLOTS_PER_PAGE];
}

/*@
  requires \valid_read(space) && \valid(error);
  requires selector < WHIT_SLOTS ==>
    \valid_read(space->directory[selector / SLOTS_PER_PAGE] + selector % SLOTS_PER_PAGE);
  requires selector < WHIT_SLOTS ==>
    \separated(error, space->directory[selector / SLOTS_PER_PAGE] + selector % SLOTS_PER_PAGE);
  assigns *error;
  ensures \result != \null ==> selector < WHIT_SLOTS && *error == \old(*error) &&
    \result == &\old(space->directory[selector / SLOTS_PER_PAGE])[selector % SLOTS_PER_PAGE];
  ensures \result != \null ==> \result->word != 0;
  ensures \result == \null ==> *error == WHIT_E_CAPABILITY || *error == WHIT_E_RIGHTS;
*/
struct slot *cap_find(struct space *space, uint64_t selector, enum whit_kind kind, unsigned rights,
                      status *error)
{
    struct slot *slot = cap_slot(space, selector);
    if (!slot || slot->word == 0 || cap_kind(slot) != kind) {
        *error = WHIT_E_CAPABILITY;
        return NULL;
    }
    if (cap_flag(slot, CAP_DYING) || (cap_rights(slot) & rights) != rights) {
        *error = WHIT_E_RIGHTS;
        return NULL;
    }
    return slot;
}

void *cap_lookup(struct space *space, uint64_t selector, enum whit_kind kind, unsigned rights,
                 status *error)
{
    const struct slot *slot = cap_slot(space, selector);
    /* Acquire: what was published with the word is complete. */
    uint64_t word = slot ? __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE) : 0;
    word ^= (uint64_t)kind << CAP_KIND_SHIFT;
    if ((word & CAP_KIND_MASK) != 0) {
        *error = WHIT_E_CAPABILITY;
        return NULL;
    }
    if ((word >> CAP_RIGHTS_SHIFT & rights) != rights) {
        *error = WHIT_E_RIGHTS;
        return NULL;
    }
    /* What is left of a wrong kind makes it no address, under wrong speculation too: the compiler
     * must not take it for zero. */
    __asm__ volatile("" : "+r"(word));
    return (void *)(uintptr_t)(word & (CAP_ADDRESS_MASK | CAP_KIND_MASK));
}

/* A page for the slots around one that is empty because there is none.  Seldom, and so out of the
 * way of all that fill slots. */
static __attribute__((cold)) struct slot *slot_page(struct space *space, uint64_t selector,
                                                    status *error)
{
    struct slot *page = space_page(space);

    if (!page) {
        *error = WHIT_E_FUNDS;
        return NULL;
    }
    /* Readers without the lock must find the page's zeros behind the pointer. */
    __atomic_store_n(&space->directory[selector / SLOTS_PER_PAGE], page, __ATOMIC_RELEASE);
    return &page[selector % SLOTS_PER_PAGE];
}

struct slot *cap_empty_slot(struct space *space, uint64_t selector, status *error)
{
    struct slot *slot = cap_slot(space, selector);
    if (!slot || selector == WHIT_SELF) {
        *error = WHIT_E_CAPABILITY;
        return NULL;
    }
    if (slot->word != 0) {
        *error = WHIT_E_OCCUPIED;
        return NULL;
    }
    const struct slot *page = space->directory[selector / SLOTS_PER_PAGE];
    return page == empty_slots ? slot_page(space, selector, error) : slot;
}

void cap_root(struct slot *root, enum whit_kind kind, uintptr_t base, uint64_t units,
              unsigned rights, unsigned flags)
{
    root->extent = cap_extent(units, 0, flags | CAP_ORIGINAL);
    root->next = root->prev = root;
    root->use = USE_NONE;
    list_init(&root->user);
    root->address = 0;
    cap_publish(root, cap_word(kind, base, rights));
}

/*@ predicate apart(struct slot *a, struct slot *b) = a == b || \separated(a, b); */

/*@
  requires \valid(before) && \valid(before->next) && \valid(node);
  requires \separated(node, before) && \separated(node, before->next);
  requires apart(before, before->next) && before->next->prev == before;
  assigns node->prev, node->next, before->next, before->next->prev;
  ensures node->prev == before && node->next == \old(before->next);
  ensures before->next == node && node->next->prev == node;
*/
static void tree_insert(struct slot *before, struct slot *node)
{
    node->prev = before;
    node->next = before->next;
    before->next->prev = node;
    before->next = node;
}

/*@
  predicate linked(struct slot *node) =
    \valid(node) && \valid(node->next) && \valid(node->prev) &&
    apart(node, node->next) && apart(node, node->prev) && apart(node->next, node->prev) &&
    node->next->prev == node && node->prev->next == node;
  // A slot that is empty, or a leaf of a tree and not all of it.
  predicate removable(struct slot *leaf) =
    \valid(leaf) && (leaf->word != 0 ==> linked(leaf) && leaf->next != leaf);
*/

/*@
  requires linked(node);
  assigns node->prev->next, node->next->prev;
  ensures \old(node->prev)->next == \old(node->next);
  ensures \old(node->next)->prev == \old(node->prev);
*/
static void tree_remove(struct slot *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
}

/* Behind its parent, one deeper, in no use; nothing else of the tree changes. */
/*@
  requires \valid(parent) && \valid(parent->next) && \valid(child);
  requires \separated(child, parent) && \separated(child, parent->next);
  requires apart(parent, parent->next) && parent->next->prev == parent;
  assigns *child, parent->next, parent->next->prev;
  ensures \result == WHIT_OK || \result == WHIT_E_DEPTH;
  ensures \result == WHIT_E_DEPTH ==> parent->next == \old(parent->next);
  ensures \result == WHIT_OK ==>
    child->prev == parent && child->next == \old(parent->next) &&
    parent->next == child && child->next->prev == child;
  ensures \result == WHIT_OK ==> child->use == USE_NONE && child->user.next == &child->user;
  ensures parent->word == \old(parent->word) && parent->extent == \old(parent->extent);
*/
status cap_derive(struct slot *parent, struct slot *child, uintptr_t base, uint64_t units,
                  unsigned rights, unsigned flags)
{
    unsigned depth = cap_depth(parent) + 1;
    if (depth > CAP_DEPTH_MAX)
        return WHIT_E_DEPTH;
    child->extent = cap_extent(units, depth, flags);
    child->use = USE_NONE;
    list_init(&child->user);
    child->address = cap_kind(parent) == WHIT_CORE ? parent->address : 0;
    tree_insert(parent, child);
    cap_publish(child, cap_word(cap_kind(parent), base, rights));
    return WHIT_OK;
}

/*@
  requires \valid(lower) && \valid(lower->next) && \valid(upper);
  requires \separated(upper, lower) && \separated(upper, lower->next);
  requires apart(lower, lower->next) && lower->next->prev == lower;
  assigns *upper, lower->extent, lower->next, lower->next->prev;
  ensures upper->prev == lower && upper->next == \old(lower->next);
  ensures lower->next == upper && upper->next->prev == upper;
  ensures upper->use == USE_NONE && upper->user.next == &upper->user && upper->address == 0;
  ensures lower->word == \old(lower->word);
*/
void cap_split(struct slot *lower, struct slot *upper, uint64_t units)
{
    unsigned flags = (unsigned)(lower->extent >> CAP_FLAGS_SHIFT);
    uintptr_t middle = cap_base(lower) + units * WHIT_UNIT;
    upper->extent = cap_extent(cap_units(lower) - units, cap_depth(lower), flags);
    upper->use = USE_NONE;
    list_init(&upper->user);
    upper->address = 0;
    lower->extent = cap_extent(units, cap_depth(lower), flags);
    tree_insert(lower, upper);
    cap_publish(upper, cap_word(WHIT_MEMORY, middle, cap_rights(lower)));
}

/*@
  requires \valid(lower) && \separated(lower, upper) && removable(upper);
  assigns *upper, upper->prev->next, upper->next->prev, lower->extent;
  ensures upper->word == 0 && lower->word == \old(lower->word);
  ensures \old(upper->word) != 0 ==> \old(upper->prev)->next == \old(upper->next) &&
    \old(upper->next)->prev == \old(upper->prev);
*/
void cap_join(struct slot *lower, struct slot *upper)
{
    uint64_t units = cap_units(lower) + cap_units(upper);
    cap_remove(upper);
    lower->extent = (lower->extent & ~(uint64_t)CAP_UNITS_MASK) | units;
}

/* Puts the node `to`, a copy of `from`, into the list that `from` is in. */
/*@
  requires \valid(from) && \valid(from->next) && \valid(from->prev) && \valid(to);
  requires \separated(to, from) && \separated(to, from->next) && \separated(to, from->prev);
  requires from->next == from->prev || \separated(from->next, from->prev);
  requires from->next->prev == from && from->prev->next == from;
  requires to->next == from->next && to->prev == from->prev;
  assigns *to, from->next->prev, from->prev->next;
  ensures to->next->prev == to && to->prev->next == to;
*/
static void link_replace(struct link *from, struct link *to)
{
    if (list_empty(from)) {
        list_init(to);
        return;
    }
    from->next->prev = to;
    from->prev->next = to;
}

/*@
  requires \valid(slot);
  assigns *slot;
  ensures slot->word == 0 && slot->extent == 0 && slot->use == 0 && slot->address == 0;
  ensures slot->next == \null && slot->prev == \null;
  ensures slot->user.next == \null && slot->user.prev == \null;
*/
static void slot_clear(struct slot *slot)
{
    cap_publish(slot, 0);
    slot->extent = 0;
    slot->next = slot->prev = NULL;
    slot->use = 0;
    slot->user.next = slot->user.prev = NULL;
    slot->address = 0;
}

void cap_move(struct slot *from, struct slot *to)
{
    uint64_t word = from->word;
    to->extent = from->extent;
    to->use = from->use;
    to->address = from->address;
    if (from->next == from) {
        to->next = to->prev = to;
    } else {
        tree_insert(from, to);
        tree_remove(from);
    }
    to->user = from->user;
    link_replace(&from->user, &to->user);
    if (cap_kind(from) == WHIT_SPACE && cap_flag(from, CAP_ORIGINAL)) {
        struct space *space = cap_object(from);
        space->original = to;
    }
    slot_clear(from);
    cap_publish(to, word);
}

status cap_hold_check(const struct slot *from)
{
    if (cap_inert(from))
        return WHIT_E_BUSY;
    return cap_depth(from) < CAP_DEPTH_MAX ? WHIT_OK : WHIT_E_DEPTH;
}

status cap_hold(struct slot *from, struct slot *held, void *holder, enum cap_role role)
{
    unsigned rights = cap_rights(from);
    if (cap_kind(from) == WHIT_MEMORY)
        rights &= ~(unsigned)WHIT_R_MAKE;
    status result = cap_derive(from, held, cap_base(from), cap_units(from), rights, 0);
    if (result != WHIT_OK)
        return result;
    held->use = (uintptr_t)holder | USE_HELD;
    held->address = role;
    return WHIT_OK;
}

/*@
  requires removable(leaf);
  assigns *leaf, leaf->prev->next, leaf->next->prev;
  ensures leaf->word == 0;
  ensures \old(leaf->word) != 0 ==> leaf->next == \null && leaf->prev == \null &&
    \old(leaf->prev)->next == \old(leaf->next) && \old(leaf->next)->prev == \old(leaf->prev);
*/
void cap_remove(struct slot *leaf)
{
    if (leaf->word == 0)
        return;
    tree_remove(leaf);
    slot_clear(leaf);
}

void cap_doom(struct slot *slot)
{
    slot->extent |= (uint64_t)CAP_DYING << CAP_FLAGS_SHIFT;
    cap_publish(slot, slot->word & (CAP_ADDRESS_MASK | CAP_KIND_MASK));
}

void cap_lift(struct slot *leaf, struct slot *above)
{
    unsigned flags = (unsigned)(leaf->extent >> CAP_FLAGS_SHIFT);
    tree_remove(leaf);
    leaf->extent = cap_extent(cap_units(leaf), cap_depth(above), flags);
    tree_insert(above->prev, leaf);
}

void cap_become(struct slot *slot, enum whit_kind kind, unsigned rights, bool original)
{
    unsigned flags = (unsigned)(slot->extent >> CAP_FLAGS_SHIFT) & (CAP_GIVEN | CAP_DEVICE);
    unsigned depth = cap_depth(slot);
    if (original || depth == 0)
        flags |= CAP_ORIGINAL;
    slot->extent = cap_extent(cap_units(slot), depth, flags);
    slot->address = 0;
    cap_publish(slot, cap_word(kind, cap_base(slot), rights));
}
