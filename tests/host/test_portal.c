/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls and replies: idle and busy handlers, helping, nesting, passing, and handlers that end. */
#include "fixture.h"
#include "lock.h"
#include "portal.h"
#include "teardown.h"

enum { ENTRY = 0x401000, BADGE = 77 };

static void test_call(void)
{
    test_begin("a call enters the handler with message, badge, entry and stack");
    fixture_init(1);
    struct program handler = handler_new(0, 10), caller = program_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    run(0);
    CHECK(running(0) == caller.t);
    uint64_t pc = caller.t->save->pc, sp = caller.t->save->sp, tls = caller.t->save->tls;
    CHECK(CALL(0, portal, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) == handler.t);
    for (unsigned i = 0; i < 10; i++)
        EQUAL(handler.t->save->x[i], i + 1);
    EQUAL(handler.t->save->x[10], BADGE);
    EQUAL(handler.t->save->pc, ENTRY);
    EQUAL(handler.t->save->sp, PROGRAM_SP + handler.thread * 0x1000);
    EQUAL(handler.t->save->tls, PROGRAM_TLS + handler.thread);
    CHECK(caller.t->callee == handler.t);

    test_begin("a reply goes back behind the call, with stack and thread pointer of before");
    handler.t->save->sp -= 64;
    CHECK(REPLY(0, 0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20) == caller.t);
    for (unsigned i = 0; i < 10; i++)
        EQUAL(caller.t->save->x[i], i + 11);
    EQUAL(caller.t->save->x[10], WHIT_OK);
    EQUAL(caller.t->save->pc, pc + 4);
    EQUAL(caller.t->save->sp, sp);
    EQUAL(caller.t->save->tls, tls);
    CHECK(thread_is_idle(handler.t) && !caller.t->callee);

    test_begin("the next call finds the handler's stack as it was at its first reply");
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(handler.t->save->sp, PROGRAM_SP + handler.thread * 0x1000);
    REPLY(0, 0, 0);
}

static void test_errors(void)
{
    test_begin("call: each error, with zeros where the answer would be");
    fixture_init(2);
    struct program handler = handler_new(0, 10), far = handler_new(1, 10);
    struct program caller = program_new(0, 10), other = program_new(0, 1);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE), weak = fixture_selector();
    uint64_t far_portal = make_portal(far.thread, ENTRY, BADGE);
    uint64_t lonely = make_thread(WHIT_SELF, WHIT_NATIVE);
    uint64_t lonely_portal = make_portal(lonely, ENTRY, BADGE);
    uint64_t self_portal = make_portal(caller.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_DERIVE, portal, WHIT_SELF, weak, WHIT_R_DERIVE), WHIT_OK);
    const struct {
        uint64_t x10;
        uint64_t error;
    } cases[] = {
        {WHIT_SLOTS, WHIT_E_ARGUMENT},
        {portal | 0x8000, WHIT_E_ARGUMENT},
        {portal | UINT64_C(1) << 32, WHIT_E_ARGUMENT},
        {0, WHIT_E_CAPABILITY},
        {caller.thread, WHIT_E_CAPABILITY},
        {weak, WHIT_E_RIGHTS},
        {far_portal, WHIT_E_CORE},
        {lonely_portal, WHIT_E_DEAD},
        {self_portal, WHIT_E_DEADLOCK},
        {portal | WHIT_PASS(UINT64_C(1)), WHIT_E_OCCUPIED},
    };
    run(0);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t pc = caller.t->save->pc, sp = caller.t->save->sp;
        CHECK(CALL(0, cases[i].x10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) == caller.t);
        EQUAL(caller.t->save->x[10], cases[i].error);
        for (unsigned n = 0; n < 10; n++)
            EQUAL(caller.t->save->x[n], 0);
        EQUAL(caller.t->save->pc, pc + 4);
        EQUAL(caller.t->save->sp, sp);
        CHECK(thread_is_idle(handler.t) && !caller.t->callee);
    }
    EQUAL(other.b->state, BUDGET_READY);

    test_begin("making a portal: each error");
    fixture_init(1);
    handler = handler_new(0, 10);
    EQUAL(world_make(1000, WHIT_PORTAL, handler.thread, ENTRY, WHIT_PASSED, 0), WHIT_E_ARGUMENT);
    EQUAL(world_make(1001, WHIT_PORTAL, handler.thread, ENTRY + 2, 1, 0), WHIT_E_ARGUMENT);
    EQUAL(world_make(1002, WHIT_PORTAL, handler.budget, ENTRY, 1, 0), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_DERIVE, handler.thread, WHIT_SELF, 1003, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(world_make(1004, WHIT_PORTAL, 1003, ENTRY, 1, 0), WHIT_E_RIGHTS);
    EQUAL(world_make(1006, WHIT_PORTAL, vcpu_new(0, 5).thread, ENTRY, 1, 0), WHIT_E_ARGUMENT);
    uint64_t chain = handler.thread;
    for (unsigned depth = cap_depth(world_slot(chain)); depth < CAP_DEPTH_MAX; depth++) {
        uint64_t next = fixture_selector() + 2000;
        EQUAL(ADMIN(WHIT_OP_DERIVE, chain, WHIT_SELF, next, WHIT_R_ALL), WHIT_OK);
        chain = next;
    }
    EQUAL(world_make(1005, WHIT_PORTAL, chain, ENTRY, 1, 0), WHIT_E_DEPTH);
}

