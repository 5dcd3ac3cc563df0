/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls and replies between root's space and the second one. */
#include "count.h"
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/reply.h"
#include "world.h"

static uint32_t echo, echo10, guarded, taker, adder, busy; /* portals */
static uint32_t passed_page;                               /* what is delegated */
static uint32_t taker_slot;                                /* where, in the second space */
static uint32_t caller_signal, caller_there;               /* see busy, in each space */
static volatile uint64_t busy_elapsed;
static double handler_sum;

/* Eight words arrive as arguments; they stay where they are. */
static _Noreturn void enter_echo(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,
                                 uint64_t w5, uint64_t w6, uint64_t w7)
{
    whit_reply(&(struct whit_message){.word = {w0 + 1, w1, w2, w3, w4, w5, w6, w7}});
}

_Noreturn void echo_ten(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,
                        uint64_t w5, uint64_t w6, uint64_t w7, uint64_t w8, uint64_t w9);

_Noreturn void echo_ten(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,
                        uint64_t w5, uint64_t w6, uint64_t w7, uint64_t w8, uint64_t w9)
{
    whit_reply(&(struct whit_message){.word = {w0 + 1, w1, w2, w3, w4, w5, w6, w7, w8, w9}});
}

WHIT_ENTRY(enter_ten, echo_ten);

static _Noreturn void enter_guarded(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,
                                    uint64_t w5, uint64_t w6, uint64_t w7)
{
    whit_enter_distrusting();
    whit_reply_distrusting(&(struct whit_message){.word = {w0 + 1, w1, w2, w3, w4, w5, w6, w7}});
}

/* Drops what came with the message, and so is ready for the next. */
static _Noreturn void enter_take(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,
                                 uint64_t w5, uint64_t w6, uint64_t w7)
{
    (void)whit_delete(taker_slot);
    whit_reply(&(struct whit_message){.word = {w0 + 1, w1, w2, w3, w4, w5, w6, w7}});
}

static _Noreturn void enter_add(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,
                                uint64_t w5, uint64_t w6, uint64_t w7)
{
    handler_sum += 1.5;
    whit_reply(&(struct whit_message){.word = {w0 + 1, w1, w2, w3, w4, w5, w6, w7}});
}

/* First word 1: wakes a more urgent thread, which calls here, before it answers. */
static _Noreturn void enter_busy(uint64_t w0)
{
    if (w0 == 1) {
        (void)whit_notify(caller_there, 1);
    }
    whit_reply(&(struct whit_message){.word = {w0}});
}

/* The thread that finds the handler busy. */
static void call_busy(void)
{
    for (;;) {
        struct whit_message message = {.word = {0}};
        uint64_t bits, before, after;

        (void)whit_wait(caller_signal, 0, &bits);
        MARK(MARK_BEGIN, ipc_busy);
        before = count_now();
        (void)whit_call(busy, &message);
        after = count_now();
        MARK(MARK_END, ipc_busy);
        busy_elapsed = after - before - COUNT_OVERHEAD;
    }
}

static void loop_null(uint64_t passes)
{
    do {
        (void)whit_null();
    } while (--passes != 0);
}

static void loop_roundtrip(uint64_t passes)
{
    struct whit_message message = {.word = {passes}};

    do {
        (void)whit_call(echo, &message);
    } while (--passes != 0);
}

static void loop_roundtrip10(uint64_t passes)
{
    struct whit_message message = {.word = {passes, 1, 2, 3, 4, 5, 6, 7, 8, 9}};

    do {
        (void)whit_call(echo10, &message);
    } while (--passes != 0);
}

static void loop_distrust(uint64_t passes)
{
    struct whit_message message = {.word = {passes}};

    do {
        (void)whit_call_distrusting(guarded, &message);
    } while (--passes != 0);
}

static void loop_take(uint64_t passes)
{
    struct whit_message message = {.word = {passes}};

    do {
        message.pass = WHIT_PASS(passed_page);
        (void)whit_call(taker, &message);
    } while (--passes != 0);
}

/* A sum that lives across the calls. */
static void loop_float(uint32_t portal, uint64_t passes)
{
    struct whit_message message = {.word = {passes}};
    double sum = 0;

    do {
        sum += 1.5;
        __asm__ volatile("" : "+w"(sum));
        (void)whit_call(portal, &message);
    } while (--passes != 0);
    __asm__ volatile("" : : "w"(sum));
}

