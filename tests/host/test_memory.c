/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory: split and join, map and unmap, donated pools; each with its errors. */
#include "memory.h"
#include "stage2.h"
#include "world.h"

enum { A = WORLD_FREE, B, C, D, E };

#define RW (WHIT_MAP_READ | WHIT_MAP_WRITE)

static void test_split(void)
{
    test_begin("split keeps the first bytes and gives the rest to the slot");
    world_init();
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0x1040), WHIT_OK);
    EQUAL(cap_bytes(world_slot(WORLD_RAM)), 0x1040);
    EQUAL(cap_base(world_slot(A)), (uintptr_t)world_ram + 0x1040);
    EQUAL(cap_bytes(world_slot(A)), WORLD_RAM_BYTES - 0x1040);
    EQUAL(cap_rights(world_slot(A)), WHIT_R_ALL);
    CHECK(cap_flag(world_slot(A), CAP_ORIGINAL));
    EQUAL(OP(WHIT_OP_DELETE, A), WHIT_E_ORIGINAL);

    test_begin("split: each error");
    world_init();
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_CORE, A, 0x1000), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_SPLIT, A, B, 0x1000), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_SPLIT, WHIT_SLOTS, B, 0x1000), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, 0, 0x1000), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, WORLD_CORE, 0x1000), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, WORLD_RAM_BYTES), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, UINT64_MAX - 63), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0x1020), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, B, WHIT_R_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0x1000), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_DELETE, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, WORLD_RAM, 0, 0, RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0x1000), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_UNMAP, WORLD_RAM), WHIT_OK);
    CHECK(world_slot(A)->word == 0);
}

static void test_join(void)
{
    test_begin("join undoes split, also in another order");
    world_init();
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, A, B, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, A, C, 0x800), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, C, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_RAM, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_RAM, C), WHIT_OK);
    EQUAL(cap_bytes(world_slot(WORLD_RAM)), WORLD_RAM_BYTES);
    CHECK(world_slot(A)->word == 0 && world_slot(B)->word == 0 && world_slot(C)->word == 0);

    test_begin("join: each error");
    world_init();
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, A, B, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_RAM, C), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_CORE, A), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_RAM, B), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_JOIN, A, WORLD_RAM), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_JOIN, A, A), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_GIVE, A, 0, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_RAM, A), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_RAM, C), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_DELETE, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, C, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, C, B), WHIT_E_ARGUMENT); /* they adjoin, but are no siblings */
    EQUAL(OP(WHIT_OP_DELETE, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, WORLD_RAM, A), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_JOIN, A, B), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_DERIVE, B, 0, C, WHIT_R_READ, 0x1000, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, B, 0, D, WHIT_R_WRITE, 0, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_JOIN, D, C), WHIT_E_RIGHTS);
}

static void test_map(void)
{
    test_begin("map and unmap; a slot is mapped once, a place is taken once");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0, 0x3000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, B, WHIT_R_ALL, 0, 0x3000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x10000, RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x10000, RW), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x20000, RW), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0x12000, RW), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0xe000, RW), WHIT_E_OCCUPIED);
    EQUAL(cap_use(world_slot(B)), USE_NONE);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0x13000, RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_E_STATE);
    EQUAL(OP(WHIT_OP_UNMAP, C), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_UNMAP, WORLD_CORE), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_UNMAP, WHIT_SLOTS), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_UNMAP, B), WHIT_OK);

    test_begin("map: each error");
    world_init();
    world_take(A, 0x2000);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0, RW), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_MAP, A, B, 0, RW), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, WHIT_MAP_UNCACHED), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, RW | 16), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, UINT64_C(1) << 32 | 1), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, WORLD_DEVICE, 0, 0, RW | WHIT_MAP_UNCACHED), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x10800, RW), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, (UINT64_C(1) << 39) - 0x1000, RW), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0 - UINT64_C(0x2000), RW), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, A, 0, (UINT64_C(1) << 39) - 0x2000, RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_READ, 0, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0, RW), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0, WHIT_MAP_EXEC), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, C, WHIT_R_READ, 0x40, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, C, 0, 0, WHIT_MAP_READ), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, D, WHIT_R_READ, 0, 0x1040), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, D, 0, 0, WHIT_MAP_READ), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_SPACE, 0, E, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, E, 0, WHIT_MAP_READ), WHIT_E_RIGHTS);

    test_begin("map: no more than a space has addresses");
    world_init();
    status error;
    cap_root(cap_empty_slot(world_space, A, &error), WHIT_MEMORY, 0,
             (UINT64_C(1) << 40) / WHIT_UNIT, WHIT_R_ALL, CAP_DEVICE);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, RW), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL, 0, UINT64_C(1) << 39), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, 0, WHIT_PAGE, RW), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0, RW), WHIT_OK);

    test_begin("map tells the machine about device memory when it is complete");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_DEVICE, 0, A, WHIT_R_ALL, 0x9000000, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x1000, RW), WHIT_OK);
    EQUAL(fake_count(FAKE_DEVICE_MAPPED), 1);
}

