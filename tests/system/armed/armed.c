/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that holds capabilities of each kind, its own thread's and space's among them, and uses
 * them at random.  Whatever it makes of them: root goes on in time, and can take all of it back.
 */
#include "../check.h"

#include <string.h>

enum {
    GENERATIONS = 200, /* of the machine */
    ROUNDS = 10,
    ROUND_NS = 300000,
    GUEST_BYTES = 1 << 20, /* to make of it what it likes */
    MEMORIES = 6,
    LATE_NS = 500000000, /* a stall, whatever runs beside the emulator */
    CEILING = 60,
    STACK_BYTES = 4096
};

#define GUEST_RAM    UINT64_C(0x40000000)
#define WINDOW       UINT64_C(0x1000000000)
#define STATE_WINDOW UINT64_C(0x1010000000)

extern const char armed_guest[], armed_guest_end[];
void armed_exit(void);
void armed_answer(void);
void armed_idle(void);

volatile uint64_t armed_exits, armed_answers;
volatile struct whit_state *armed_state = (volatile struct whit_state *)STATE_WINDOW;

static _Alignas(16) char stacks[2][STACK_BYTES];
static uint32_t space, guest, handler, server, exit_portal, portal, budget, signal, ram, window,
    state_page;
static uint32_t memories[MEMORIES];

static uint32_t make_handler(unsigned index)
{
    uint32_t thread = new_thread(PRIORITY_HIGH);

    need("a handler",
         whit_start(thread, (uintptr_t)armed_idle, (uintptr_t)stacks[index] + STACK_BYTES, 0, 0));
    return thread;
}

static void make_handlers(void)
{
    const uint32_t access = WHIT_R_READ | WHIT_R_WRITE;

    handler = make_handler(0);
    server = make_handler(1);
    exit_portal = new_portal(handler, armed_exit, 7);
    state_page = new_memory(WHIT_PAGE);
    need("its state here",
         whit_map(new_child(state_page, access), WHIT_SELF, STATE_WINDOW, access));
}

static void make_machine(void)
{
    const uint32_t access = WHIT_R_READ | WHIT_R_WRITE;

    space = new_space(WHIT_MACHINE);
    need("its pool", whit_donate(new_memory(32 * WHIT_PAGE), space));
    ram = new_memory(16 * WHIT_PAGE);
    window = new_child(ram, access);
    need("its memory here", whit_map(window, WHIT_SELF, WINDOW, access));
    memcpy((void *)(uintptr_t)WINDOW, armed_guest, (size_t)(armed_guest_end - armed_guest));
    need("its memory", whit_map(new_child(ram, access | WHIT_R_EXEC), space, GUEST_RAM,
                                WHIT_MAP_READ | WHIT_MAP_WRITE | WHIT_MAP_EXEC));
    portal = new_portal(server, armed_answer, 8);
    guest = new_object(WHIT_THREAD, WHIT_SIZE_THREAD, space, WHIT_VCPU, 0, 0);
    budget = new_budget(PRIORITY_LOW);
    signal = new_signal();
}

static const uint64_t sizes[MEMORIES] = {WHIT_SIZE_THREAD, WHIT_SIZE_SPACE,  WHIT_SIZE_SIGNAL,
                                         WHIT_SIZE_BUDGET, WHIT_SIZE_PORTAL, GUEST_BYTES};

/* What the guest has deleted it gets again; what it still has is OCCUPIED. */
static void arm(void)
{
    const uint32_t all = WHIT_R_ALL & ~(uint32_t)WHIT_R_POWER;
    uint32_t slot = 1;

    (void)whit_derive(space, space, slot++, WHIT_R_ALL, 0, 0);
    (void)whit_derive(guest, space, slot++, WHIT_R_ALL, 0, 0);
    (void)whit_derive(portal, space, slot++, WHIT_R_ALL, 0, 0);
    (void)whit_derive(signal, space, slot++, WHIT_R_ALL, 0, 0);
    (void)whit_derive(budget, space, slot++, WHIT_R_ALL, 0, 0);
    (void)whit_derive(whit_boot->first_core, space, slot++, all, CEILING, 0);
    /* The last core: what runs there is not ended by this one's priority. */
    (void)whit_derive(whit_boot->first_core + whit_boot->cores - 1, space, slot++, all, CEILING, 0);
    (void)whit_derive(whit_boot->irq, space, slot++, WHIT_R_ALL, 100, 8);
    for (unsigned i = 0; i < MEMORIES; i++)
        (void)whit_give(memories[i], space, slot++);
}

