/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: what they hold, start, stop and resume in each state, faults, state pages, destruction.
 */
#include "fixture.h"
#include "portal.h"

#include <string.h>

enum { ENTRY = 0x401000, BADGE = 77, ESR = 0x92000046, FAR = 0x123456, IPA = 0x123000 };

static uint64_t state_page(void)
{
    uint64_t whole = fixture_selector(), child = fixture_selector();

    world_take(whole, WHIT_PAGE);
    EQUAL(
        ADMIN(WHIT_OP_DERIVE, whole, WHIT_SELF, child, WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE),
        WHIT_OK);
    return child;
}

static struct whit_state *page_at(uint64_t selector)
{
    return cap_object(world_slot(selector));
}

static void test_make(void)
{
    test_begin("making a thread: each error");
    fixture_init(1);
    uint64_t space = make_space(WHIT_MACHINE, 0), other = fixture_selector();
    EQUAL(world_make(1000, WHIT_THREAD, WHIT_SELF, WHIT_VCPU + 1, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(world_make(1001, WHIT_THREAD, WHIT_SELF, WHIT_VCPU, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(world_make(1002, WHIT_THREAD, space, WHIT_NATIVE, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(world_make(1003, WHIT_THREAD, WORLD_CORE, WHIT_NATIVE, 0, 0), WHIT_E_CAPABILITY);
    uint64_t chain = WORLD_SPACE;
    for (unsigned depth = 0; depth < CAP_DEPTH_MAX; depth++, other++, chain = other - 1)
        EQUAL(ADMIN(WHIT_OP_DERIVE, chain, WHIT_SELF, other, WHIT_R_ALL), WHIT_OK);
    EQUAL(world_make(1004, WHIT_THREAD, chain, WHIT_NATIVE, 0, 0), WHIT_E_DEPTH);
}

static void test_bind(void)
{
    test_begin("bind: each error");
    fixture_init(2);
    struct program program = program_new(0, 10);
    uint64_t fresh = make_thread(WHIT_SELF, WHIT_NATIVE), budget = make_budget(0, 1, 0, 0);
    uint64_t weak = fixture_selector(), page = state_page(), two = fixture_selector();
    EQUAL(ADMIN(WHIT_OP_BIND, 0, WHIT_ROLE_BUDGET, budget), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_BIND, budget, WHIT_ROLE_BUDGET, budget), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLES, budget), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_BUDGET, page), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_FAULT, budget), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, budget), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_BUDGET, program.budget), WHIT_E_BUSY);
    EQUAL(ADMIN(WHIT_OP_DERIVE, budget, WHIT_SELF, weak, WHIT_R_READ), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_BUDGET, weak), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_DERIVE, fresh, WHIT_SELF, weak + 1000, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, weak + 1000, WHIT_ROLE_BUDGET, budget), WHIT_E_RIGHTS);
    world_take(two, 2 * WHIT_PAGE);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, two), WHIT_E_SIZE);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_STATE, page), WHIT_E_STATE); /* it runs */
    EQUAL(ADMIN(WHIT_OP_DERIVE, WORLD_DEVICE, WHIT_SELF, 1100, WHIT_R_ALL, 0, WHIT_PAGE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, 1100), WHIT_E_SIZE);

    test_begin("a bind that fails leaves what was bound");
    uint64_t far = make_budget(1, 1, 0, 0);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, far), WHIT_E_STATE);
    CHECK(program.t->budget == program.b && program.b->thread == program.t);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, page), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, two), WHIT_E_SIZE);
    CHECK(thread_at(fresh)->save == (void *)page_at(page));
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_BUDGET, budget), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_BUDGET, program.budget), WHIT_E_BUSY);
    CHECK(thread_at(fresh)->budget == budget_at(budget));

    test_begin("a state page of a thread that runs is not exchanged");
    EQUAL(ADMIN(WHIT_OP_START, fresh, PROGRAM_PC, 0, 0, 0), WHIT_OK);
    uint64_t page2 = state_page();
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, page2), WHIT_E_STATE);
    CHECK(!thread_at(fresh)->stopped && thread_at(fresh)->save == (void *)page_at(page));

    test_begin("unbinding: the budget is free again, and the thread stays where it was");
    fixture_init(1);
    program = program_new(0, 10);
    CHECK(run(0) == program.t);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    CHECK(!run(0));
    CHECK(!program.b->thread && !program.t->budget && !program.t->stopped);
    EQUAL(program.b->state, BUDGET_IDLE);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, program.budget), WHIT_OK);
    CHECK(run(0) == program.t);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_BUDGET, program.budget), WHIT_OK);
    CHECK(run(0) == program.t);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_FAULT, 0), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_STATE, 0), WHIT_OK);

    test_begin("a thread takes its own budget away");
    uint64_t self = program.thread;
    CHECK(run(0) == program.t);
    CHECK(DO(0, WHIT_OP_BIND, self, WHIT_ROLE_BUDGET, 0) == NULL);
    EQUAL(program.t->save->x[10], WHIT_OK);

    test_begin("a budget destroyed while its thread runs");
    fixture_init(1);
    program = program_new(0, 10);
    struct program low = program_new(0, 5);
    CHECK(run(0) == program.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, program.budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(!program.t->budget && !program.t->budget_slot.word);
    CHECK(DO(0, WHIT_OP_DESTROY, low.budget) == NULL); /* its own */
    EQUAL(low.t->save->x[10], WHIT_OK);

    test_begin("a budget destroyed while it drives a handler, and while it is parked");
    fixture_init(1);
    struct program handler = handler_new(0, 1), caller = program_new(0, 20);
    struct program second = program_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE), signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, handler.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, caller.budget), WHIT_OK);
    CHECK(run(0) == second.t);
    CHECK(CALL(0, portal, 2) == handler.t);
    CHECK(WAIT(0, signal, 0) == NULL);
    EQUAL(second.b->state, BUDGET_PARKED);
    EQUAL(ADMIN(WHIT_OP_DESTROY, second.budget), WHIT_OK);
    CHECK(run(0) == NULL);
    CHECK(list_empty(&handler.t->parked) || handler.t->parked.next == &handler.b->link);
}

