/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that take all the time they get, each in another way. */
#include "../paths/world.h"
#include "time.h"
#include "whit/reply.h"

enum { TIMERS = 64, TIMER_STEP_NS = 3000 };

const char *const load_names[LOADS] = {
    [LOAD_SPIN] = "busy",     [LOAD_CALLS] = "calls",   [LOAD_TIMERS] = "timers",
    [LOAD_NOTIFY] = "notify", [LOAD_REMAKE] = "remake", [LOAD_PRIORITY] = "priority",
};

static uint32_t portal, timers[TIMERS], own_signal, thread_memory, space_memory, budgets[2];

static void spin(void)
{
    for (;;)
        __asm__ volatile("" : : : "memory");
}

static _Noreturn void enter_answer(uint64_t word)
{
    whit_reply(&(struct whit_message){.word = {word}});
}

static void churn_calls(void)
{
    struct whit_message message = {0};

    for (;;) {
        (void)whit_call(portal, &message);
        (void)whit_null();
        (void)whit_yield();
    }
}

/* Deadlines that come when others run. */
static void storm_timers(void)
{
    const uint64_t step = whit_ns_to_ticks(TIMER_STEP_NS);

    for (;;)
        for (unsigned i = 0; i < TIMERS; i++)
            (void)whit_timer(timers[i], whit_ticks() + (i + 1) * step, 1);
}

static void storm_notify(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_notify(own_signal, 1);
        (void)whit_wait(own_signal, 0, &bits);
        (void)whit_wait(own_signal, 1, &bits); /* a deadline that has passed */
    }
}

static void churn_objects(void)
{
    for (;;) {
        (void)whit_make(thread_memory, WHIT_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);
        (void)whit_destroy(thread_memory);
        (void)whit_make(space_memory, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0);
        (void)whit_destroy(space_memory);
    }
}

static void churn_priority(void)
{
    for (;;) {
        (void)whit_priority(budgets[1]);
        (void)whit_priority(budgets[0]);
    }
}

static void (*const programs[LOADS])(void) = {
    [LOAD_SPIN] = spin,           [LOAD_CALLS] = churn_calls,    [LOAD_TIMERS] = storm_timers,
    [LOAD_NOTIFY] = storm_notify, [LOAD_REMAKE] = churn_objects, [LOAD_PRIORITY] = churn_priority,
};

static void prepare(enum load load, uint32_t thread)
{
    if (load == LOAD_CALLS)
        portal =
            new_portal(new_handler(world_other, 0, PRIORITY_LOW), (void (*)(void))enter_answer, 1);
    for (unsigned i = 0; load == LOAD_TIMERS && i < TIMERS; i++)
        timers[i] = new_signal(0);
    if (load == LOAD_NOTIFY) {
        own_signal = new_signal(0);
        world_need("a waiter", whit_target(own_signal, WHIT_TARGET_WAITER, thread, 0, 0));
    }
    if (load == LOAD_REMAKE) {
        thread_memory = new_memory(WHIT_SIZE_THREAD, WHIT_PAGE);
        space_memory = new_memory(WHIT_SIZE_SPACE, WHIT_PAGE);
    }
}

uint32_t load_make(enum load load, uint32_t budget, uint32_t second)
{
    uint32_t thread = new_thread(WHIT_SELF, 0, PRIORITY_LOW);

    prepare(load, thread);
    if (load == LOAD_PRIORITY) {
        budgets[0] = budget;
        budgets[1] = second;
    }
    world_need("a load's budget", whit_bind(thread, WHIT_ROLE_BUDGET, budget));
    world_need("a load", whit_start(thread, (uintptr_t)programs[load], new_stack(), 0, 0));
    world_need("a load", whit_stop(thread));
    return thread;
}
