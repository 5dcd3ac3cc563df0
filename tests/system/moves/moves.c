/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Eight virtual CPUs of one machine go to and fro between two cores while they run: each comes
 * along with its registers, its timer and its interrupts, of which none is lost.
 *
 * On each core a program moves those that are there, with their signals, which only their home core
 * may send away.
 */
#include "moves.h"
#include "../check.h"

#include <string.h>

enum { CPUS = 8, CORES = 2, POOL_PAGES = 16, STACK_BYTES = 4096 };
enum { TIMER, BELL, SIGNALS };
enum {
    SLICE_NS = 50000,
    PERIOD_NS = 1000000,
    MOVE_NS = 100000,
    BELL_NS = 20000,
    BELL_TRIES = 20000,
    BELLS = 400,
    LAST_NS = 20000000,
    LAST_TRIES = 100 /* the emulator's time may be the host's, which may be busy */
};

#define GUEST_RAM UINT64_C(0x40000000)
#define WINDOW    UINT64_C(0x1000000000)

extern const char moves_guest[], moves_entry[], moves_guest_end[];

/* Changed only by the mover of the core where it is. */
static struct cpu {
    uint32_t thread, budget[CORES], signal[SIGNALS];
    volatile uint32_t core;
    uint32_t moves, ran[CORES]; /* how often it had made progress when it left */
    uint64_t passes;
} cpus[CPUS];

static struct mover {
    uint32_t thread, clock;
    volatile enum whit_error error;
    volatile uint32_t done;
} movers[CORES];

static volatile uint32_t stop;
static _Alignas(16) char stacks[CORES][STACK_BYTES];
static uint32_t space, clock;

static volatile uint64_t *shared(unsigned cpu, unsigned offset)
{
    return (volatile uint64_t *)(uintptr_t)(WINDOW + (1 + cpu) * (uint64_t)WHIT_PAGE + offset);
}

static void pause_ns(uint64_t ns)
{
    uint64_t bits;

    need("a wait", whit_wait(clock, whit_deadline(ns), &bits));
}

static void machine_make(void)
{
    const uint32_t access = WHIT_R_READ | WHIT_R_WRITE;
    uint32_t ram = new_memory((1 + CPUS) * (uint64_t)WHIT_PAGE);

    space = new_space(WHIT_MACHINE);
    need("a pool", whit_donate(new_memory(POOL_PAGES * WHIT_PAGE), space));
    need("memory here", whit_map(new_child(ram, access), WHIT_SELF, WINDOW, access));
    memcpy((void *)(uintptr_t)WINDOW, moves_guest, (size_t)(moves_guest_end - moves_guest));
    need("memory there", whit_map(new_child(ram, access | WHIT_R_EXEC), space, GUEST_RAM,
                                  WHIT_MAP_READ | WHIT_MAP_WRITE | WHIT_MAP_EXEC));
}

static uint32_t object_on(unsigned core, enum whit_kind kind, uint64_t bytes, uint64_t priority)
{
    return new_object(kind, bytes, whit_boot->first_core + core, priority, 0,
                      kind == WHIT_BUDGET ? whit_ns_to_ticks(SLICE_NS) : 0);
}

static enum whit_error target(const struct cpu *cpu, enum whit_target to)
{
    enum whit_error error = whit_target(
        cpu->signal[TIMER], to, cpu->thread,
        WHIT_VIRQ((uint64_t)MOVES_TIMER, UINT64_C(0x80), WHIT_VIRQ_ENABLED | WHIT_VIRQ_TIMER), 0);

    return error ? error
                 : whit_target(cpu->signal[BELL], to, cpu->thread,
                               WHIT_VIRQ(UINT64_C(40), UINT64_C(0x80), WHIT_VIRQ_ENABLED), 0);
}

static void cpu_make(unsigned index)
{
    struct cpu *cpu = &cpus[index];

    cpu->thread = new_object(WHIT_THREAD, WHIT_SIZE_THREAD, space, WHIT_VCPU, 0, 0);
    for (unsigned core = 0; core < CORES; core++)
        cpu->budget[core] = object_on(core, WHIT_BUDGET, WHIT_SIZE_BUDGET, PRIORITY_LOW);
    for (unsigned i = 0; i < SIGNALS; i++)
        cpu->signal[i] = object_on(0, WHIT_SIGNAL, WHIT_SIZE_SIGNAL, 0);
    need("a budget", whit_bind(cpu->thread, WHIT_ROLE_BUDGET, cpu->budget[0]));
    need("interrupts", target(cpu, WHIT_TARGET_VIRQ));
    *shared(index, MOVES_PERIOD) = whit_ns_to_ticks(PERIOD_NS);
    *shared(index, MOVES_SLEEPS) = index % 2;
    need("a start", whit_start(cpu->thread, GUEST_RAM + (uint64_t)(moves_entry - moves_guest), 0, 0,
                               GUEST_RAM + (1 + index) * (uint64_t)WHIT_PAGE));
}