static void test_start(void)
{
    test_begin("start: each error, and the registers that it sets");
    fixture_init(1);
    uint64_t thread = make_thread(WHIT_SELF, WHIT_NATIVE), budget = make_budget(0, 10, 0, 0);
    struct thread *t = thread_at(thread);
    EQUAL(ADMIN(WHIT_OP_START, budget, 0, 0, 0, 0), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_START, thread, 0, 0, 0, 0), WHIT_E_STATE); /* no budget */
    EQUAL(ADMIN(WHIT_OP_RESUME, thread), WHIT_E_STATE);
    EQUAL(ADMIN(WHIT_OP_STOP, thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, budget), WHIT_OK);
    CHECK(!run(0));
    EQUAL(ADMIN(WHIT_OP_START, thread, 0x1000, 0x2000, 0x3000, 0x4000), WHIT_OK);
    CHECK(run(0) == t);
    EQUAL(t->save->pc, 0x1000);
    EQUAL(t->save->sp, 0x2000);
    EQUAL(t->save->tls, 0x3000);
    EQUAL(t->save->x[0], 0x4000);
    EQUAL(t->save->x[1], 0);
    EQUAL(t->save->pstate, 0);
    EQUAL(ADMIN(WHIT_OP_START, thread, 0, 0, 0, 0), WHIT_E_STATE); /* it runs */
    EQUAL(ADMIN(WHIT_OP_STOP, thread), WHIT_OK);
    CHECK(!run(0));
    EQUAL(ADMIN(WHIT_OP_RESUME, thread), WHIT_OK);
    CHECK(run(0) == t);
    EQUAL(t->save->pc, 0x1000);

    test_begin("a new thread may be resumed from a state page");
    uint64_t other = make_thread(WHIT_SELF, WHIT_NATIVE), page = state_page();
    EQUAL(ADMIN(WHIT_OP_BIND, other, WHIT_ROLE_BUDGET, make_budget(0, 20, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, other, WHIT_ROLE_STATE, page), WHIT_OK);
    page_at(page)->r.pc = 0x7000;
    EQUAL(ADMIN(WHIT_OP_RESUME, other), WHIT_OK);
    CHECK(run(0) == thread_at(other));
    EQUAL(thread_at(other)->save->pc, 0x7000);

    test_begin("start of a thread that waited: what its signal gets later is not lost");
    fixture_init(1);
    struct program waiter = program_new(0, 10), low = program_new(0, 5);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(WAIT(0, signal, 5000) == low.t);
    EQUAL(ADMIN(WHIT_OP_STOP, waiter.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, waiter.thread, 0x1000, 0, 0, 0), WHIT_OK);
    CHECK(run(0) == waiter.t);
    EQUAL(waiter.t->save->pc, 0x1000);
    CHECK(NOTIFY(0, signal, 4) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_OK);
    pass(10000); /* the old wait's time-out is over */
    CHECK(WAIT(0, signal, 0) == waiter.t);
    EQUAL(waiter.t->save->x[0], 4);

    test_begin("start of a handler that serves: its caller gets DEAD");
    fixture_init(1);
    struct program handler = handler_new(0, 1), caller = program_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_STOP, handler.thread), WHIT_OK);
    CHECK(!run(0));
    EQUAL(ADMIN(WHIT_OP_START, handler.thread, 0x1000, 0x2000, 0, 0), WHIT_OK);
    CHECK(run(0) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_DEAD);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    CHECK(run(0) == handler.t);
    CHECK(!REPLY(0, 0, 0));
    EQUAL(handler.t->entry_sp, 0x2000);

    test_begin("a thread whose call is in progress cannot be started");
    fixture_init(1);
    handler = handler_new(0, 1);
    caller = program_new(0, 10);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, caller.thread, 0x1000, 0, 0, 0), WHIT_E_STATE);
}

