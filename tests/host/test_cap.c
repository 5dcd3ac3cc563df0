/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities: slots, the derivation tree, and the operations that pass them on and take back. */
#include "irq.h"
#include "memory.h"
#include "world.h"

enum { A = WORLD_FREE, B, C, D, E, F, G, H };

static void test_slots(void)
{
    status error = WHIT_OK;
    test_begin("cap_slot finds slots in range only");
    world_init();
    CHECK(cap_slot(world_space, WHIT_SLOTS) == NULL);
    CHECK(cap_slot(world_space, UINT64_MAX) == NULL);
    CHECK(cap_slot(world_space, WHIT_SLOTS - 1)->word == 0);
    CHECK(cap_slot(world_space, WORLD_RAM) == world_slot(WORLD_RAM));

    test_begin("cap_find tells why not");
    world_init();
    CHECK(cap_find(world_space, WORLD_RAM, WHIT_MEMORY, WHIT_R_MAKE, &error) != NULL);
    CHECK(!cap_find(world_space, WHIT_SLOTS, WHIT_MEMORY, 0, &error));
    EQUAL(error, WHIT_E_CAPABILITY);
    CHECK(!cap_find(world_space, A, WHIT_MEMORY, 0, &error));
    EQUAL(error, WHIT_E_CAPABILITY);
    CHECK(!cap_find(world_space, WORLD_CORE, WHIT_MEMORY, 0, &error));
    EQUAL(error, WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, A, WHIT_R_DERIVE), WHIT_OK);
    error = WHIT_OK;
    CHECK(!cap_find(world_space, A, WHIT_CORE, WHIT_R_CONTROL, &error));
    EQUAL(error, WHIT_E_RIGHTS);

    test_begin("cap_empty_slot takes pages from the pool, and says when there is none");
    world_init();
    CHECK(!cap_empty_slot(world_space, WHIT_SELF, &error));
    EQUAL(error, WHIT_E_CAPABILITY);
    CHECK(!cap_empty_slot(world_space, WHIT_SLOTS, &error));
    EQUAL(error, WHIT_E_CAPABILITY);
    CHECK(!cap_empty_slot(world_space, WORLD_RAM, &error));
    EQUAL(error, WHIT_E_OCCUPIED);
    unsigned pages = 0;
    uint64_t at = SLOTS_PER_PAGE;
    while (cap_empty_slot(world_space, at, &error)) {
        at += SLOTS_PER_PAGE;
        pages++;
    }
    EQUAL(error, WHIT_E_FUNDS);
    EQUAL(pages, 63);
    CHECK(cap_empty_slot(world_space, at - 1, &error) != NULL);
}

static void test_derive(void)
{
    test_begin("derive makes a child with the range and rights asked for");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_READ | WHIT_R_DERIVE, 0x1000, 0x2040),
          WHIT_OK);
    EQUAL(cap_base(world_slot(A)), (uintptr_t)world_ram + 0x1000);
    EQUAL(cap_bytes(world_slot(A)), 0x2040);
    EQUAL(cap_rights(world_slot(A)), WHIT_R_READ | WHIT_R_DERIVE);
    EQUAL(cap_depth(world_slot(A)), 1);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_READ, 0x40, 0), WHIT_OK);
    EQUAL(cap_bytes(world_slot(B)), 0x2000);
    CHECK(cap_has_child(world_slot(A)) && !cap_has_child(world_slot(B)));

    test_begin("derive never passes the make right on, nor loses the device flag");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL), WHIT_OK);
    EQUAL(cap_rights(world_slot(A)), WHIT_R_ALL & ~WHIT_R_MAKE);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_DEVICE, 0, B, WHIT_R_READ), WHIT_OK);
    CHECK(cap_flag(world_slot(B), CAP_DEVICE) && !cap_flag(world_slot(A), CAP_DEVICE));

    test_begin("derive of interrupt lines counts lines");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_IRQ, 0, A, WHIT_R_ALL, 33, 1), WHIT_OK);
    CHECK(cap_object(world_slot(A)) == &irqs[33] && cap_units(world_slot(A)) == 1);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_IRQ, 0, B, WHIT_R_ALL, WORLD_LINES, 0), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_IRQ, 0, B, WHIT_R_ALL, 60, 5), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL, 0, 2), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_IRQ, 0, B, WHIT_R_ALL, 40, UINT64_MAX), WHIT_E_SIZE);

    test_begin("derive of a core lowers its priority ceiling only");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, A, WHIT_R_ALL, 100), WHIT_OK);
    EQUAL(world_slot(A)->address, 100);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL, 101), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL, 0), WHIT_OK);
    EQUAL(world_slot(B)->address, 100);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, C, WHIT_R_ALL, 256), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, C, WHIT_R_ALL, 5, 1), WHIT_E_ARGUMENT);
}