/* What a VMM does that moves a virtual CPU away from the core of the caller. */
static enum whit_error cpu_move(struct cpu *cpu, uint32_t to)
{
    enum whit_error error = whit_stop(cpu->thread);

    if (error == WHIT_OK)
        error = target(cpu, WHIT_TARGET_NONE);
    if (error == WHIT_OK)
        error = whit_bind(cpu->thread, WHIT_ROLE_BUDGET, cpu->budget[to]);
    if (error == WHIT_OK)
        error = target(cpu, WHIT_TARGET_VIRQ);
    if (error == WHIT_OK)
        error = whit_resume(cpu->thread);
    return error;
}

/* Some of those that are here, others each time. */
static void move_some(struct mover *mover, uint32_t here, uint32_t round)
{
    for (unsigned i = 0; i < CPUS; i++) {
        struct cpu *cpu = &cpus[i];
        const uint32_t to = (here + 1) % CORES;

        if (cpu->core != here || (round * 2654435761u >> (8 + i)) % 3 != 0)
            continue;
        cpu->ran[here] += *shared(i, MOVES_PASSES) != cpu->passes;
        cpu->passes = *shared(i, MOVES_PASSES);
        cpu->moves++;
        mover->error = cpu_move(cpu, to);
        if (mover->error != WHIT_OK)
            return;
        __atomic_store_n(&cpu->core, to, __ATOMIC_RELEASE);
    }
}

static void move(uint64_t here)
{
    struct mover *mover = &movers[here];
    uint64_t bits;

    for (uint32_t round = 0; !stop && mover->error == WHIT_OK; round++) {
        move_some(mover, (uint32_t)here, round);
        (void)whit_wait(mover->clock, whit_deadline(MOVE_NS), &bits);
    }
    mover->done = 1;
    for (;;)
        (void)whit_wait(mover->clock, 0, &bits);
}

static void mover_make(unsigned core)
{
    struct mover *mover = &movers[core];

    mover->thread =
        new_object(WHIT_THREAD, WHIT_SIZE_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);
    mover->clock = object_on(core, WHIT_SIGNAL, WHIT_SIZE_SIGNAL, 0);
    need("a mover's budget",
         whit_bind(mover->thread, WHIT_ROLE_BUDGET,
                   object_on(core, WHIT_BUDGET, WHIT_SIZE_BUDGET, PRIORITY_HIGH)));
    need("a mover's clock", whit_target(mover->clock, WHIT_TARGET_WAITER, mover->thread, 0, 0));
    need("a mover", whit_start(mover->thread, (uintptr_t)move,
                               (uintptr_t)stacks[core] + STACK_BYTES, 0, core));
}

/* Rings and waits, wherever the virtual CPU is meanwhile.  False: it did not hear. */
static bool ring(unsigned cpu)
{
    const uint64_t before = *shared(cpu, MOVES_BELLS);

    need("a bell", whit_notify(cpus[cpu].signal[BELL], 1));
    for (unsigned i = 0; i < BELL_TRIES; i++) {
        if (*shared(cpu, MOVES_BELLS) != before)
            return true;
        pause_ns(BELL_NS);
    }
    return false;
}

static void movers_stop(void)
{
    stop = 1;
    while (!movers[0].done || !movers[1].done)
        pause_ns(PERIOD_NS);
    for (unsigned core = 0; core < CORES; core++)
        check_error("every move succeeded", movers[core].error, WHIT_OK);
}

static void check_cpus(void)
{
    bool ran = true, right = true, ticks = true;
    uint64_t before[CPUS];
    uint32_t moves = 0;

    for (unsigned i = 0; i < CPUS; i++) {
        moves += cpus[i].moves;
        ran = ran && cpus[i].ran[0] > 0 && cpus[i].ran[1] > 0;
        right = right && *shared(i, MOVES_WRONG) == 0;
        before[i] = *shared(i, MOVES_TICKS);
    }
    for (unsigned i = 0; i < CPUS; i++) {
        for (unsigned n = 0; n < LAST_TRIES && *shared(i, MOVES_TICKS) == before[i]; n++)
            pause_ns(LAST_NS);
        ticks = ticks && before[i] > 0 && *shared(i, MOVES_TICKS) != before[i];
    }
    printf("# %u moves\n", (unsigned)moves);
    check("they moved", moves > 100);
    check("each made progress on both cores", ran);
    check("with its own registers", right);
    check("its timer goes on", ticks);
}

int main(void)
{
    unsigned heard = 0;

    check_begin();
    clock = new_signal();
    need("a clock", whit_target(clock, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    if (whit_boot->cores < CORES)
        need("two cores", WHIT_E_FUNDS);
    machine_make();
    for (unsigned i = 0; i < CPUS; i++)
        cpu_make(i);
    for (unsigned core = 0; core < CORES; core++)
        mover_make(core);
    while (heard < BELLS && ring(heard % CPUS))
        heard++;
    check("no interrupt is lost on the way", heard == BELLS);
    movers_stop();
    check_cpus();
    check_end();
    return 0;
}
