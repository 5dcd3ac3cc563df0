/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More living spaces than the processor has VMIDs (255 on most): all are called round robin, on all
 * cores at once, and each calls its neighbour; machines run among them.  Each has a page with its
 * own number: a translation that is left of another space would show.
 */
#include "../check.h"

#include <string.h>

enum { SPACES = 300, MACHINES = 8, ROUNDS = 6, CORES = 4, POOL_PAGES = 8 };
enum { CODE = 0x400000, DATA = 0x500000, WINDOW = 0x10000000 };

extern const char space_code[], space_start[], space_enter[], machine_start[], space_code_end[];

static uint32_t code_memory;
static uint32_t portal[SPACES], machine[MACHINES], signal_of_machines;

static uint64_t address_of(const char *label)
{
    return CODE + (uint64_t)(label - space_code);
}

static uint64_t number_of(unsigned n)
{
    return (uint64_t)(n + 1) << 20 | n;
}

/* A page with `bytes` of `content`; its only mapping is gone again. */
static uint32_t new_page(const void *content, size_t bytes)
{
    uint32_t page = new_memory(WHIT_PAGE);

    need("a mapping", whit_map(page, 0, WINDOW, WHIT_MAP_READ | WHIT_MAP_WRITE));
    memcpy((void *)WINDOW, content, bytes);
    need("no mapping", whit_unmap(page));
    return page;
}

/* A space with code and its number. */
static uint32_t new_home(enum whit_space_type type, uint64_t number)
{
    uint32_t space = new_space(type), code = new_slot();

    need("a pool", whit_donate(new_memory(POOL_PAGES * WHIT_PAGE), space));
    need("code", whit_derive(code_memory, 0, code, WHIT_R_READ | WHIT_R_EXEC, 0, 0));
    need("code", whit_map(code, space, CODE, WHIT_MAP_READ | WHIT_MAP_EXEC));
    need("data", whit_map(new_page(&number, sizeof(number)), space, DATA, WHIT_MAP_READ));
    return space;
}

static uint32_t new_runner(uint32_t space, enum whit_thread_type type, uint32_t core,
                           unsigned priority)
{
    uint32_t thread = new_object(WHIT_THREAD, WHIT_SIZE_THREAD, space, type, 0, 0);
    uint32_t budget = new_object(WHIT_BUDGET, WHIT_SIZE_BUDGET, core, priority, 0, 0);

    need("a budget for a thread", whit_bind(thread, WHIT_ROLE_BUDGET, budget));
    return thread;
}

static uint32_t core_of(unsigned n)
{
    return whit_boot->first_core + n % whit_boot->cores;
}

static void make_spaces(void)
{
    uint32_t homes[SPACES], threads[SPACES];

    code_memory = new_page(space_code, (size_t)(space_code_end - space_code));
    for (unsigned n = 0; n < SPACES; n++) {
        homes[n] = new_home(WHIT_PROGRAM, number_of(n));
        threads[n] = new_runner(homes[n], WHIT_NATIVE, core_of(n), PRIORITY_HIGH);
        portal[n] =
            new_object(WHIT_PORTAL, WHIT_SIZE_PORTAL, threads[n], address_of(space_enter), n, 0);
        need("a handler", whit_start(threads[n], address_of(space_start), 0, 0, 0));
    }
    for (unsigned n = 0; n < SPACES; n++) {
        uint32_t neighbour = portal[(n + whit_boot->cores) % SPACES];
        need("a neighbour", whit_derive(neighbour, homes[n], 1, WHIT_R_CALL, 0, 0));
        /* Its answer to a fault stops the thread: the fetch without a VMID must be none. */
        need("a fault portal", whit_bind(threads[n], WHIT_ROLE_FAULT, neighbour));
    }
}

static void make_machines(void)
{
    signal_of_machines = new_signal();
    need("a waiter",
         whit_target(signal_of_machines, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    for (unsigned n = 0; n < MACHINES; n++) {
        uint32_t home = new_home(WHIT_MACHINE, 0);
        need("a signal", whit_derive(signal_of_machines, home, 1, WHIT_R_NOTIFY, 0, 0));
        machine[n] = new_runner(home, WHIT_VCPU, whit_boot->first_core, PRIORITY_LOW);
        need("a machine", whit_start(machine[n], address_of(machine_start), 0, 0, 0));
    }
}

/* ---- one lane per core calls all spaces of its core */

static struct lane {
    uint32_t core, thread, wrong, done;
} lanes[CORES];
static _Alignas(16) char stacks[CORES][4096];

static void drive_round(struct lane *lane)
{
    const unsigned cores = whit_boot->cores;

    for (unsigned n = lane->core; n < SPACES; n += cores) {
        const unsigned neighbour = (n + cores) % SPACES;
        const bool local = neighbour % cores == lane->core;
        struct whit_message message = {.word = {7, local}};
        uint64_t expected = 7 + number_of(n) + (local ? number_of(neighbour) : 0);

        if (whit_call(portal[n], &message) != WHIT_OK || message.word[2] != WHIT_OK ||
            message.word[0] != expected) {
            lane->wrong++;
        }
    }
}

static void drive(struct lane *lane)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        drive_round(lane);
    }
    __atomic_store_n(&lane->done, 1, __ATOMIC_RELEASE);
    (void)whit_stop(lane->thread);
}

/* All machines run once; how many did not say so in time? */
static unsigned run_machines(void)
{
    unsigned silent = 0;

    for (unsigned n = 0; n < MACHINES; n++) {
        uint64_t bits = 0;
        /* One that has not come to its exit yet does not stand still: it is told again. */
        for (unsigned tries = 0; tries < 100 && bits != 1; tries++) {
            need("a machine goes on", whit_resume(machine[n]));
            need("a wait", whit_wait(signal_of_machines, whit_deadline(5000000), &bits));
        }
        silent += bits != 1;
    }
    return silent;
}

static void test_machines(void)
{
    unsigned silent = 0;

    make_machines();
    /* Notifications of several may have become one. */
    uint64_t bits = 0;
    while (bits != WHIT_TIMEOUT) {
        need("a wait", whit_wait(signal_of_machines, whit_deadline(10000000), &bits));
    }
    for (unsigned round = 0; round < 3; round++) {
        struct lane lane = {.core = 0};
        silent += run_machines();
        drive_round(&lane);
        silent += lane.wrong;
    }
    check("machines run among them", silent == 0);
}

static void test_lanes(void)
{
    unsigned wrong = 0;

    for (uint32_t i = 0; i < whit_boot->cores; i++) {
        lanes[i].core = i;
        lanes[i].thread = new_runner(whit_boot->self_space, WHIT_NATIVE, core_of(i), PRIORITY_LOW);
        need("a lane",
             whit_start(lanes[i].thread, (uintptr_t)drive, (uintptr_t)stacks[i] + sizeof(stacks[i]),
                        0, (uintptr_t)&lanes[i]));
    }
    for (uint32_t i = 0; i < whit_boot->cores; i++) {
        while (!__atomic_load_n(&lanes[i].done, __ATOMIC_ACQUIRE)) {
            uint64_t bits;
            (void)whit_wait(signal_of_machines, whit_deadline(1000000), &bits);
        }
        wrong += lanes[i].wrong;
    }
    check("more spaces than VMIDs call each other", wrong == 0);
}

int main(void)
{
    check_begin();
    make_spaces();
    test_machines();
    test_lanes();
    check_end();
    return 0;
}
