/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of objects and spaces: whatever holds on to what, everything ends, and its memory is back
 * and clean.  Programs here are spaces with a thread, memory of their own, and a core.
 */
#include "budget.h"
#include "lock.h"
#include "memory.h"
#include "object.h"
#include "portal.h"
#include "teardown.h"
#include "world.h"

#include <string.h>

enum { A = WORLD_FREE, B, C, D, E };
enum { PROGRAM_BASE = 1000, PROGRAM_STRIDE = 16 };

/* Selectors of a program in the first space, from program_base(n) on, and in its own space. */
enum { OF_SPACE, OF_POOL, OF_THREAD, OF_BUDGET, OF_MEMORY };
enum { OWN_MEMORY = 1, OWN_CORE, OWN_SPACE, OWN_FREE = 8 };

static uint64_t base(unsigned n)
{
    return PROGRAM_BASE + n * PROGRAM_STRIDE;
}

static struct space *space_of(unsigned n)
{
    return cap_object(world_slot(base(n) + OF_SPACE));
}

static struct thread *thread_of(unsigned n)
{
    return cap_object(world_slot(base(n) + OF_THREAD));
}

#define OP_OF(n, number, ...) world_op_as(thread_of(n), (number), (uint64_t[7]){__VA_ARGS__})

static void give_program(unsigned n, uint64_t selector, uint64_t to)
{
    EQUAL(OP(WHIT_OP_GIVE, selector, base(n) + OF_SPACE, to), WHIT_OK);
}

/* Program n, which runs; it has `bytes` of memory of its own. */
static void make_program(unsigned n, uint64_t bytes)
{
    uint64_t at = base(n);
    EQUAL(world_make(at + OF_SPACE, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(at + OF_POOL, 8 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_DONATE, at + OF_POOL, at + OF_SPACE), WHIT_OK);
    EQUAL(world_make(at + OF_THREAD, WHIT_THREAD, at + OF_SPACE, WHIT_NATIVE, 0, 0), WHIT_OK);
    EQUAL(world_make(at + OF_BUDGET, WHIT_BUDGET, WORLD_CORE, 5, 0, 0), WHIT_OK);
    EQUAL(OP(WHIT_OP_BIND, at + OF_THREAD, WHIT_ROLE_BUDGET, at + OF_BUDGET), WHIT_OK);
    EQUAL(OP(WHIT_OP_START, at + OF_THREAD, 0x400000, 0, 0, 0), WHIT_OK);
    world_take(at + OF_MEMORY, bytes);
    give_program(n, at + OF_MEMORY, OWN_MEMORY);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, at + OF_SPACE, OWN_CORE, WHIT_R_ALL), WHIT_OK);
}

/* ---- objects */

static void test_held(void)
{
    test_begin("a portal loses its handler when the thread ends");
    world_init();
    EQUAL(world_make(A, WHIT_THREAD, WORLD_SPACE, WHIT_NATIVE, 0, 0), WHIT_OK);
    EQUAL(world_make(B, WHIT_PORTAL, A, 0x400000, 7, 0), WHIT_OK);
    struct portal *portal = cap_object(world_slot(B));
    CHECK(portal->handler == cap_object(world_slot(A)));
    EQUAL(OP(WHIT_OP_DESTROY, A), WHIT_OK);
    CHECK(portal->handler == &thread_nobody && portal->thread_slot.word == 0);
    EQUAL(OP(WHIT_OP_DESTROY, B), WHIT_OK);

    test_begin("a thread loses its state page when that memory is revoked");
    world_init();
    EQUAL(world_make(A, WHIT_THREAD, WORLD_SPACE, WHIT_NATIVE, 0, 0), WHIT_OK);
    world_take(B, WHIT_PAGE);
    EQUAL(OP(WHIT_OP_BIND, A, WHIT_ROLE_STATE, B), WHIT_OK);
    struct thread *thread = cap_object(world_slot(A));
    CHECK(thread->save == cap_object(world_slot(B)));
    EQUAL(OP(WHIT_OP_SPLIT, B, C, 0x40), WHIT_E_BUSY);
    EQUAL(OP(WHIT_OP_REVOKE, B), WHIT_OK);
    CHECK(thread->save == &thread->own && thread->state_slot.word == 0);

    test_begin("revoking the memory below objects ends them");
    world_init();
    world_take(A, 4 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_GIVE, A, 0, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, B, C, WHIT_PAGE), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, C, D, WHIT_SIZE_SIGNAL), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAKE, B, WHIT_THREAD, WORLD_SPACE, WHIT_NATIVE), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAKE, C, WHIT_SIGNAL, WORLD_CORE), WHIT_OK);
    EQUAL(OP(WHIT_OP_TARGET, C, WHIT_TARGET_WAITER, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_OK);
    CHECK(world_slot(B)->word == 0 && world_slot(C)->word == 0 && world_slot(D)->word == 0);
    uint8_t *memory = cap_object(world_slot(A));
    for (unsigned i = 0; i < WHIT_PAGE + WHIT_SIZE_SIGNAL; i++)
        CHECK(memory[i] == 0);
}