static void test_derive_errors(void)
{
    test_begin("derive: each error");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, 0), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WHIT_SLOTS, 0, B, 0), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WHIT_SELF, 0, B, 0), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, A, B, 0), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, WORLD_CORE, B, 0), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, WHIT_SELF, 0), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, WHIT_SLOTS, 0), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, WORLD_RAM, 0), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0x1020, 0x40), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0, 0x20), WHIT_E_ALIGNMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, WORLD_RAM_BYTES, 0), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0x40, WORLD_RAM_BYTES), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0x40, 0 - UINT64_C(64)), WHIT_E_SIZE);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_SPACE, 0, A, WHIT_R_ALL, 64, 0), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_SPACE, 0, A, WHIT_R_ALL, 0, 64), WHIT_E_ARGUMENT);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_READ), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, B, WHIT_R_READ | WHIT_R_DERIVE), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, B, 0, C, WHIT_R_WRITE), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, C, 0x100), WHIT_E_RIGHTS);
    CHECK(world_slot(C)->word == 0);

    test_begin("derive: the chain of derivations has an end");
    world_init();
    int result = WHIT_OK;
    uint64_t at = A;
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_SPACE, 0, at, WHIT_R_ALL), WHIT_OK);
    for (; result == WHIT_OK; at++)
        result = OP(WHIT_OP_DERIVE, at, 0, at + 1, WHIT_R_ALL);
    EQUAL(result, WHIT_E_DEPTH);
    EQUAL(at - A, CAP_DEPTH_MAX);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_OK);
    CHECK(world_slot(at - 1)->word == 0);

    test_begin("derive: no page for the slot");
    world_init();
    uint64_t slot = SLOTS_PER_PAGE;
    do {
        result = OP(WHIT_OP_DERIVE, WORLD_CORE, 0, slot, WHIT_R_ALL);
        slot += SLOTS_PER_PAGE;
    } while (result == WHIT_OK);
    EQUAL(result, WHIT_E_FUNDS);
}

static void test_give(void)
{
    test_begin("give passes the make right on, and the parent is inert meanwhile");
    world_init();
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, A, 0x4000), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, 0, B), WHIT_OK);
    EQUAL(cap_rights(world_slot(B)), WORLD_GIVEN);
    CHECK(cap_inert(world_slot(WORLD_RAM)));
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, C, WHIT_R_READ), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, 0, C), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAP, WORLD_RAM, 0, 0x10000, WHIT_MAP_READ), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_SPLIT, WORLD_RAM, C, 0x1000), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_DONATE, WORLD_RAM, 0), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_MAKE, WORLD_RAM, WHIT_SPACE, WHIT_PROGRAM), WHIT_E_BUSY);
    EQUAL(cap_pass(world_space, WORLD_RAM, world_space, C, false), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_REVOKE, WORLD_RAM), WHIT_OK);
    CHECK(world_slot(B)->word == 0);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, C, WHIT_R_READ), WHIT_OK);

    test_begin("give: what was split from a given range leaves the parent inert to the last piece");
    world_init();
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, 0, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, A, B, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DELETE, A), WHIT_OK);
    CHECK(cap_inert(world_slot(WORLD_RAM)));
    EQUAL(OP(WHIT_OP_DELETE, B), WHIT_OK);
    CHECK(!cap_has_child(world_slot(WORLD_RAM)));

    test_begin("give: each error");
    world_init();
    EQUAL(OP(WHIT_OP_GIVE, WORLD_CORE, 0, A), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_GIVE, B, 0, A), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_READ, 0, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, 0, B), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_GIVE, A, 0, B), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_REVOKE, WORLD_RAM), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, WORLD_RAM, 0, 0, WHIT_MAP_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, 0, B), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_UNMAP, WORLD_RAM), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, 0, WORLD_CORE), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_GIVE, WORLD_RAM, WORLD_CORE, B), WHIT_E_CAPABILITY);
}

