/* SPDX-License-Identifier: BSD-2-Clause */
/* Spaces: VMIDs and pools.  All functions but space_enter run with tree_lock held. */
#include "arch.h"
#include "lock.h"

struct slot empty_slots[SLOTS_PER_PAGE] __attribute__((section(".bss.empty"), aligned(WHIT_PAGE)));

/*
 * ---- VMIDs.  A space that has none translates by an empty table under VMID 0, which nothing is
 * ever cached for.  So calls enter it as any other, and its first fetch faults: the fault takes a
 * VMID for it, from a space that does not run if none is free (docs/design/space.md).
 */

enum { VMIDS_MAX = 4096, VMID_WORD_BITS = 64, STEAL_MOST = 16, STEAL_LOOK = 32 };

static uint64_t vmid_map[VMIDS_MAX / VMID_WORD_BITS]; /* in use */
static struct link holders = {&holders, &holders};    /* spaces with a VMID, the oldest first */
/* They are to lose it, and have the empty table already; other cores may have loaded the former one
 * until this grace period is over. */
static struct link losers = {&losers, &losers};
static uint64_t losers_grace;

static uint64_t vttbr_empty(void)
{
    return arch_vttbr((uintptr_t)empty_slots, 0);
}

/* One load elsewhere, of other cores and without a lock. */
static void vttbr_set(struct space *space, uint64_t vttbr)
{
    __atomic_store_n(&space->vttbr, vttbr, __ATOMIC_RELAXED);
}

static void vmid_set(struct space *space, uint32_t vmid)
{
    __atomic_store_n(&space->vmid, vmid, __ATOMIC_RELAXED);
}

/* A VMID that is in no use and was never cached or is invalidated; 0: there is none. */
static uint32_t vmid_find(void)
{
    uint32_t count = arch_vmids() < VMIDS_MAX ? arch_vmids() : VMIDS_MAX;
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

/* The oldest holders become losers, but for those that run now: they would only fault at once. */
static void vmids_steal(void)
{
    static uint64_t round;
    round++;
    for (uint32_t i = 0; i < CORES_MAX && cores[i]; i++) {
        uintptr_t current = __atomic_load_n(&cores[i]->current, __ATOMIC_RELAXED);
        struct thread *thread = (struct thread *)(current & ~(uintptr_t)CURRENT_SLOW);
        struct space *space = thread ? __atomic_load_n(&thread->space, __ATOMIC_RELAXED) : NULL;
        if (space)
            space->running = round;
    }
    unsigned stolen = 0;
    for (unsigned n = 0; n < STEAL_LOOK && stolen < STEAL_MOST && !list_empty(&holders); n++) {
        struct space *space = CONTAINER(holders.next, struct space, vmid_link);
        bool runs = space->running == round;
        list_remove(&space->vmid_link);
        list_insert(runs ? &holders : &losers, &space->vmid_link);
        if (runs)
            continue;
        vttbr_set(space, vttbr_empty());
        stolen++;
    }
    if (stolen != 0)
        losers_grace = core_grace_begin();
}

/* As vmid_find, at the cost of another space.  0: not yet. */
static uint32_t vmid_take(void)
{
    uint32_t vmid = vmid_find();
    if (vmid != 0)
        return vmid;
    if (list_empty(&losers))
        vmids_steal();
    if (list_empty(&losers) || !core_grace_over(losers_grace))
        return 0;
    struct space *loser = CONTAINER(losers.next, struct space, vmid_link);
    vmid = loser->vmid;
    list_remove(&loser->vmid_link);
    vmid_set(loser, 0);
    arch_vmid_invalidate(vmid);
    return vmid;
}

static void vmid_give(struct space *space, uint32_t vmid)
{
    vttbr_set(space, arch_vttbr((uintptr_t)space_top_table(space), vmid));
    vmid_set(space, vmid);
    /* A loser that is needed again keeps what it had. */
    list_remove(&space->vmid_link);
    list_insert(&holders, &space->vmid_link);
}

void space_enter(struct space *space)
{
    if (!tree_lock_try()) {
        arch_pause();
        return;
    }
    uint32_t vmid = space->vmid != 0 ? space->vmid : vmid_take();
    if (vmid != 0)
        vmid_give(space, vmid);
    tree_unlock();
}

void space_leave(struct space *space)
{
    vttbr_set(space, vttbr_empty());
    if (space->vmid == 0)
        return;
    arch_vmid_invalidate(space->vmid);
    vmid_map[space->vmid / VMID_WORD_BITS] &= ~((uint64_t)1 << (space->vmid % VMID_WORD_BITS));
    vmid_set(space, 0);
    list_remove(&space->vmid_link);
}

/* ---- spaces */

void space_init(struct space *space, enum whit_space_type type)
{
    space->machine = type;
    list_init(&space->mappings);
    list_init(&space->dying);
    list_init(&space->vmid_link);
    for (unsigned i = 0; i < SPACE_DIRECTORY; i++)
        space->directory[i] = empty_slots;
    vttbr_set(space, vttbr_empty());
    uint32_t vmid = vmid_find();
    if (vmid != 0)
        vmid_give(space, vmid);
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
