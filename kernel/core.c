/* SPDX-License-Identifier: BSD-2-Clause */
/* Cores: grace periods and the choice of what runs when the kernel is left. */
#include "core.h"
#include "arch.h"
#include "lock.h"
#include "object.h"
#include "sched.h"

struct core *cores[CORES_MAX];
uint32_t cores_online;

static uint64_t grace_latest; /* last ticket, under the tree lock */
static bool tree_locked;

void core_init(struct core *core, uint32_t index, uint64_t mpidr)
{
    core->index = index;
    core->mpidr = mpidr;
    core->programmed = UINT64_MAX;
    list_init(&core->unparked);
    cores[index] = core;
}

bool tree_lock_try(void)
{
    /* Acquire and release order what the lock protects; no other order is relied on. */
    return !__atomic_test_and_set(&tree_locked, __ATOMIC_ACQUIRE);
}

void tree_unlock(void)
{
    __atomic_clear(&tree_locked, __ATOMIC_RELEASE);
}

uint64_t core_grace_begin(void)
{
    struct core *here = core_here();

    /* Release: what was unlinked is seen unlinked by whoever answers this ticket. */
    __atomic_store_n(&grace_latest, grace_latest + 1, __ATOMIC_RELEASE);
    /* Another core may go on with this: it looks under the lock, which this one drops together with
     * all that it found under it. */
    here->grace_seen = grace_latest;
    arch_core_publish();
    for (uint32_t i = 0; i < CORES_MAX && cores[i]; i++)
        if (cores[i] != here && cores[i]->online)
            arch_core_kick(cores[i]);
    return grace_latest;
}

bool core_grace_over(uint64_t ticket)
{
    const struct core *here = core_here();

    for (uint32_t i = 0; i < CORES_MAX && cores[i]; i++)
        if (cores[i] != here && cores[i]->online &&
            __atomic_load_n(&cores[i]->grace_seen, __ATOMIC_ACQUIRE) < ticket) {
            arch_pause();
            return false;
        }
    return true;
}

void core_ipi(struct core *core)
{
    const uint64_t ticket = __atomic_load_n(&grace_latest, __ATOMIC_ACQUIRE);

    signal_inbox_run(core);
    request_run_all(core);
    /* Taken from a program or from idling: this core holds no pointer into any object now, and what
     * was asked of an object before the ticket was taken is done. */
    __atomic_store_n(&core->grace_seen, ticket, __ATOMIC_RELEASE);
}

struct thread *core_choose(struct core *core)
{
    while ((core->reschedule || !core->current) && !sched_dispatch(core))
        if (core->reschedule)
            arch_interrupts(core);
        else
            arch_idle(core);
    return core_current(core);
}

struct thread *core_next(struct core *core)
{
    struct thread *thread = sched_quick(core);

    return thread ? thread : core_choose(core);
}