static void test_stop(void)
{
    test_begin("stop and resume of a thread that runs, by itself too");
    fixture_init(1);
    struct program program = program_new(0, 10), low = program_new(0, 5);
    CHECK(run(0) == program.t);
    uint64_t pc = program.t->save->pc;
    CHECK(DO(0, WHIT_OP_STOP, program.thread) == low.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    CHECK(run(0) == program.t);
    EQUAL(program.t->save->x[10], WHIT_OK);
    EQUAL(program.t->save->pc, pc + 4);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK); /* twice is no error */
    CHECK(run(0) == program.t);
    EQUAL(ADMIN(WHIT_OP_STOP, low.budget), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_RESUME, low.budget), WHIT_E_CAPABILITY);

    test_begin("stop of a thread that waits: its bits are there when it resumes");
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, program.thread), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(WAIT(0, signal, 0) == low.t);
    EQUAL(ADMIN(WHIT_OP_STOP, program.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 2) == low.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    CHECK(run(0) == program.t);
    EQUAL(program.t->save->x[0], 2);
    CHECK(WAIT(0, signal, 0) == low.t);
    EQUAL(ADMIN(WHIT_OP_STOP, program.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    CHECK(run(0) == low.t); /* still waits */
    CHECK(NOTIFY(0, signal, 2) == program.t);

    test_begin("stop of an idle handler: callers wait until it resumes");
    fixture_init(1);
    struct program handler = handler_new(0, 1), caller = program_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_STOP, handler.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == NULL);
    EQUAL(ADMIN(WHIT_OP_RESUME, handler.thread), WHIT_OK);
    CHECK(run(0) == handler.t);
    EQUAL(handler.t->save->x[0], 1);

    test_begin("stop of a handler that serves: its caller waits until it resumes");
    EQUAL(ADMIN(WHIT_OP_STOP, handler.thread), WHIT_OK);
    CHECK(run(0) == NULL);
    EQUAL(caller.b->state, BUDGET_PARKED);
    EQUAL(ADMIN(WHIT_OP_RESUME, handler.thread), WHIT_OK);
    CHECK(run(0) == handler.t);

    test_begin("stop of a caller: it is answered, and goes on when it resumes");
    struct program low2 = program_new(0, 2);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    CHECK(run(0) == low2.t);
    CHECK(CALL(0, portal, 2) == handler.t);
    EQUAL(handler.t->save->x[0], 1);
    CHECK(REPLY(0, 0, 5) == handler.t);
    EQUAL(handler.t->save->x[0], 2);
    CHECK(REPLY(0, 0, 6) == low2.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, caller.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    EQUAL(caller.t->save->x[0], 5);

    test_begin("stop of a caller that is resumed before it is answered");
    CHECK(CALL(0, portal, 3) == handler.t);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, caller.thread), WHIT_OK);
    CHECK(run(0) == handler.t);
    CHECK(REPLY(0, 0, 7) == caller.t);
    EQUAL(caller.t->save->x[0], 7);

    test_begin("stop of a thread that helps: after that it helps nobody until it calls again");
    fixture_init(1);
    handler = handler_new(0, 1);
    caller = program_new(0, 10);
    struct program helper = program_new(0, 5), idler = program_new(0, 1);
    uint64_t page = state_page(), wake = make_signal(0);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_TARGET, wake, WHIT_TARGET_WAITER, handler.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, helper.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, helper.thread, WHIT_ROLE_STATE, page), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, helper.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    CHECK(WAIT(0, wake, 0) == helper.t);
    CHECK(CALL(0, portal, 2) == idler.t);
    EQUAL(helper.t->helping, HELP_CALL);
    EQUAL(ADMIN(WHIT_OP_STOP, helper.thread), WHIT_OK);
    page_at(page)->r.pc = 0x5000; /* a debugger sends it elsewhere */
    EQUAL(ADMIN(WHIT_OP_RESUME, helper.thread), WHIT_OK);
    CHECK(run(0) == helper.t);
    EQUAL(helper.t->save->pc, 0x5000);

    test_begin("resume of a thread that helps, by another core: it calls again at once");
    fixture_init(2);
    handler = handler_new(1, 1);
    caller = program_new(1, 10);
    helper = program_new(1, 20);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_STOP, helper.thread), WHIT_OK);
    CHECK(run(1) == caller.t);
    CHECK(CALL(1, portal, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, helper.thread), WHIT_OK);
    CHECK(take_ipi(1) == helper.t);
    CHECK(CALL(1, portal, 2) == handler.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, helper.thread), WHIT_OK);
    CHECK(take_ipi(1) == handler.t);
    EQUAL(helper.t->helping, HELP_CALL);
    CHECK(REPLY(1, 0, 0) == handler.t); /* the helper's call */
    EQUAL(handler.t->save->x[0], 2);

    test_begin("a thread in the middle of calls without a space does no harm");
    fixture_init(1);
    uint64_t space = make_space(WHIT_PROGRAM, 2);
    handler = handler_new(0, 30);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    uint64_t busy = make_signal(0), thread = make_thread(space, WHIT_NATIVE);
    struct thread *t = thread_at(thread);
    EQUAL(ADMIN(WHIT_OP_DERIVE, portal, space, 7, WHIT_R_ALL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TARGET, busy, WHIT_TARGET_WAITER, handler.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(0, 100, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, thread, PROGRAM_PC, 0, 0, 0), WHIT_OK);
    CHECK(run(0) == t);
    CHECK(REPLY(0, 0, 0) == NULL);
    uint64_t inner = make_portal(thread, ENTRY, 3);
    caller = program_new(0, 20);
    struct program other = program_new(0, 19);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 0) == handler.t);
    CHECK(WAIT(0, busy, 0) == other.t);
    CHECK(CALL(0, inner, 0) == t);
    CHECK(CALL(0, 7, 0) == NULL); /* helps the handler that waits */
    EQUAL(t->helping, HELP_CALL);
    EQUAL(ADMIN(WHIT_OP_DESTROY, space), WHIT_OK);
    CHECK(run(0) == other.t);
    EQUAL(other.t->save->x[10], WHIT_E_DEAD);
    CHECK(CALL(0, inner, 0) == other.t);
    EQUAL(other.t->save->x[10], WHIT_E_DEAD);
    EQUAL(ADMIN(WHIT_OP_RESUME, thread), WHIT_E_STATE);
    EQUAL(ADMIN(WHIT_OP_START, thread, 0, 0, 0, 0), WHIT_E_STATE);
    EQUAL(ADMIN(WHIT_OP_DESTROY, thread), WHIT_OK);

    test_begin("an idle handler without a space: who waits for it learns that it is dead");
    fixture_init(1);
    space = make_space(WHIT_PROGRAM, 2);
    thread = make_thread(space, WHIT_NATIVE);
    t = thread_at(thread);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(0, 100, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, thread, PROGRAM_PC, 0, 0, 0), WHIT_OK);
    CHECK(run(0) == t);
    CHECK(REPLY(0, 0, 0) == NULL);
    inner = make_portal(thread, ENTRY, 3);
    EQUAL(ADMIN(WHIT_OP_STOP, thread), WHIT_OK);
    caller = program_new(0, 20);
    struct program faulty = program_new(0, 19);
    EQUAL(ADMIN(WHIT_OP_BIND, faulty.thread, WHIT_ROLE_FAULT, inner), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, inner, 0) == faulty.t);
    CHECK(fault(0, ESR, FAR, IPA) == NULL);
    EQUAL(ADMIN(WHIT_OP_DESTROY, space), WHIT_OK);
    CHECK(run(0) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_DEAD);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    CHECK(run(0) == NULL); /* it faults again, to nobody */
    CHECK(faulty.t->stopped);
}