static void test_transfer(void)
{
    test_begin("transfer moves a capability with children and mapping");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0, 0x3000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_READ, 0, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x10000, WHIT_MAP_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, A, 0, C), WHIT_OK);
    CHECK(world_slot(A)->word == 0 && cap_has_child(world_slot(C)));
    EQUAL(cap_use(world_slot(C)), USE_MAPPED);
    EQUAL(OP(WHIT_OP_REVOKE, C), WHIT_OK);
    CHECK(world_slot(B)->word == 0);
    EQUAL(OP(WHIT_OP_UNMAP, C), WHIT_OK);

    test_begin("transfer within a space moves originals too");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, A, 0, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, B), WHIT_OK);
    EQUAL(cap_kind(world_slot(B)), WHIT_MEMORY);

    test_begin("transfer: each error");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, C, 0, D), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_TRANSFER, WORLD_RAM, A, D), WHIT_E_ORIGINAL);
    EQUAL(OP(WHIT_OP_TRANSFER, A, A, D), WHIT_E_ORIGINAL);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, C, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, C, A, D), WHIT_E_RIGHTS);
    EQUAL(OP(WHIT_OP_TRANSFER, C, 0, C), WHIT_E_OCCUPIED);
    EQUAL(OP(WHIT_OP_TRANSFER, C, 0, WHIT_SELF), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_TRANSFER, C, 0, D), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, C, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, C, A, D), WHIT_E_FUNDS);
    EQUAL(OP(WHIT_OP_TRANSFER, C, D, D), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, E, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, C, E, 1), WHIT_E_RIGHTS);
    world_take(F, 0x2000);
    EQUAL(OP(WHIT_OP_DONATE, F, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, C, A, D), WHIT_OK);
    CHECK(cap_kind(cap_slot(cap_object(world_slot(A)), D)) == WHIT_CORE);
}

static void test_pass(void)
{
    test_begin("cap_pass delegates a child or moves the capability");
    world_init();
    EQUAL(world_make(A, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(B, 0x2000);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_OK);
    struct space *to = cap_object(world_slot(A));
    world_take(C, 0x1000);
    EQUAL(cap_pass(world_space, C, to, 7, false), WHIT_OK);
    EQUAL(cap_rights(cap_slot(to, 7)), WORLD_GIVEN & ~WHIT_R_MAKE);
    EQUAL(cap_pass(world_space, C, to, 7, false), WHIT_E_OCCUPIED);
    EQUAL(cap_pass(world_space, C, to, 8, true), WHIT_OK);
    CHECK(world_slot(C)->word == 0 && cap_has_child(cap_slot(to, 8)));
    EQUAL(cap_pass(to, 8, world_space, C, true), WHIT_OK);
    EQUAL(cap_pass(world_space, A, to, 9, true), WHIT_E_ORIGINAL);
    EQUAL(cap_pass(world_space, A, to, 9, false), WHIT_OK);
    EQUAL(cap_pass(world_space, D, to, 10, false), WHIT_E_CAPABILITY);
    EQUAL(cap_pass(world_space, C, to, 0, false), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DERIVE, C, 0, D, WHIT_R_READ), WHIT_OK);
    EQUAL(cap_pass(world_space, D, to, 10, false), WHIT_E_RIGHTS);
    EQUAL(cap_pass(world_space, D, to, 10, true), WHIT_E_RIGHTS);
    CHECK(!world_wrong());
}

