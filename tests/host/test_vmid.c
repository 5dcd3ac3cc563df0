/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More spaces than VMIDs.  fake_arch keeps what may be cached under each VMID, and finds one that
 * goes from a space to another without an invalidation.
 */
#include "lock.h"
#include "memory.h"
#include "world.h"

#include <string.h>

enum { FIRST = 100, SPACES = 150, VMIDS = 64, POOL_PAGES = 4, POOLS = 400, MEMORY = 700 };

static struct space *space_of(unsigned n)
{
    return cap_object(world_slot(FIRST + n));
}

static bool has_vmid(const struct space *space)
{
    return space->vttbr >> 48 != 0;
}

static unsigned with_vmid(void)
{
    unsigned count = 0;
    for (unsigned n = 0; n < SPACES; n++)
        count += has_vmid(space_of(n));
    return count;
}

static void make_spaces(void)
{
    world_init();
    fake_vmids = VMIDS;
    for (unsigned n = 0; n < SPACES; n++)
        EQUAL(world_make(FIRST + n, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
}

/* A page, mapped in the space for the first time. */
static void map_page(unsigned n)
{
    world_take(POOLS + n, POOL_PAGES * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_DONATE, POOLS + n, FIRST + n), WHIT_OK);
    world_take(MEMORY + n, WHIT_PAGE);
    EQUAL(OP(WHIT_OP_MAP, MEMORY + n, FIRST + n, 0x1000, WHIT_MAP_READ), WHIT_OK);
}

static void test_one_core(void)
{
    test_begin("more spaces than VMIDs: those made last have none");
    make_spaces();
    EQUAL(with_vmid(), VMIDS - 2); /* 0, and the first space's */
    CHECK(!has_vmid(space_of(SPACES - 1)));

    test_begin("each gets one when it is entered, at the cost of one that is not");
    for (unsigned round = 0; round < 3; round++)
        for (unsigned n = 0; n < SPACES; n++) {
            space_enter(space_of(n));
            CHECK(has_vmid(space_of(n)));
            CHECK(!world_wrong());
        }

    test_begin("no two spaces have the same");
    bool seen[VMIDS] = {false};
    for (unsigned n = 0; n < SPACES; n++) {
        uint32_t vmid = space_of(n)->vmid;
        CHECK(vmid < VMIDS && !(vmid != 0 && seen[vmid]));
        seen[vmid] = true;
    }

    test_begin("the most recently entered keep theirs");
    for (unsigned n = SPACES - VMIDS / 2; n < SPACES; n++)
        CHECK(has_vmid(space_of(n)));
}

static void test_changes(void)
{
    test_begin("a space without one is mapped, unmapped and destroyed without an invalidation");
    make_spaces();
    map_page(SPACES - 1);
    fake_history_clear();
    EQUAL(OP(WHIT_OP_UNMAP, MEMORY + SPACES - 1, 0), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, FIRST + SPACES - 1, 0), WHIT_OK);
    EQUAL(fake_count(FAKE_INVALIDATE) + fake_count(FAKE_VMID_INVALIDATE), 0);

    test_begin("what was cached for a space that lost its VMID goes when another gets it");
    make_spaces();
    map_page(0);
    for (unsigned n = 0; n < SPACES; n++)
        if (n != 0)
            space_enter(space_of(n));
    CHECK(!has_vmid(space_of(0)));
    EQUAL(OP(WHIT_OP_UNMAP, MEMORY, 0), WHIT_OK);
    EQUAL(fake_stale(), 0);
    space_enter(space_of(0));
    CHECK(has_vmid(space_of(0)));

    test_begin("the VMIDs of spaces that ended are used first");
    make_spaces();
    for (unsigned n = 0; n < 10; n++)
        EQUAL(OP(WHIT_OP_DESTROY, FIRST + n, 0), WHIT_OK);
    EQUAL(with_vmid(), VMIDS - 12);
    for (unsigned n = 0; n < 10; n++)
        space_enter(space_of(SPACES - 1 - n));
    EQUAL(with_vmid(), VMIDS - 2);

    test_begin("while somebody holds the lock, nothing happens");
    CHECK(tree_lock_try());
    space_enter(space_of(SPACES - 20));
    CHECK(!has_vmid(space_of(SPACES - 20)));
    tree_unlock();
}

