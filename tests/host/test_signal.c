/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals: each target, time-outs, remote notification, clearing, new targets, and their end. */
#include "fixture.h"
#include "portal.h"

enum { ENTRY = 0x401000, BADGE = 77 };

static void test_waiter(void)
{
    test_begin("notify sticks, and wait takes all bits at once");
    fixture_init(1);
    struct program waiter = program_new(0, 10), low = program_new(0, 5);
    uint64_t signal = make_signal(0);
    struct signal *s = signal_at(signal);
    CHECK(run(0) == waiter.t);
    CHECK(NOTIFY(0, signal, 1) == waiter.t); /* no target yet */
    EQUAL(waiter.t->save->x[10], WHIT_OK);
    EQUAL(waiter.t->save->x[0], 1);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(NOTIFY(0, signal, 4) == waiter.t);
    EQUAL(s->bits, 5);
    CHECK(WAIT(0, signal, 99) == waiter.t);
    EQUAL(waiter.t->save->x[0], 5);
    EQUAL(waiter.t->save->x[10], WHIT_OK);
    EQUAL(s->bits, 0);
    CHECK(!timer_armed(&s->timer));
    CHECK(WAIT(0, signal, 0) == low.t);
    CHECK(NOTIFY(0, signal, 6) == waiter.t);
    EQUAL(waiter.t->save->x[0], 6);
    EQUAL(waiter.t->save->x[10], WHIT_OK);

    test_begin("notify without bits does nothing");
    CHECK(WAIT(0, signal, 0) == low.t);
    CHECK(NOTIFY(0, signal, 0) == low.t);
    EQUAL(low.t->save->x[10], WHIT_OK);
    CHECK(waiter.t->waits == s);
    CHECK(NOTIFY(0, signal, 1) == waiter.t);

    test_begin("notify and wait: each error");
    fixture_init(2);
    waiter = program_new(0, 10);
    uint64_t far = make_signal(1), weak = fixture_selector(), plain = fixture_selector();
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_DERIVE, signal, WHIT_SELF, weak, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, signal, WHIT_SELF, plain, WHIT_R_NOTIFY), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TARGET, far, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(NOTIFY(0, 0, 1) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_CAPABILITY);
    CHECK(NOTIFY(0, WHIT_SLOTS, 1) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_CAPABILITY);
    CHECK(NOTIFY(0, waiter.thread, 1) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_CAPABILITY);
    CHECK(NOTIFY(0, weak, 1) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_RIGHTS);
    EQUAL(signal_at(signal)->bits, 0);
    CHECK(NOTIFY(0, plain, 1) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_OK);
    CHECK(WAIT(0, waiter.budget, 0) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_CAPABILITY);
    CHECK(WAIT(0, plain, 0) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_RIGHTS);
    EQUAL(waiter.t->save->x[0], 0);
    CHECK(WAIT(0, signal, 0) == waiter.t); /* it is not its target */
    EQUAL(waiter.t->save->x[10], WHIT_E_STATE);
    CHECK(WAIT(0, far, 0) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_CORE);

    test_begin("one waiter per signal, several signals per thread");
    fixture_init(1);
    waiter = program_new(0, 10);
    low = program_new(0, 5);
    signal = make_signal(0);
    uint64_t other = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TARGET, other, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(WAIT(0, signal, 0) == low.t);
    CHECK(NOTIFY(0, other, 2) == low.t); /* not the one it waits for */
    CHECK(WAIT(0, signal, 0) == low.t);
    EQUAL(low.t->save->x[10], WHIT_E_STATE);
    CHECK(NOTIFY(0, signal, 1) == waiter.t);
    CHECK(WAIT(0, other, 0) == waiter.t);
    EQUAL(waiter.t->save->x[0], 2);
}