static void test_fault(void)
{
    test_begin("a fault without a portal stops the thread");
    fixture_init(1);
    struct program program = program_new(0, 10), handler = handler_new(0, 3),
                   low = program_new(0, 5);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    CHECK(run(0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == low.t);
    CHECK(program.t->stopped);
    EQUAL(program.t->save->esr, ESR);

    test_begin("a fault calls the portal with syndrome, addresses, pc, sp, x30 and badge");
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    CHECK(run(0) == program.t);
    memset(handler.t->save->x, 0x5a, sizeof(handler.t->save->x));
    for (unsigned i = 0; i < 31; i++)
        program.t->save->x[i] = 100 + i;
    CHECK(fault(0, ESR, FAR, IPA) == handler.t);
    const uint64_t message[] = {ESR, FAR, IPA, program.t->save->pc, program.t->save->sp, 130};
    for (unsigned i = 0; i < 31; i++)
        EQUAL(handler.t->save->x[i], i < 6 ? message[i] : i == 10 ? BADGE : 0);
    EQUAL(handler.t->save->pc, ENTRY);
    EQUAL(handler.t->save->sp, handler.t->entry_sp);
    CHECK(handler.t->link & LINK_SLOW);
    EQUAL(program.t->save->x[7], 107);

    test_begin("the answer CONTINUE: the thread goes on with all its registers");
    uint64_t pc = program.t->save->pc;
    CHECK(REPLY(0, 0, WHIT_CONTINUE, 9, 9) == program.t);
    for (unsigned i = 0; i < 31; i++)
        EQUAL(program.t->save->x[i], 100 + i);
    EQUAL(program.t->save->pc, pc);

    test_begin("the answer STAY: it stays stopped until it is resumed or started");
    CHECK(fault(0, ESR, FAR, IPA) == handler.t);
    CHECK(REPLY(0, 0, WHIT_STAY) == low.t);
    CHECK(program.t->stopped && !program.t->callee);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == handler.t);
    CHECK(REPLY(0, 0, 12345) == low.t); /* anything else is STAY */
    EQUAL(ADMIN(WHIT_OP_START, program.thread, 0x1000, 0, 0, 0), WHIT_OK);
    CHECK(run(0) == program.t);

    test_begin("a fault while the handler is busy helps it, and is taken again");
    struct program urgent = program_new(0, 50);
    uint64_t wake = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, wake, WHIT_TARGET_WAITER, handler.thread), WHIT_OK);
    CHECK(run(0) == urgent.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    CHECK(WAIT(0, wake, 0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == low.t);
    EQUAL(program.t->helping, HELP_FAULT);
    EQUAL(program.b->state, BUDGET_PARKED);
    CHECK(NOTIFY(0, wake, 1) == handler.t);
    CHECK(REPLY(0, 0, 0) == urgent.t);
    EQUAL(ADMIN(WHIT_OP_STOP, urgent.thread), WHIT_OK);
    CHECK(run(0) == handler.t);
    EQUAL(handler.t->save->x[0], ESR);
    CHECK(handler.t->link == ((uintptr_t)program.t | LINK_SLOW | LINK_KERNEL));

    test_begin("a fault handler that ends: the thread stays stopped");
    EQUAL(ADMIN(WHIT_OP_DESTROY, handler.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(program.t->stopped && !program.t->callee);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == low.t); /* a dead portal is none */
    CHECK(program.t->stopped);

    test_begin("a handler's own fault at its own portal stops it, and its callers wait");
    fixture_init(1);
    handler = handler_new(0, 3);
    program = program_new(0, 10);
    low = program_new(0, 5);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_BIND, handler.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    CHECK(fault(0, ESR, FAR, IPA) == low.t);
    CHECK(handler.t->stopped);
    EQUAL(ADMIN(WHIT_OP_DESTROY, handler.thread), WHIT_OK);
    CHECK(run(0) == program.t);
    EQUAL(program.t->save->x[10], WHIT_E_DEAD);

    test_begin("two pagers that fault at each other stop");
    fixture_init(1);
    struct program a = handler_new(0, 30), b = handler_new(0, 20);
    program = program_new(0, 10);
    uint64_t to_a = make_portal(a.thread, ENTRY, 1), to_b = make_portal(b.thread, ENTRY, 2);
    EQUAL(ADMIN(WHIT_OP_BIND, a.thread, WHIT_ROLE_FAULT, to_b), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, b.thread, WHIT_ROLE_FAULT, to_a), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(CALL(0, to_a, 0) == a.t);
    CHECK(fault(0, ESR, 1, 1) == b.t);
    CHECK(fault(0, ESR, 2, 2) == NULL);
    CHECK(b.t->stopped && !a.t->stopped);

    test_begin("a fault portal on another core is as none");
    fixture_init(2);
    handler = handler_new(1, 3);
    program = program_new(0, 10);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == NULL);
    CHECK(program.t->stopped);

    test_begin("a faulting thread destroyed while its handler works");
    fixture_init(1);
    handler = handler_new(0, 3);
    program = program_new(0, 10);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == handler.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, program.thread), WHIT_OK);
    CHECK(run(0) == handler.t);
    CHECK(REPLY(0, 0, WHIT_CONTINUE) == NULL);
    CHECK(thread_is_idle(handler.t));

    test_begin("a thread helps its fault handler to the end of 15 calls");
    fixture_init(1);
    struct program chain[17];
    uint64_t portals[17];
    program = program_new(0, 10);
    chain[0] = program_new(0, 20);
    for (unsigned i = 1; i < 17; i++) {
        chain[i] = handler_passive(0);
        portals[i] = make_portal(chain[i].thread, ENTRY, i);
    }
    CHECK(run(0) == chain[0].t);
    for (unsigned i = 1; i < 17; i++)
        CHECK(CALL(0, portals[i], i) == chain[i].t);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_FAULT, portals[1]), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, chain[0].thread), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == chain[16].t); /* one link to help, and 15 calls */
    EQUAL(program.t->helping, HELP_FAULT);
}

