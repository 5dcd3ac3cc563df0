/* SPDX-License-Identifier: BSD-2-Clause */
/* Two cores: notifying a thread of the other one, counted on each core by the plugin. */
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/reply.h"
#include "world.h"

#include <stdbool.h>

enum { SHOTS = 4, SHARING_PASSES = 8 };

static uint32_t remote_there; /* the waiter's signal in the second space */
static volatile uint64_t received;

static void receive(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_wait(remote_there, 0, &bits);
        MARK(MARK_END, remote);
        received++;
    }
}

static void row_notify(void)
{
    uint32_t signal = new_signal(1), thread = new_thread(world_other, 1, PRIORITY_HIGH);

    remote_there = lend(signal, world_other, WHIT_R_CONTROL);
    world_need("a receiver", whit_target(signal, WHIT_TARGET_WAITER, thread, 0, 0));
    world_need("a receiver", whit_start(thread, (uintptr_t)receive, new_stack(), 0, 0));
    settle();
    for (unsigned i = 1; i <= SHOTS; i++) {
        MARK(MARK_BEGIN, remote);
        (void)whit_notify(signal, 1);
        /* The emulator runs the other core when this one says that it only waits. */
        while (received != i) {
            __asm__ volatile("yield" : : : "memory");
        }
        settle();
    }
}

/* ---- a signal for nobody, of a core that is busy: what it takes from the program there */

static volatile uint64_t victim_passes;

static void be_victim(void)
{
    for (;;) {
        victim_passes++;
        __asm__ volatile("yield" : : : "memory");
    }
}

static void row_busy(void)
{
    uint32_t signal = new_signal(1);
    uint32_t victim = start_thread(WHIT_SELF, 1, PRIORITY_ROOT, be_victim, 0);

    settle();
    for (unsigned i = 0; i < SHOTS; i++) {
        uint64_t before = victim_passes;
        MARK(MARK_BEGIN, remote_busy);
        (void)whit_notify(signal, 1);
        /* One pass may have begun before the interrupt. */
        while (victim_passes < before + 2) {
            __asm__ volatile("yield" : : : "memory");
        }
        MARK(MARK_END, remote_busy);
    }
    world_need("the victim's end", whit_stop(victim));
}

/* ---- both cores at their own work: the plugin looks for lines that both write */

static struct work {
    uint32_t portal, signal;
} work[2];
static volatile bool go;
static volatile uint64_t finished;

static _Noreturn void enter_nothing(uint64_t w0)
{
    whit_reply(&(struct whit_message){.word = {w0}});
}

static void yield_for_ever(void)
{
    for (;;) {
        whit_yield();
    }
}

/* Each core has its handler, its signal, and a partner of the same priority to yield to. */
static void work_prepare(unsigned core)
{
    uint32_t handler = new_handler(world_other, core, PRIORITY_ROOT);

    work[core].portal = new_portal(handler, (void (*)(void))enter_nothing, core);
    work[core].signal = new_signal(core);
}

static void work_do(unsigned core)
{
    for (unsigned i = 0; i < SHARING_PASSES; i++) {
        struct whit_message message = {.word = {i}};

        (void)whit_call(work[core].portal, &message);
        (void)whit_notify(work[core].signal, 1);
        whit_yield();
    }
}

static void work_there(void)
{
    while (!go) {
        __asm__ volatile("yield" : : : "memory");
    }
    work_do(1);
    finished++;
    for (;;) {
        __asm__ volatile("yield" : : : "memory");
    }
}

static void check_sharing(void)
{
    uint32_t threads[3];

    work_prepare(0);
    work_prepare(1);
    /* The partner over there comes second: it runs only when the worker yields to it, and the
     * worker's waiting lets the emulator run this core. */
    threads[0] = start_thread(world_other, 0, PRIORITY_ROOT, yield_for_ever, 0);
    threads[1] = start_thread(WHIT_SELF, 1, PRIORITY_ROOT, work_there, 0);
    threads[2] = start_thread(world_other, 1, PRIORITY_ROOT, yield_for_ever, 0);
    work_do(0);
    MARK(MARK_BEGIN, sharing);
    go = true;
    work_do(0);
    while (finished == 0) {
        __asm__ volatile("yield" : : : "memory");
    }
    work_do(0);
    MARK(MARK_END, sharing);
    /* The partners first, which never let go of their core. */
    for (unsigned i = sizeof(threads) / sizeof(threads[0]); i-- > 0;) {
        world_need("the end of a worker", whit_stop(threads[i]));
    }
}

void rows_remote(void)
{
    if (whit_boot->cores < 2) {
        return;
    }
    row_notify();
    row_busy();
    check_sharing();
}
