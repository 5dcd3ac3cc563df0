/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory becomes an object and memory again. */
#include "object.h"
#include "world.h"

#include <string.h>

enum { A = WORLD_FREE, B, C, D, E };

static const uint64_t bytes_of[WHIT_KINDS] = {
    [WHIT_SPACE] = WHIT_SIZE_SPACE,   [WHIT_THREAD] = WHIT_SIZE_THREAD,
    [WHIT_PORTAL] = WHIT_SIZE_PORTAL, [WHIT_SIGNAL] = WHIT_SIZE_SIGNAL,
    [WHIT_BUDGET] = WHIT_SIZE_BUDGET,
};
static const char *const names[WHIT_KINDS] = {
    [WHIT_SPACE] = "make and destroy a space",   [WHIT_THREAD] = "make and destroy a thread",
    [WHIT_PORTAL] = "make and destroy a portal", [WHIT_SIGNAL] = "make and destroy a signal",
    [WHIT_BUDGET] = "make and destroy a budget",
};

/* Makes an object of the kind. */
static int make(uint64_t selector, unsigned kind)
{
    static const uint64_t first[WHIT_KINDS] = {
        [WHIT_SPACE] = WHIT_MACHINE, [WHIT_THREAD] = WORLD_SPACE, [WHIT_PORTAL] = WORLD_THREAD,
        [WHIT_SIGNAL] = WORLD_CORE,  [WHIT_BUDGET] = WORLD_CORE,
    };
    return OP(WHIT_OP_MAKE, selector, kind, first[kind], kind == WHIT_PORTAL ? 0x400000 : 0, 0, 0);
}

static void test_each_kind(unsigned kind)
{
    test_begin(names[kind]);
    world_init();
    uint64_t bytes = bytes_of[kind];
    fake_cache_attach(world_ram, sizeof(world_ram));
    memset(world_ram, 0x55, 0x4000);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, B, bytes), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, 0, A), WHIT_OK);
    EQUAL(make(A, kind), WHIT_OK);
    EQUAL(cap_kind(world_slot(A)), kind);
    EQUAL(cap_rights(world_slot(A)), WHIT_R_ALL);
    CHECK(cap_flag(world_slot(A), CAP_ORIGINAL));
    EQUAL(make(A, kind), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DELETE, A), WHIT_E_ORIGINAL);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, C, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, C), WHIT_E_ORIGINAL);
    EQUAL(OP(WHIT_OP_DESTROY, A), WHIT_OK);
    CHECK(world_slot(C)->word == 0);
    EQUAL(cap_kind(world_slot(A)), WHIT_MEMORY);
    EQUAL(cap_rights(world_slot(A)), WORLD_GIVEN);
    for (unsigned i = 0; i < bytes; i++)
        CHECK(world_ram[i] == 0 && fake_ram_byte(&world_ram[i]) == 0);
    EQUAL(world_ram[bytes], 0x55);
    EQUAL(make(A, kind), WHIT_OK);
}

static void test_rights(void)
{
    test_begin("destroy gives back the rights that the memory had");
    world_init();
    world_slot(WORLD_RAM)->word &= ~((uint64_t)WHIT_R_EXEC << CAP_RIGHTS_SHIFT);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, B, WHIT_SIZE_SIGNAL), WHIT_OK);
    EQUAL(make(WORLD_RAM, WHIT_SIGNAL), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, WORLD_RAM), WHIT_OK);
    EQUAL(cap_rights(world_slot(WORLD_RAM)), WHIT_R_ALL & ~WHIT_R_EXEC);
    CHECK(cap_flag(world_slot(WORLD_RAM), CAP_ORIGINAL));
    EQUAL(OP(WHIT_OP_GIVE, B, 0, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, C, D, WHIT_SIZE_SIGNAL), WHIT_OK);
    EQUAL(make(C, WHIT_SIGNAL), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, C), WHIT_OK);
    EQUAL(cap_rights(world_slot(C)), WORLD_GIVEN & ~WHIT_R_EXEC);
}

static void test_errors(void)
{
    test_begin("make: each error");
    world_init();
    world_take(A, 0x2000);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_NONE), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_MEMORY), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_CORE), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_KINDS), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, UINT64_MAX), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, B, WHIT_SPACE), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_MAKE, WORLD_CORE, WHIT_SPACE), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_SPACE, 2), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_THREAD, WORLD_SPACE), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WORLD_GIVEN), WHIT_OK);
    EQUAL(make(B, WHIT_SPACE), WHIT_E_RIGHTS);
    EQUAL(make(A, WHIT_SPACE), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_DELETE, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0, WHIT_MAP_READ), WHIT_OK);
    EQUAL(make(A, WHIT_SPACE), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_UNMAP, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, A, B, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_THREAD, C), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_THREAD, WORLD_CORE), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_THREAD, WORLD_SPACE, 2), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_THREAD, WORLD_SPACE, WHIT_VCPU), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_SPACE, 0, C, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_THREAD, C), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_THREAD, WHIT_SELF), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, D, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, B, E, WHIT_SIZE_PORTAL), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAKE, B, WHIT_PORTAL, D), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_MAKE, B, WHIT_PORTAL, A, 0x400000, UINT64_C(1) << 63), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, B, WHIT_PORTAL, A, 0x400000, 1), WHIT_OK);

    test_begin("make: a space at the beginning of a page only, nothing of device memory");
    world_init();
    world_take(A, 0x3000);
    EQUAL(OP(WHIT_OP_SPLIT, A, B, 0x40), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, B, C, 0x2000), WHIT_OK);
    EQUAL(make(B, WHIT_SPACE), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_DEVICE, D, 0x2000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_DEVICE, 0, E, WHIT_R_ALL), WHIT_OK);
    EQUAL(make(E, WHIT_SPACE), WHIT_E_RIGHTS);
    EQUAL(make(WORLD_DEVICE, WHIT_SPACE), WHIT_E_RIGHTS);

    test_begin("make: a budget within the ceiling of its core");
    world_init();
    world_take(A, WHIT_SIZE_BUDGET);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, B, WHIT_R_ALL, 10), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_BUDGET, B, 11, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_BUDGET, WORLD_CORE, 256, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_BUDGET, WORLD_CORE, 1, 20, 10), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_MAKE, A, WHIT_BUDGET, B, 10, 0, 0), WHIT_OK);

    test_begin("make: more spaces than VMIDs");
    world_init();
    fake_vmids = 64;
    for (uint64_t made = 0; made < 100; made++)
        EQUAL(world_make(100 + made, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);

    test_begin("destroy: each error");
    world_init();
    EQUAL(OP(WHIT_OP_DESTROY, A), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DESTROY, WHIT_SLOTS), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DESTROY, WORLD_RAM), WHIT_E_ORIGINAL);
    EQUAL(OP(WHIT_OP_DESTROY, WORLD_SPACE), WHIT_E_ORIGINAL);
    EQUAL(OP(WHIT_OP_DESTROY, WORLD_CORE), WHIT_E_ORIGINAL);
}

int main(void)
{
    for (unsigned kind = 0; kind < WHIT_KINDS; kind++)
        if (bytes_of[kind] != 0)
            test_each_kind(kind);
    test_rights();
    test_errors();
    return test_finish();
}