static void make_memories(void)
{
    for (unsigned i = 0; i < MEMORIES; i++)
        memories[i] = new_memory(sizes[i]);
}

/* It may have unbound or replaced everything, or have replied and wait for a call. */
static void restart(uint64_t seed)
{
    (void)whit_stop(guest);
    (void)whit_bind(guest, WHIT_ROLE_FAULT, exit_portal);
    (void)whit_bind(guest, WHIT_ROLE_STATE, state_page);
    (void)whit_bind(guest, WHIT_ROLE_BUDGET, budget);
    /* Stopped in the middle of a call: that goes on first. */
    if (whit_start(guest, GUEST_RAM, 0, 0, seed) == WHIT_E_STATE)
        (void)whit_resume(guest);
}

static uint64_t run(uint32_t timer, uint64_t generation)
{
    uint64_t worst = 0;

    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t bits, deadline = whit_ticks() + ROUND_NS * whit_boot->frequency / 1000000000;

        arm();
        restart((generation * ROUNDS + i + 1) * UINT64_C(0x9e3779b97f4a7c15));
        need("a wait", whit_wait(timer, deadline, &bits));
        const uint64_t now = whit_ticks();
        if (now - deadline > worst)
            worst = now - deadline;
    }
    return worst;
}

/* A space dies with memory of its pool, which the guest may have given it: then it is memory. */
static bool space_is_ended(void)
{
    const enum whit_error error = whit_destroy(space);

    return error == WHIT_OK ||
           (error == WHIT_E_ORIGINAL && whit_make(space, WHIT_SPACE, 0, 0, 0, 0) == WHIT_OK &&
            whit_destroy(space) == WHIT_OK);
}

/* True if the memory is as it was: it can become an object again. */
static bool is_whole(unsigned index)
{
    const enum whit_kind kinds[] = {WHIT_THREAD, WHIT_SPACE, WHIT_SIGNAL, WHIT_BUDGET, WHIT_PORTAL};
    const uint32_t arguments[] = {WHIT_SELF, WHIT_PROGRAM, whit_boot->first_core,
                                  whit_boot->first_core, server};

    return whit_make(memories[index], kinds[index], arguments[index], 0, 0, 0) == WHIT_OK &&
           whit_destroy(memories[index]) == WHIT_OK;
}

static bool take_back(void)
{
    const uint32_t objects[] = {guest, portal, signal, budget};
    bool good = whit_stop(guest) == WHIT_OK;

    for (unsigned i = 0; i < MEMORIES; i++)
        good &= whit_revoke(memories[i]) == WHIT_OK;
    good &= whit_revoke(whit_boot->irq) == WHIT_OK;
    for (unsigned i = 0; i < sizeof objects / sizeof objects[0]; i++)
        good &= whit_destroy(objects[i]) == WHIT_OK;
    good &= space_is_ended();
    good &= whit_delete(window) == WHIT_OK && whit_revoke(ram) == WHIT_OK;
    for (unsigned i = 0; sizes[i] != GUEST_BYTES; i++)
        good &= is_whole(i);
    return good;
}

int main(void)
{
    uint64_t worst = 0;
    uint32_t taken_back = 0, timer;

    check_begin();
    make_handlers();
    timer = new_signal();
    need("a target", whit_target(timer, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    for (uint64_t generation = 0; generation < GENERATIONS; generation++) {
        make_machine();
        make_memories();
        const uint64_t late = run(timer, generation);
        if (late > worst)
            worst = late;
        taken_back += take_back();
    }
    printf("# %llu exits, %llu portal calls, %llu ticks late at most, %u of %u taken back\n",
           (unsigned long long)armed_exits, (unsigned long long)armed_answers,
           (unsigned long long)worst, (unsigned)taken_back, GENERATIONS);
    check("the guest ran", armed_exits > 20 && armed_answers > 2);
    check("root is woken in time", worst < LATE_NS * whit_boot->frequency / 1000000000);
    check("all is taken back, and is memory again", taken_back == GENERATIONS);
    check_end();
    return 0;
}