/* ---- spaces */

static void test_program(void)
{
    test_begin("a program ends: thread, mappings, table and pool");
    world_init();
    make_program(0, 16 * WHIT_PAGE);
    EQUAL(OP_OF(0, WHIT_OP_SPLIT, OWN_MEMORY, OWN_FREE, WHIT_PAGE), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_MAP, OWN_MEMORY, 0, 0x10000, WHIT_MAP_READ), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_MAP, OWN_FREE, 0, 0x20000, WHIT_MAP_READ | WHIT_MAP_UNCACHED), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_RAM, 0, A, WHIT_R_READ), WHIT_E_BUSY);
    struct thread *thread = thread_of(0);
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
    CHECK(thread->space == NULL && thread->stopped);
    EQUAL(cap_kind(world_slot(base(0))), WHIT_MEMORY);
    CHECK(!cap_has_child(world_slot(base(0) + OF_MEMORY)));
    CHECK(!cap_has_child(world_slot(base(0) + OF_POOL)));
    EQUAL(fake_page_tables_other(world_space), 0);

    test_begin("a program's memory is revoked: it goes on with the rest");
    world_init();
    make_program(0, 16 * WHIT_PAGE);
    EQUAL(OP_OF(0, WHIT_OP_MAP, OWN_MEMORY, 0, 0x10000, WHIT_MAP_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, base(0) + OF_MEMORY), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_UNMAP, OWN_MEMORY), WHIT_E_CAPABILITY);
    EQUAL(OP_OF(0, WHIT_OP_NULL), WHIT_OK);

    test_begin("all of a program is cut from one piece of memory that is revoked");
    world_init();
    make_program(0, 64 * WHIT_PAGE);
    make_program(1, 16 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_DERIVE, base(1), base(0), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_MAP, OWN_MEMORY, OWN_SPACE, 0x10000, WHIT_MAP_READ), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, base(0) + OF_MEMORY), WHIT_OK);
    EQUAL(OP_OF(1, WHIT_OP_NULL), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
    EQUAL(OP_OF(1, WHIT_OP_NULL), WHIT_OK);
}

/* Program n makes a space of its memory and gives it a pool of the rest. */
static void nest(unsigned n, uint64_t bytes, uint64_t selector)
{
    EQUAL(OP_OF(n, WHIT_OP_SPLIT, OWN_MEMORY, selector, bytes), WHIT_OK);
    EQUAL(OP_OF(n, WHIT_OP_SPLIT, selector, selector + 1, WHIT_SIZE_SPACE), WHIT_OK);
    EQUAL(OP_OF(n, WHIT_OP_MAKE, selector, WHIT_SPACE, WHIT_MACHINE), WHIT_OK);
    EQUAL(OP_OF(n, WHIT_OP_DONATE, selector + 1, selector), WHIT_OK);
}

