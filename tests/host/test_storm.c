/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A storm of moves, stops and destroys on four cores: threads of all cores operate on each other
 * and on themselves at random, call, wait, notify and vanish, while inter-processor interrupts come
 * when they come.  Every few steps all structures of the scheduler are as they must be.  LONG in
 * the environment: a million operations; STORM_SEED repeats one, STORM_EVERY=1 checks each step.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { CORES = 4, THREADS = 10, VCPUS = 2, SERVERS = 3, SIGNALS = 6, BUDGETS = 24 };
enum { OPS_SHORT = 10000, OPS_LONG = 1000000, OPS_ROUND = 2500, RUN_MAX = 400 };
enum { ALL = THREADS + VCPUS };

static uint64_t seed;
static uint64_t thread[ALL], budget[BUDGETS], signal_sel[SIGNALS], portal[SERVERS], machine;
static unsigned long calls, moves;

static uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static unsigned below(unsigned limit)
{
    return (unsigned)(random_word() >> 33) % limit;
}

/* The selectors stay; what is behind them comes and goes. */
static void objects_make(void)
{
    fixture_init(CORES);
    machine = make_space(WHIT_MACHINE, 2);
    for (unsigned i = 0; i < ALL; i++)
        thread[i] =
            i < THREADS ? make_thread(WHIT_SELF, WHIT_NATIVE) : make_thread(machine, WHIT_VCPU);
    for (unsigned i = 0; i < BUDGETS; i++)
        budget[i] =
            make_budget(i % CORES, 1 + below(6), below(2) ? 1 + below(40) : 0, 40 + below(100));
    for (unsigned i = 0; i < SIGNALS; i++)
        signal_sel[i] = make_signal(i % CORES);
    for (unsigned i = 0; i < SERVERS; i++)
        portal[i] = make_portal(thread[i], PROGRAM_PC, i);
    for (unsigned i = 0; i < ALL; i++) {
        (void)ADMIN(WHIT_OP_BIND, thread[i], WHIT_ROLE_BUDGET, budget[i % BUDGETS]);
        (void)ADMIN(WHIT_OP_START, thread[i], PROGRAM_PC + i * 0x1000, PROGRAM_SP);
    }
}

static uint64_t any_thread(void)
{
    return thread[below(ALL)];
}

/* What was destroyed is made again, as it was. */
static void make_again(unsigned core)
{
    unsigned n = below(ALL), b = below(BUDGETS), s = below(SIGNALS), p = below(SERVERS);

    switch (below(4)) {
    case 0:
        DO(core, WHIT_OP_MAKE, thread[n], WHIT_THREAD, n < THREADS ? WHIT_SELF : machine,
           n < THREADS ? WHIT_NATIVE : WHIT_VCPU);
        break;
    case 1:
        DO(core, WHIT_OP_MAKE, budget[b], WHIT_BUDGET, FIXTURE_CORE + below(CORES), 1 + below(6),
           below(40), 40 + below(100), below(2) ? below(20) : 0);
        break;
    case 2:
        DO(core, WHIT_OP_MAKE, signal_sel[s], WHIT_SIGNAL, FIXTURE_CORE + below(CORES));
        break;
    default:
        DO(core, WHIT_OP_MAKE, portal[p], WHIT_PORTAL, thread[p], PROGRAM_PC, p);
        break;
    }
}

static void destroy(unsigned core)
{
    unsigned which = below(8);

    if (which < 3)
        DO(core, WHIT_OP_DESTROY, any_thread());
    else if (which < 5)
        DO(core, WHIT_OP_DESTROY, budget[below(BUDGETS)]);
    else if (which < 7)
        DO(core, WHIT_OP_DESTROY, signal_sel[below(SIGNALS)]);
    else
        DO(core, WHIT_OP_DESTROY, portal[below(SERVERS)]);
}

static void target(unsigned core)
{
    uint64_t signal = signal_sel[below(SIGNALS)], pays = below(2) ? budget[below(BUDGETS)] : 0;

    switch (below(4)) {
    case 0:
        DO(core, WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, any_thread());
        break;
    case 1:
        DO(core, WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal[below(SERVERS)], 0, pays);
        break;
    case 2:
        DO(core, WHIT_OP_TARGET, signal, WHIT_TARGET_VIRQ, thread[THREADS + below(VCPUS)],
           WHIT_VIRQ(32 + below(4), UINT64_C(0x80), below(2)), pays);
        break;
    default:
        DO(core, WHIT_OP_TARGET, signal, WHIT_TARGET_NONE);
        break;
    }
}

