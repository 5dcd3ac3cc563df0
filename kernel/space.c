/* SPDX-License-Identifier: BSD-2-Clause */
/* Spaces: VMIDs and pools.  All functions run with tree_lock held. */
#include "arch.h"

const struct slot empty_slots[SLOTS_PER_PAGE];

/* ---- VMIDs: one bit each; 0 belongs to no space */

enum { VMIDS_MAX = 65536, VMID_WORD_BITS = 64 };

static uint64_t vmid_map[VMIDS_MAX / VMID_WORD_BITS];

/* A free VMID, or 0. */
static uint32_t vmid_take(void)
{
    uint32_t count = arch_vmids();
    for (uint32_t word = 0; word < count / VMID_WORD_BITS; word++) {
        uint64_t free = ~vmid_map[word] & (word == 0 ? ~(uint64_t)1 : ~(uint64_t)0);
        if (free != 0) {
            uint32_t bit = (uint32_t)__builtin_ctzll(free);
            vmid_map[word] |= (uint64_t)1 << bit;
            return word * VMID_WORD_BITS + bit;
        }
    }
    return 0;
}

void space_vmid_free(struct space *space)
{
    vmid_map[space->vmid / VMID_WORD_BITS] &= ~((uint64_t)1 << (space->vmid % VMID_WORD_BITS));
    space->vmid = 0;
}

/* ---- spaces */

status space_init(struct space *space, enum whit_space_type type)
{
    uint32_t vmid = vmid_take();
    if (vmid == 0)
        return WHIT_E_FUNDS;
    space->vmid = vmid;
    space->vttbr = arch_vttbr((uintptr_t)space_top_table(space), vmid);
    space->machine = type;
    list_init(&space->mappings);
    list_init(&space->dying);
    for (unsigned i = 0; i < SPACE_DIRECTORY; i++)
        space->directory[i] = (struct slot *)(uintptr_t)empty_slots;
    return WHIT_OK;
}

void *space_page(struct space *space)
{
    if (space->pool_current == space->pool_count)
        return NULL;
    struct slot *range = &space->pool[space->pool_current];
    void *page = (void *)(cap_base(range) + space->pool_offset);
    space->pool_offset += WHIT_PAGE;
    if (space->pool_offset == cap_bytes(range)) {
        space->pool_current++;
        space->pool_offset = 0;
    }
    arch_scrub(page, WHIT_PAGE);
    return page;
}

status space_donate(struct space *space, struct slot *donor)
{
    if (space->pool_count == SPACE_POOL_RANGES)
        return WHIT_E_DEPTH;
    struct slot *range = &space->pool[space->pool_count];
    status result = cap_derive(donor, range, cap_base(donor), cap_units(donor), 0, CAP_GIVEN);
    if (result != WHIT_OK)
        return result;
    range->use = (uintptr_t)space | USE_POOL;
    space->pool_count++;
    return WHIT_OK;
}

struct space *space_argument(const struct thread *self, uint64_t selector, status *error)
{
    if (selector == WHIT_SELF)
        return self->space;
    struct slot *slot = cap_find(self->space, selector, WHIT_SPACE, WHIT_R_CONTROL, error);
    return slot ? cap_object(slot) : NULL;
}