static void test_nested(void)
{
    test_begin("spaces made by a program end with it");
    for (unsigned every = 0; every <= 2; every++) {
        world_init();
        make_program(0, 32 * WHIT_PAGE);
        nest(0, 8 * WHIT_PAGE, OWN_FREE);
        EQUAL(OP_OF(0, WHIT_OP_MAP, OWN_MEMORY, OWN_FREE, 0x40000, WHIT_MAP_READ), WHIT_OK);
        fake_interrupt_every = every;
        EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
        CHECK(every == 0 || world_restarts > 10);
        CHECK(!cap_has_child(world_slot(base(0) + OF_MEMORY)));
    }

    test_begin("a chain of spaces, each with the next one's original in its table");
    world_init();
    make_program(0, 64 * WHIT_PAGE);
    struct space *inner = space_of(0);
    uint64_t bytes = 64 * WHIT_PAGE;
    for (unsigned depth = 0; depth < 8; depth++) {
        /* By hand, as a thread in each of them would: space and pool from what it was given. */
        struct slot *all = cap_slot(inner, OWN_MEMORY), *pool, *rest;
        status error;
        pool = cap_empty_slot(inner, OWN_FREE, &error);
        cap_split(all, pool, WHIT_SIZE_SPACE / WHIT_UNIT);
        rest = cap_empty_slot(inner, OWN_FREE + 1, &error);
        cap_split(pool, rest, 2 * WHIT_PAGE / WHIT_UNIT);
        struct thread self = {.space = inner};
        EQUAL(op_make(&self, (uint64_t[7]){OWN_MEMORY, WHIT_SPACE, WHIT_PROGRAM}), WHIT_OK);
        EQUAL(op_donate(&self, (uint64_t[7]){OWN_FREE, OWN_MEMORY}), WHIT_OK);
        EQUAL(op_give(&self, (uint64_t[7]){OWN_FREE + 1, OWN_MEMORY, OWN_MEMORY}), WHIT_OK);
        inner = cap_object(all);
        bytes -= 4 * WHIT_PAGE;
    }
    CHECK(bytes > 0 && !world_wrong());
    fake_interrupt_every = 1;
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
    CHECK(!cap_has_child(world_slot(base(0) + OF_MEMORY)));
    EQUAL(fake_page_tables_other(world_space), 0);
}

static void test_cycles(void)
{
    static const char *const names[] = {
        "two programs fill each other's pools; the first ends",
        "two programs fill each other's pools; the second ends",
        "two programs fill each other's pools; the memory of one is revoked",
    };
    for (unsigned how = 0; how < 3; how++) {
        test_begin(names[how]);
        world_init();
        make_program(0, 32 * WHIT_PAGE);
        make_program(1, 32 * WHIT_PAGE);
        EQUAL(OP(WHIT_OP_DERIVE, base(0), base(1), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
        EQUAL(OP(WHIT_OP_DERIVE, base(1), base(0), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
        for (unsigned n = 0; n < 2; n++) {
            EQUAL(OP_OF(n, WHIT_OP_SPLIT, OWN_MEMORY, OWN_FREE, 4 * WHIT_PAGE), WHIT_OK);
            EQUAL(OP_OF(n, WHIT_OP_DONATE, OWN_FREE, OWN_SPACE), WHIT_OK);
            EQUAL(OP_OF(n, WHIT_OP_GIVE, OWN_MEMORY, OWN_SPACE, OWN_FREE + 1), WHIT_OK);
            EQUAL(OP_OF(!n, WHIT_OP_DONATE, OWN_FREE + 1, WHIT_SELF), WHIT_OK);
        }
        fake_interrupt_every = 1;
        if (how < 2)
            EQUAL(OP(WHIT_OP_DESTROY, base(how)), WHIT_OK);
        else
            EQUAL(OP(WHIT_OP_REVOKE, base(0) + OF_MEMORY), WHIT_OK);
        CHECK(cap_kind(world_slot(base(0))) == WHIT_MEMORY);
        CHECK(cap_kind(world_slot(base(1))) == WHIT_MEMORY);
        for (unsigned n = 0; n < 2; n++)
            CHECK(!cap_has_child(world_slot(base(n) + OF_MEMORY)));
        EQUAL(fake_page_tables_other(world_space), 0);
    }

    test_begin("a program has what it was made of, and fills its own pool");
    world_init();
    make_program(0, 8 * WHIT_PAGE);
    for (unsigned i = 0; i < 6; i++) {
        EQUAL(OP_OF(0, WHIT_OP_SPLIT, OWN_MEMORY, 64 * (i + 1), 7 * WHIT_PAGE - i * WHIT_PAGE),
              WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_DONATE, 64 * (i + 1), WHIT_SELF), WHIT_OK);
    }
    EQUAL(OP(WHIT_OP_TRANSFER, base(0) + OF_POOL, base(0), OWN_FREE), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, base(0) + OF_MEMORY, base(0), OWN_FREE + 1), WHIT_OK);
    fake_interrupt_every = 1;
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
    EQUAL(cap_kind(world_slot(base(0))), WHIT_MEMORY);
}

/* What cannot end, the pool of the first space, leaves nothing half done besides. */
static void test_endless(void)
{
    test_begin("a revocation that finds the first space's pool ends the spaces before it");
    world_init();
    make_program(0, 4 * WHIT_PAGE);
    world_take(A, 4 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_GIVE, A, WHIT_SELF, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_SPLIT, B, C, 2 * WHIT_PAGE), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, B, base(0)), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, C, WHIT_SELF), WHIT_OK);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_E_BUSY);
    EQUAL(cap_kind(world_slot(base(0))), WHIT_MEMORY);
    CHECK(!cap_has_child(world_slot(base(0) + OF_POOL)));
}