static void test_timeout(void)
{
    test_begin("a wait ends at its deadline with the time-out bit");
    fixture_init(1);
    struct program waiter = program_new(0, 10), low = program_new(0, 5);
    uint64_t signal = make_signal(0);
    struct signal *s = signal_at(signal);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(WAIT(0, signal, 1000) == low.t);
    pass(999);
    CHECK(running(0) == low.t);
    pass(1);
    CHECK(running(0) == waiter.t);
    CHECK(waiter.t->save->x[0] == WHIT_TIMEOUT);
    CHECK(!timer_armed(&s->timer));

    test_begin("a wait that ends before its deadline leaves no time-out");
    CHECK(WAIT(0, signal, 5000) == low.t);
    CHECK(NOTIFY(0, signal, 3) == waiter.t);
    EQUAL(waiter.t->save->x[0], 3);
    CHECK(!timer_armed(&s->timer));
    pass(10000);
    EQUAL(s->bits, 0);

    test_begin("a deadline that has passed ends the wait at once");
    CHECK(WAIT(0, signal, 1) == low.t || running(0) == waiter.t);
    pass(0);
    CHECK(running(0) == waiter.t);
    CHECK(waiter.t->save->x[0] == WHIT_TIMEOUT);

    test_begin("a timer sets its bits at its deadline, whoever waits or not");
    uint64_t now = fake_ticks;
    CHECK(DO(0, WHIT_OP_TIMER, signal, now + 100, 8) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_OK);
    pass(100);
    EQUAL(s->bits, 8);
    CHECK(DO(0, WHIT_OP_TIMER, signal, now + 200, 16) == waiter.t);
    CHECK(DO(0, WHIT_OP_TIMER, signal, now + 300, 32) == waiter.t); /* instead */
    pass(150);
    EQUAL(s->bits, 8);
    CHECK(DO(0, WHIT_OP_TIMER, signal, 0, 0) == waiter.t); /* none */
    pass(1000);
    EQUAL(s->bits, 8);
    CHECK(DO(0, WHIT_OP_TIMER, signal, fake_ticks + 10, 64) == waiter.t);
    CHECK(WAIT(0, signal, 0) == waiter.t);
    CHECK(WAIT(0, signal, 0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == waiter.t); /* the timer is not a time-out: it stays */
    CHECK(WAIT(0, signal, 0) == low.t);
    pass(10);
    CHECK(running(0) == waiter.t);
    EQUAL(waiter.t->save->x[0], 64);

    test_begin("timer and clear: each error");
    fixture_init(2);
    waiter = program_new(0, 10);
    uint64_t far = make_signal(1), plain = fixture_selector();
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_DERIVE, signal, WHIT_SELF, plain, WHIT_R_NOTIFY), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TIMER, 0, 1, 1), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_TIMER, plain, 1, 1), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_TIMER, far, 1, 1), WHIT_E_CORE);
    EQUAL(ADMIN(WHIT_OP_CLEAR, 0, 1), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_CLEAR, plain, 1), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_CLEAR, far, 1), WHIT_E_CORE);
    CHECK(run(0) == waiter.t);

    test_begin("clear takes back bits that nobody took");
    CHECK(NOTIFY(0, signal, 7) == waiter.t);
    EQUAL(ADMIN(WHIT_OP_CLEAR, signal, 10), WHIT_OK);
    EQUAL(admin_x[0], 2);
    EQUAL(signal_at(signal)->bits, 5);
}

