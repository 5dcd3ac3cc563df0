/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations by several programs, each interrupted and restarted at random and mixed with
 * the others' at every restart; the invariants hold after every step.  A round is told by its seed:
 * `test_random SEED` runs that one alone.  LONG=1 runs for a minute instead of seconds.
 */
#include "irq.h"
#include "object.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROGRAMS = 3, STEPS = 300, SECONDS = 3, SECONDS_LONG = 60 };
enum { SELECTORS = 40, PROGRAM_PAGES = 40, BASE = 100, STRIDE = 8 };
/* Selectors of a program in the first space, from BASE + n * STRIDE on. */
enum { OF_SPACE, OF_POOL, OF_THREAD, OF_BUDGET, OF_MEMORY };

static uint64_t state;

static uint64_t random_below(uint64_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 16) % bound;
}

/* ---- who acts */

static struct thread *actors[PROGRAMS];

static struct slot *actor_slot(unsigned n)
{
    return world_slot(BASE + n * STRIDE + OF_THREAD);
}

/* Its original capability may be elsewhere, dead or something new by now: then it rests. */
static bool actor_lives(const struct thread *thread)
{
    if (thread == world_thread)
        return true;
    for (unsigned n = 0; n < PROGRAMS; n++) {
        const struct slot *slot = actor_slot(n);
        if (actors[n] == thread)
            return cap_kind(slot) == WHIT_THREAD && cap_object(slot) == thread &&
                   cap_flag(slot, CAP_ORIGINAL) && thread->space && thread->core && !thread->ended;
    }
    return false;
}

static struct thread *actor_any(void)
{
    struct thread *thread = actors[random_below(PROGRAMS)];
    if (random_below(4) != 0 && actor_lives(thread) && !thread->stopped)
        return thread;
    return world_thread;
}

/* ---- what they do */

static unsigned succeeded[WHIT_OP_COUNT], tried[WHIT_OP_COUNT];
static unsigned restarted;

static uint64_t any_selector(const struct thread *thread)
{
    if (thread != world_thread)
        return random_below(SELECTORS);
    switch (random_below(3)) {
    case 0:
        return random_below(WORLD_FREE);
    case 1:
        return BASE + random_below(PROGRAMS * STRIDE);
    default:
        return 200 + random_below(SELECTORS);
    }
}

/* A few tries for one that is filled with this kind. */
static uint64_t selector_of(const struct thread *thread, enum whit_kind kind)
{
    uint64_t selector = 0;
    for (unsigned i = 0; i < 24; i++) {
        selector = any_selector(thread);
        if (cap_kind(cap_slot(thread->space, selector)) == kind)
            break;
    }
    return selector;
}

static uint64_t empty_of(const struct thread *thread)
{
    return selector_of(thread, WHIT_NONE);
}

static uint64_t space_of(const struct thread *thread)
{
    return random_below(3) == 0 ? WHIT_SELF : selector_of(thread, WHIT_SPACE);
}

static uint64_t any_bytes(void)
{
    static const uint64_t bytes[] = {64,     WHIT_SIZE_PORTAL, WHIT_SIZE_SIGNAL, WHIT_SIZE_BUDGET,
                                     0x1000, 0x2000,           0x3000,           0x10000};
    return bytes[random_below(sizeof(bytes) / sizeof(bytes[0]))] << (random_below(8) == 0);
}

static uint64_t any_rights(void)
{
    return random_below(3) != 0 ? WHIT_R_ALL : random_below(256);
}

static uint64_t any_address(void)
{
    return random_below(40) * 0x1000 + random_below(3) * 0x1fe000;
}

/* Cuts the exact size, then makes. */
static void make_object(struct thread *thread, uint64_t x[7])
{
    static const uint64_t bytes[] = {
        [WHIT_SPACE] = WHIT_SIZE_SPACE,   [WHIT_THREAD] = WHIT_SIZE_THREAD,
        [WHIT_PORTAL] = WHIT_SIZE_PORTAL, [WHIT_SIGNAL] = WHIT_SIZE_SIGNAL,
        [WHIT_BUDGET] = WHIT_SIZE_BUDGET,
    };
    unsigned kind = WHIT_SPACE + (unsigned)random_below(5);
    uint64_t memory = x[0] = selector_of(thread, WHIT_MEMORY);
    x[1] = empty_of(thread);
    x[2] = bytes[kind];
    if (world_op_as(thread, WHIT_OP_SPLIT, x) == WORLD_GONE || !actor_lives(thread))
        return;
    const enum whit_kind needs[] = {
        [WHIT_THREAD] = WHIT_SPACE,
        [WHIT_PORTAL] = WHIT_THREAD,
        [WHIT_SIGNAL] = WHIT_CORE,
        [WHIT_BUDGET] = WHIT_CORE,
    };
    x[0] = memory;
    x[1] = kind;
    x[2] = kind == WHIT_SPACE ? random_below(2) : selector_of(thread, needs[kind]);
    x[3] = kind == WHIT_BUDGET ? random_below(256) : random_below(2) * 4;
    x[4] = x[5] = 0;
    succeeded[WHIT_OP_MAKE] += world_op_as(thread, WHIT_OP_MAKE, x) == WHIT_OK;
}