/* Its parent is in the table of the space that has to end. */
static void test_vanishing(void)
{
    static const unsigned numbers[] = {WHIT_OP_REVOKE, WHIT_OP_DELETE};
    for (unsigned i = 0; i < 4; i++) {
        test_begin(i % 2 == 0 ? "what is revoked vanishes on the way"
                              : "what is deleted vanishes on the way");
        world_init();
        make_program(0, 4 * WHIT_PAGE);
        make_program(1, 4 * WHIT_PAGE);
        EQUAL(OP(WHIT_OP_DERIVE, base(1), base(0), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
        EQUAL(OP(WHIT_OP_DERIVE, base(0), base(1), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
        EQUAL(OP_OF(1, WHIT_OP_GIVE, OWN_MEMORY, OWN_SPACE, OWN_FREE), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_DONATE, OWN_FREE, OWN_SPACE), WHIT_OK);
        fake_interrupt_every = i / 2;
        int result = OP_OF(0, numbers[i % 2], OWN_FREE);
        CHECK(result == WHIT_OK || (result == WHIT_E_CAPABILITY && i >= 2));
        EQUAL(cap_kind(world_slot(base(1))), WHIT_MEMORY);
        EQUAL(cap_slot(space_of(0), OWN_FREE)->word, 0);
    }
}

/* The memory below the object is the ending space's, which the object's end brings about. */
static void test_vanishing_object(void)
{
    for (unsigned every = 0; every < 3; every++) {
        test_begin("what is destroyed vanishes on the way");
        world_init();
        make_program(0, 4 * WHIT_PAGE);
        make_program(1, WHIT_SIZE_SPACE);
        EQUAL(OP(WHIT_OP_DERIVE, base(1), base(0), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
        EQUAL(OP(WHIT_OP_DERIVE, base(0), base(1), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
        EQUAL(OP_OF(1, WHIT_OP_GIVE, OWN_MEMORY, OWN_SPACE, OWN_FREE), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_MAKE, OWN_FREE, WHIT_SPACE, WHIT_PROGRAM), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_SPLIT, OWN_MEMORY, OWN_FREE + 1, WHIT_PAGE), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_DONATE, OWN_MEMORY, OWN_FREE), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_DONATE, OWN_FREE + 1, OWN_SPACE), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_TRANSFER, OWN_FREE + 1, OWN_FREE, 1), WHIT_OK);
        fake_interrupt_every = every;
        EQUAL(OP_OF(0, WHIT_OP_DESTROY, OWN_FREE), WHIT_OK);
        EQUAL(cap_kind(world_slot(base(1))), WHIT_MEMORY);
        EQUAL(cap_slot(space_of(0), OWN_FREE)->word, 0);
    }
}

static void test_own_end(void)
{
    test_begin("a program pulls the ground from under itself; another finishes that");
    world_init();
    make_program(0, 16 * WHIT_PAGE);
    EQUAL(OP_OF(0, WHIT_OP_SPLIT, OWN_MEMORY, OWN_FREE, 4 * WHIT_PAGE), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_DONATE, OWN_FREE, WHIT_SELF), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_REVOKE, OWN_FREE), WORLD_GONE);
    EQUAL(OP(WHIT_OP_REVOKE, WORLD_CORE), WHIT_OK);
    EQUAL(cap_kind(world_slot(base(0))), WHIT_MEMORY);
    CHECK(!cap_has_child(world_slot(base(0) + OF_MEMORY)));

    test_begin("a thread destroys itself; another finishes that");
    world_init();
    make_program(0, 16 * WHIT_PAGE);
    struct slot *own = cap_slot(space_of(0), OWN_FREE + 1);
    EQUAL(OP_OF(0, WHIT_OP_SPLIT, OWN_MEMORY, OWN_FREE, WHIT_SIZE_THREAD), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_MAKE, OWN_MEMORY, WHIT_THREAD, WHIT_SELF, WHIT_NATIVE), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, base(0) + OF_BUDGET, base(0), OWN_FREE + 2, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_BIND, base(0) + OF_THREAD, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    struct thread *thread = cap_object(cap_slot(space_of(0), OWN_MEMORY));
    EQUAL(OP_OF(0, WHIT_OP_BIND, OWN_MEMORY, WHIT_ROLE_BUDGET, OWN_FREE + 2), WHIT_OK);
    EQUAL(OP_OF(0, WHIT_OP_START, OWN_MEMORY, 0x400000, 0, 0, 0), WHIT_OK);
    EQUAL(world_op_as(thread, WHIT_OP_DESTROY, (uint64_t[7]){OWN_MEMORY}), WORLD_GONE);
    EQUAL(OP_OF(0, WHIT_OP_DESTROY, OWN_MEMORY, 1), WHIT_OK);
    EQUAL(cap_kind(cap_slot(space_of(0), OWN_MEMORY)), WHIT_MEMORY);
    CHECK(own->word == 0);
}