static void test_entry(void)
{
    test_begin("an entry is entered with the bits, on the signal's budget");
    fixture_init(1);
    struct program server = handler_new(0, 1), low = program_new(0, 5);
    uint64_t portal = make_portal(server.thread, ENTRY, BADGE), budget = make_budget(0, 50, 0, 0);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 6) == server.t);
    EQUAL(server.t->save->x[0], 6);
    EQUAL(server.t->save->x[10], BADGE);
    EQUAL(server.t->save->x[1], 0);
    EQUAL(server.t->save->pc, ENTRY);
    EQUAL(server.t->save->sp, server.t->entry_sp);
    CHECK(fake_cores[0].budget == budget_at(budget));
    CHECK(fake_cores[0].current & CURRENT_SLOW);
    CHECK(server.t->link == ((uintptr_t)signal_at(signal) | LINK_SLOW | LINK_SIGNAL));
    CHECK(REPLY(0, 0, 0) == low.t);
    EQUAL(budget_at(budget)->state, BUDGET_IDLE);

    test_begin("bits that come while it works enter it again");
    CHECK(NOTIFY(0, signal, 1) == server.t);
    CHECK(NOTIFY(0, signal, 2) == server.t);
    CHECK(REPLY(0, 0, 0) == server.t);
    EQUAL(server.t->save->x[0], 2);
    CHECK(REPLY(0, 0, 0) == low.t);

    test_begin("a signal whose server is busy helps it, then enters it");
    uint64_t call = make_portal(server.thread, ENTRY + 4, 5), wake = make_signal(0);
    struct program urgent = program_new(0, 100);
    EQUAL(ADMIN(WHIT_OP_TARGET, wake, WHIT_TARGET_WAITER, urgent.thread), WHIT_OK);
    CHECK(run(0) == urgent.t);
    CHECK(WAIT(0, wake, 0) == low.t);
    CHECK(CALL(0, call, 9) == server.t);
    CHECK(NOTIFY(0, wake, 1) == urgent.t);
    CHECK(NOTIFY(0, signal, 8) == urgent.t);
    CHECK(WAIT(0, wake, 0) == server.t);
    CHECK(fake_cores[0].budget == budget_at(budget));
    CHECK(REPLY(0, 0, 0) == server.t);
    EQUAL(server.t->save->x[0], 8);
    CHECK(REPLY(0, 0, 0) == low.t);

    test_begin("bits that are cleared before the server is idle do not enter it");
    CHECK(CALL(0, call, 9) == server.t);
    CHECK(NOTIFY(0, signal, 8) == server.t);
    EQUAL(ADMIN(WHIT_OP_CLEAR, signal, 8), WHIT_OK);
    CHECK(run(0) == server.t);
    CHECK(REPLY(0, 0, 0) == low.t);
    CHECK(CALL(0, call, 9) == server.t);
    CHECK(REPLY(0, 0, 0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == server.t);
    CHECK(REPLY(0, 0, 0) == low.t);

    test_begin("when the activation's budget is used up the server falls back to its own");
    fixture_init(1);
    server = handler_new(0, 7);
    low = program_new(0, 5);
    portal = make_portal(server.thread, ENTRY, BADGE);
    budget = make_budget(0, 50, 100, 1000);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == server.t);
    pass(100);
    EQUAL(budget_at(budget)->state, BUDGET_THROTTLED);
    CHECK(running(0) == server.t && fake_cores[0].budget == server.b);
    CHECK(NOTIFY(0, signal, 2) == server.t);
    CHECK(REPLY(0, 0, 0) == low.t); /* the next activation waits for the refill */
    pass(899);
    CHECK(running(0) == low.t);
    pass(1);
    CHECK(running(0) == server.t);
    EQUAL(server.t->save->x[0], 2);
    CHECK(fake_cores[0].budget == budget_at(budget));
    pass(100);
    CHECK(fake_cores[0].budget == server.b);
    CHECK(REPLY(0, 0, 0) == low.t);
    pass(2000); /* the refill of an idle signal's budget wakes nobody */
    CHECK(running(0) == low.t);
    EQUAL(budget_at(budget)->state, BUDGET_IDLE);

    test_begin("a server without its own budget waits for the refill");
    fixture_init(1);
    server = handler_passive(0);
    low = program_new(0, 5);
    portal = make_portal(server.thread, ENTRY, BADGE);
    budget = make_budget(0, 50, 100, 1000);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == server.t);
    pass(100);
    CHECK(running(0) == low.t);
    pass(900);
    CHECK(running(0) == server.t);
    CHECK(REPLY(0, 0, 0) == low.t);

    test_begin("a stopped server is entered when it resumes");
    EQUAL(ADMIN(WHIT_OP_STOP, server.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == low.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, server.thread), WHIT_OK);
    pass(5000);
    CHECK(run(0) == server.t);
    EQUAL(server.t->save->x[0], 1);

    test_begin("start of a server that a signal entered: it works for nobody");
    EQUAL(ADMIN(WHIT_OP_STOP, server.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, server.thread, 0x1000, 0x2000, 0, 0), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(!signal_at(signal)->entered);

    test_begin("an activation that is used up while it helps the server waits for its refill");
    fixture_init(1);
    server = handler_passive(0);
    low = program_new(0, 5);
    struct program client = program_new(0, 3);
    portal = make_portal(server.thread, ENTRY, BADGE);
    budget = make_budget(0, 50, 100, 1000);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, low.thread), WHIT_OK);
    CHECK(run(0) == client.t);
    CHECK(CALL(0, portal, 1) == server.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, low.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 2) == server.t);
    CHECK(fake_cores[0].budget == budget_at(budget));
    pass(100);
    CHECK(running(0) == low.t);
    EQUAL(budget_at(budget)->state, BUDGET_THROTTLED);
    CHECK(!signal_at(signal)->entered);
    pass(900);
    CHECK(running(0) == server.t && !signal_at(signal)->entered);
    CHECK(REPLY(0, 0, 0) == server.t && signal_at(signal)->entered);
    EQUAL(server.t->save->x[0], 2);
    CHECK(REPLY(0, 0, 0) == low.t);
}