/* The kind of capability that the first argument of an operation is most often. */
static uint64_t argument_first(const struct thread *thread, unsigned number)
{
    switch (number) {
    case WHIT_OP_DERIVE:
    case WHIT_OP_TRANSFER:
    case WHIT_OP_REVOKE:
    case WHIT_OP_DELETE:
    case WHIT_OP_DESTROY:
        return any_selector(thread);
    case WHIT_OP_BIND:
        return selector_of(thread, WHIT_THREAD);
    case WHIT_OP_TARGET:
        return selector_of(thread, WHIT_SIGNAL);
    case WHIT_OP_IRQ_BIND:
        return selector_of(thread, WHIT_IRQ);
    default:
        return selector_of(thread, WHIT_MEMORY);
    }
}

static void arguments_fill(const struct thread *thread, unsigned number, uint64_t x[7])
{
    memset(x, 0, 7 * sizeof(x[0]));
    x[0] = argument_first(thread, number);
    switch (number) {
    case WHIT_OP_DERIVE:
        x[3] = any_rights();
        x[4] = random_below(2) * any_bytes();
        x[5] = random_below(2) * any_bytes();
        x[1] = space_of(thread);
        x[2] = random_below(8) ? random_below(SELECTORS) : any_selector(thread);
        break;
    case WHIT_OP_GIVE:
    case WHIT_OP_TRANSFER:
        x[1] = space_of(thread);
        x[2] = x[1] ? random_below(SELECTORS) : empty_of(thread);
        break;
    case WHIT_OP_SPLIT:
        x[1] = empty_of(thread);
        x[2] = any_bytes();
        break;
    case WHIT_OP_JOIN:
        x[1] = selector_of(thread, WHIT_MEMORY);
        break;
    case WHIT_OP_MAP:
        x[1] = space_of(thread);
        x[2] = any_address();
        x[3] = random_below(4) ? WHIT_MAP_READ : random_below(4) ? random_below(16) : WHIT_MAP_PIN;
        break;
    case WHIT_OP_DONATE:
        x[1] = space_of(thread);
        break;
    case WHIT_OP_BIND: {
        static const enum whit_kind kinds[] = {WHIT_BUDGET, WHIT_PORTAL, WHIT_MEMORY};
        x[1] = random_below(WHIT_ROLES);
        x[2] = selector_of(thread, kinds[x[1]]);
        break;
    }
    case WHIT_OP_TARGET:
        x[1] = random_below(3);
        x[2] = selector_of(thread, x[1] == WHIT_TARGET_ENTRY ? WHIT_PORTAL : WHIT_THREAD);
        x[4] = random_below(2) * selector_of(thread, WHIT_BUDGET);
        break;
    case WHIT_OP_IRQ_BIND:
        x[1] = selector_of(thread, WHIT_SIGNAL);
        x[2] = 1;
        break;
    default:
        break;
    }
}

static const uint8_t repertoire[] = {
    WHIT_OP_DERIVE, WHIT_OP_DERIVE, WHIT_OP_DERIVE,  WHIT_OP_GIVE,     WHIT_OP_GIVE,
    WHIT_OP_GIVE,   WHIT_OP_SPLIT,  WHIT_OP_SPLIT,   WHIT_OP_SPLIT,    WHIT_OP_JOIN,
    WHIT_OP_MAP,    WHIT_OP_MAP,    WHIT_OP_MAP,     WHIT_OP_UNMAP,    WHIT_OP_DONATE,
    WHIT_OP_DONATE, WHIT_OP_MAKE,   WHIT_OP_MAKE,    WHIT_OP_MAKE,     WHIT_OP_MAKE,
    WHIT_OP_BIND,   WHIT_OP_TARGET, WHIT_OP_TARGET,  WHIT_OP_IRQ_BIND, WHIT_OP_TRANSFER,
    WHIT_OP_REVOKE, WHIT_OP_DELETE, WHIT_OP_DESTROY,
};

