/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage-2 tables, by the history of what was written: sizes of blocks, steps, caches, and at every
 * moment no translation that is gone from the tables but may still be cached.
 */
#include "lock.h"
#include "memory.h"
#include "stage2.h"
#include "world.h"

#include <string.h>

enum { A = WORLD_FREE, B, C, D, E, SPACE_SLOT };

#define RW     (WHIT_MAP_READ | WHIT_MAP_WRITE)
#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define GIB(n) (UINT64_C(n) << 30)

/* Leaf entries written since the history was cleared. */
static unsigned leaves_written(bool valid)
{
    unsigned count = 0;
    for (unsigned i = 0; i < fake_events && i < FAKE_EVENTS; i++) {
        const struct fake_event *e = &fake_history[i];
        bool leaf = e->kind == FAKE_ENTRY_WRITE && (e->value >> 4 & 15) != 0;
        bool cleared = e->kind == FAKE_ENTRY_WRITE && e->value == 0;
        count += valid ? leaf : cleared;
    }
    return count;
}

static void derive_device(uint64_t selector, uint64_t offset, uint64_t bytes)
{
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_DEVICE, 0, selector, WHIT_R_ALL, offset, bytes), WHIT_OK);
}

static void test_blocks(void)
{
    static const struct {
        const char *name;
        uint64_t offset, ipa, bytes;
        unsigned leaves;
    } cases[] = {
        {"1 GiB in one block", 0, GIB(1), GIB(1), 1},
        {"2 MiB in one block", MIB(2), MIB(4), MIB(2), 1},
        {"2 MiB at an odd address in pages", KIB(4), MIB(4), MIB(2), 512},
        {"blocks of three sizes, up and down", MIB(1022), GIB(3) - MIB(2), GIB(1) + MIB(4), 3},
        {"pages, blocks, pages", MIB(4) - KIB(8), MIB(8) - KIB(8), MIB(4) + KIB(16), 6},
        {"offset by 2 MiB: no 1 GiB block", MIB(2), GIB(1), GIB(1), 512},
        {"one page", KIB(4), KIB(36), KIB(4), 1},
        {"the last page of the space", KIB(4), GIB(512) - KIB(4), KIB(4), 1},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_begin(cases[i].name);
        world_init();
        derive_device(A, cases[i].offset, cases[i].bytes);
        fake_history_clear();
        EQUAL(OP(WHIT_OP_MAP, A, 0, cases[i].ipa, RW), WHIT_OK);
        EQUAL(leaves_written(true), cases[i].leaves);
        CHECK(fake_count(FAKE_PUBLISH) > 0);
        fake_history_clear();
        EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
        EQUAL(leaves_written(false), cases[i].leaves);
        CHECK(fake_count(FAKE_INVALIDATE) > 0);
    }
}