/* A busy handler at the end of 16 calls, which cannot be helped over one link more. */
static void test_deep(void)
{
    struct program chain[17];
    uint64_t portals[17];

    for (unsigned fails = 0; fails < 2; fails++) {
        test_begin(fails ? "a fault that would be helped over more than 16 links stops the thread"
                         : "a call that would be helped over more than 16 links fails");
        fixture_init(1);
        struct program busy = handler_passive(0), client = program_new(0, 30);
        uint64_t inner = make_portal(busy.thread, ENTRY, BADGE), signal = make_signal(0);
        EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, busy.thread), WHIT_OK);
        CHECK(run(0) == client.t);
        CHECK(CALL(0, inner, 1) == busy.t);
        CHECK(WAIT(0, signal, 0) == NULL);
        chain[0] = program_new(0, 20);
        for (unsigned i = 1; i < 17; i++) {
            chain[i] = handler_passive(0);
            portals[i] = make_portal(chain[i].thread, ENTRY, i);
        }
        EQUAL(ADMIN(WHIT_OP_BIND, chain[16].thread, WHIT_ROLE_FAULT, inner), WHIT_OK);
        CHECK(run(0) == chain[0].t);
        for (unsigned i = 1; i < 17; i++)
            CHECK(CALL(0, portals[i], i) == chain[i].t);
        if (fails) {
            CHECK(fault(0, ESR, FAR, IPA) == NULL);
            CHECK(chain[16].t->stopped && !chain[16].t->helping);
        } else {
            const uint64_t pc = chain[16].t->save->pc;
            CHECK(CALL(0, inner, 5) == chain[16].t);
            EQUAL(chain[16].t->save->x[10], WHIT_E_DEPTH);
            EQUAL(chain[16].t->save->x[0], 0);
            EQUAL(chain[16].t->save->pc, pc + 4);
            CHECK(REPLY(0, 0, 0) == chain[15].t);
        }
    }
}

