/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on capabilities of any kind: how they are derived, passed on and taken back. */
#include "core.h"
#include "irq.h"
#include "memory.h"
#include "teardown.h"

/* What a new child is to be, in the units of its kind. */
struct child {
    uintptr_t base;
    uint64_t units;
    unsigned rights;
};

/* The slot that holds something; it may be dying. */
static struct slot *slot_filled(struct space *space, uint64_t selector, status *error)
{
    struct slot *slot = cap_slot(space, selector);
    if (slot && slot->word != 0)
        return slot;
    *error = WHIT_E_CAPABILITY;
    return NULL;
}

/* The slot, if children of it may be made. */
static struct slot *slot_source(struct space *space, uint64_t selector, status *error)
{
    struct slot *slot = slot_filled(space, selector, error);
    if (!slot)
        return NULL;
    *error = WHIT_OK;
    if (cap_flag(slot, CAP_DYING) || (cap_rights(slot) & WHIT_R_DERIVE) == 0)
        *error = WHIT_E_RIGHTS;
    else if (cap_inert(slot))
        *error = WHIT_E_BUSY;
    return *error == WHIT_OK ? slot : NULL;
}

/* The empty slot that the arguments "space, slot" name. */
static struct slot *slot_target(struct thread *self, uint64_t space_selector, uint64_t selector,
                                status *error)
{
    struct space *space = space_argument(self, space_selector, error);
    return space ? cap_empty_slot(space, selector, error) : NULL;
}

/* Rights for a child of `source`: the right to make is not passed on, whether asked for or not. */
static uint64_t rights_derived(const struct slot *source, uint64_t rights)
{
    return cap_kind(source) == WHIT_MEMORY ? rights & ~(uint64_t)WHIT_R_MAKE : rights;
}

/* A sub-range of `total`, all counted alike; bytes 0: to the end. */
/*@
  requires \valid(count);
  assigns *count;
  ensures \result == WHIT_OK || \result == WHIT_E_SIZE;
  ensures \result == WHIT_OK ==> 0 < *count && offset + *count <= total;
*/
static status range_check(uint64_t total, uint64_t offset, uint64_t *count)
{
    if (offset >= total)
        return WHIT_E_SIZE;
    if (*count == 0)
        *count = total - offset;
    return *count > total - offset ? WHIT_E_SIZE : WHIT_OK;
}

static status child_of_memory(const struct slot *source, uint64_t offset, uint64_t bytes,
                              struct child *child)
{
    if (((offset | bytes) & (WHIT_UNIT - 1)) != 0)
        return WHIT_E_ALIGNMENT;
    status result = range_check(cap_bytes(source), offset, &bytes);
    child->base = cap_base(source) + (uintptr_t)offset;
    child->units = bytes / WHIT_UNIT;
    return result;
}

static status child_of_irq(const struct slot *source, uint64_t offset, uint64_t lines,
                           struct child *child)
{
    status result = range_check(cap_units(source), offset, &lines);
    child->base = cap_base(source) + (uintptr_t)(offset * sizeof(struct irq));
    child->units = lines;
    return result;
}

/* Priority ceilings: 0 stands for none. */
static bool ceiling_is_allowed(const struct slot *core, uint64_t ceiling)
{
    return ceiling < PRIORITIES && (core->address == 0 || ceiling <= core->address);
}

/* Checks offset and bytes for the kind of `source`. */
static status child_describe(const struct slot *source, uint64_t offset, uint64_t bytes,
                             struct child *child)
{
    if (cap_kind(source) == WHIT_MEMORY)
        return child_of_memory(source, offset, bytes, child);
    if (cap_kind(source) == WHIT_IRQ)
        return child_of_irq(source, offset, bytes, child);
    if (cap_kind(source) == WHIT_CORE && !ceiling_is_allowed(source, offset))
        return WHIT_E_ARGUMENT;
    if (bytes != 0 || (offset != 0 && cap_kind(source) != WHIT_CORE))
        return WHIT_E_ARGUMENT;
    child->base = cap_base(source);
    child->units = cap_units(source);
    return WHIT_OK;
}

static unsigned flags_inherited(const struct slot *source)
{
    return cap_flag(source, CAP_DEVICE) ? CAP_DEVICE : 0;
}

