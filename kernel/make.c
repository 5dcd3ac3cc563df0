/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory becomes a kernel object, in place, and is memory again when the object ends. */
#include "arch.h"
#include "memory.h"
#include "object.h"
#include "teardown.h"

static const uint64_t object_bytes[WHIT_KINDS] = {
    [WHIT_SPACE] = WHIT_SIZE_SPACE,   [WHIT_THREAD] = WHIT_SIZE_THREAD,
    [WHIT_PORTAL] = WHIT_SIZE_PORTAL, [WHIT_SIGNAL] = WHIT_SIZE_SIGNAL,
    [WHIT_BUDGET] = WHIT_SIZE_BUDGET,
};

static status space_make(void *memory, uint64_t type)
{
    if (type != WHIT_PROGRAM && type != WHIT_MACHINE)
        return WHIT_E_ARGUMENT;
    space_init(memory, (enum whit_space_type)type);
    return WHIT_OK;
}

/* The kind of capability that the first argument of each kind names, if any. */
static enum whit_kind object_needs(uint64_t kind)
{
    switch (kind) {
    case WHIT_THREAD:
        return WHIT_SPACE;
    case WHIT_PORTAL:
        return WHIT_THREAD;
    case WHIT_SIGNAL:
    case WHIT_BUDGET:
        return WHIT_CORE;
    default:
        return WHIT_NONE;
    }
}

/* The memory, if an object of this size can be made of it. */
static struct slot *make_source(struct space *space, uint64_t selector, uint64_t kind,
                                status *error)
{
    struct slot *slot = cap_find(space, selector, WHIT_MEMORY, WHIT_R_MAKE, error);
    if (!slot)
        return NULL;
    *error = WHIT_OK;
    if (cap_flag(slot, CAP_DEVICE))
        *error = WHIT_E_RIGHTS;
    else if (cap_has_child(slot) || cap_use(slot) != USE_NONE)
        *error = WHIT_E_BUSY;
    else if (cap_bytes(slot) != object_bytes[kind])
        *error = WHIT_E_SIZE;
    else if (kind == WHIT_SPACE && (cap_base(slot) & (WHIT_PAGE - 1)) != 0)
        *error = WHIT_E_ALIGNMENT;
    return *error == WHIT_OK ? slot : NULL;
}

/* The kernel's own object in the zeroed memory; `needed`: see object_needs. */
static status object_make(uint64_t kind, void *memory, struct slot *needed, const uint64_t *x)
{
    switch (kind) {
    case WHIT_SPACE:
        return space_make(memory, x[2]);
    case WHIT_THREAD:
        return thread_make(memory, needed, x[3]);
    case WHIT_PORTAL:
        return portal_make(memory, needed, x[3], x[4]);
    case WHIT_SIGNAL:
        return signal_make(memory, needed);
    default:
        return budget_make(memory, needed, &x[3]);
    }
}

/* The capability that an object is made with.  A space selector 0 is the caller's own space. */
static struct slot *make_needed(struct thread *self, enum whit_kind needs, uint64_t selector,
                                status *error)
{
    if (needs != WHIT_SPACE || selector != WHIT_SELF)
        return cap_find(self->space, selector, needs, WHIT_R_CONTROL, error);
    struct slot *original = self->space->original;
    *error = WHIT_E_RIGHTS;
    return cap_flag(original, CAP_DYING) ? NULL : original;
}

status op_make(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], kind = x[1], needed_selector = x[2];
    if (kind >= WHIT_KINDS || object_bytes[kind] == 0)
        return WHIT_E_ARGUMENT;
    status error;
    struct slot *slot = make_source(self->space, selector, kind, &error);
    if (!slot)
        return error;
    enum whit_kind needs = object_needs(kind);
    struct slot *needed = NULL;
    if (needs != WHIT_NONE)
        needed = make_needed(self, needs, needed_selector, &error);
    if (needs != WHIT_NONE && !needed)
        return error;
    void *memory = cap_object(slot);
    arch_scrub(memory, cap_bytes(slot));
    status result = object_make(kind, memory, needed, x);
    if (result != WHIT_OK)
        return result;
    unsigned rights = cap_rights(slot);
    cap_become(slot, (enum whit_kind)kind, WHIT_R_ALL, true);
    slot->address = rights;
    if (kind == WHIT_SPACE)
        ((struct space *)memory)->original = slot;
    return WHIT_OK;
}

status op_destroy(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], begun = x[1];
    struct slot *slot = cap_slot(self->space, selector);
    bool empty = !slot || slot->word == 0;
    if (empty && begun == 0)
        return WHIT_E_CAPABILITY;
    /* Between two steps another core may have finished it, or it vanished with a space. */
    bool over = begun != 0 && (empty || cap_kind(slot) == WHIT_MEMORY);
    status result = over ? teardown_settle() : teardown_destroy(slot);
    if (result == RESTART)
        x[1] = 1;
    return result;
}