/* The other core is in the kernel once. */
static void other_core(void)
{
    fake_here = 1;
    core_ipi(&fake_cores[1]);
    fake_kicked[1] = false;
    fake_here = 0;
}

static void test_two_cores(void)
{
    static struct thread running;

    test_begin("a VMID is not reused before the other core has been in the kernel");
    make_spaces();
    fake_cores_init(2);
    unsigned last = SPACES - 1;
    space_enter(space_of(last));
    CHECK(!has_vmid(space_of(last)) && !has_vmid(space_of(0)) && fake_kicked[1]);
    EQUAL(space_of(0)->vmid != 0, true);
    space_enter(space_of(last));
    CHECK(!has_vmid(space_of(last)));
    other_core();
    space_enter(space_of(last));
    CHECK(has_vmid(space_of(last)));
    EQUAL(world_space->vmid, 0);

    test_begin("a space that is about to lose it gets it back when it is entered");
    CHECK(!has_vmid(space_of(1)) && space_of(1)->vmid != 0);
    uint32_t before = space_of(1)->vmid;
    fake_history_clear();
    space_enter(space_of(1));
    CHECK(has_vmid(space_of(1)) && space_of(1)->vmid == before);
    EQUAL(fake_count(FAKE_VMID_INVALIDATE), 0);

    test_begin("a mapping of a space that is about to lose it is invalidated under it");
    map_page(2);
    CHECK(!has_vmid(space_of(2)) && space_of(2)->vmid != 0);
    EQUAL(OP(WHIT_OP_UNMAP, MEMORY + 2, 0), WHIT_OK);
    EQUAL(fake_count(FAKE_INVALIDATE), 1);

    test_begin("a space about to lose it ends");
    fake_on_pause = world_cores_run;
    EQUAL(OP(WHIT_OP_DESTROY, FIRST + 3, 0), WHIT_OK);
    fake_on_pause = NULL;

    test_begin("a space that runs on the other core keeps it");
    make_spaces();
    fake_cores_init(2);
    memset(&running, 0, sizeof(running));
    running.space = space_of(0);
    fake_cores[1].current = (uintptr_t)&running | CURRENT_SLOW;
    for (unsigned n = 1; n < SPACES; n++)
        for (unsigned tries = 0; tries < 3 && !has_vmid(space_of(n)); tries++) {
            space_enter(space_of(n));
            other_core();
            CHECK(has_vmid(space_of(0)));
        }
    for (unsigned n = SPACES - VMIDS / 2; n < SPACES; n++)
        CHECK(has_vmid(space_of(n)));
    fake_cores[1].current = 0;
}

static void test_numbers(void)
{
    static struct thread running[CORES_MAX];

    test_begin("while all that have a VMID run, none of them loses it");
    make_spaces();
    fake_cores_init(CORES_MAX);
    memset(running, 0, sizeof(running));
    fake_cores[0].current = (uintptr_t)world_thread;
    for (unsigned n = 0; n < VMIDS - 2; n++) {
        running[n].space = space_of(n);
        fake_cores[n + 1].current = (uintptr_t)&running[n];
    }
    space_enter(space_of(SPACES - 1));
    CHECK(!has_vmid(space_of(SPACES - 1)));
    for (unsigned n = 0; n < VMIDS - 2; n++)
        CHECK(has_vmid(space_of(n)));
    fake_cores_init(1);

    test_begin("VMIDs of 16 bits: each space has its own, of those that the kernel keeps count of");
    make_spaces();
    fake_vmids = 65536;
    for (unsigned n = 0; n < SPACES; n++)
        space_enter(space_of(n));
    EQUAL(with_vmid(), SPACES);
    for (unsigned n = 1; n < SPACES; n++)
        CHECK(space_of(n)->vmid != space_of(n - 1)->vmid);
}

int main(void)
{
    test_one_core();
    test_changes();
    test_two_cores();
    world_init();
    test_numbers();
    return test_finish();
}