static void test_target(void)
{
    test_begin("target: each error");
    fixture_init(2);
    struct program handler = handler_new(0, 1), far = handler_new(1, 1), guest = vcpu_new(0, 1);
    uint64_t signal = make_signal(0), portal = make_portal(handler.thread, ENTRY, BADGE);
    uint64_t budget = make_budget(0, 1, 0, 0), far_budget = make_budget(1, 1, 0, 0);
    uint64_t far_portal = make_portal(far.thread, ENTRY, BADGE), weak = 1000, plain = 1001;
    uint64_t lonely = make_thread(WHIT_SELF, WHIT_NATIVE);
    uint64_t lonely_portal = make_portal(lonely, ENTRY, 1), far_signal = make_signal(1);
    const uint64_t virq = WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED);
    EQUAL(ADMIN(WHIT_OP_DERIVE, portal, WHIT_SELF, weak, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, signal, WHIT_SELF, plain, WHIT_R_NOTIFY), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, budget, WHIT_SELF, 1002, WHIT_R_READ), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, handler.thread, WHIT_SELF, 1003, WHIT_R_DERIVE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TARGET, 0, WHIT_TARGET_NONE), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_TARGET, plain, WHIT_TARGET_NONE), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_VIRQ + 1), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, portal), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, 1003), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, handler.thread, 0, budget),
          WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, weak, 0, budget), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, portal), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, 1002), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, handler.budget), WHIT_E_BUSY);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, far_budget), WHIT_E_CORE);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, far_portal, 0, budget), WHIT_E_CORE);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, lonely_portal, 0, budget), WHIT_E_CORE);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_VIRQ, handler.thread, virq), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_VIRQ, guest.thread, 1020), WHIT_E_ARGUMENT);
    EQUAL(ADMIN(WHIT_OP_TARGET, far_signal, WHIT_TARGET_VIRQ, guest.thread, virq), WHIT_E_CORE);
    EQUAL(signal_at(signal)->target, WHIT_TARGET_NONE);
    EQUAL(budget_at(budget)->state, BUDGET_IDLE);

    test_begin("a target that is refused leaves the one that there was");
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, far_budget), WHIT_E_CORE);
    EQUAL(signal_at(signal)->target, WHIT_TARGET_ENTRY);
    CHECK(signal_at(signal)->budget == budget_at(budget));
    EQUAL(ADMIN(WHIT_OP_TARGET, make_signal(0), WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_E_BUSY);
    CHECK(budget_at(budget)->signal == signal_at(signal));
    uint64_t deep = portal;
    for (unsigned depth = cap_depth(world_slot(deep)), n = 2200; depth < CAP_DEPTH_MAX; depth++) {
        EQUAL(ADMIN(WHIT_OP_DERIVE, deep, WHIT_SELF, n, WHIT_R_ALL), WHIT_OK);
        deep = n++;
    }
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, deep, 0, budget), WHIT_E_DEPTH);
    CHECK(signal_at(signal)->portal == portal_at(portal));
    uint64_t chain = budget;
    for (unsigned depth = cap_depth(world_slot(chain)), n = 2000; depth < CAP_DEPTH_MAX; depth++) {
        EQUAL(ADMIN(WHIT_OP_DERIVE, chain, WHIT_SELF, n, WHIT_R_ALL), WHIT_OK);
        chain = n++;
    }
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, chain), WHIT_E_DEPTH);
    EQUAL(signal_at(signal)->target, WHIT_TARGET_ENTRY);
    CHECK(signal_at(signal)->budget == budget_at(budget));
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK); /* again */
    CHECK(signal_at(signal)->budget == budget_at(budget));

    test_begin("bits that were there before the target are delivered");
    fixture_init(1);
    handler = handler_new(0, 1);
    struct program low = program_new(0, 5);
    portal = make_portal(handler.thread, ENTRY, BADGE);
    budget = make_budget(0, 50, 0, 0);
    signal = make_signal(0);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 3) == low.t);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == handler.t);
    EQUAL(handler.t->save->x[0], 3);

    test_begin("a new target while the server works: it ends its work for nobody");
    handler.t->save->sp -= 128;
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_NONE), WHIT_OK);
    CHECK(run(0) == low.t);
    EQUAL(budget_at(budget)->state, BUDGET_IDLE);
    EQUAL(ADMIN(WHIT_OP_STOP, low.thread), WHIT_OK);
    CHECK(run(0) == handler.t && fake_cores[0].budget == handler.b);
    CHECK(REPLY(0, 0, 0) == NULL);
    CHECK(handler.t->entry_sp == PROGRAM_SP + handler.thread * 0x1000);
    EQUAL(ADMIN(WHIT_OP_RESUME, low.thread), WHIT_OK);

    test_begin("a new target while a thread waits: its wait fails");
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, low.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(WAIT(0, signal, 7000) == NULL);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    EQUAL(low.t->save->x[10], WHIT_E_DEAD);
    pass(9000);
    EQUAL(signal_at(signal)->bits, 0);
    CHECK(running(0) == low.t);

    test_begin("a virtual interrupt's flags change in place");
    guest = vcpu_new(0, 2);
    uint64_t bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, WHIT_VIRQ(40, 0x80, 0)),
          WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, bell, 1) == low.t);
    CHECK(list_empty(&signal_at(bell)->pending));
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x40, WHIT_VIRQ_ENABLED)),
          WHIT_OK);
    CHECK(!list_empty(&signal_at(bell)->pending));
    EQUAL(signal_at(bell)->virq_priority, 0x40);
    EQUAL(ADMIN(WHIT_OP_CLEAR, bell, 1), WHIT_OK);
    CHECK(list_empty(&signal_at(bell)->pending));

    test_begin("a virtual interrupt is pending as long as there are bits");
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x40, WHIT_VIRQ_ENABLED | WHIT_VIRQ_LEVEL)),
          WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, bell, 3) == low.t);
    EQUAL(ADMIN(WHIT_OP_CLEAR, bell, 1), WHIT_OK);
    EQUAL(signal_at(bell)->bits, 2);
    CHECK(!list_empty(&signal_at(bell)->pending));
    EQUAL(ADMIN(WHIT_OP_CLEAR, bell, 2), WHIT_OK);
    CHECK(list_empty(&signal_at(bell)->pending));

    test_begin("another number, virtual CPU or budget is another target");
    struct program second = vcpu_new(0, 2);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, WHIT_VIRQ(41, 0x40, 1)),
          WHIT_OK);
    EQUAL(signal_at(bell)->virq, 41);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, second.thread, WHIT_VIRQ(41, 0x40, 1)),
          WHIT_OK);
    CHECK(signal_at(bell)->thread == second.t);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, bell, 1) == low.t);
    CHECK(second.t->vcpu.pending_map && !guest.t->vcpu.pending_map);
    budget = make_budget(0, 60, 0, 0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, second.thread, WHIT_VIRQ(41, 0x40, 1),
                budget),
          WHIT_OK);
    CHECK(signal_at(bell)->budget == budget_at(budget));
}