status op_derive(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], space = x[1], target = x[2], rights = x[3];
    uint64_t offset = x[4], bytes = x[5];
    status error;
    struct slot *source = slot_source(self->space, selector, &error);
    if (!source)
        return error;
    rights = rights_derived(source, rights);
    if ((rights & ~(uint64_t)cap_rights(source)) != 0)
        return WHIT_E_RIGHTS;
    struct child child = {.rights = (unsigned)rights};
    status result = child_describe(source, offset, bytes, &child);
    if (result != WHIT_OK)
        return result;
    struct slot *slot = slot_target(self, space, target, &error);
    if (!slot)
        return error;
    result =
        cap_derive(source, slot, child.base, child.units, child.rights, flags_inherited(source));
    if (result == WHIT_OK && cap_kind(slot) == WHIT_CORE && offset != 0)
        slot->address = offset;
    return result;
}

status op_give(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], space = x[1], target = x[2];
    status error;
    struct slot *memory = cap_find(self->space, selector, WHIT_MEMORY, WHIT_R_DERIVE, &error);
    if (!memory)
        return error;
    if (cap_has_child(memory) || cap_use(memory) != USE_NONE)
        return WHIT_E_BUSY;
    struct slot *slot = slot_target(self, space, target, &error);
    if (!slot)
        return error;
    unsigned rights = cap_rights(memory) & ~(unsigned)WHIT_R_PIN;
    return cap_derive(memory, slot, cap_base(memory), cap_units(memory), rights,
                      CAP_GIVEN | flags_inherited(memory));
}

/* Checks that the capability may change its slot; into another space it is passed on. */
static struct slot *slot_movable(struct space *from, uint64_t selector, struct space *to,
                                 status *error)
{
    struct slot *slot = slot_filled(from, selector, error);
    if (!slot)
        return NULL;
    *error = WHIT_OK;
    if (cap_flag(slot, CAP_DYING))
        *error = WHIT_E_RIGHTS;
    else if (from != to && cap_flag(slot, CAP_ORIGINAL))
        *error = WHIT_E_ORIGINAL;
    else if (from != to && (cap_rights(slot) & WHIT_R_DERIVE) == 0)
        *error = WHIT_E_RIGHTS;
    return *error == WHIT_OK ? slot : NULL;
}

static status slot_move(struct space *from, uint64_t selector, struct space *to,
                        uint64_t to_selector)
{
    status error;
    struct slot *source = slot_movable(from, selector, to, &error);
    if (!source)
        return error;
    struct slot *slot = cap_empty_slot(to, to_selector, &error);
    if (!slot)
        return error;
    cap_move(source, slot);
    return WHIT_OK;
}

status op_transfer(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], space_selector = x[1], target = x[2];
    status error;
    struct space *space = space_argument(self, space_selector, &error);
    return space ? slot_move(self->space, selector, space, target) : error;
}

status cap_pass(struct space *from, uint64_t selector, struct space *to, uint64_t to_selector,
                bool move)
{
    if (move)
        return slot_move(from, selector, to, to_selector);
    status error;
    struct slot *source = slot_source(from, selector, &error);
    if (!source)
        return error;
    struct slot *slot = cap_empty_slot(to, to_selector, &error);
    if (!slot)
        return error;
    unsigned rights = (unsigned)rights_derived(source, cap_rights(source));
    return cap_derive(source, slot, cap_base(source), cap_units(source), rights,
                      flags_inherited(source));
}

/* The slot to revoke or delete.  It may have vanished between two steps, with a space that ends:
 * that is finished first. */
static struct slot *slot_ending(struct thread *self, uint64_t selector, status *error)
{
    struct slot *slot = slot_filled(self->space, selector, error);
    status settled = slot ? WHIT_OK : teardown_settle();
    if (settled != WHIT_OK)
        *error = settled;
    return slot;
}

status op_revoke(struct thread *self, uint64_t *x)
{
    status error;
    struct slot *slot = slot_ending(self, x[0], &error);
    return slot ? teardown_revoke(slot) : error;
}

status op_delete(struct thread *self, uint64_t *x)
{
    status error;
    struct slot *slot = slot_ending(self, x[0], &error);
    return slot ? teardown_delete(slot) : error;
}