static void test_old_table(void)
{
    test_begin("a table from an earlier mapping: smaller blocks go into it");
    world_init();
    derive_device(A, 0, KIB(4));
    derive_device(B, 0, GIB(1));
    EQUAL(OP(WHIT_OP_MAP, A, 0, GIB(1) + MIB(2), RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, 0, GIB(1), RW), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
    fake_history_clear();
    EQUAL(OP(WHIT_OP_MAP, B, 0, GIB(1), RW), WHIT_OK);
    EQUAL(leaves_written(true), 511 + 512);
}

/* With an interrupt at every preemption point, and the mapping looked at in between. */
static void test_steps(void)
{
    test_begin("map and unmap restart at each step, and lose nothing");
    world_init();
    derive_device(A, MIB(1022) - KIB(4), MIB(6));
    fake_interrupt_every = 1;
    EQUAL(OP(WHIT_OP_MAP, A, 0, GIB(2) + MIB(2) - KIB(4), RW), WHIT_OK);
    CHECK(world_restarts >= 3);
    EQUAL(mapping_phase(world_slot(A)), MAPPING_COMPLETE);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
    CHECK(world_restarts >= 3);

    test_begin("no step is longer than 64 entries");
    world_init();
    derive_device(A, KIB(4), MIB(2));
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, RW), WHIT_OK);
    derive_device(B, MIB(2), GIB(1));
    EQUAL(OP(WHIT_OP_MAP, B, 0, GIB(1), RW), WHIT_OK);
    fake_interrupt_every = 1;
    fake_history_clear();
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_UNMAP, B), WHIT_OK);
    unsigned run = 0, longest = 0;
    for (unsigned i = 0; i < fake_events && i < FAKE_EVENTS; i++) {
        run = fake_history[i].kind == FAKE_INVALIDATE ? 0 : run + 1;
        longest = run > longest ? run : longest;
    }
    CHECK(longest <= 64 && fake_events <= FAKE_EVENTS);

    test_begin("an entry in the way at the end: all is taken back, step by step");
    world_init();
    derive_device(A, 0, MIB(4) + KIB(256));
    derive_device(B, 0, KIB(4));
    EQUAL(OP(WHIT_OP_MAP, B, 0, MIB(8) + KIB(252), RW), WHIT_OK);
    fake_interrupt_every = 1;
    EQUAL(OP(WHIT_OP_MAP, A, 0, MIB(4), RW), WHIT_E_OCCUPIED);
    EQUAL(cap_use(world_slot(A)), USE_NONE);
    CHECK(world_restarts >= 5);
}

static uint64_t unmap_at;

static void unmap_between(void)
{
    if (world_restarts == unmap_at)
        EQUAL(mapping_clear(world_slot(A)), RESTART);
}

static void test_interleaved(void)
{
    test_begin("another thread unmaps what is being mapped");
    for (unmap_at = 1; unmap_at < 20; unmap_at += 3) {
        world_init();
        derive_device(A, KIB(4), MIB(3));
        fake_interrupt_every = 1;
        world_between = unmap_between;
        int result = OP(WHIT_OP_MAP, A, 0, MIB(4), RW);
        world_between = NULL;
        CHECK(result == WHIT_E_OCCUPIED || result == WHIT_OK);
        EQUAL(cap_use(world_slot(A)), result == WHIT_OK ? USE_MAPPED : USE_NONE);
    }
}