static void test_ends(void)
{
    test_begin("a signal destroyed while a thread waits: DEAD");
    fixture_init(1);
    struct program waiter = program_new(0, 10), low = program_new(0, 5);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(WAIT(0, signal, 1000) == low.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, signal), WHIT_OK);
    CHECK(run(0) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_E_DEAD);
    EQUAL(waiter.t->save->x[0], 0);
    pass(5000);

    test_begin("a waiter destroyed: its signal has no target");
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(WAIT(0, signal, fake_ticks + 100) == low.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, waiter.thread), WHIT_OK);
    EQUAL(signal_at(signal)->target, WHIT_TARGET_NONE);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == low.t);
    pass(1000);
    EQUAL(signal_at(signal)->bits, 1);

    test_begin("the server of an entry destroyed, idle and at work");
    for (unsigned busy = 0; busy < 2; busy++) {
        fixture_init(1);
        struct program server = handler_new(0, 1);
        low = program_new(0, 5);
        uint64_t portal = make_portal(server.thread, ENTRY, BADGE);
        uint64_t budget = make_budget(0, 50, 0, 0);
        signal = make_signal(0);
        EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
        CHECK(run(0) == low.t);
        if (busy)
            CHECK(NOTIFY(0, signal, 1) == server.t);
        EQUAL(ADMIN(WHIT_OP_DESTROY, server.thread), WHIT_OK);
        CHECK(run(0) == low.t);
        CHECK(NOTIFY(0, signal, 2) == low.t); /* sticks: nobody is there */
        EQUAL(signal_at(signal)->bits, 2);
        EQUAL(budget_at(budget)->state, BUDGET_IDLE);
        EQUAL(ADMIN(WHIT_OP_DESTROY, portal), WHIT_OK);
        EQUAL(signal_at(signal)->target, WHIT_TARGET_NONE);
        CHECK(!signal_at(signal)->budget && !budget_at(budget)->signal);
    }

    test_begin("portal, budget or signal of an entry destroyed while the server works");
    for (unsigned what = 0; what < 3; what++) {
        fixture_init(1);
        struct program server = handler_new(0, 1);
        low = program_new(0, 5);
        uint64_t portal = make_portal(server.thread, ENTRY, BADGE);
        uint64_t budget = make_budget(0, 50, 100, 1000);
        signal = make_signal(0);
        EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
        CHECK(run(0) == low.t);
        CHECK(NOTIFY(0, signal, 1) == server.t);
        EQUAL(ADMIN(WHIT_OP_DESTROY, what == 0 ? portal : what == 1 ? budget : signal), WHIT_OK);
        CHECK(run(0) == low.t);
        EQUAL(ADMIN(WHIT_OP_STOP, low.thread), WHIT_OK);
        CHECK(run(0) == server.t);
        pass(5000);
        CHECK(REPLY(0, 0, 0) == NULL);
        CHECK(thread_is_idle(server.t));
    }

    test_begin("the capability of the server revoked while it works for a signal");
    fixture_init(1);
    struct program server = handler_new(0, 1);
    low = program_new(0, 5);
    EQUAL(ADMIN(WHIT_OP_DERIVE, server.thread, WHIT_SELF, 1000, WHIT_R_ALL), WHIT_OK);
    uint64_t portal = make_portal(1000, ENTRY, BADGE), budget = make_budget(0, 50, 0, 0);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == server.t);
    EQUAL(ADMIN(WHIT_OP_DELETE, 1000), WHIT_OK);
    CHECK(run(0) == server.t); /* it ends what it does */
    CHECK(NOTIFY(0, signal, 2) == server.t);
    CHECK(REPLY(0, 0, 0) == low.t);
    EQUAL(signal_at(signal)->bits, 2);
    EQUAL(budget_at(budget)->state, BUDGET_IDLE);
    EQUAL(ADMIN(WHIT_OP_DESTROY, server.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 4) == low.t);
}

