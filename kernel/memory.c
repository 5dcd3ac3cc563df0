/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on memory capabilities: cut, joined, mapped, and donated to pools. */
#include "memory.h"
#include "arch.h"
#include "stage2.h"

/* A leaf of the tree in no use. */
static bool memory_is_free(const struct slot *memory)
{
    return !cap_has_child(memory) && cap_use(memory) == USE_NONE;
}

static bool page_aligned(uint64_t value)
{
    return (value & (WHIT_PAGE - 1)) == 0;
}

/* Made of whole pages. */
static bool memory_is_paged(const struct slot *memory)
{
    return page_aligned(cap_base(memory) | cap_bytes(memory));
}

/* ---- cutting */

status op_split(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], target = x[1], bytes = x[2];
    status error;
    struct slot *memory = cap_find(self->space, selector, WHIT_MEMORY, 0, &error);
    if (!memory)
        return error;
    struct slot *upper = cap_empty_slot(self->space, target, &error);
    if (!upper)
        return error;
    if (!memory_is_free(memory))
        return WHIT_E_BUSY;
    if ((bytes & (WHIT_UNIT - 1)) != 0)
        return WHIT_E_ALIGNMENT;
    if (bytes == 0 || bytes >= cap_bytes(memory))
        return WHIT_E_SIZE;
    cap_split(memory, upper, bytes / WHIT_UNIT);
    return WHIT_OK;
}

/* Neighbours in the list at the same depth have the same parent. */
static bool memory_adjoins(const struct slot *lower, const struct slot *upper)
{
    return (lower->next == upper || upper->next == lower) && cap_depth(lower) == cap_depth(upper) &&
           cap_base(lower) + cap_bytes(lower) == cap_base(upper);
}

status op_join(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], upper_selector = x[1];
    status error;
    struct slot *lower = cap_find(self->space, selector, WHIT_MEMORY, 0, &error);
    if (!lower)
        return error;
    struct slot *upper = cap_find(self->space, upper_selector, WHIT_MEMORY, 0, &error);
    if (!upper)
        return error;
    if (!memory_is_free(lower) || !memory_is_free(upper))
        return WHIT_E_BUSY;
    if (!memory_adjoins(lower, upper))
        return WHIT_E_ARGUMENT;
    /* All that is not place, size or right is the same for children of one parent: a given one is
     * an only child, or a piece of one. */
    if (cap_rights(lower) != cap_rights(upper))
        return WHIT_E_RIGHTS;
    cap_join(lower, upper);
    return WHIT_OK;
}

/* ---- mapping */

static status map_check(const struct slot *memory, uint64_t address, uint64_t access)
{
    uint64_t rights = access & (WHIT_MAP_READ | WHIT_MAP_WRITE | WHIT_MAP_EXEC | WHIT_MAP_PIN);
    if ((access > WHIT_MAP_ALL && access != WHIT_MAP_PIN) || rights == 0)
        return WHIT_E_ARGUMENT;
    if ((access & WHIT_MAP_UNCACHED) != 0 && cap_flag(memory, CAP_DEVICE))
        return WHIT_E_ARGUMENT;
    if ((cap_rights(memory) & rights) != rights)
        return WHIT_E_RIGHTS;
    if (!memory_is_paged(memory) || !page_aligned(address))
        return WHIT_E_ALIGNMENT;
    uint64_t end = (uint64_t)1 << WHIT_ADDRESS_BITS;
    if (cap_bytes(memory) > end || address > end - cap_bytes(memory))
        return WHIT_E_ARGUMENT;
    return cap_inert(memory) ? WHIT_E_BUSY : WHIT_OK;
}

/* The memory is mapped (nothing else is its use, when a selector names it): it is the same mapping,
 * and not complete. */
static bool map_goes_on(const struct slot *memory, const struct space *space, uint64_t address,
                        uint64_t access)
{
    return cap_holder(memory) == space && mapping_start(memory) == address &&
           mapping_access(memory) == access && mapping_phase(memory) != MAPPING_COMPLETE;
}

/* It stays what it is until it is unmapped: revocation answers PINNED. */
static status memory_pin(struct slot *memory)
{
    if (!memory_is_free(memory))
        return WHIT_E_BUSY;
    memory->use = USE_PINNED;
    return WHIT_OK;
}

/* Maps, or goes on with the same mapping after RESTART or FUNDS.  OCCUPIED: nothing stays mapped;
 * FUNDS: what is mapped stays. */
static status memory_map(struct slot *memory, struct space *space, uint64_t address,
                         uint64_t access)
{
    status result = map_check(memory, address, access);
    if (result != WHIT_OK)
        return result;
    if (access == WHIT_MAP_PIN)
        return memory_pin(memory);
    if (cap_use(memory) == USE_NONE)
        mapping_begin(memory, space, address, (unsigned)access);
    else if (!map_goes_on(memory, space, address, access))
        return WHIT_E_BUSY;
    result = mapping_fill(memory);
    if (result == WHIT_OK && cap_flag(memory, CAP_DEVICE))
        arch_device_mapped(cap_base(memory), cap_bytes(memory));
    return result;
}

status op_map(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], space_selector = x[1], address = x[2], access = x[3];
    status error;
    struct slot *memory = cap_find(self->space, selector, WHIT_MEMORY, 0, &error);
    if (!memory)
        return error;
    struct space *space = space_argument(self, space_selector, &error);
    return space ? memory_map(memory, space, address, access) : error;
}

status op_unmap(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], begun = x[1];
    struct slot *memory = cap_slot(self->space, selector);
    if (!memory || memory->word == 0 || cap_kind(memory) != WHIT_MEMORY)
        return WHIT_E_CAPABILITY;
    if (cap_use(memory) == USE_PINNED && begun == 0) {
        memory->use = USE_NONE;
        return WHIT_OK;
    }
    /* The space may have died between two steps, and the mapping with it. */
    if (cap_use(memory) != USE_MAPPED)
        return begun != 0 ? WHIT_OK : WHIT_E_STATE;
    status result = mapping_clear(memory);
    if (result == RESTART)
        x[1] = 1;
    return result;
}

/* ---- pools */

status op_donate(struct thread *self, uint64_t *x)
{
    uint64_t selector = x[0], space_selector = x[1];
    status error;
    struct slot *memory = cap_find(self->space, selector, WHIT_MEMORY, WHIT_R_MAKE, &error);
    if (!memory)
        return error;
    struct space *space = space_argument(self, space_selector, &error);
    if (!space)
        return error;
    if (!memory_is_free(memory))
        return WHIT_E_BUSY;
    return memory_is_paged(memory) ? space_donate(space, memory) : WHIT_E_ALIGNMENT;
}