static void test_bind_states(void)
{
    test_begin("bind: a budget that has a signal, a state page at no page, or while it runs");
    fixture_init(1);
    struct program program = program_new(0, 10), handler = handler_passive(0);
    uint64_t signal = make_signal(0), budget = make_budget(0, 1, 0, 0);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    uint64_t odd = fixture_selector(), rest = fixture_selector(), page = state_page();
    uint64_t fresh = make_thread(WHIT_SELF, WHIT_NATIVE);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_BUDGET, budget), WHIT_E_BUSY);
    world_take(odd, 3 * WHIT_PAGE);
    EQUAL(ADMIN(WHIT_OP_SPLIT, odd, rest, WHIT_UNIT), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_SPLIT, rest, fixture_selector(), WHIT_PAGE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, rest), WHIT_E_SIZE);
    EQUAL(ADMIN(WHIT_OP_STOP, program.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_STATE, page), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_STATE, 0), WHIT_E_STATE);
    CHECK(program.t->save == (void *)page_at(page));

    test_begin("the registers of a thread in a call, and of one without a core, are there");
    CHECK(run(0) == program.t);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
    CHECK(run(0) == program.t);
    CHECK(fault(0, ESR, FAR, IPA) == handler.t);
    program.t->fp[0] = 31;
    EQUAL(ADMIN(WHIT_OP_SYNC, program.thread, 0), WHIT_OK);
    EQUAL(page_at(page)->fp[0], 31);
    uint64_t page2 = state_page();
    EQUAL(ADMIN(WHIT_OP_BIND, fresh, WHIT_ROLE_STATE, page2), WHIT_OK);
    thread_at(fresh)->fp[0] = 32;
    EQUAL(ADMIN(WHIT_OP_SYNC, fresh, 0), WHIT_OK);
    EQUAL(page_at(page2)->fp[0], 32);
}

/* Nothing of a thread that has business on its core is taken to another. */
static void test_stay(void)
{
    test_begin("a thread that calls, serves or waits does not leave its core");
    fixture_init(2);
    struct program handler = handler_new(0, 30), caller = program_new(0, 20);
    struct program waiter = program_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE), signal = make_signal(0);
    uint64_t far = make_budget(1, 5, 0, 0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_STOP, handler.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(WAIT(0, signal, 0) == NULL);
    EQUAL(ADMIN(WHIT_OP_STOP, waiter.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, handler.thread, WHIT_ROLE_BUDGET, far), WHIT_E_STATE);
    EQUAL(ADMIN(WHIT_OP_BIND, caller.thread, WHIT_ROLE_BUDGET, far), WHIT_E_STATE);
    EQUAL(ADMIN(WHIT_OP_BIND, waiter.thread, WHIT_ROLE_BUDGET, far), WHIT_E_STATE);
    CHECK(handler.t->core == &fake_cores[0] && caller.t->core == &fake_cores[0]);
    CHECK(waiter.t->core == &fake_cores[0] && waiter.t->budget == waiter.b);
    EQUAL(ADMIN(WHIT_OP_DESTROY, signal), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, waiter.thread, WHIT_ROLE_BUDGET, far), WHIT_OK);
    CHECK(waiter.t->core == &fake_cores[1]);
}

static struct thread *resumed;

/* Before it hears of the move, the other core has resumed the thread. */
static void resume_first(struct core *core)
{
    if (!resumed)
        return;
    fake_here = core->index;
    fake_kicked[core->index] = false;
    thread_resume_here(resumed);
    resumed = NULL;
    core_ipi(core);
    fake_here = 0;
}

static void test_remote(void)
{
    test_begin("a thread that was resumed before it could move stays, and bind says so");
    fixture_init(2);
    uint64_t thread = make_thread(WHIT_SELF, WHIT_NATIVE), near = make_budget(0, 5, 0, 0);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    take_all_ipis();
    resumed = thread_at(thread);
    fake_on_kick = resume_first;
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, near), WHIT_E_STATE);
    fake_on_kick = NULL;
    CHECK(!resumed && thread_at(thread)->core == &fake_cores[1]);

    test_begin("state page and registers of a thread on another core");
    fixture_init(2);
    struct program far = program_new(1, 10);
    uint64_t page = state_page();
    take_all_ipis();
    EQUAL(ADMIN(WHIT_OP_STOP, far.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, far.thread, WHIT_ROLE_STATE, page), WHIT_OK);
    CHECK(far.t->save == (void *)page_at(page));
    far.t->fp[0] = 41;
    EQUAL(ADMIN(WHIT_OP_SYNC, far.thread, 0), WHIT_OK);
    EQUAL(page_at(page)->fp[0], 41);
}