/* ---- other cores */

static unsigned pauses;

/* Core 1 comes into the kernel at the third pause. */
static void other_core(void)
{
    if (++pauses >= 3)
        world_cores_run();
}

static void test_grace(void)
{
    test_begin("memory of an object comes back when the other core has been out of the kernel");
    world_init();
    fake_cores_init(2);
    EQUAL(world_make(A, WHIT_PORTAL, WORLD_THREAD, 0x400000, 1, 0), WHIT_OK);
    fake_on_pause = other_core;
    pauses = 0;
    EQUAL(OP(WHIT_OP_DESTROY, A), WHIT_OK);
    CHECK(pauses >= 3 && fake_count(FAKE_KICK) > 0);

    test_begin("so do tables and pool of a space in which nothing runs");
    world_init();
    fake_cores_init(2);
    EQUAL(world_make(A, WHIT_SPACE, WHIT_MACHINE, 0, 0, 0), WHIT_OK);
    world_take(B, 4 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_DONATE, B, A), WHIT_OK);
    world_take(C, 4 * WHIT_PAGE);
    world_take(D, 4 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_MAP, C, A, 0, WHIT_MAP_READ | WHIT_MAP_UNCACHED), WHIT_OK);
    EQUAL(OP(WHIT_OP_MAP, D, A, 4 * WHIT_PAGE, WHIT_MAP_READ), WHIT_OK);
    fake_on_pause = other_core;
    fake_interrupt_every = 1;
    pauses = 0;
    EQUAL(OP(WHIT_OP_DESTROY, A), WHIT_OK);
    CHECK(pauses >= 3 && fake_count(FAKE_KICK) > 0);

    test_begin("and those of a space whose thread is on the other core");
    world_init();
    fake_cores_init(2);
    world_slot(WORLD_CORE)->word =
        (world_slot(WORLD_CORE)->word & ~(uint64_t)CAP_ADDRESS_MASK) | (uintptr_t)&fake_cores[1];
    pauses = 3;
    fake_on_pause = other_core;
    make_program(0, 16 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_STOP, base(0) + OF_THREAD), WHIT_OK);
    fake_history_clear();
    pauses = 0;
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
    CHECK(pauses >= 3);
    EQUAL(cap_kind(world_slot(base(0))), WHIT_MEMORY);
}

/* While one thread destroys a space, others revoke and destroy around it. */
static unsigned meddling;

static void meddle(void)
{
    void (*again)(void) = world_between;
    world_between = NULL;
    unsigned restarts = world_restarts;
    struct slot *memory = world_slot(base(1) + OF_MEMORY);
    if (meddling == restarts % 7)
        (void)teardown_revoke(memory);
    if (meddling + 1 == restarts % 7 && cap_kind(world_slot(base(1))) == WHIT_SPACE)
        (void)teardown_destroy(world_slot(base(1)));
    world_restarts = restarts;
    world_between = again;
}

static void test_together(void)
{
    test_begin("several cores tear down overlapping things by turns");
    for (meddling = 0; meddling < 6; meddling++) {
        world_init();
        make_program(0, 32 * WHIT_PAGE);
        make_program(1, 32 * WHIT_PAGE);
        EQUAL(OP(WHIT_OP_DERIVE, base(1), base(0), OWN_SPACE, WHIT_R_ALL), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_SPLIT, OWN_MEMORY, OWN_FREE, 4 * WHIT_PAGE), WHIT_OK);
        EQUAL(OP_OF(0, WHIT_OP_DONATE, OWN_FREE, OWN_SPACE), WHIT_OK);
        nest(1, 8 * WHIT_PAGE, OWN_FREE);
        fake_interrupt_every = 1;
        world_between = meddle;
        EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
        world_between = NULL;
        EQUAL(OP(WHIT_OP_REVOKE, base(1) + OF_MEMORY), WHIT_OK);
        EQUAL(cap_kind(world_slot(base(0))), WHIT_MEMORY);
        EQUAL(cap_kind(world_slot(base(1))), WHIT_MEMORY);
    }
}