static void test_funds(void)
{
    test_begin("no page for a table: what is mapped stays, donation or unmap go on");
    world_init();
    EQUAL(world_make(SPACE_SLOT, WHIT_SPACE, WHIT_MACHINE, 0, 0, 0), WHIT_OK);
    world_take(B, KIB(8));
    world_take(C, KIB(4));
    EQUAL(OP(WHIT_OP_DONATE, B, SPACE_SLOT), WHIT_OK);
    derive_device(A, KIB(4), MIB(2));
    EQUAL(OP(WHIT_OP_MAP, A, SPACE_SLOT, MIB(1), RW), WHIT_E_FUNDS);
    EQUAL(mapping_position(world_slot(A)), MIB(2));
    EQUAL(OP(WHIT_OP_DONATE, C, SPACE_SLOT), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, SPACE_SLOT, MIB(1), RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
}

static void test_caches(void)
{
    test_begin("executable memory: fetches see what was written");
    world_init();
    memset(world_ram, 0x11, sizeof(world_ram));
    fake_cache_attach(world_ram, sizeof(world_ram));
    memset(world_ram, 0x22, KIB(512));
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, KIB(4), KIB(200)), WHIT_OK);
    fake_interrupt_every = 1;
    EQUAL(OP(WHIT_OP_MAP, A, 0, KIB(8), WHIT_MAP_READ | WHIT_MAP_EXEC), WHIT_OK);
    EQUAL(fake_fetch_byte(world_ram + KIB(4)), 0x22);
    EQUAL(fake_fetch_byte(world_ram + KIB(204) - 1), 0x22);
    EQUAL(fake_fetch_byte(world_ram + KIB(204)), 0x11);
    CHECK(world_restarts >= 4);

    test_begin("uncached memory: no dirty line is left, and none stale after it");
    world_init();
    memset(world_ram, 0x11, sizeof(world_ram));
    fake_cache_attach(world_ram, sizeof(world_ram));
    memset(world_ram, 0x22, KIB(512));
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0, MIB(2)), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, MIB(2), RW | WHIT_MAP_UNCACHED), WHIT_OK);
    EQUAL(fake_ram_byte(world_ram), 0x22);
    EQUAL(fake_ram_byte(world_ram + KIB(512) - 1), 0x22);
    fake_history_clear();
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
    EQUAL(fake_count(FAKE_FLUSH), 128);

    test_begin("ordinary and device memory needs no cache operation");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0, MIB(2)), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, RW), WHIT_OK);
    derive_device(B, 0, GIB(2));
    EQUAL(OP(WHIT_OP_MAP, B, 0, GIB(2), RW | WHIT_MAP_EXEC), WHIT_OK);
    EQUAL(fake_count(FAKE_FLUSH) + fake_count(FAKE_EXEC_SYNC), 0);

    test_begin("what becomes a table, and what comes back from one, is zero behind the cache too");
    world_init();
    memset(world_ram, 0x11, sizeof(world_ram));
    fake_cache_attach(world_ram, sizeof(world_ram));
    EQUAL(world_make(SPACE_SLOT, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(B, KIB(8));
    derive_device(A, 0, KIB(4));
    uint8_t *pool = cap_object(world_slot(B)), *space = cap_object(world_slot(SPACE_SLOT));
    EQUAL(OP(WHIT_OP_DONATE, B, SPACE_SLOT), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, SPACE_SLOT, 0, RW), WHIT_OK);
    EQUAL(fake_ram_byte(pool), 0);
    EQUAL(OP(WHIT_OP_DESTROY, SPACE_SLOT), WHIT_OK);
    for (unsigned i = 0; i < KIB(8); i++)
        CHECK(pool[i] == 0 && fake_ram_byte(pool + i) == 0 && space[i] == 0 &&
              fake_ram_byte(space + i) == 0);
}

static void test_block_in_the_way(void)
{
    test_begin("pages do not go where a block is");
    world_init();
    derive_device(A, 0, MIB(2));
    derive_device(B, MIB(2), KIB(8));
    derive_device(C, 0, GIB(1));
    EQUAL(OP(WHIT_OP_MAP, A, 0, MIB(4), RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, 0, MIB(5), RW), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_MAP, B, 0, MIB(4) - KIB(4), RW), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_MAP, C, 0, GIB(1), RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, 0, GIB(2) - KIB(8), RW), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_MAP, B, 0, GIB(2), RW), WHIT_OK);
}

static void unmap(void)
{
    (void)OP(WHIT_OP_UNMAP, A);
}

static void test_lost_entry(void)
{
    test_begin("an entry that is gone from the tables stops the machine");
    world_init();
    derive_device(A, 0, KIB(4));
    fake_history_clear();
    EQUAL(OP(WHIT_OP_MAP, A, 0, KIB(16), RW), WHIT_OK);
    uint64_t *entry = NULL, value = 0;
    for (unsigned i = 0; i < fake_events; i++)
        if (fake_history[i].kind == FAKE_ENTRY_WRITE) {
            entry = (uint64_t *)(uintptr_t)fake_history[i].where;
            value = fake_history[i].value;
        }
    CHECK(entry && *entry == value);
    *entry = 0;
    CHECK(fake_panics(unmap, "arch_entry_is_valid(*at)"));
    tree_unlock();
    *entry = value;
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
}

int main(void)
{
    test_blocks();
    test_old_table();
    test_steps();
    test_interleaved();
    test_funds();
    test_caches();
    test_block_in_the_way();
    test_lost_entry();
    return test_finish();
}