/* One thread begins something on the other core and never comes back; another one does it again. */
static void test_begun(void)
{
    test_begin("a page that its thread's core let go for somebody who is gone is taken away");
    fixture_init(2);
    struct program far = program_new(1, 10), first = program_new(0, 20), second = program_new(0, 9);
    uint64_t page = state_page();
    take_all_ipis();
    EQUAL(ADMIN(WHIT_OP_STOP, far.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, far.thread, WHIT_ROLE_STATE, page), WHIT_OK);
    CHECK(run(0) == first.t);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_BIND, far.thread, WHIT_ROLE_STATE, 0) == first.t);
    take_ipi(1);
    fixture_manual = false;
    CHECK(far.t->save == &far.t->own && far.t->state_slot.word);
    EQUAL(ADMIN(WHIT_OP_STOP, first.thread), WHIT_OK);
    CHECK(run(0) == second.t);
    CHECK(DO(0, WHIT_OP_BIND, far.thread, WHIT_ROLE_STATE, 0) == second.t);
    EQUAL(second.t->save->x[10], WHIT_OK);
    CHECK(far.t->save == &far.t->own && !far.t->state_slot.word);

    test_begin("likewise a budget");
    fixture_init(2);
    far = program_new(1, 10);
    first = program_new(0, 20);
    second = program_new(0, 9);
    take_all_ipis();
    CHECK(run(0) == first.t);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_BIND, far.thread, WHIT_ROLE_BUDGET, 0) == first.t);
    take_ipi(1);
    fixture_manual = false;
    CHECK(!far.t->budget && far.t->budget_slot.word);
    EQUAL(ADMIN(WHIT_OP_STOP, first.thread), WHIT_OK);
    CHECK(run(0) == second.t);
    CHECK(DO(0, WHIT_OP_BIND, far.thread, WHIT_ROLE_BUDGET, 0) == second.t);
    EQUAL(second.t->save->x[10], WHIT_OK);
    CHECK(!far.t->budget_slot.word);
}

static void test_state(void)
{
    test_begin("a state page holds the registers, and sync moves the rest");
    fixture_init(1);
    struct program program = program_new(0, 10);
    uint64_t page = state_page(), weak = fixture_selector();
    EQUAL(ADMIN(WHIT_OP_SYNC, program.thread, 0), WHIT_E_STATE); /* it runs, without a page */
    EQUAL(ADMIN(WHIT_OP_STOP, program.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_SYNC, program.thread, 0), WHIT_E_STATE);
    EQUAL(ADMIN(WHIT_OP_DERIVE, page, WHIT_SELF, weak, WHIT_R_READ), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_STATE, weak), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_STATE, page), WHIT_OK);
    struct whit_state *state = page_at(page);
    EQUAL(state->r.pc, PROGRAM_PC);
    program.t->fp[0] = 11;
    program.t->fp[63] = 12;
    program.t->fpcr = 13;
    program.t->vcpu.el1[3] = 14;
    fake_history_clear();
    EQUAL(ADMIN(WHIT_OP_SYNC, program.thread, 0), WHIT_OK);
    EQUAL(fake_count(FAKE_RELEASE), 1);
    EQUAL(state->fp[0], 11);
    EQUAL(state->fp[63], 12);
    EQUAL(state->fpcr, 13);
    EQUAL(state->el1[3], 14);
    state->fp[1] = 21;
    state->fpsr = 22;
    state->el1[4] = 23;
    EQUAL(ADMIN(WHIT_OP_SYNC, program.thread, 1), WHIT_OK);
    EQUAL(program.t->fp[1], 21);
    EQUAL(program.t->fpsr, 22);
    EQUAL(program.t->vcpu.el1[4], 23);
    EQUAL(ADMIN(WHIT_OP_SYNC, program.thread, 2), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_SYNC, page, 0), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_SYNC, program.thread, 0), WHIT_E_STATE);

    test_begin("without its state page a thread keeps its registers, stopped");
    state->r.x[5] = 55;
    EQUAL(ADMIN(WHIT_OP_DELETE, page), WHIT_OK);
    CHECK(program.t->stopped && program.t->save == &program.t->own);
    EQUAL(program.t->own.x[5], 55);
    CHECK(!run(0));
    EQUAL(ADMIN(WHIT_OP_RESUME, program.thread), WHIT_OK);
    CHECK(run(0) == program.t);

    test_begin("receive takes slots only");
    CHECK(DO(0, WHIT_OP_RECEIVE, WHIT_SLOTS) == program.t);
    EQUAL(program.t->save->x[10], WHIT_E_ARGUMENT);
    CHECK(DO(0, WHIT_OP_RECEIVE, 5) == program.t);
    EQUAL(program.t->receive, 5);
    DO(0, WHIT_OP_RECEIVE, 0);
    EQUAL(program.t->receive, 0);
}