/* ---- what holds at every moment */

static bool refused;

/* While its space is being destroyed, the thread of program 0 makes another one in it. */
static void make_meanwhile(void)
{
    unsigned restarts = world_restarts;

    world_between = NULL;
    if (!thread_of(0)->stopped)
        refused =
            OP_OF(0, WHIT_OP_MAKE, OWN_FREE, WHIT_THREAD, WHIT_SELF, WHIT_NATIVE) == WHIT_E_RIGHTS;
    core_here()->current = (uintptr_t)world_thread;
    world_restarts = restarts;
}

static void test_dying(void)
{
    test_begin("nothing is made in a space that is being destroyed, not even by itself");
    world_init();
    make_program(0, 16 * WHIT_PAGE);
    EQUAL(OP_OF(0, WHIT_OP_SPLIT, OWN_MEMORY, OWN_FREE, 15 * WHIT_PAGE), WHIT_OK);
    for (unsigned i = 0; i < 3; i++)
        EQUAL(OP(WHIT_OP_DERIVE, base(0), 0, A + i, WHIT_R_ALL), WHIT_OK);
    refused = false;
    fake_interrupt_every = 1;
    world_between = make_meanwhile;
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
    CHECK(refused);

    test_begin("a space ends that has memory of which a part is in the first space's pool");
    world_init();
    make_program(0, 16 * WHIT_PAGE);
    world_take(A, 4 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_GIVE, A, 0, B), WHIT_OK);
    EQUAL(OP(WHIT_OP_DONATE, B, WHIT_SELF), WHIT_OK);
    EQUAL(OP(WHIT_OP_TRANSFER, B, base(0), OWN_FREE), WHIT_OK);
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
    CHECK(cap_has_child(world_slot(A)) && cap_use(world_slot(A)->next) == USE_POOL);
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_E_BUSY);
}

static void revoke_a(void)
{
    (void)OP(WHIT_OP_REVOKE, A);
}

static void destroy_program(void)
{
    (void)OP(WHIT_OP_DESTROY, base(0));
}

static void revive(void)
{
    space_of(0)->phase = SPACE_ALIVE;
}

static void test_broken(void)
{
    test_begin("an original of what is no object stops the machine");
    world_init();
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, 0, A, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, A, 0, B, WHIT_R_ALL), WHIT_OK);
    world_slot(B)->extent |= (uint64_t)CAP_ORIGINAL << CAP_FLAGS_SHIFT;
    CHECK(fake_panics(revoke_a, "no such object"));
    tree_unlock();
    world_slot(B)->extent &= ~((uint64_t)CAP_ORIGINAL << CAP_FLAGS_SHIFT);
    EQUAL(OP(WHIT_OP_DELETE, A), WHIT_OK);

    test_begin("a slot that is held in no known place stops the machine");
    world_init();
    EQUAL(world_make(A, WHIT_THREAD, WORLD_SPACE, WHIT_NATIVE, 0, 0), WHIT_OK);
    EQUAL(world_make(B, WHIT_PORTAL, A, 0x400000, 7, 0), WHIT_OK);
    struct portal *portal = cap_object(world_slot(B));
    portal->thread_slot.address = ROLE_IRQ_SIGNAL + 1;
    CHECK(fake_panics(revoke_a, "no such role"));
    tree_unlock();
    portal->thread_slot.address = ROLE_PORTAL_THREAD;
    EQUAL(OP(WHIT_OP_REVOKE, A), WHIT_OK);

    test_begin("a living space among the dying stops the machine");
    world_init();
    make_program(0, 16 * WHIT_PAGE);
    fake_interrupt_every = 1;
    world_between = revive;
    CHECK(fake_panics(destroy_program, "a living space among the dying"));
    tree_unlock();
    world_between = NULL;
    space_of(0)->phase = SPACE_REVOKE;
    EQUAL(OP(WHIT_OP_DESTROY, base(0)), WHIT_OK);
}

int main(void)
{
    test_held();
    test_program();
    test_nested();
    test_cycles();
    test_endless();
    test_vanishing();
    test_vanishing_object();
    test_own_end();
    test_grace();
    test_together();
    test_dying();
    test_broken();
    return test_finish();
}