static void test_revoke(void)
{
    test_begin("revoke removes all descendants and nothing else");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0, 0x4000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL, 0, 0x2000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, C, WHIT_R_ALL, 0x2000, 0x2000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, B, 0, D, WHIT_R_ALL, 0, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, E, WHIT_R_ALL, 0, 0x1000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, D, 0, 0x10000, WHIT_MAP_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, C, 0, 0x20000, WHIT_MAP_WRITE), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_OK);
    CHECK(world_slot(A)->word != 0 && world_slot(E)->word != 0);
    CHECK(world_slot(B)->word == 0 && world_slot(C)->word == 0 && world_slot(D)->word == 0);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, B), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_REVOKE, WHIT_SLOTS), WHIT_E_CAPABILITY);

    test_begin("delete takes the capability too, but no original");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_ALL, 0, 0x4000), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL, 0, 0x2000), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, A, 0, 0x10000, WHIT_MAP_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_DELETE, A), WHIT_OK);
    CHECK(world_slot(A)->word == 0 && world_slot(B)->word == 0);
    EQUAL(OP(WHIT_OP_DELETE, A), WHIT_E_CAPABILITY);
    EQUAL(OP(WHIT_OP_DELETE, WORLD_RAM), WHIT_E_ORIGINAL);
    EQUAL(world_make(C, WHIT_SIGNAL, WORLD_CORE, 0, 0, 0), WHIT_OK);
    EQUAL(OP(WHIT_OP_DELETE, C), WHIT_E_ORIGINAL);
}

/* Many leaves on a path, with an interrupt at each preemption point. */
static void test_revoke_restarts(void)
{
    test_begin("revoke gives way to interrupts and still ends");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, 100, WHIT_R_ALL), WHIT_OK);
    for (uint64_t i = 101; i < 160; i++)
        EQUAL(OP(WHIT_OP_DERIVE, i % 3 ? i - 1 : 100, 0, i, WHIT_R_ALL), WHIT_OK);
    fake_interrupt_every = 1;
    EQUAL(OP(WHIT_OP_REVOKE, 100), WHIT_OK);
    CHECK(world_restarts >= 58);
    for (uint64_t i = 101; i < 160; i++)
        CHECK(world_slot(i)->word == 0);
}

/* While `100` is revoked, its descendants try to make more of themselves. */
static void derive_meanwhile(void)
{
    static uint64_t next = 300;
    for (uint64_t i = 101; i < 104; i++) {
        status error;
        struct slot *slot = cap_slot(world_space, i);
        struct slot *to = cap_empty_slot(world_space, next, &error);
        if (to && slot->word && !cap_flag(slot, CAP_DYING) && next < 2000)
            next += !cap_derive(slot, to, cap_base(slot), cap_units(slot), cap_rights(slot), 0);
    }
}

static void test_revoke_race(void)
{
    test_begin("revoke ends although descendants multiply, once their ancestors lost their rights");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, 100, WHIT_R_ALL), WHIT_OK);
    for (uint64_t i = 101; i < 104; i++)
        EQUAL(OP(WHIT_OP_DERIVE, 100, 0, i, WHIT_R_ALL), WHIT_OK);
    fake_interrupt_every = 1;
    world_between = derive_meanwhile;
    EQUAL(OP(WHIT_OP_REVOKE, 100), WHIT_OK);
    CHECK(!cap_has_child(world_slot(100)) && world_restarts < 50);
}

static unsigned refusals;

/* While 100 is revoked, one tries to use what is below it. */
static void use_meanwhile(void)
{
    unsigned restarts = world_restarts;

    if (!world_slot(101)->word || refusals)
        return;
    world_between = NULL;
    refusals += OP(WHIT_OP_DERIVE, 101, 0, A, WHIT_R_READ) == WHIT_E_RIGHTS;
    refusals += OP(WHIT_OP_TRANSFER, 101, 0, A) == WHIT_E_RIGHTS;
    refusals += OP(WHIT_OP_SPLIT, 101, A, 0x1000) == WHIT_E_RIGHTS;
    world_between = use_meanwhile;
    world_restarts = restarts;
}