static void test_busy(void)
{
    test_begin("a caller of a busy handler helps it with its priority, then calls");
    fixture_init(1);
    struct program handler = handler_new(0, 1);
    struct program low = program_new(0, 5), middle = program_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE), wake = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, wake, WHIT_TARGET_WAITER, middle.thread), WHIT_OK);
    CHECK(run(0) == middle.t);
    CHECK(WAIT(0, wake, 0) == low.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    CHECK(NOTIFY(0, wake, 1) == middle.t);
    CHECK(CALL(0, portal, 2) == handler.t); /* still for low */
    EQUAL(handler.t->save->x[0], 1);
    CHECK(fake_cores[0].budget == middle.b && (fake_cores[0].current & CURRENT_SLOW));
    EQUAL(middle.t->helping, HELP_CALL);
    CHECK(REPLY(0, 0, 101) == handler.t); /* and at once for middle */
    EQUAL(handler.t->save->x[0], 2);
    CHECK(handler.t->link == (uintptr_t)middle.t);
    EQUAL(low.t->save->x[0], 101);
    CHECK(REPLY(0, 0, 102) == middle.t);
    EQUAL(middle.t->save->x[0], 102);
    EQUAL(middle.t->save->x[10], WHIT_OK);
    EQUAL(middle.t->helping, HELP_NONE);

    test_begin("several helpers: the most urgent first");
    fixture_init(1);
    handler = handler_new(0, 1);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    struct program callers[5];
    uint64_t wakes[5];
    for (unsigned i = 0; i < 5; i++) {
        callers[i] = program_new(0, 10 + i);
        wakes[i] = make_signal(0);
        EQUAL(ADMIN(WHIT_OP_TARGET, wakes[i], WHIT_TARGET_WAITER, callers[i].thread), WHIT_OK);
    }
    run(0);
    for (unsigned i = 5; i-- > 1;) {
        CHECK(running(0) == callers[i].t);
        WAIT(0, wakes[i], 0);
    }
    CHECK(running(0) == callers[0].t);
    CHECK(CALL(0, portal, 100) == handler.t);
    for (unsigned i = 1; i < 5; i++) {
        CHECK(NOTIFY(0, wakes[i], 1) == callers[i].t);
        CHECK(CALL(0, portal, 100 + i) == handler.t);
    }
    CHECK(fake_cores[0].budget == callers[4].b);
    CHECK(REPLY(0, 0, 0) == handler.t);
    EQUAL(handler.t->save->x[0], 104);
    CHECK(REPLY(0, 0, 4) == callers[4].t);
    for (unsigned i = 5; i-- > 1;) {
        CHECK(running(0) == callers[i].t);
        EQUAL(callers[i].t->save->x[0], i);
        CHECK(WAIT(0, wakes[i], 0) == (i > 1 ? handler.t : callers[0].t));
        if (i > 1) {
            EQUAL(handler.t->save->x[0], 100 + i - 1);
            REPLY(0, 0, i - 1);
        }
    }

    test_begin("a handler that waits: the budgets of its callers park and come back");
    fixture_init(1);
    handler = handler_new(0, 1);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    struct program first = program_new(0, 30), second = program_new(0, 20),
                   idler = program_new(0, 5);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, handler.thread), WHIT_OK);
    CHECK(run(0) == first.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    CHECK(WAIT(0, signal, 0) == second.t);
    EQUAL(first.b->state, BUDGET_PARKED);
    CHECK(CALL(0, portal, 2) == idler.t);
    EQUAL(second.b->state, BUDGET_PARKED);
    CHECK(NOTIFY(0, signal, 8) == handler.t);
    EQUAL(handler.t->save->x[0], 8);
    CHECK(fake_cores[0].budget == first.b);
    CHECK(REPLY(0, 0, 0) == first.t);
    CHECK(CALL(0, portal, 3) == handler.t);
    CHECK(WAIT(0, signal, 0) == idler.t);
    CHECK(NOTIFY(0, signal, 8) == handler.t);
    CHECK(REPLY(0, 0, 0) == first.t);
    EQUAL(ADMIN(WHIT_OP_STOP, first.thread), WHIT_OK);
    CHECK(run(0) == handler.t); /* for the second */
    EQUAL(handler.t->save->x[0], 2);
    CHECK(REPLY(0, 0, 0) == second.t);

    test_begin("a handler that yields gives its caller's turn away");
    fixture_init(1);
    handler = handler_new(0, 1);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    first = program_new(0, 7);
    second = program_new(0, 7);
    CHECK(run(0) == first.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    CHECK(YIELD(0) == second.t);
    CHECK(CALL(0, portal, 2) == handler.t);
    CHECK(fake_cores[0].budget == second.b);
    EQUAL(handler.t->save->x[10], WHIT_OK);
    CHECK(YIELD(0) == handler.t);
    CHECK(fake_cores[0].budget == first.b);
    CHECK(REPLY(0, 0, 0) == first.t);
}

static void test_nested(void)
{
    test_begin("nested calls, and replies in turn");
    fixture_init(1);
    struct program a = program_new(0, 10), b = handler_new(0, 1), c = handler_passive(0);
    uint64_t to_b = make_portal(b.thread, ENTRY, 1), to_c = make_portal(c.thread, ENTRY, 2);
    CHECK(run(0) == a.t);
    CHECK(CALL(0, to_b, 1) == b.t);
    CHECK(CALL(0, to_c, 2) == c.t);
    fake_cores[0].reschedule = 1; /* an interrupt that changes nothing */
    CHECK(run(0) == c.t);
    CHECK(REPLY(0, 0, 3) == b.t);
    EQUAL(b.t->save->x[0], 3);
    CHECK(REPLY(0, 0, 4) == a.t);
    EQUAL(a.t->save->x[0], 4);

    test_begin("a call back to a caller is a deadlock, through calls and through help");
    fixture_init(1);
    a = handler_new(0, 1);
    b = handler_new(0, 1);
    c = program_new(0, 5);
    struct program d = program_new(0, 4);
    uint64_t to_a = make_portal(a.thread, ENTRY, 1);
    to_b = make_portal(b.thread, ENTRY, 2);
    CHECK(run(0) == c.t);
    CHECK(CALL(0, to_a, 0) == a.t);
    CHECK(CALL(0, to_b, 0) == b.t);
    CHECK(CALL(0, to_a, 0) == b.t);
    EQUAL(b.t->save->x[10], WHIT_E_DEADLOCK);
    EQUAL(ADMIN(WHIT_OP_STOP, c.thread), WHIT_OK);
    CHECK(run(0) == d.t);
    CHECK(CALL(0, to_a, 0) == b.t); /* helps a, which called b */
    CHECK(CALL(0, to_a, 0) == b.t);
    EQUAL(b.t->save->x[10], WHIT_E_DEADLOCK);
    CHECK(REPLY(0, 0, 0) == a.t);
    CHECK(REPLY(0, 0, 0) == a.t);
    CHECK(a.t->link == (uintptr_t)d.t);

    test_begin("more than 16 links: the call at the limit fails, and its handler works on");
    fixture_init(1);
    struct program chain[19];
    uint64_t portals[19];
    chain[0] = program_new(0, 10);
    for (unsigned i = 1; i < 19; i++) {
        chain[i] = handler_passive(0);
        portals[i] = make_portal(chain[i].thread, ENTRY, i);
    }
    CHECK(run(0) == chain[0].t);
    for (unsigned i = 1; i < 19; i++)
        CHECK(CALL(0, portals[i], i) == chain[i].t);
    fake_cores[0].reschedule = 1;
    CHECK(run(0) == chain[16].t);
    EQUAL(chain[16].t->save->x[10], WHIT_E_DEPTH);
    CHECK(!chain[16].t->callee);
    for (unsigned i = 16; i > 0; i--)
        CHECK(REPLY(0, 0, 0) == chain[i - 1].t);
    /* Who calls the one that lost its caller helps it to its end. */
    CHECK(CALL(0, portals[17], 5) == chain[18].t);
    CHECK(REPLY(0, 0, 0) == chain[17].t);
    CHECK(REPLY(0, 0, 0) == chain[17].t);
    EQUAL(chain[17].t->save->x[0], 5);

    test_begin("a chain longer than that: who calls its head, or stops it, looks 16 links far");
    fixture_init(1);
    chain[0] = program_new(0, 10);
    for (unsigned i = 1; i < 19; i++) {
        chain[i] = handler_passive(0);
        portals[i] = make_portal(chain[i].thread, ENTRY, i);
    }
    run(0);
    for (unsigned i = 1; i < 19; i++)
        CHECK(CALL(0, portals[i], i) == chain[i].t);
    CHECK(CALL(0, portals[2], 7) == chain[18].t);
    EQUAL(chain[18].t->save->x[10], WHIT_E_DEADLOCK);
    CHECK(CALL(0, portals[1], 7) == chain[16].t);
    EQUAL(chain[18].t->helping, HELP_CALL);
    EQUAL(chain[16].t->save->x[10], WHIT_E_DEPTH);
    for (unsigned i = 16; i > 0; i--)
        CHECK(REPLY(0, 0, 0) == chain[i - 1].t);
    fixture_init(1);
    chain[0] = program_new(0, 10);
    for (unsigned i = 1; i < 19; i++) {
        chain[i] = handler_passive(0);
        portals[i] = make_portal(chain[i].thread, ENTRY, i);
    }
    run(0);
    for (unsigned i = 1; i < 19; i++)
        CHECK(CALL(0, portals[i], i) == chain[i].t);
    EQUAL(ADMIN(WHIT_OP_STOP, chain[0].thread), WHIT_OK);
    CHECK(run(0) == NULL);
    EQUAL(ADMIN(WHIT_OP_RESUME, chain[0].thread), WHIT_OK);
    CHECK(run(0) == chain[16].t);
    EQUAL(chain[16].t->save->x[10], WHIT_E_DEPTH);

    test_begin("exactly 16 links are allowed");
    fixture_init(1);
    chain[0] = program_new(0, 10);
    for (unsigned i = 1; i < 17; i++) {
        chain[i] = handler_passive(0);
        portals[i] = make_portal(chain[i].thread, ENTRY, i);
    }
    run(0);
    for (unsigned i = 1; i < 17; i++)
        CHECK(CALL(0, portals[i], i) == chain[i].t);
    fake_cores[0].reschedule = 1;
    CHECK(run(0) == chain[16].t);
    for (unsigned i = 16; i > 0; i--)
        CHECK(REPLY(0, 0, 0) == chain[i - 1].t);

    test_begin(
        "a call that fails for its depth frees the handler's own budget, which may be urgent");
    fixture_init(1);
    chain[0] = program_new(0, 10);
    for (unsigned i = 1; i < 18; i++) {
        chain[i] = i == 17 ? handler_new(0, 200) : handler_passive(0);
        portals[i] = make_portal(chain[i].thread, ENTRY, i);
    }
    run(0);
    for (unsigned i = 1; i < 18; i++)
        CHECK(CALL(0, portals[i], i) == chain[i].t);
    fake_cores[0].reschedule = 1;
    CHECK(run(0) == chain[17].t);
    CHECK(fake_cores[0].budget == chain[17].b);
    CHECK(REPLY(0, 0, 0) == chain[16].t);
    EQUAL(chain[16].t->save->x[10], WHIT_E_DEPTH);
}

static uint64_t small_memory(uint64_t rights)
{
    uint64_t whole = fixture_selector(), child = fixture_selector();

    world_take(whole, WHIT_PAGE);
    EQUAL(ADMIN(WHIT_OP_DERIVE, whole, WHIT_SELF, child, rights), WHIT_OK);
    return child;
}

static void test_pass(void)
{
    test_begin("a call delegates a capability into the slot that the receiver named");
    fixture_init(1);
    uint64_t space = make_space(WHIT_PROGRAM, 2);
    struct program caller = program_new(0, 10), handler = handler_new(0, 20);
    struct program other = {.thread = make_thread(space, WHIT_NATIVE)};
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    uint64_t memory = small_memory(WHIT_R_READ | WHIT_R_DERIVE), moved = small_memory(WORLD_GIVEN);
    handler.t->receive = 3000;
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal | WHIT_PASS(memory), 1) == handler.t);
    EQUAL(handler.t->save->x[10], BADGE | WHIT_PASSED);
    EQUAL(handler.t->receive, 3000); /* also for the next, once it is empty */
    CHECK(cap_base(world_slot(3000)) == cap_base(world_slot(memory)));
    EQUAL(cap_rights(world_slot(3000)), WHIT_R_READ | WHIT_R_DERIVE);
    CHECK(cap_has_child(world_slot(memory)));

    test_begin("a reply passes one back, and moves it");
    caller.t->receive = 3001;
    CHECK(REPLY(0, WHIT_MOVE(UINT64_C(3000)), 1) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_PASSED);
    CHECK(!world_slot(3000)->word && world_slot(3001)->word);

    test_begin("a call moves a capability");
    handler.t->receive = 3002;
    CHECK(CALL(0, portal | WHIT_MOVE(moved), 1) == handler.t);
    CHECK(!world_slot(moved)->word && world_slot(3002)->word);
    EQUAL(handler.t->save->x[10], BADGE | WHIT_PASSED);

    test_begin("a reply that cannot pass goes on behind itself, and may reply without");
    uint64_t pc = handler.t->save->pc;
    caller.t->receive = 0;
    CHECK(REPLY(0, WHIT_PASS(UINT64_C(3002)), 9) == handler.t); /* the caller named no slot */
    EQUAL(handler.t->save->x[10], WHIT_E_OCCUPIED);
    EQUAL(handler.t->save->pc, pc + 4);
    caller.t->receive = 3001;
    CHECK(REPLY(0, WHIT_PASS(UINT64_C(3002)), 9) == handler.t); /* in use */
    EQUAL(handler.t->save->x[10], WHIT_E_OCCUPIED);
    CHECK(REPLY(0, WHIT_PASS(UINT64_C(3999)), 9) == handler.t);
    EQUAL(handler.t->save->x[10], WHIT_E_CAPABILITY);
    CHECK(caller.t->callee == handler.t);
    CHECK(REPLY(0, 0, 9) == caller.t);
    EQUAL(caller.t->save->x[0], 9);
    EQUAL(caller.t->save->x[10], WHIT_OK);

    test_begin("passing by a call: each error, and nothing was sent");
    handler.t->receive = 3001; /* in use */
    CHECK(CALL(0, portal | WHIT_PASS(memory), 1) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_OCCUPIED);
    handler.t->receive = 3005;
    CHECK(CALL(0, portal | WHIT_PASS(UINT64_C(3999)), 1) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_CAPABILITY);
    uint64_t dull = small_memory(WHIT_R_READ);
    run(0);
    CHECK(CALL(0, portal | WHIT_PASS(dull), 1) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_RIGHTS);
    EQUAL(handler.t->receive, 3005);
    CHECK(thread_is_idle(handler.t));

    test_begin("passing into another space: originals cannot be moved, and slots need pages");
    EQUAL(ADMIN(WHIT_OP_BIND, other.thread, WHIT_ROLE_BUDGET, make_budget(0, 255, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, other.thread, PROGRAM_PC, 0, 0, 0), WHIT_OK);
    other.t = thread_at(other.thread);
    CHECK(run(0) == other.t);
    CHECK(DO(0, WHIT_OP_RECEIVE, 5) == other.t);
    EQUAL(other.t->save->x[10], WHIT_OK);
    CHECK(REPLY(0, 0, 0) == caller.t);
    uint64_t far = make_portal(other.thread, ENTRY, 3);
    run(0);
    CHECK(CALL(0, far | WHIT_MOVE(portal), 0) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_ORIGINAL);
    CHECK(CALL(0, far | WHIT_PASS(portal), 0) == other.t);
    CHECK(cap_kind(cap_slot(other.t->space, 5)) == WHIT_PORTAL);
    other.t->receive = 100; /* takes the second page */
    CHECK(REPLY(0, 0, 0) == caller.t);
    CHECK(CALL(0, far | WHIT_PASS(portal), 0) == other.t);
    other.t->receive = 200;
    CHECK(REPLY(0, 0, 0) == caller.t);
    CHECK(CALL(0, far | WHIT_PASS(portal), 0) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_FUNDS);

    test_begin("passing waits for the lock, without losing the message");
    fixture_manual = true;
    CHECK(tree_lock_try());
    handler.t->receive = 3010;
    CHECK(CALL(0, portal | WHIT_PASS(memory), 42) == caller.t);
    EQUAL(caller.t->save->x[0], 42);
    EQUAL(caller.t->save->x[10], portal | WHIT_PASS(memory));
    tree_unlock();
    CHECK(run(0) == handler.t);
    EQUAL(handler.t->save->x[0], 42);
    caller.t->receive = 3011;
    CHECK(tree_lock_try());
    CHECK(REPLY(0, WHIT_PASS(memory), 43) == handler.t);
    tree_unlock();
    CHECK(run(0) == caller.t);
    EQUAL(caller.t->save->x[0], 43);

    test_begin("a capability for a caller whose space is gone is refused");
    fixture_init(1);
    space = make_space(WHIT_PROGRAM, 2);
    handler = handler_new(0, 20);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    memory = small_memory(WORLD_GIVEN);
    other.thread = make_thread(space, WHIT_NATIVE);
    other.t = thread_at(other.thread);
    EQUAL(ADMIN(WHIT_OP_DERIVE, portal, space, 7, WHIT_R_ALL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, other.thread, WHIT_ROLE_BUDGET, make_budget(0, 100, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, other.thread, PROGRAM_PC, 0, 0, 0), WHIT_OK);
    CHECK(run(0) == other.t);
    CHECK(DO(0, WHIT_OP_RECEIVE, 5) == other.t);
    CHECK(CALL(0, 7, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, space), WHIT_OK);
    CHECK(!other.t->space && other.t->stopped);
    run(0);
    EQUAL(ADMIN(WHIT_OP_STOP, handler.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, handler.thread), WHIT_OK);
    /* Its caller's budget cannot drive it; somebody's help does. */
    struct program helper = program_new(0, 3);
    CHECK(run(0) == handler.t || running(0) == helper.t);
    if (running(0) == helper.t)
        CHECK(CALL(0, portal, 0) == handler.t);
    CHECK(REPLY(0, WHIT_PASS(memory), 0) == handler.t);
    CHECK(handler.t->save->x[10] != WHIT_OK);
    REPLY(0, 0, 0);
    CHECK(!other.t->callee);
}

static void test_ends(void)
{
    test_begin("a handler destroyed while it serves: its caller gets DEAD");
    fixture_init(1);
    struct program handler = handler_new(0, 1), caller = program_new(0, 10),
                   low = program_new(0, 2);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    CHECK(run(0) == caller.t);
    uint64_t pc = caller.t->save->pc, sp = caller.t->save->sp;
    CHECK(CALL(0, portal, 1, 2, 3) == handler.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, handler.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_DEAD);
    EQUAL(caller.t->save->x[0], 0);
    EQUAL(caller.t->save->pc, pc + 4);
    EQUAL(caller.t->save->sp, sp);
    CHECK(CALL(0, portal, 1) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_DEAD);

    test_begin("a handler destroyed while others help and wait for it");
    fixture_init(1);
    handler = handler_new(0, 1);
    caller = program_new(0, 10);
    low = program_new(0, 2);
    struct program last = program_new(0, 1);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, handler.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    CHECK(WAIT(0, signal, 0) == low.t);
    CHECK(CALL(0, portal, 2) == last.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, handler.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_DEAD);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    EQUAL(low.t->save->x[10], WHIT_E_DEAD);

    test_begin("a caller destroyed while it calls: its handler ends its work and is idle again");
    fixture_init(1);
    handler = handler_new(0, 3);
    caller = program_new(0, 10);
    low = program_new(0, 2);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    handler.t->save->sp -= 256; /* somewhere in its work */
    EQUAL(ADMIN(WHIT_OP_DESTROY, caller.thread), WHIT_OK);
    CHECK(run(0) == handler.t); /* on its own budget */
    CHECK(fake_cores[0].budget == handler.b);
    CHECK(REPLY(0, 0, 0) == low.t);
    CHECK(thread_is_idle(handler.t));
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(handler.t->save->sp, PROGRAM_SP + handler.thread * 0x1000);

    test_begin("likewise if the handler has no budget: who calls next helps it");
    fixture_init(1);
    handler = handler_passive(0);
    caller = program_new(0, 10);
    low = program_new(0, 2);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, caller.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(CALL(0, portal, 2) == handler.t);
    EQUAL(handler.t->save->x[0], 1);
    CHECK(REPLY(0, 0, 0) == handler.t);
    EQUAL(handler.t->save->x[0], 2);
    CHECK(REPLY(0, 0, 3) == low.t);
    EQUAL(low.t->save->x[0], 3);

    test_begin("a portal destroyed while its handler is busy: who helps gets an error");
    fixture_init(1);
    handler = handler_new(0, 1);
    caller = program_new(0, 10);
    low = program_new(0, 2);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    uint64_t second = make_portal(handler.thread, ENTRY, BADGE + 1);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == handler.t);
    EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(CALL(0, second, 2) == handler.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, second), WHIT_OK);
    CHECK(run(0) == low.t);
    EQUAL(low.t->save->x[10], WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_RESUME, caller.thread), WHIT_OK);
    CHECK(run(0) == handler.t);
    CHECK(REPLY(0, 0, 5) == caller.t);
    EQUAL(caller.t->save->x[0], 5);

    test_begin("the capability of the handler revoked: its portal is dead");
    fixture_init(1);
    handler = handler_new(0, 3);
    caller = program_new(0, 10);
    uint64_t child = fixture_selector();
    EQUAL(ADMIN(WHIT_OP_DERIVE, handler.thread, WHIT_SELF, child, WHIT_R_ALL), WHIT_OK);
    portal = make_portal(child, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_DELETE, child), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_DEAD);
}