static void end_space(void)
{
    world_between = NULL;
    EQUAL(OP(WHIT_OP_DESTROY, A), WHIT_OK);
}

static void test_unmap(void)
{
    test_begin("an unmapping whose space ends between two steps has ended");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(B, 0x4000);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_OK);
    world_take(C, 0x100000);
    EQUAL(OP(WHIT_OP_MAP, C, A, 0x10000, RW), WHIT_OK);
    fake_interrupt_every = 1;
    world_between = end_space;
    EQUAL(OP(WHIT_OP_UNMAP, C), WHIT_OK);
    CHECK(!world_between && cap_use(world_slot(C)) == USE_NONE);
    fake_interrupt_every = 0;
    EQUAL(OP(WHIT_OP_UNMAP, C), WHIT_E_STATE);
}

static void test_donate(void)
{
    test_begin("donate fills the pool, and map goes on after FUNDS");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(B, 0x2000);
    world_take(C, 0x1000);
    world_take(D, 0x1000);
    EQUAL(OP(WHIT_OP_MAP, B, A, 0x1ff000, RW), WHIT_E_FUNDS);
    EQUAL(OP(WHIT_OP_MAP, B, A, 0x200000, RW), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAP, B, A, 0x1ff000, WHIT_MAP_READ), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0x1ff000, RW), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_DONATE, C, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, A, 0x1ff000, RW), WHIT_E_FUNDS);
    EQUAL(OP(WHIT_OP_DONATE, D, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, A, 0x1ff000, RW), WHIT_E_FUNDS);
    EQUAL(OP(WHIT_OP_UNMAP, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, A, 0x100000, RW), WHIT_OK);

    test_begin("donate: each error");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(B, 0x2000);
    EQUAL(OP(WHIT_OP_DONATE, E, A), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DONATE, B, E), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, B, 0, C, WORLD_GIVEN), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, C, A), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_DELETE, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, B, C, 0x1040), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_DONATE, C, A), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_JOIN, B, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0, RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_UNMAP, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0, RW), WHIT_E_BUSY);
    int result = WHIT_OK;
    for (uint64_t i = 0; i < SPACE_POOL_RANGES; i++) {
        world_take(100 + i, 0x1000);
        result = OP(WHIT_OP_DONATE, 100 + i, A);
        EQUAL(result, i < SPACE_POOL_RANGES - 1 ? WHIT_OK : WHIT_E_DEPTH);
    }

    test_begin("memory that is too deep is not donated");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(100, 0x2000);
    uint64_t deep = 100;
    while (cap_depth(world_slot(deep)) < CAP_DEPTH_MAX) {
        EQUAL(OP(WHIT_OP_GIVE, deep, 0, deep + 1), WHIT_OK);
        deep++;
    }
    EQUAL(OP(WHIT_OP_DONATE, deep, A), WHIT_E_DEPTH);
    EQUAL(OP(WHIT_OP_DELETE, deep--), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, deep, A), WHIT_OK);

    test_begin("deleting donated memory ends the space, and the memory is whole again");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(B, 0x2000);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, B), WHIT_OK);
    EQUAL(cap_kind(world_slot(A)), WHIT_MEMORY);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x2000, RW), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, B, 0, 0, RW), WHIT_OK);

    test_begin("memory in the pool of the first space cannot be taken back");
    world_init();
    world_take(B, 0x2000);
    EQUAL(OP(WHIT_OP_DONATE, B, WHIT_SELF), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, B), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_REVOKE, WORLD_POOL), WHIT_E_BUSY);
}

int main(void)
{
    test_split();
    test_join();
    test_map();
    test_unmap();
    test_donate();
    return test_finish();
}