static void test_remote(void)
{
    test_begin("a signal of another core: one interrupt for any number of bits and signals");
    fixture_init(2);
    struct program sender = program_new(0, 10), waiter = program_new(1, 10);
    uint64_t a = make_signal(1), b = make_signal(1);
    EQUAL(ADMIN(WHIT_OP_TARGET, a, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TARGET, b, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    take_all_ipis();
    CHECK(running(1) == waiter.t);
    CHECK(WAIT(1, a, 0) == NULL);
    fake_history_clear();
    CHECK(running(0) == sender.t);
    CHECK(NOTIFY(0, a, 0) == sender.t);
    EQUAL(fake_count(FAKE_KICK), 0);
    CHECK(NOTIFY(0, a, 1) == sender.t);
    EQUAL(fake_count(FAKE_KICK), 1);
    CHECK(NOTIFY(0, a, 2) == sender.t);
    CHECK(NOTIFY(0, b, 4) == sender.t);
    EQUAL(fake_count(FAKE_KICK), 1);
    EQUAL(signal_at(a)->bits, 0);
    CHECK(take_ipi(1) == waiter.t);
    EQUAL(waiter.t->save->x[0], 3);
    CHECK(WAIT(1, b, 0) == waiter.t);
    EQUAL(waiter.t->save->x[0], 4);
    CHECK(WAIT(1, a, 0) == NULL);
    CHECK(NOTIFY(0, a, 8) == sender.t);
    CHECK(take_ipi(1) == waiter.t);
    EQUAL(waiter.t->save->x[0], 8);

    test_begin("a signal is targeted from another core, once, and delivers what it had");
    fixture_init(2);
    sender = program_new(0, 10);
    struct program server = handler_new(1, 5);
    uint64_t portal = make_portal(server.thread, ENTRY, BADGE), budget = make_budget(1, 50, 0, 0);
    a = make_signal(1);
    CHECK(run(0) == sender.t);
    CHECK(NOTIFY(0, a, 1) == sender.t);
    CHECK(take_ipi(1) == NULL);
    EQUAL(signal_at(a)->bits, 1);
    EQUAL(ADMIN(WHIT_OP_TARGET, a, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(take_ipi(1) == server.t);
    EQUAL(server.t->save->x[0], 1);
    EQUAL(ADMIN(WHIT_OP_TARGET, a, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_E_CORE);
    EQUAL(ADMIN(WHIT_OP_TARGET, a, WHIT_TARGET_NONE), WHIT_E_CORE);

    test_begin("two who target one signal of another core: the second sees what the first did");
    fixture_init(2);
    sender = program_new(0, 20);
    struct program other = program_new(0, 10);
    waiter = program_new(1, 10);
    a = make_signal(1);
    CHECK(run(0) == sender.t);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_TARGET, a, WHIT_TARGET_WAITER, waiter.thread) == sender.t);
    EQUAL(ADMIN(WHIT_OP_STOP, sender.thread), WHIT_OK);
    CHECK(run(0) == other.t);
    CHECK(DO(0, WHIT_OP_TARGET, a, WHIT_TARGET_WAITER, waiter.thread) == other.t);
    CHECK(!request_is_free(&signal_at(a)->request));
    take_ipi(1);
    fixture_manual = false;
    CHECK(run(0) == other.t);
    EQUAL(other.t->save->x[10], WHIT_E_CORE); /* it has a target now */
    EQUAL(ADMIN(WHIT_OP_RESUME, sender.thread), WHIT_OK);
    CHECK(run(0) == sender.t);
    EQUAL(sender.t->save->x[10], WHIT_OK);

    test_begin("a budget that is refilled before its signal has its target waits for that");
    fixture_init(2);
    server = handler_passive(1);
    portal = make_portal(server.thread, ENTRY, BADGE);
    struct program limited = program_limited(1, 50, 100, 1000);
    a = make_signal(1);
    take_all_ipis();
    CHECK(running(1) == limited.t);
    pass(100);
    EQUAL(limited.b->state, BUDGET_THROTTLED);
    EQUAL(ADMIN(WHIT_OP_BIND, limited.thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    sender = program_new(0, 20);
    CHECK(run(0) == sender.t);
    CHECK(NOTIFY(0, a, 4) == sender.t);
    take_ipi(1);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_TARGET, a, WHIT_TARGET_ENTRY, portal, 0, limited.budget) == sender.t);
    pass(900);
    EQUAL(limited.b->state, BUDGET_IDLE);
    CHECK(running(1) == NULL);
    CHECK(take_ipi(1) == server.t);
    EQUAL(server.t->save->x[0], 4);
    fixture_manual = false;
    CHECK(run(0) == sender.t);
    EQUAL(sender.t->save->x[10], WHIT_OK);

    test_begin("a signal destroyed while it is in its core's inbox");
    fixture_init(2);
    sender = program_new(0, 10);
    waiter = program_new(1, 10);
    a = make_signal(1);
    EQUAL(ADMIN(WHIT_OP_TARGET, a, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    take_all_ipis();
    CHECK(running(1) == waiter.t);
    CHECK(WAIT(1, a, 0) == NULL);
    CHECK(NOTIFY(0, a, 1) == sender.t);
    EQUAL(ADMIN(WHIT_OP_DESTROY, a), WHIT_OK);
    CHECK(take_ipi(1) == waiter.t);
    EQUAL(waiter.t->save->x[10], WHIT_OK); /* it came first */
    CHECK(!fake_cores[1].signal_inbox);
}

/* A virtual CPU goes from core 0 to core 1, with a signal that has a target. */
static void test_follow(void)
{
    const uint64_t virq = WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED);

    test_begin("a virtual CPU with an interrupt that waits stays where it is");
    fixture_init(2);
    struct program guest = vcpu_new(0, 5), caller = program_new(0, 10), far = program_new(1, 1);
    uint64_t bell = make_signal(0), there = make_budget(1, 5, 0, 0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, virq), WHIT_OK);
    take_all_ipis();
    CHECK(run(0) == caller.t);
    CHECK(run(1) == far.t);
    CHECK(NOTIFY(0, bell, 1) == caller.t);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, there), WHIT_E_STATE);

    test_begin("... and takes it along when its signal has no target, and then has it again");
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_NONE), WHIT_OK);
    EQUAL(signal_at(bell)->bits, 1);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, there), WHIT_OK);
    take_all_ipis();
    EQUAL(ADMIN(WHIT_OP_TIMER, bell, fake_ticks + 1000, 8), WHIT_OK);
    CHECK(DO(1, WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, virq) == far.t);
    EQUAL(far.t->save->x[10], WHIT_E_CORE);
    CHECK(signal_at(bell)->home == &fake_cores[0]);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, virq), WHIT_OK);
    take_all_ipis();
    CHECK(signal_at(bell)->home == &fake_cores[1]);
    CHECK(!timer_armed(&signal_at(bell)->timer));
    CHECK(guest.t->vcpu.pending_map);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    take_all_ipis();
    CHECK(run(1) == guest.t);

    test_begin(
        "a signal with a target leaves by the same call, when it has nothing before the guest");
    fixture_init(2);
    guest = vcpu_new(0, 5);
    caller = program_new(0, 10);
    far = program_new(1, 10);
    bell = make_signal(0);
    uint64_t urgent = make_budget(0, 20, 0, 0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, virq, urgent), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    take_all_ipis();
    CHECK(run(0) == caller.t);
    CHECK(run(1) == far.t);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, virq, urgent), WHIT_E_CORE);

    test_begin("what is in the inbox of its last home goes to its new one, once");
    CHECK(NOTIFY(1, bell, 2) == far.t);
    CHECK(run(0) == caller.t);
    CHECK(fake_cores[0].signal_inbox == signal_at(bell));
    CHECK(DO(0, WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, virq) == caller.t);
    take_all_ipis();
    CHECK(run(0) == caller.t);
    EQUAL(caller.t->save->x[10], WHIT_OK);
    CHECK(!fake_cores[0].signal_inbox && !fake_cores[1].signal_inbox);
    EQUAL(signal_at(bell)->bits, 2);
    CHECK(guest.t->vcpu.pending_map && !signal_at(bell)->budget && !budget_at(urgent)->signal);
    CHECK(NOTIFY(1, bell, 4) == far.t);
    EQUAL(signal_at(bell)->bits, 6);
    EQUAL(ADMIN(WHIT_OP_DESTROY, bell), WHIT_OK);

    test_begin("a signal of no core's virtual CPU");
    bell = make_signal(0);
    uint64_t machine = make_space(WHIT_MACHINE, 0), none = make_thread(machine, WHIT_VCPU);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, none, virq), WHIT_E_CORE);
}

int main(void)
{
    test_waiter();
    test_timeout();
    test_entry();
    test_target();
    test_ends();
    test_remote();
    test_follow();
    return fixture_finish();
}
