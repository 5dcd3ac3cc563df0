/* SPDX-License-Identifier: BSD-2-Clause */
/* A small machine for tests of the kernel core; see world.h. */
#include "world.h"
#include "irq.h"
#include "memory.h"
#include "object.h"
#include "syscall.h"
#include "teardown.h"

#include <stdio.h>
#include <string.h>

enum { POOL_BYTES = 64 * WHIT_PAGE, RESTARTS_MAX = 1 << 20, PC = 0x1000 };

_Alignas(1 << 21) uint8_t world_ram[WORLD_RAM_BYTES];
static _Alignas(WHIT_PAGE) uint8_t first_space[WHIT_SIZE_SPACE], first_pool[POOL_BYTES];
static _Alignas(WHIT_PAGE) uint8_t first_thread[WHIT_SIZE_THREAD];
static struct irq lines[WORLD_LINES];
static uint64_t cut_from; /* selector of the rest of the RAM */
static uint64_t cut_next; /* where that rest goes next */

struct space *world_space;
struct thread *world_thread;
void (*world_between)(void);
bool (*world_alive)(const struct thread *thread);
unsigned world_restarts;

struct slot *world_slot(uint64_t selector)
{
    return cap_slot(world_space, selector);
}

static struct slot *empty(uint64_t selector)
{
    status error = WHIT_OK;
    struct slot *slot = cap_empty_slot(world_space, selector, &error);
    if (!slot)
        panic("the first space is full");
    return slot;
}

static void add(uint64_t selector, enum whit_kind kind, uintptr_t base, uint64_t units,
                unsigned flags)
{
    cap_root(empty(selector), kind, base, units, WHIT_R_ALL, flags);
}

static void make_space(void)
{
    static struct slot pool;
    memset(first_space, 0, sizeof(first_space));
    memset(&pool, 0, sizeof(pool));
    world_space = (struct space *)(void *)first_space;
    cap_root(&pool, WHIT_MEMORY, (uintptr_t)first_pool, POOL_BYTES / WHIT_UNIT, WHIT_R_ALL, 0);
    space_init(world_space, WHIT_PROGRAM);
    if (space_donate(world_space, &pool))
        panic("no first space");
    cap_move(&pool, empty(WORLD_POOL));
    add(WORLD_SPACE, WHIT_SPACE, (uintptr_t)world_space, WHIT_SIZE_SPACE / WHIT_UNIT, 0);
    world_space->original = world_slot(WORLD_SPACE);
}

static void make_thread(void)
{
    memset(first_thread, 0, sizeof(first_thread));
    world_thread = (struct thread *)(void *)first_thread;
    if (thread_make(world_thread, world_slot(WORLD_SPACE), WHIT_NATIVE))
        panic("no first thread");
    world_thread->stopped = 0;
    add(WORLD_THREAD, WHIT_THREAD, (uintptr_t)world_thread, WHIT_SIZE_THREAD / WHIT_UNIT, 0);
}

const char *world_wrong(void)
{
    static const uint64_t trees[] = {WORLD_POOL, WORLD_SPACE, WORLD_RAM,   WORLD_DEVICE,
                                     WORLD_IRQ,  WORLD_CORE,  WORLD_THREAD};
    const char *wrong = fake_violation;
    if (!wrong && fake_stale() != 0)
        wrong = "translations that are gone may still be cached";
    if (!wrong)
        wrong = invariant_check_space(world_space);
    for (unsigned i = 0; i < sizeof(trees) / sizeof(trees[0]) && !wrong; i++)
        wrong = invariant_check(world_slot(trees[i]));
    for (unsigned i = 0; i < cores_online && !wrong; i++)
        wrong = invariant_check_core(cores[i]);
    return wrong;
}

static void check_world(unsigned number)
{
    const char *wrong = world_wrong();
    if (wrong) {
        printf("# after operation %u: %s\n", number, wrong);
        test_check(false, wrong, __FILE__, __LINE__);
        fake_violation = NULL;
    }
}

/* Every other core comes into the kernel once. */
void world_cores_run(void)
{
    uint32_t here = fake_here;
    for (fake_here = 0; fake_here < cores_online; fake_here++)
        if (fake_here != here)
            core_ipi(&fake_cores[fake_here]);
    fake_here = here;
}

/* Takes everything back: nothing but memory may be left, in as many pieces as there are. */
static void world_end(void)
{
    static struct thread outsider; /* asks, and is not there to be destroyed */

    memset(&outsider, 0, sizeof(outsider));
    fake_interrupt_every = 0;
    fake_on_pause = world_cores_run;
    core_here()->current = (uintptr_t)&outsider;
    /* The first space never ends; what it was given beyond its first pool is taken by hand. */
    while (world_space->pool_count > 1)
        cap_remove(&world_space->pool[--world_space->pool_count]);
    uint64_t bytes = 0;
    struct slot *ram = world_slot(WORLD_RAM), *piece = ram;
    /* Those who pinned memory let go. */
    for (struct slot *slot = ram->next; slot != ram; slot = slot->next)
        if (cap_use(slot) == USE_PINNED)
            slot->use = USE_NONE;
    do {
        status result = RESTART;
        for (unsigned n = 0; n < 1000 && result == RESTART; n++)
            result =
                cap_kind(piece) == WHIT_MEMORY ? teardown_revoke(piece) : teardown_destroy(piece);
        EQUAL(result, WHIT_OK);
        CHECK(!cap_has_child(piece));
        bytes += cap_bytes(piece);
        piece = piece->next;
    } while (piece != ram);
    EQUAL(bytes, WORLD_RAM_BYTES);
    check_world(WHIT_OP_REVOKE);
    EQUAL(fake_page_tables_other(world_space), 0);
    space_leave(world_space);
}