static void test_dying(void)
{
    test_begin("a capability that is being revoked is good for nothing");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, 100, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, 100, 0, 101, WHIT_R_ALL), WHIT_OK);
    for (uint64_t i = 102; i < 106; i++)
        EQUAL(OP(WHIT_OP_DERIVE, 101, 0, i, WHIT_R_ALL), WHIT_OK);
    refusals = 0;
    fake_interrupt_every = 1;
    world_between = use_meanwhile;
    EQUAL(OP(WHIT_OP_REVOKE, 100), WHIT_OK);
    EQUAL(refusals, 3);

    test_begin("delete gives way to interrupts too");
    world_between = NULL;
    fake_interrupt_every = 0;
    for (uint64_t i = 101; i < 106; i++)
        EQUAL(OP(WHIT_OP_DERIVE, 100, 0, i, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, 100, 0, 0x200000, WHIT_MAP_READ), WHIT_OK);
    fake_interrupt_every = 1;
    EQUAL(OP(WHIT_OP_DELETE, 100), WHIT_OK);
    CHECK(world_restarts >= 5 && !world_slot(100)->word);

    test_begin("a child of a space's capability changes its slot; the space knows its original");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_SPACE, 0, A, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, A, 0, B), WHIT_OK);
    CHECK(world_space->original == world_slot(WORLD_SPACE));
}

static void test_lone(void)
{
    test_begin("a capability that is alone in its tree changes its slot, and is alone there");
    world_init();
    status error;
    cap_root(cap_empty_slot(world_space, C, &error), WHIT_CORE, (uintptr_t)core_here(), 1,
             WHIT_R_ALL, 0);
    EQUAL(OP(WHIT_OP_TRANSFER, C, 0, A), WHIT_OK);
    CHECK(world_slot(C)->word == 0);
    CHECK(world_slot(A)->next == world_slot(A) && world_slot(A)->prev == world_slot(A));
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_OK);
    CHECK(invariant_check(world_slot(A)) == NULL);
}

/* `steps` capabilities from `from` on, each a child of the one before; the last one's selector. */
static uint64_t descend(uint64_t from, uint64_t first, unsigned steps)
{
    for (uint64_t i = first; i < first + steps; i++) {
        EQUAL(OP(WHIT_OP_DERIVE, from, 0, i, cap_rights(world_slot(from))), WHIT_OK);
        from = i;
    }
    return from;
}

static void test_hold(void)
{
    test_begin("an object holds no memory that was given away, and nothing that is too deep");
    world_init();
    EQUAL(world_make(A, WHIT_THREAD, WORLD_SPACE, WHIT_NATIVE, 0, 0), WHIT_OK);
    world_take(B, WHIT_PAGE);
    EQUAL(OP(WHIT_OP_GIVE, B, 0, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_BIND, A, WHIT_ROLE_STATE, B), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_BIND, A, WHIT_ROLE_STATE, C), WHIT_OK);
    EQUAL(OP(WHIT_OP_BIND, A, WHIT_ROLE_STATE, 0), WHIT_OK);
    uint64_t deep = descend(C, 100, CAP_DEPTH_MAX - cap_depth(world_slot(C)));
    EQUAL(OP(WHIT_OP_BIND, A, WHIT_ROLE_STATE, deep), WHIT_E_DEPTH);
    CHECK(((struct thread *)cap_object(world_slot(A)))->state_slot.word == 0);
    deep = descend(WORLD_SPACE, 300, CAP_DEPTH_MAX);
    world_take(D, WHIT_SIZE_THREAD);
    EQUAL(OP(WHIT_OP_MAKE, D, WHIT_THREAD, deep, WHIT_NATIVE), WHIT_E_DEPTH);
    deep = descend(A, 500, CAP_DEPTH_MAX - cap_depth(world_slot(A)));
    EQUAL(OP(WHIT_OP_SPLIT, D, E, WHIT_SIZE_PORTAL), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAKE, D, WHIT_PORTAL, deep, 0x400000, 0), WHIT_E_DEPTH);
    EQUAL(cap_kind(world_slot(D)), WHIT_MEMORY);
}

int main(void)
{
    test_slots();
    test_derive();
    test_derive_errors();
    test_give();
    test_transfer();
    test_pass();
    test_revoke();
    test_revoke_restarts();
    test_revoke_race();
    test_dying();
    test_lone();
    test_hold();
    return test_finish();
}