static void test_vcpu(void)
{
    test_begin("a virtual CPU starts at EL1 with interrupts masked, and waits in WFI");
    fixture_init(1);
    struct program guest = vcpu_new(0, 10), low = program_new(0, 5);
    CHECK(run(0) == guest.t);
    EQUAL(guest.t->save->pstate, WHIT_PSTATE_START);
    fake_virq_waiting = true;
    CHECK(wfi(0) == guest.t);
    fake_virq_waiting = false;
    CHECK(wfi(0) == low.t);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == guest.t); /* a WFI may end at any time */

    test_begin("a virtual interrupt ends a WFI");
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED)),
          WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(wfi(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == guest.t);

    test_begin("a virtual CPU that waits for a signal keeps waiting when it is resumed");
    uint64_t bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_WAITER, guest.thread), WHIT_OK);
    uint64_t machine = 0;
    for (uint64_t s = 64; s < 200; s++)
        if (cap_kind(world_slot(s)) == WHIT_SPACE && cap_object(world_slot(s)) == guest.t->space)
            machine = s;
    EQUAL(ADMIN(WHIT_OP_DERIVE, bell, machine, 4, WHIT_R_ALL), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(WAIT(0, 4, 0) == low.t);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, bell, 6) == guest.t);
    EQUAL(guest.t->save->x[0], 6);

    test_begin("a virtual interrupt ends such a wait without bits, and its time-out with it");
    CHECK(WAIT(0, 4, fake_ticks + 1000) == low.t);
    CHECK(NOTIFY(0, signal, 1) == guest.t);
    EQUAL(guest.t->save->x[0], 0);
    EQUAL(guest.t->save->x[10], WHIT_OK);
    pass(2000);
    EQUAL(signal_at(bell)->bits, 0);

    test_begin("a virtual CPU's exit, answered with new registers in its state page");
    fixture_init(1);
    struct program vmm = handler_new(0, 20);
    uint64_t portal = make_portal(vmm.thread, ENTRY, BADGE), page = state_page();
    guest = vcpu_new(0, 10);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_STATE, page), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(fault(0, ESR, FAR, IPA) == vmm.t);
    page_at(page)->r.x[3] = 33;
    page_at(page)->r.pc += 4;
    uint64_t pc = page_at(page)->r.pc;
    CHECK(REPLY(0, 0, WHIT_CONTINUE) == guest.t);
    EQUAL(guest.t->save->x[3], 33);
    EQUAL(guest.t->save->pc, pc);
    EQUAL(guest.t->save->pstate, WHIT_PSTATE_START);
}

static void test_end(void)
{
    test_begin("destroying a thread in each state leaves nothing behind");
    for (unsigned i = 0; i < 6; i++) {
        fixture_init(1);
        struct program handler = handler_new(0, 1), program = program_new(0, 10);
        struct program other = program_new(0, 9);
        uint64_t portal = make_portal(handler.thread, ENTRY, BADGE), signal = make_signal(0);
        EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, program.thread), WHIT_OK);
        EQUAL(ADMIN(WHIT_OP_BIND, program.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
        CHECK(run(0) == program.t);
        if (i == 1)
            WAIT(0, signal, 5000);
        if (i == 2)
            CALL(0, portal, 1);
        if (i == 3)
            fault(0, ESR, FAR, IPA);
        if (i == 4)
            ADMIN(WHIT_OP_STOP, program.thread);
        if (i == 5) {
            ADMIN(WHIT_OP_STOP, program.thread);
            run(0);
            CALL(0, portal, 1);
            ADMIN(WHIT_OP_RESUME, program.thread);
            run(0);
            CALL(0, portal, 2);
        }
        EQUAL(ADMIN(WHIT_OP_DESTROY, program.thread), WHIT_OK);
        run(0);
        EQUAL(ADMIN(WHIT_OP_DESTROY, signal), WHIT_OK);
        EQUAL(ADMIN(WHIT_OP_DESTROY, program.budget), WHIT_OK);
        run(0);
        pass(10000);
        for (unsigned n = 0; n < 4 && running(0) != other.t; n++)
            REPLY(0, 0, 0);
        CHECK(running(0) == other.t);
    }

    test_begin("a thread that destroys itself never comes back, and another one finishes it");
    fixture_init(1);
    struct program program = program_new(0, 10), other = program_new(0, 9);
    CHECK(run(0) == program.t);
    CHECK(DO(0, WHIT_OP_DESTROY, program.thread) == other.t);
    CHECK(DO(0, WHIT_OP_DESTROY, program.thread) == other.t);
    EQUAL(other.t->save->x[10], WHIT_OK);
    EQUAL(cap_kind(world_slot(program.thread)), WHIT_MEMORY);
}

int main(void)
{
    for (unsigned fast = 0; fast < 2; fast++) {
        fixture_fast = fast;
        test_make();
        test_bind();
        test_start();
        test_stop();
        test_fault();
        test_deep();
        test_bind_states();
        test_stay();
        test_remote();
        test_begun();
        test_state();
        test_vcpu();
        test_end();
    }
    return fixture_finish();
}