void world_init(void)
{
    if (world_space)
        world_end();
    fake_reset();
    memset(world_ram, 0, sizeof(world_ram));
    memset(lines, 0, sizeof(lines));
    irq_init(lines, WORLD_LINES);
    world_between = NULL;
    world_alive = NULL;
    cut_from = WORLD_RAM;
    cut_next = WHIT_SLOTS - 1;
    make_space();
    add(WORLD_RAM, WHIT_MEMORY, (uintptr_t)world_ram, WORLD_RAM_BYTES / WHIT_UNIT, 0);
    add(WORLD_DEVICE, WHIT_MEMORY, WORLD_DEVICE_BASE, WORLD_DEVICE_BYTES / WHIT_UNIT, CAP_DEVICE);
    add(WORLD_IRQ, WHIT_IRQ, (uintptr_t)lines, WORLD_LINES, 0);
    add(WORLD_CORE, WHIT_CORE, (uintptr_t)core_here(), 1, 0);
    make_thread();
}

int world_op_as(struct thread *thread, unsigned number, uint64_t x[7])
{
    struct core *core = core_here();
    if (thread->stopped || !thread->space)
        return WORLD_GONE;
    for (world_restarts = 0; world_restarts < RESTARTS_MAX; world_restarts++) {
        struct whit_registers *save = thread->save;
        core->current = (uintptr_t)thread;
        memcpy(save->x, x, 7 * sizeof(x[0]));
        save->x[10] = number;
        save->pc = PC;
        syscall_handle(core, thread, WHIT_OP);
        check_world(number);
        if (core_current(core) != thread || thread->stopped)
            return WORLD_GONE;
        if (!test_is_good())
            return WORLD_GONE;
        memcpy(x, thread->save->x, 7 * sizeof(x[0]));
        if (thread->save->pc == PC)
            return (int)thread->save->x[10];
        if (world_between)
            world_between();
        if ((world_alive && !world_alive(thread)) || thread->stopped)
            return WORLD_GONE;
    }
    panic("an operation restarts for ever");
}

void world_take(uint64_t selector, uint64_t bytes)
{
    EQUAL(OP(WHIT_OP_SPLIT, cut_from, cut_next, bytes), WHIT_OK);
    EQUAL(OP(WHIT_OP_GIVE, cut_from, WHIT_SELF, selector), WHIT_OK);
    cut_from = cut_next--;
}

int world_make(uint64_t selector, unsigned kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    static const uint64_t bytes[WHIT_KINDS] = {
        [WHIT_SPACE] = WHIT_SIZE_SPACE,   [WHIT_THREAD] = WHIT_SIZE_THREAD,
        [WHIT_PORTAL] = WHIT_SIZE_PORTAL, [WHIT_SIGNAL] = WHIT_SIZE_SIGNAL,
        [WHIT_BUDGET] = WHIT_SIZE_BUDGET,
    };
    world_take(selector, kind == WHIT_SPACE ? WHIT_SIZE_SPACE : WHIT_PAGE);
    if (bytes[kind] < WHIT_PAGE)
        EQUAL(OP(WHIT_OP_SPLIT, selector, cut_next--, bytes[kind]), WHIT_OK);
    return OP(WHIT_OP_MAKE, selector, kind, a, b, c, d);
}

/* ---- reporting */

static const char *test_name;
static unsigned tests_failed;
static bool test_good;

static void test_end(void)
{
    if (test_name && test_good)
        printf("ok %s\n", test_name);
    test_name = NULL;
    fflush(stdout);
}

void test_begin(const char *name)
{
    test_end();
    test_name = name;
    test_good = true;
}

static bool failed_first(void)
{
    bool first = test_good;
    test_good = false;
    tests_failed += first;
    return first;
}

void test_check(bool good, const char *what, const char *file, int line)
{
    if (!good && failed_first())
        printf("not ok %s - %s:%d: %s\n", test_name, file, line, what);
}

void test_equal(long long is, long long should, const char *what, const char *file, int line)
{
    if (is != should && failed_first())
        printf("not ok %s - %s:%d: %s is %lld, should be %lld\n", test_name, file, line, what, is,
               should);
}

bool test_is_good(void)
{
    return test_good;
}

int test_finish(void)
{
    if (world_space)
        world_end();
    test_end();
    return tests_failed != 0;
}