static void loop_fp(uint64_t passes)
{
    loop_float(echo, passes);
}

static void loop_fp2(uint64_t passes)
{
    loop_float(adder, passes);
}

static void rows_float(uint64_t roundtrip)
{
    uint64_t one, both;

    adder = new_portal(new_handler(world_other, 0, PRIORITY_ROOT), (void (*)(void))enter_add, 4);
    one = count_passes("ipc.roundtrip.fp", loop_fp);
    both = count_passes("ipc.roundtrip.fp2", loop_fp2);
    row_print("ipc.roundtrip.fp", one - roundtrip);
    row_print("ipc.roundtrip.fp2", both - roundtrip);
}

/* The receiver says once where it takes capabilities. */
static void start_taker(void)
{
    (void)whit_receive(taker_slot);
    whit_reply(&(struct whit_message){.word = {0}});
}

static void row_take(void)
{
    uint32_t page = new_memory(WHIT_PAGE, WHIT_PAGE), thread;

    /* The slot is used once before, so that there is a page for it. */
    taker_slot = lend(page, world_other, WHIT_R_READ);
    world_need("an empty slot", whit_revoke(page));
    passed_page = page;
    thread = start_thread(world_other, 0, PRIORITY_HIGH, start_taker, 0);
    taker = new_portal(thread, (void (*)(void))enter_take, 5);
    settle();
    row_print("ipc.cap.loop", count_passes("ipc.cap.loop", loop_take));
    MARK(MARK_BEGIN, ipc_cap);
    loop_take(1);
    MARK(MARK_END, ipc_cap);
}

static void row_busy(void)
{
    uint32_t handler = new_handler(world_other, 0, PRIORITY_ROOT), caller;
    struct count_shots shots = {0};

    busy = new_portal(handler, (void (*)(void))enter_busy, 6);
    caller_signal = new_signal(0);
    caller_there = lend(caller_signal, world_other, WHIT_R_NOTIFY);
    caller = new_thread(WHIT_SELF, 0, PRIORITY_HIGH);
    world_need("a caller", whit_target(caller_signal, WHIT_TARGET_WAITER, caller, 0, 0));
    world_need("a caller", whit_start(caller, (uintptr_t)call_busy, new_stack(), 0, 0));
    disown_float();
    for (unsigned i = 0; i < 4; i++) {
        struct whit_message message = {.word = {1}};

        world_need("a call", whit_call(busy, &message));
        count_shot("ipc.busy", &shots, busy_elapsed);
    }
    world_need("the caller's end", whit_stop(caller));
}

/* One pass of each, as in the loops. */
static __attribute__((noinline)) void trace_roundtrip(uint64_t word)
{
    struct whit_message message = {.word = {word}};

    MARK(MARK_BEGIN, ipc_roundtrip);
    (void)whit_call(echo, &message);
    MARK(MARK_END, ipc_roundtrip);
}

static __attribute__((noinline)) void trace_distrust(uint64_t word)
{
    struct whit_message message = {.word = {word}};

    MARK(MARK_BEGIN, ipc_distrust);
    (void)whit_call_distrusting(guarded, &message);
    MARK(MARK_END, ipc_distrust);
}

static void trace(void)
{
    MARK(MARK_BEGIN, ipc_null);
    (void)whit_null();
    MARK(MARK_END, ipc_null);
    trace_roundtrip(1);
    trace_distrust(1);
}

void rows_ipc(void)
{
    uint64_t roundtrip;

    echo = new_portal(new_handler(world_other, 0, PRIORITY_ROOT), (void (*)(void))enter_echo, 1);
    echo10 = new_portal(new_handler(world_other, 0, PRIORITY_ROOT), enter_ten, 2);
    guarded =
        new_portal(new_handler(world_other, 0, PRIORITY_ROOT), (void (*)(void))enter_guarded, 3);
    row_print("ipc.null", count_passes("ipc.null", loop_null));
    roundtrip = count_passes("ipc.roundtrip.loop", loop_roundtrip);
    row_print("ipc.roundtrip.loop", roundtrip);
    row_print("ipc.roundtrip10.loop", count_passes("ipc.roundtrip10.loop", loop_roundtrip10));
    row_print("ipc.roundtrip.distrust", count_passes("ipc.roundtrip.distrust", loop_distrust));
    trace();
    rows_float(roundtrip);
    row_take();
    row_busy();
}
