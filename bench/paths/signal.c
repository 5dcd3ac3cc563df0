/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals and yielding. */
#include "count.h"
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "world.h"

static uint32_t idle_signal;
static uint32_t low_signal, high_signal, low_waiter,
    high_waiter; /* here, and in the second space */
static volatile uint64_t woken_at;

static void wait_low(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_wait(low_waiter, 0, &bits);
    }
}

static void wait_high(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_wait(high_waiter, 0, &bits);
        uint64_t now = count_now();
        MARK(MARK_END, notify_switch);
        woken_at = now;
    }
}

static void yield_forever(void)
{
    for (;;) {
        whit_yield();
    }
}

/* A signal whose waiter is a new thread of the second space; *there: its selector in that one. */
static uint32_t new_waiter(void (*function)(void), unsigned priority, uint32_t *there)
{
    uint32_t signal = new_signal(0), thread = new_thread(world_other, 0, priority);

    *there = lend(signal, world_other, WHIT_R_CONTROL);
    world_need("a waiter", whit_target(signal, WHIT_TARGET_WAITER, thread, 0, 0));
    world_need("a waiter's start", whit_start(thread, (uintptr_t)function, new_stack(), 0, 0));
    settle();
    return signal;
}

static void loop_noswitch(uint64_t passes)
{
    do {
        (void)whit_notify(idle_signal, 1);
    } while (--passes != 0);
}

static void loop_yield(uint64_t passes)
{
    do {
        whit_yield();
    } while (--passes != 0);
}

enum { SHOTS = 4 };

static void row_wake(void)
{
    struct count_shots shots = {0};

    low_signal = new_waiter(wait_low, PRIORITY_LOW, &low_waiter);
    disown_float();
    for (unsigned i = 0; i < SHOTS; i++) {
        uint64_t before, after;

        MARK(MARK_BEGIN, notify_wake);
        before = count_now();
        (void)whit_notify(low_signal, 1);
        after = count_now();
        MARK(MARK_END, notify_wake);
        count_shot("notify.wake", &shots, after - before - COUNT_OVERHEAD);
        settle();
    }
    row_print("notify.wake", shots.value);
}

static void row_switch(void)
{
    struct count_shots shots = {0};

    high_signal = new_waiter(wait_high, PRIORITY_HIGH, &high_waiter);
    disown_float();
    for (unsigned i = 0; i < SHOTS; i++) {
        uint64_t before;

        MARK(MARK_BEGIN, notify_switch);
        before = count_now();
        (void)whit_notify(high_signal, 1);
        count_shot("notify.switch", &shots, woken_at - before - COUNT_OVERHEAD);
    }
    row_print("notify.switch", shots.value);
}

/* This thread owns the floating-point registers, the other does not. */
static void loop_yield_float(uint64_t passes)
{
    do {
        __asm__ volatile("fmov d0, xzr" : : : "v0");
        whit_yield();
    } while (--passes != 0);
}

/* A pass is two switches, there and back, each with the loop around its call. */
static void row_yield(void)
{
    uint32_t other = start_thread(world_other, 0, PRIORITY_ROOT, yield_forever, 0);
    uint64_t both, with_float;

    disown_float();
    both = count_passes("yield.switch", loop_yield);
    MARK(MARK_BEGIN, yield_switch);
    whit_yield();
    MARK(MARK_END, yield_switch);
    with_float = count_passes("yield.switch.fp", loop_yield_float);
    world_need("the end of a thread", whit_stop(other));
    row_print("yield.switch", both / 2);
    row_print("yield.switch.fp", (with_float - both + 1) / 2);
}

void rows_signal(void)
{
    idle_signal = new_signal(0);
    row_print("notify.noswitch", count_passes("notify.noswitch", loop_noswitch));
    MARK(MARK_BEGIN, notify_noswitch);
    (void)whit_notify(idle_signal, 1);
    MARK(MARK_END, notify_noswitch);
    row_wake();
    row_switch();
    row_yield();
}
