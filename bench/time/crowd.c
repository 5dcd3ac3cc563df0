/* SPDX-License-Identifier: BSD-2-Clause */
/* What dispatch costs among ten and among ten thousand threads that are ready. */
#include "../paths/count.h"
#include "time.h"

enum { CROWD = 10000, HALF = CROWD / 2, OTHER_SLOTS = 2000, PASSES = 100, POOL_PAGES = 320 };
enum { PIECE = WHIT_SIZE_THREAD + WHIT_SIZE_BUDGET, PRIORITIES_BELOW = 40 };

struct maker {
    uint32_t first, core, space, count; /* selectors of the space in which it runs */
};
static struct maker maker;
static volatile uint32_t made;
static volatile uint64_t woken;
static uint32_t wake_signal;

static void stand(void)
{
    for (;;)
        __asm__ volatile("" : : : "memory");
}

/* Cuts `count` threads with budgets out of the memory at `first`; the rest is behind them. */
static enum whit_error crowd_make(const struct maker *m)
{
    enum whit_error error = WHIT_OK;

    for (uint32_t i = 0; i < m->count && error == WHIT_OK; i++) {
        const uint32_t thread = m->first + 2 * i, budget = thread + 1;

        error = whit_split(thread, budget, WHIT_SIZE_THREAD);
        if (error == WHIT_OK)
            error = whit_split(budget, budget + 1, WHIT_SIZE_BUDGET);
        if (error == WHIT_OK)
            error = whit_make(thread, WHIT_THREAD, m->space, WHIT_NATIVE, 0, 0);
        if (error == WHIT_OK)
            error = whit_make(budget, WHIT_BUDGET, m->core, 1 + i % PRIORITIES_BELOW, 0, 0);
        if (error == WHIT_OK)
            error = whit_bind(thread, WHIT_ROLE_BUDGET, budget);
        if (error == WHIT_OK)
            error = whit_start(thread, (uintptr_t)stand, 0, 0, 0);
    }
    return error;
}

/* The half that the first space has no slots for. */
static void make_other(void)
{
    made = crowd_make(&maker) == WHIT_OK ? 1 : 2;
    stand();
}

static uint32_t slots_row(uint32_t count)
{
    uint32_t first = new_slot();

    for (uint32_t i = 1; i < count; i++)
        if (new_slot() != first + i)
            console_stop("slots", "not in a row");
    return first;
}

/* Memory for so many, as a capability in a slot with empty ones behind it. */
static void crowd_here(uint32_t count)
{
    uint32_t memory = new_memory((uint64_t)(count + 1) * PIECE, WHIT_PAGE);
    struct maker m = {slots_row(2 * count + 1), whit_boot->first_core, WHIT_SELF, count};

    world_need("a crowd", whit_transfer(memory, WHIT_SELF, m.first));
    world_need("a crowd", crowd_make(&m));
}

static void crowd_there(uint32_t count)
{
    uint32_t memory = new_memory((uint64_t)(count + 1) * PIECE, WHIT_PAGE), thread;

    world_need("a pool",
               whit_donate(new_memory(POOL_PAGES * (uint64_t)WHIT_PAGE, WHIT_PAGE), world_other));
    world_need("a crowd", whit_give(memory, world_other, OTHER_SLOTS));
    maker = (struct maker){OTHER_SLOTS, lend(whit_boot->first_core, world_other, WHIT_R_CONTROL),
                           WHIT_SELF, count};
    thread = start_thread(world_other, 0, PRIORITY_LOW, make_other, 0);
    while (made == 0)
        rest_ns(1000000);
    world_need("the other half", made == 1 ? WHIT_OK : WHIT_E_FUNDS);
    world_need("the maker's end", whit_stop(thread));
}

/* ---- what is measured: yield to an equal and back; a wake-up of somebody more urgent, and back */

static void yielder(void)
{
    for (;;)
        (void)whit_yield();
}

static void waker(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_wait(wake_signal, 0, &bits);
        woken++;
    }
}

static void measure(const char *yield_row, const char *wake_row, uint32_t equal)
{
    uint64_t start;

    world_need("an equal", whit_resume(equal));
    (void)whit_yield();
    for (unsigned i = 0; i < PASSES; i++) {
        start = count_now();
        (void)whit_yield();
        sample(yield_row, count_now() - start, 1);
    }
    world_need("an equal", whit_stop(equal));
    for (unsigned i = 0; i < PASSES; i++) {
        start = count_now();
        (void)whit_notify(wake_signal, 1);
        sample(wake_row, count_now() - start, 1);
    }
}

void rows_crowd(void)
{
    uint32_t equal, urgent = new_thread(WHIT_SELF, 0, PRIORITY_HIGH);

    world_need("a pool",
               whit_donate(new_memory(POOL_PAGES * (uint64_t)WHIT_PAGE, WHIT_PAGE), WHIT_SELF));
    wake_signal = new_signal(0);
    world_need("a waiter", whit_target(wake_signal, WHIT_TARGET_WAITER, urgent, 0, 0));
    world_need("a waiter", whit_start(urgent, (uintptr_t)waker, new_stack(), 0, 0));
    equal = start_thread(WHIT_SELF, 0, PRIORITY_ROOT, yielder, 0);
    world_need("an equal", whit_stop(equal));
    crowd_here(10);
    measure("dispatch.yield.10", "dispatch.wake.10", equal);
    crowd_here(HALF - 10);
    crowd_there(HALF);
    measure("dispatch.yield.10000", "dispatch.wake.10000", equal);
    world_need("wake-ups", woken == 2 * PASSES ? WHIT_OK : WHIT_E_STATE);
}