static void test_vcpu(void)
{
    test_begin("a virtual CPU calls, keeps its processor state, and is never fast");
    fixture_init(1);
    struct program handler = handler_new(0, 1), guest = vcpu_new(0, 10);
    uint64_t portal = make_portal(handler.thread, ENTRY, BADGE);
    struct slot *space = &guest.t->space_slot;
    uint64_t machine = 0;
    for (uint64_t s = 64; s < 200; s++)
        if (cap_kind(world_slot(s)) == WHIT_SPACE && cap_object(world_slot(s)) == cap_object(space))
            machine = s;
    EQUAL(ADMIN(WHIT_OP_DERIVE, portal, machine, 9, WHIT_R_ALL), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(fake_cores[0].current & CURRENT_SLOW);
    EQUAL(guest.t->save->pstate, WHIT_PSTATE_START);
    uint64_t pc = guest.t->save->pc;
    CHECK(CALL(0, 9, 1) == handler.t);
    EQUAL(handler.t->save->pstate, 0);
    CHECK(handler.t->link == ((uintptr_t)guest.t | LINK_SLOW));
    CHECK(REPLY(0, 0, 5) == guest.t);
    EQUAL(guest.t->save->x[0], 5);
    EQUAL(guest.t->save->x[10], WHIT_OK);
    EQUAL(guest.t->save->pc, pc + 4);
    EQUAL(guest.t->save->pstate, WHIT_PSTATE_START);
    CHECK(CALL(0, 10, 1) == guest.t);
    EQUAL(guest.t->save->x[10], WHIT_E_CAPABILITY);
}

static uint64_t lost;

/* Another core revokes the thread of which the portal was made. */
static void portal_lose(void)
{
    (void)portal_drop(portal_at(lost));
}

static void test_lost(void)
{
    test_begin("a call that has passed its capability enters the handler that took it");
    fixture_init(1);
    struct program caller = program_new(0, 10), handler = handler_new(0, 20);
    uint64_t memory = small_memory(WHIT_R_READ | WHIT_R_DERIVE);
    lost = make_portal(handler.thread, ENTRY, BADGE);
    handler.t->receive = 3000;
    CHECK(run(0) == caller.t);
    fixture_between = portal_lose;
    CHECK(CALL(0, lost | WHIT_PASS(memory), 1) == handler.t);
    fixture_between = NULL;
    CHECK(caller.t->callee == handler.t && thread_nobody.link == LINK_NONE);
    EQUAL(handler.t->save->pc, ENTRY);
    CHECK(REPLY(0, 0, 2) == caller.t);
    EQUAL(caller.t->save->x[0], 2);
    CHECK(CALL(0, lost | WHIT_PASS(memory), 1) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_E_DEAD);
}

int main(void)
{
    for (unsigned fast = 0; fast < 2; fast++) {
        fixture_fast = fast;
        test_call();
        test_errors();
        test_busy();
        test_nested();
        test_pass();
        test_ends();
        test_vcpu();
    }
    test_lost();
    return fixture_finish();
}
