/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls and replies between root's space and the second one. */
#include "count.h"
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/reply.h"
#include "whit/thread.h"
#include "world.h"

static uint32_t echo, echo10, guarded;

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

static void handle_guarded(struct whit_message *message, uint64_t badge)
{
    (void)badge;
    message->word[0]++;
}

/* In entry.S of the library: what whit_serve uses. */
void whit_serve_entry(void);

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

/* One pass of each, as in the loops. */
static __attribute__((noinline)) void trace_roundtrip(uint64_t word)
{
    struct whit_message message = {.word = {word}};

    MARK(MARK_BEGIN, ipc_roundtrip);
    (void)whit_call(echo, &message);
    MARK(MARK_END, ipc_roundtrip);
}

static void trace(void)
{
    struct whit_message message = {.word = {1}};

    MARK(MARK_BEGIN, ipc_null);
    (void)whit_null();
    MARK(MARK_END, ipc_null);
    trace_roundtrip(1);
    MARK(MARK_BEGIN, ipc_distrust);
    (void)whit_call_distrusting(guarded, &message);
    MARK(MARK_END, ipc_distrust);
}

void rows_ipc(void)
{
    (void)whit_serve(handle_guarded); /* names the function; there is no granted thread to start */
    echo = new_portal(new_handler(world_other, 0, PRIORITY_ROOT), (void (*)(void))enter_echo, 1);
    echo10 = new_portal(new_handler(world_other, 0, PRIORITY_ROOT), enter_ten, 2);
    guarded = new_portal(new_handler(world_other, 0, PRIORITY_ROOT), whit_serve_entry, 3);
    row_print("ipc.null", count_passes("ipc.null", loop_null));
    row_print("ipc.roundtrip.loop", count_passes("ipc.roundtrip.loop", loop_roundtrip));
    row_print("ipc.roundtrip10.loop", count_passes("ipc.roundtrip10.loop", loop_roundtrip10));
    row_print("ipc.roundtrip.distrust", count_passes("ipc.roundtrip.distrust", loop_distrust));
    trace();
}