/* To another core, if it may; each step by whoever runs then. */
static void move(unsigned core)
{
    const uint64_t which = any_thread();

    DO(core, WHIT_OP_STOP, which);
    if (running(core) && running(core)->space == world_space)
        DO(core, WHIT_OP_BIND, which, WHIT_ROLE_BUDGET, budget[below(BUDGETS)]);
    if (running(core) && running(core)->space == world_space)
        DO(core, WHIT_OP_RESUME, which);
}

static void operate(unsigned core)
{
    switch (below(12)) {
    case 0:
    case 1:
    case 2:
        move(core);
        break;
    case 3:
        DO(core, WHIT_OP_STOP, any_thread());
        break;
    case 4:
    case 5:
        DO(core, WHIT_OP_RESUME, any_thread());
        break;
    case 6:
        DO(core, WHIT_OP_START, any_thread(), PROGRAM_PC + below(64) * 0x1000, PROGRAM_SP);
        break;
    case 7:
        destroy(core);
        break;
    case 8:
    case 9:
        make_again(core);
        break;
    case 10:
        target(core);
        break;
    default:
        DO(core, WHIT_OP_PRIORITY, below(2) ? budget[below(BUDGETS)] : 0);
        break;
    }
}

static void act(unsigned core)
{
    switch (below(8)) {
    case 0:
        CALL(core, portal[below(SERVERS)], 1);
        break;
    case 1:
        if (running(core)->type == WHIT_NATIVE)
            REPLY(core, 0, 0);
        break;
    case 2:
        WAIT(core, signal_sel[below(SIGNALS)], fake_ticks + 1 + below(50));
        break;
    case 3:
        NOTIFY(core, signal_sel[below(SIGNALS)], 1);
        break;
    case 4:
        if (running(core)->type == WHIT_VCPU)
            wfi(core);
        break;
    default:
        operate(core);
        break;
    }
    calls++;
}

/* So that it does not end with everybody stopped: the first thread sets somebody going. */
static void revive(void)
{
    unsigned n = below(ALL), b = below(BUDGETS);

    (void)ADMIN(WHIT_OP_MAKE, budget[b], WHIT_BUDGET, FIXTURE_CORE + b % CORES, 1 + below(6));
    (void)ADMIN(WHIT_OP_MAKE, thread[n], WHIT_THREAD, n < THREADS ? WHIT_SELF : machine,
                n < THREADS ? WHIT_NATIVE : WHIT_VCPU);
    (void)ADMIN(WHIT_OP_BIND, thread[n], WHIT_ROLE_BUDGET, budget[b]);
    (void)ADMIN(WHIT_OP_START, thread[n], PROGRAM_PC, PROGRAM_SP);
    (void)ADMIN(WHIT_OP_RESUME, thread[n]);
    run(0);
}

/* Threads that are on another core than they were. */
static void moves_count(void)
{
    static const struct core *last[ALL];

    for (unsigned i = 0; i < ALL; i++) {
        const struct slot *slot = world_slot(thread[i]);
        const struct thread *t = cap_kind(slot) == WHIT_THREAD ? cap_object(slot) : NULL;
        const struct core *core = t ? t->core : NULL;
        moves += core && last[i] && core != last[i];
        last[i] = core ? core : last[i];
    }
}

static void step(void)
{
    const unsigned core = below(CORES);
    const struct thread *self = run(core);

    if (self && self->space == world_space)
        act(core);
    else if (self)
        wfi(core), calls++;
    else if (below(8) == 0)
        revive();
    if (below(3) == 0)
        take_ipi(below(CORES));
    if (below(2))
        pass(below(20));
    moves_count();
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

int main(void)
{
    const char *text = getenv("LONG");
    const unsigned long wanted = text && *text ? OPS_LONG : OPS_SHORT;
    uint64_t round = setting("STORM_SEED", 1);

    /* An odd number, so that both kinds of check have their turn. */
    fixture_check_every = (unsigned)setting("STORM_EVERY", text && *text ? 101 : 11);
    test_begin("moves, stops, destroys and calls on four cores");
    while (calls < wanted && test_is_good()) {
        const unsigned long until = calls + OPS_ROUND;

        seed = round * UINT64_C(0x9e3779b97f4a7c15) | 1;
        objects_make();
        while (calls < until && test_is_good())
            step();
        if (!test_is_good())
            printf("# STORM_SEED=%llu\n", (unsigned long long)round);
        round++;
    }
    CHECK(moves > wanted / 2000);
    printf("# %lu operations in %llu worlds, %lu moves\n", calls, (unsigned long long)round - 1,
           moves);
    return fixture_finish();
}