static void act(struct thread *thread)
{
    unsigned number = repertoire[random_below(sizeof(repertoire))];
    uint64_t x[7];
    tried[number]++;
    if (number == WHIT_OP_MAKE) {
        make_object(thread, x);
        return;
    }
    arguments_fill(thread, number, x);
    /* The first thread's own objects and the roots stay, or the round is over too soon. */
    bool heavy = number == WHIT_OP_REVOKE || number == WHIT_OP_DESTROY || number == WHIT_OP_DELETE;
    if (thread == world_thread && (x[0] < WORLD_FREE || (heavy && random_below(4) != 0)))
        return;
    succeeded[number] += world_op_as(thread, number, x) == WHIT_OK;
}

static void act_between(void)
{
    restarted++;
    if (random_below(3) != 0)
        return;
    world_between = NULL;
    unsigned every = fake_interrupt_every;
    act(actor_any());
    fake_interrupt_every = every;
    world_between = act_between;
}

/* ---- a round */

static void program_make(unsigned n)
{
    uint64_t at = BASE + n * STRIDE;
    EQUAL(world_make(at + OF_SPACE, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0), WHIT_OK);
    world_take(at + OF_POOL, 6 * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_DONATE, at + OF_POOL, at + OF_SPACE), WHIT_OK);
    EQUAL(world_make(at + OF_THREAD, WHIT_THREAD, at + OF_SPACE, WHIT_NATIVE, 0, 0), WHIT_OK);
    EQUAL(world_make(at + OF_BUDGET, WHIT_BUDGET, WORLD_CORE, 5, 0, 0), WHIT_OK);
    EQUAL(OP(WHIT_OP_BIND, at + OF_THREAD, WHIT_ROLE_BUDGET, at + OF_BUDGET), WHIT_OK);
    EQUAL(OP(WHIT_OP_START, at + OF_THREAD, 0x400000, 0, 0, 0), WHIT_OK);
    world_take(at + OF_MEMORY, PROGRAM_PAGES * WHIT_PAGE);
    EQUAL(OP(WHIT_OP_GIVE, at + OF_MEMORY, at + OF_SPACE, 1), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_CORE, at + OF_SPACE, 2, WHIT_R_ALL), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_IRQ, at + OF_SPACE, 3, WHIT_R_ALL, 32 + n, 1), WHIT_OK);
    EQUAL(OP(WHIT_OP_DERIVE, WORLD_DEVICE, at + OF_SPACE, 4, WHIT_R_ALL, n << 21, 3 << 20),
          WHIT_OK);
    actors[n] = cap_object(world_slot(at + OF_THREAD));
}

/* Each program may use the spaces of all. */
static void programs_meet(void)
{
    for (unsigned n = 0; n < PROGRAMS; n++)
        for (unsigned m = 0; m < PROGRAMS; m++)
            EQUAL(OP(WHIT_OP_DERIVE, BASE + m * STRIDE, BASE + n * STRIDE, 5 + m, WHIT_R_ALL),
                  WHIT_OK);
}

static void round_run(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15 + 1;
    world_init();
    for (unsigned n = 0; n < PROGRAMS; n++)
        program_make(n);
    programs_meet();
    world_alive = actor_lives;
    world_between = act_between;
    unsigned tightness = (unsigned)random_below(4);
    for (unsigned i = 0; i < STEPS && test_is_good(); i++) {
        fake_interrupt_every = tightness ? 1 + (unsigned)random_below(tightness * 2) : 0;
        act(actor_any());
    }
    world_between = NULL;
    if (!test_is_good())
        printf("# seed %llu\n", (unsigned long long)seed);
}

int main(int count, char **arguments)
{
    test_begin("random operations keep all invariants");
    if (count > 1) {
        round_run(strtoull(arguments[1], NULL, 0));
        return test_finish();
    }
    const char *longer = getenv("LONG");
    time_t end = time(NULL) + (longer && *longer ? SECONDS_LONG : SECONDS);
    uint64_t seed = 1;
    while (time(NULL) < end && test_is_good())
        round_run(seed++);
    unsigned all = 0;
    for (unsigned i = 0; i < WHIT_OP_COUNT; i++)
        all += tried[i];
    printf("# %llu rounds, %u operations, %u restarts; succeeded:", (unsigned long long)seed - 1,
           all, restarted);
    for (unsigned i = 0; i < WHIT_OP_COUNT; i++)
        if (tried[i] != 0)
            printf(" %u:%u/%u", i, succeeded[i], tried[i]);
    printf("\n");
    return test_finish();
}
