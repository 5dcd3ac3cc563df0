/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults: calls that the kernel makes for a thread of root's space to a handler in the second. */
#include "count.h"
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/reply.h"
#include "world.h"

enum { SHOTS = 4 };

static uint32_t done_signal; /* where a thread that is done waits for ever */
static volatile uint64_t elapsed;
static uint32_t page_there, space_there; /* in the second space: what its pager maps, and where */

static void wait_for_ever(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_wait(done_signal, 0, &bits);
    }
}

static void run_undefined(void)
{
    uint64_t before, after;

    MARK(MARK_BEGIN, fault);
    __asm__ volatile("mrs %0, pmccntr_el0\n\tudf #7\n\tmrs %1, pmccntr_el0"
                     : "=&r"(before), "=r"(after)
                     :
                     : "memory");
    MARK(MARK_END, fault);
    elapsed = after - before - COUNT_OVERHEAD;
    wait_for_ever();
}

static void run_read(void)
{
    uint64_t before, after, address = PAGE_WINDOW;

    __asm__ volatile("" : "+r"(address)); /* computed before, not between the marks */
    MARK(MARK_BEGIN, pagefault);
    __asm__ volatile("mrs %0, pmccntr_el0\n\tldr xzr, [%2]\n\tmrs %1, pmccntr_el0"
                     : "=&r"(before), "=r"(after)
                     : "r"(address)
                     : "memory");
    MARK(MARK_END, pagefault);
    elapsed = after - before - COUNT_OVERHEAD;
    wait_for_ever();
}

/* Goes on behind the instruction: x3 is its address, and the state page where to go on. */
static _Noreturn void enter_skip(uint64_t esr, uint64_t far, uint64_t ipa, uint64_t pc)
{
    (void)esr;
    (void)far;
    (void)ipa;
    ((volatile struct whit_registers *)(uintptr_t)STATE_WINDOW)->pc = pc + 4;
    whit_reply_verdict(WHIT_CONTINUE);
}

static _Noreturn void enter_pager(uint64_t esr, uint64_t far)
{
    (void)esr;
    (void)whit_map(page_there, space_there, far & ~(uint64_t)(WHIT_PAGE - 1),
                   WHIT_MAP_READ | WHIT_MAP_WRITE);
    whit_reply_verdict(WHIT_CONTINUE);
}

/* A thread of root's space whose faults the portal handles; it can wait for done_signal. */
static uint32_t new_faulty(uint32_t portal, uint32_t state)
{
    uint32_t thread = new_thread(WHIT_SELF, 0, PRIORITY_HIGH);

    world_need("a fault portal", whit_bind(thread, WHIT_ROLE_FAULT, portal));
    world_need("a state page", whit_bind(thread, WHIT_ROLE_STATE, state));
    world_need("a signal's target", whit_target(done_signal, WHIT_TARGET_WAITER, thread, 0, 0));
    return thread;
}

static uint64_t shot(uint32_t thread, void (*function)(void))
{
    (void)whit_stop(thread);
    disown_float();
    world_need("a faulting thread", whit_start(thread, (uintptr_t)function, new_stack(), 0, 0));
    settle();
    return elapsed;
}

static void row_undefined(uint32_t handler, uint32_t state)
{
    uint32_t thread = new_faulty(new_portal(handler, (void (*)(void))enter_skip, 1),
                                 lend(state, WHIT_SELF, WHIT_R_READ | WHIT_R_WRITE));
    struct count_shots shots = {0};

    for (unsigned i = 0; i < SHOTS; i++) {
        count_shot("fault.roundtrip", &shots, shot(thread, run_undefined));
    }
    row_print("fault.roundtrip", shots.value);
    world_need("the end of a thread", whit_destroy(thread));
}

static void row_page(uint32_t handler, uint32_t state)
{
    uint32_t page = new_memory(WHIT_PAGE, WHIT_PAGE), child = new_slot();
    uint32_t thread = new_faulty(new_portal(handler, (void (*)(void))enter_pager, 2),
                                 lend(state, WHIT_SELF, WHIT_R_READ | WHIT_R_WRITE));
    struct count_shots shots = {0};

    /* The tables stay. */
    world_need("tables", whit_derive(page, WHIT_SELF, child, WHIT_R_READ, 0, 0));
    world_need("tables", whit_map(child, WHIT_SELF, PAGE_WINDOW, WHIT_MAP_READ));
    world_need("tables", whit_delete(child));
    page_there = lend(page, world_other, WHIT_R_READ | WHIT_R_WRITE);
    space_there = lend(whit_boot->self_space, world_other, WHIT_R_CONTROL);
    for (unsigned i = 0; i < SHOTS; i++) {
        count_shot("pagefault.roundtrip", &shots, shot(thread, run_read));
        world_need("the page", whit_revoke(page));
        world_need("the page again",
                   whit_derive(page, world_other, page_there, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    }
    row_print("pagefault.roundtrip", shots.value);
    world_need("the end of a thread", whit_destroy(thread));
}

void rows_fault(void)
{
    uint32_t handler = new_handler(world_other, 0, PRIORITY_HIGH);
    uint32_t state = new_memory(WHIT_PAGE, WHIT_PAGE);

    done_signal = new_signal(0);
    map_child(state, world_other, STATE_WINDOW, WHIT_MAP_READ | WHIT_MAP_WRITE);
    row_undefined(handler, state);
    row_page(handler, state);
}
