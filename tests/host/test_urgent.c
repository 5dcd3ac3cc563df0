/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Budgets of virtual interrupts, the length of an activation, calls that fail when their budget is
 * used up, a guest's own priority, accounting, and when WFI need not trap.
 */
#include "fixture.h"

#define ENTRY UINT64_C(0x500000)
enum { BADGE = 5, LENGTH = 30, AMOUNT = 100, PERIOD = 1000 };

static uint64_t make_urgent(unsigned priority, uint64_t ticks, uint64_t period, uint64_t length)
{
    uint64_t selector = fixture_selector();

    world_take(selector, WHIT_SIZE_BUDGET);
    EQUAL(ADMIN(WHIT_OP_MAKE, selector, WHIT_BUDGET, FIXTURE_CORE, priority, ticks, period, length),
          WHIT_OK);
    fixture_watch(selector);
    return selector;
}

static struct program guest, low, middle;
static uint64_t bell, urgent;

/* A guest below everybody else, a program above it, and an interrupt that is more urgent. */
static void guest_beside_program(uint64_t length)
{
    fixture_init(1);
    low = program_new(0, 3);
    guest = vcpu_new(0, 5);
    middle = program_new(0, 20);
    urgent = make_urgent(50, AMOUNT, PERIOD, length);
    bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED), urgent),
          WHIT_OK);
    CHECK(run(0) == middle.t);
}

static const struct budget *paying(void)
{
    return fake_cores[0].budget;
}

static void test_virq(void)
{
    test_begin("an interrupt with a budget: its guest runs on it until it is idle");
    guest_beside_program(0);
    CHECK(NOTIFY(0, bell, 1) == guest.t);
    CHECK(paying() == budget_at(urgent));
    pass(10);
    CHECK(running(0) == guest.t);
    CHECK(wfi(0) == middle.t);
    EQUAL(budget_at(urgent)->state, BUDGET_IDLE);
    EQUAL(budget_at(urgent)->used, 10);

    test_begin("and its background does not");
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == low.t); /* the guest is idle */
    CHECK(NOTIFY(0, bell, 1) == guest.t && paying() == budget_at(urgent));
    pass(AMOUNT - 10);
    CHECK(running(0) == guest.t && paying() == guest.b);
    EQUAL(budget_at(urgent)->state, BUDGET_THROTTLED);
    EQUAL(ADMIN(WHIT_OP_RESUME, middle.thread), WHIT_OK);
    CHECK(run(0) == middle.t);
    pass(PERIOD - AMOUNT); /* it is back, all of it, as it was used without a gap */
    CHECK(running(0) == guest.t && paying() == budget_at(urgent));
    pass(AMOUNT);
    CHECK(running(0) == middle.t);

    test_begin("a guest that went idle does not run urgently at the refill");
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == guest.t && paying() == guest.b);
    CHECK(wfi(0) == low.t);
    pass(2 * PERIOD);
    CHECK(running(0) == low.t);
    EQUAL(budget_at(urgent)->state, BUDGET_IDLE);

    test_begin("idle with an interrupt pending is not idle");
    CHECK(NOTIFY(0, bell, 1) == guest.t);
    fake_virq_waiting = true;
    CHECK(wfi(0) == guest.t && paying() == budget_at(urgent));
    fake_virq_waiting = false;
    CHECK(wfi(0) == low.t);

    test_begin("an interrupt that the guest has not enabled activates it when it does");
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread, WHIT_VIRQ(40, 0x80, 0)),
          WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, bell, 1) == low.t);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED)),
          WHIT_OK);
    CHECK(run(0) == guest.t && paying() == budget_at(urgent));

    test_begin("a stopped guest's activation waits with it");
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    CHECK(run(0) == low.t);
    EQUAL(budget_at(urgent)->state, BUDGET_PARKED);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == guest.t && paying() == budget_at(urgent));

    test_begin("the target, the budget or the guest ends in the middle of an activation");
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_NONE), WHIT_OK);
    CHECK(run(0) == guest.t && paying() == guest.b);
    for (unsigned what = 0; what < 3; what++) {
        guest_beside_program(0);
        CHECK(NOTIFY(0, bell, 1) == guest.t && paying() == budget_at(urgent));
        EQUAL(ADMIN(WHIT_OP_DESTROY, what == 0   ? urgent
                                     : what == 1 ? bell
                                                 : guest.thread),
              WHIT_OK);
        CHECK(run(0) == middle.t);
        pass(3 * PERIOD);
        CHECK(running(0) == middle.t);
    }
}

static void test_length(void)
{
    test_begin("a guest that is never idle loses the priority with the activation's length");
    guest_beside_program(LENGTH);
    CHECK(NOTIFY(0, bell, 1) == guest.t && paying() == budget_at(urgent));
    pass(LENGTH - 1);
    CHECK(running(0) == guest.t);
    pass(1);
    CHECK(running(0) == middle.t);
    EQUAL(budget_at(urgent)->state, BUDGET_IDLE);
    EQUAL(budget_at(urgent)->used, LENGTH);
    pass(3 * PERIOD);
    CHECK(running(0) == middle.t);

    test_begin("each interrupt begins the length anew, and the budget's amount bounds them all");
    uint64_t before = budget_at(urgent)->used;
    for (unsigned i = 0; i < 40; i++) {
        CHECK(NOTIFY(0, bell, 1) == running(0));
        pass(LENGTH / 2);
    }
    CHECK(budget_at(urgent)->used - before <= AMOUNT);
    CHECK(budget_at(urgent)->used - before >= AMOUNT - LENGTH);

    test_begin("a native server: what is left after the length is done on its own budget");
    fixture_init(1);
    struct program server = handler_new(0, 7);
    low = program_new(0, 5);
    middle = program_new(0, 20);
    uint64_t portal = make_portal(server.thread, ENTRY, BADGE);
    urgent = make_urgent(50, AMOUNT, PERIOD, LENGTH);
    bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_ENTRY, portal, 0, urgent), WHIT_OK);
    CHECK(run(0) == middle.t);
    CHECK(NOTIFY(0, bell, 1) == server.t && paying() == budget_at(urgent));
    pass(LENGTH);
    CHECK(running(0) == middle.t);
    CHECK(NOTIFY(0, bell, 2) == middle.t); /* no second activation before the reply */
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == server.t && paying() == server.b);
    CHECK(REPLY(0, 0, 0) == server.t && paying() == budget_at(urgent));
    EQUAL(server.t->save->x[0], 2);
    pass(LENGTH - 1);
    CHECK(REPLY(0, 0, 0) == low.t);
    EQUAL(budget_at(urgent)->state, BUDGET_IDLE);

    test_begin("time in which it helped a busy server is not the activation's");
    CHECK(CALL(0, portal, 1) == server.t && paying() == low.b);
    CHECK(NOTIFY(0, bell, 4) == server.t && paying() == budget_at(urgent));
    pass(LENGTH + 5);
    CHECK(REPLY(0, 0, 0) == server.t);
    EQUAL(server.t->save->x[0], 4);
    pass(LENGTH);
    CHECK(running(0) == server.t && paying() == server.b);
    CHECK(REPLY(0, 0, 0) == low.t);
}

static void test_expire(void)
{
    for (unsigned fast = 0; fast < 2; fast++) {
        test_begin("a call whose budget is used up waits for the refill");
        fixture_init(1);
        fixture_fast = fast;
        struct program server = handler_passive(0), other = handler_passive(0);
        low = program_new(0, 2);
        struct program caller = program_limited(0, 30, AMOUNT, PERIOD);
        uint64_t portal = make_portal(server.thread, ENTRY, BADGE);
        uint64_t second = make_portal(other.thread, ENTRY, BADGE);
        CHECK(run(0) == caller.t);
        CHECK(CALL(0, portal, 1) == server.t);
        pass(AMOUNT);
        CHECK(running(0) == low.t);
        pass(PERIOD - AMOUNT);
        CHECK(running(0) == server.t);
        CHECK(REPLY(0, 0, 7) == caller.t);
        EQUAL(caller.t->save->x[0], 7);

        test_begin("with TIMEOUT it fails, and the server is free after the next call");
        pass(2 * PERIOD);
        EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
        EQUAL(ADMIN(WHIT_OP_BIND, caller.thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
        uint64_t limited = make_urgent(30 | WHIT_BUDGET_TIMEOUT, AMOUNT, PERIOD, 0);
        EQUAL(ADMIN(WHIT_OP_BIND, caller.thread, WHIT_ROLE_BUDGET, limited), WHIT_OK);
        EQUAL(ADMIN(WHIT_OP_RESUME, caller.thread), WHIT_OK);
        CHECK(run(0) == caller.t && paying() == budget_at(limited));
        CHECK(CALL(0, portal, 1) == server.t);
        CHECK(CALL(0, second, 2) == other.t); /* and the server's own call goes on */
        pass(AMOUNT);
        CHECK(running(0) == low.t);
        CHECK(!caller.t->callee && server.t->callee == other.t);
        CHECK(CALL(0, portal, 3) == other.t); /* helps */
        CHECK(REPLY(0, 0, 0) == server.t);
        CHECK(REPLY(0, 0, 0) == server.t && paying() == low.b); /* for nobody; entered anew */
        EQUAL(server.t->save->x[0], 3);
        CHECK(REPLY(0, 0, 0) == low.t);
        pass(PERIOD - AMOUNT);
        CHECK(running(0) == caller.t);
        EQUAL(caller.t->save->x[10], WHIT_E_TIMEOUT);
        EQUAL(caller.t->save->x[0], 0);

        test_begin("a call that helps fails likewise, behind its instruction");
        pass(PERIOD);
        EQUAL(ADMIN(WHIT_OP_STOP, caller.thread), WHIT_OK);
        CHECK(run(0) == low.t);
        CHECK(CALL(0, portal, 4) == server.t);
        EQUAL(ADMIN(WHIT_OP_RESUME, caller.thread), WHIT_OK);
        CHECK(run(0) == caller.t);
        uint64_t pc = caller.t->save->pc;
        CHECK(CALL(0, portal, 5) == server.t && paying() == budget_at(limited));
        pass(AMOUNT);
        CHECK(running(0) == server.t && paying() == low.b);
        CHECK(REPLY(0, 0, 0) == low.t);
        pass(PERIOD - AMOUNT);
        CHECK(running(0) == caller.t);
        EQUAL(caller.t->save->x[10], WHIT_E_TIMEOUT);
        EQUAL(caller.t->save->pc, pc + 4);

        test_begin("a fault waits for the refill whatever its thread's budget says");
        EQUAL(ADMIN(WHIT_OP_BIND, caller.thread, WHIT_ROLE_FAULT, portal), WHIT_OK);
        CHECK(run(0) == caller.t);
        CHECK(fault(0, 0x92000007, 0x1234, 0x1234) == server.t);
        pass(AMOUNT);
        CHECK(running(0) == low.t && caller.t->callee == server.t);
        pass(PERIOD - AMOUNT);
        CHECK(running(0) == server.t);
        CHECK(REPLY(0, 0, WHIT_CONTINUE) == caller.t);
    }
    fixture_fast = false;
}

static void test_priority(void)
{
    test_begin("a guest changes its priority among its budgets");
    fixture_init(2);
    guest = vcpu_new(0, 5);
    low = program_new(0, 3);
    middle = program_new(0, 20);
    uint64_t space = make_space(WHIT_MACHINE, 1), own = make_budget(0, 6, 0, 0);
    uint64_t high = make_budget(0, 60, 0, 0), far = make_budget(1, 60, 0, 0);
    uint64_t cpu = make_thread(space, WHIT_VCPU);
    struct thread *t = thread_at(cpu);
    EQUAL(ADMIN(WHIT_OP_DERIVE, own, space, 1, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, high, space, 2, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, high, space, 3, WHIT_R_READ), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, far, space, 4, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_DERIVE, middle.budget, space, 5, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, cpu, WHIT_ROLE_BUDGET, own), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, cpu, 0x1000), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == t);
    CHECK(DO(0, WHIT_OP_PRIORITY, 2) == t && paying() == budget_at(high));
    EQUAL(t->save->x[10], WHIT_OK);
    EQUAL(budget_at(own)->state, BUDGET_IDLE);
    EQUAL(ADMIN(WHIT_OP_RESUME, middle.thread), WHIT_OK);
    CHECK(run(0) == t);
    CHECK(DO(0, WHIT_OP_PRIORITY, 2) == t && paying() == budget_at(high));
    CHECK(DO(0, WHIT_OP_PRIORITY, 3) == t);
    EQUAL(t->save->x[10], WHIT_E_RIGHTS);
    CHECK(DO(0, WHIT_OP_PRIORITY, 4) == t);
    EQUAL(t->save->x[10], WHIT_E_CORE);
    CHECK(DO(0, WHIT_OP_PRIORITY, 5) == t);
    EQUAL(t->save->x[10], WHIT_E_BUSY);
    CHECK(DO(0, WHIT_OP_PRIORITY, 9) == t);
    EQUAL(t->save->x[10], WHIT_E_CAPABILITY);
    CHECK(DO(0, WHIT_OP_PRIORITY, 1) == middle.t);
    EQUAL(t->save->x[10], WHIT_OK);
    EQUAL(budget_at(high)->state, BUDGET_IDLE);
    CHECK(t->budget == budget_at(own));

    test_begin("no time is lost between one budget and the other");
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == t);
    uint64_t before = budget_at(own)->used + budget_at(high)->used, start = fake_ticks;
    fake_ticks_step = 7;
    for (unsigned i = 0; i < 100; i++)
        CHECK(DO(0, WHIT_OP_PRIORITY, 1 + i % 2) == t);
    fake_ticks_step = 0;
    CHECK(DO(0, WHIT_OP_PRIORITY, 1) == t);
    EQUAL(budget_at(own)->used + budget_at(high)->used - before, fake_ticks - start);
    EQUAL(ADMIN(WHIT_OP_RESUME, middle.thread), WHIT_OK);
    CHECK(run(0) == middle.t);

    test_begin("its capability revoked, it runs on nothing until it is bound again");
    EQUAL(ADMIN(WHIT_OP_REVOKE, own), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(!t->budget);
    EQUAL(ADMIN(WHIT_OP_BIND, cpu, WHIT_ROLE_BUDGET, high), WHIT_OK);
    CHECK(run(0) == t);

    test_begin("the hypercall ends the activation of a guest that stays busy");
    guest_beside_program(0);
    CHECK(NOTIFY(0, bell, 1) == guest.t && paying() == budget_at(urgent));
    CHECK(DO(0, WHIT_OP_PRIORITY, 0) == middle.t);
    EQUAL(budget_at(urgent)->state, BUDGET_IDLE);
    EQUAL(guest.t->state, THREAD_RUNNABLE);
    CHECK(NOTIFY(0, bell, 1) == guest.t);
}

static void test_own_priority(void)
{
    test_begin("a program's thread that serves changes what it runs on afterwards");
    fixture_init(1);
    struct program server = handler_new(0, 5), client = program_new(0, 10);
    uint64_t portal = make_portal(server.thread, ENTRY, BADGE), high = make_budget(0, 60, 0, 0);
    uint64_t less = make_budget(0, 2, 0, 0);
    CHECK(run(0) == client.t);
    CHECK(CALL(0, portal, 1) == server.t && paying() == client.b);
    CHECK(DO(0, WHIT_OP_PRIORITY, less) == server.t && paying() == client.b);
    EQUAL(server.t->save->x[10], WHIT_OK);
    CHECK(server.t->budget == budget_at(less) && !server.b->thread);
    CHECK(DO(0, WHIT_OP_PRIORITY, high) == server.t && paying() == budget_at(high));
    CHECK(REPLY(0, 0, 0) == client.t);

    test_begin("one that has no budget of its own has no priority to change");
    server = handler_passive(0);
    portal = make_portal(server.thread, ENTRY, BADGE);
    uint64_t spare = make_budget(0, 60, 0, 0);
    CHECK(run(0) == client.t);
    CHECK(CALL(0, portal, 1) == server.t);
    CHECK(DO(0, WHIT_OP_PRIORITY, spare) == server.t);
    EQUAL(server.t->save->x[10], WHIT_E_STATE);

    test_begin("a change of priority waits for what another core asked of the thread");
    fixture_init(2);
    struct program self = program_new(0, 10), other = program_new(1, 10);
    high = make_budget(0, 60, 0, 0);
    take_all_ipis();
    CHECK(running(0) == self.t && running(1) == other.t);
    fixture_manual = true;
    CHECK(DO(1, WHIT_OP_STOP, self.thread) == other.t);
    CHECK(DO(0, WHIT_OP_PRIORITY, high) == self.t);
    CHECK(self.t->budget == self.b);
    CHECK(take_ipi(0) == NULL);
    fixture_manual = false;
    CHECK(run(1) == other.t);
    EQUAL(ADMIN(WHIT_OP_RESUME, self.thread), WHIT_OK);
    CHECK(run(0) == self.t && self.t->budget == budget_at(high));
}

static void test_moved(void)
{
    test_begin("an activation ends when its virtual CPU goes to another core");
    fixture_init(2);
    guest = vcpu_new(0, 5);
    middle = program_new(0, 20);
    urgent = make_urgent(50, AMOUNT, PERIOD, 0);
    bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED | WHIT_VIRQ_LEVEL), urgent),
          WHIT_OK);
    CHECK(run(0) == middle.t);
    CHECK(NOTIFY(0, bell, 1) == guest.t && paying() == budget_at(urgent));
    EQUAL(ADMIN(WHIT_OP_CLEAR, bell, 1), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == middle.t);
    CHECK(take_ipi(1) == guest.t);
    EQUAL(budget_at(urgent)->state, BUDGET_IDLE);
}

static void test_late(void)
{
    test_begin("a budget that becomes ready before its refill is late");
    fixture_init(1);
    struct program server = handler_passive(0);
    low = program_new(0, 2);
    uint64_t budget = make_urgent(50, AMOUNT, PERIOD, 0), signal = make_signal(0);
    uint64_t portal = make_portal(server.thread, ENTRY, BADGE);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == server.t);
    fake_ticks += AMOUNT; /* it has replied before anybody looks at the clock */
    CHECK(REPLY(0, 0, 0) == low.t);
    EQUAL(budget_at(budget)->state, BUDGET_IDLE);
    CHECK(NOTIFY(0, signal, 1) == low.t);
    EQUAL(budget_at(budget)->late, 1);
    EQUAL(budget_at(budget)->exhausted, 0);
    pass(PERIOD - AMOUNT);
    CHECK(running(0) == server.t);
    CHECK(REPLY(0, 0, 0) == low.t);

    test_begin("an activation may have a length on a budget without limit and slice");
    budget = make_urgent(50, 0, 0, LENGTH);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == server.t);
    pass(LENGTH);
    CHECK(running(0) == low.t);
    EQUAL(budget_at(budget)->used, LENGTH);
}

static void test_accounting(void)
{
    test_begin("accounting: used, lent, exhausted, late");
    fixture_init(1);
    struct program server = handler_passive(0);
    low = program_new(0, 2);
    uint64_t metered = make_urgent(30 | WHIT_BUDGET_METER, AMOUNT, PERIOD, 0);
    uint64_t thread = make_thread(WHIT_SELF, WHIT_NATIVE);
    uint64_t portal = make_portal(server.thread, ENTRY, BADGE), signal = make_signal(0);
    struct thread *t = thread_at(thread);
    fixture_fast = true; /* which the flag must switch off */
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, metered), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, thread, PROGRAM_PC, PROGRAM_SP), WHIT_OK);
    CHECK(run(0) == t);
    pass(10);
    CHECK(CALL(0, portal, 1) == server.t);
    pass(20);
    CHECK(REPLY(0, 0, 0) == t);
    pass(5);
    CHECK(DO(0, WHIT_OP_BUDGET_READ, metered) == t);
    EQUAL(t->save->x[0], 35);
    EQUAL(t->save->x[1], 0);
    EQUAL(t->save->x[3], 30);
    EQUAL(t->save->x[4], 20);
    EQUAL(t->save->x[5], 0);
    pass(AMOUNT - 35);
    CHECK(running(0) == low.t);
    EQUAL(budget_at(metered)->exhausted, 1);
    EQUAL(budget_at(metered)->late, 0);
    pass(PERIOD - AMOUNT);
    CHECK(running(0) == t);
    pass(AMOUNT - 1);
    CHECK(WAIT(0, signal, 0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == t);
    pass(1);
    EQUAL(budget_at(metered)->exhausted, 2);
    pass(PERIOD - AMOUNT);
    CHECK(running(0) == t);

    test_begin("an activation that finds its budget used up is late");
    guest_beside_program(0);
    CHECK(NOTIFY(0, bell, 1) == guest.t);
    pass(AMOUNT);
    CHECK(running(0) == middle.t);
    EQUAL(budget_at(urgent)->exhausted, 1);
    EQUAL(budget_at(urgent)->late, 0);
    pass(PERIOD - AMOUNT);
    CHECK(running(0) == guest.t);
    pass(AMOUNT - 1);
    CHECK(wfi(0) == middle.t);
    EQUAL(budget_at(urgent)->exhausted, 1);
    CHECK(NOTIFY(0, bell, 1) == guest.t);
    pass(1);
    EQUAL(budget_at(urgent)->exhausted, 2);
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == guest.t && paying() == guest.b);
    CHECK(wfi(0) == low.t);
    pass(PERIOD - AMOUNT);
    CHECK(running(0) == low.t && budget_at(urgent)->state == BUDGET_IDLE);
    CHECK(NOTIFY(0, bell, 1) == guest.t);
    pass(AMOUNT - 1);
    CHECK(wfi(0) == low.t);
    fake_ticks += 1; /* the kernel was busy: the rest of the amount is an overrun of the next */
    EQUAL(budget_at(urgent)->late, 0);
    CHECK(NOTIFY(0, bell, 1) == guest.t);
    pass(1);
    EQUAL(budget_at(urgent)->exhausted, 3);
    CHECK(running(0) == guest.t && paying() == guest.b);
    CHECK(wfi(0) == low.t);
    EQUAL(budget_at(urgent)->state, BUDGET_THROTTLED);
}

static void test_charging(void)
{
    test_begin("what an interrupt takes is paid by who runs for it");
    fixture_init(1);
    struct program waiter = program_new(0, 30);
    low = program_new(0, 2);
    bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_WAITER, waiter.thread), WHIT_OK);
    CHECK(run(0) == waiter.t);
    CHECK(WAIT(0, bell, 0) == low.t);
    fake_ticks += 100;
    fake_cores[0].interrupted = fake_ticks;
    fake_ticks += 9; /* the kernel's way from there to the choice */
    signal_notify(&fake_cores[0], signal_at(bell), 1);
    CHECK(run(0) == waiter.t);
    EQUAL(low.b->used, 100);
    fake_ticks += 20;
    CHECK(WAIT(0, bell, 0) == low.t);
    EQUAL(waiter.b->used, 29);

    test_begin("a deadline that has passed is no wait");
    CHECK(NOTIFY(0, bell, 1) == waiter.t);
    CHECK(WAIT(0, bell, fake_ticks) == waiter.t);
    EQUAL(waiter.t->save->x[0], WHIT_TIMEOUT);
    EQUAL(waiter.t->save->x[10], WHIT_OK);
    CHECK(!timer_armed(&signal_at(bell)->timer));
    CHECK(WAIT(0, bell, fake_ticks + 1) == low.t);
    pass(1);
    CHECK(running(0) == waiter.t);
}

static void test_resume(void)
{
    test_begin("a thread that is resumed waits no more behind a server that it cannot call now");
    fixture_init(1);
    struct program server = handler_passive(0), caller = program_new(0, 30), other;
    uint64_t portal = make_portal(server.thread, ENTRY, BADGE);
    uint64_t second = make_portal(server.thread, ENTRY, BADGE);
    bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_WAITER, server.thread), WHIT_OK);
    CHECK(run(0) == caller.t);
    CHECK(CALL(0, portal, 1) == server.t);
    CHECK(WAIT(0, bell, 0) == NULL);
    other = program_new(0, 20);
    CHECK(run(0) == other.t);
    CHECK(CALL(0, second, 2) == NULL); /* its budget is parked at the server */
    EQUAL(ADMIN(WHIT_OP_DESTROY, second), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, other.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, other.thread), WHIT_OK);
    CHECK(run(0) == other.t);
    EQUAL(other.t->save->x[10], WHIT_E_CAPABILITY);
}

static void test_alone(void)
{
    test_begin("WFI is the guest's own only if nobody needs to know");
    fixture_init(1);
    const struct core *core = &fake_cores[0];
    guest = vcpu_new(0, 5);
    CHECK(run(0) == guest.t);
    CHECK(core->alone);
    low = program_new(0, 3);
    CHECK(run(0) == guest.t);
    CHECK(!core->alone); /* somebody less urgent would run meanwhile */
    EQUAL(ADMIN(WHIT_OP_STOP, low.thread), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(wfi(0) == NULL); /* trapped once more: only dispatch finds that nobody is left */
    bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED)),
          WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TIMER, bell, 100, 1), WHIT_OK);
    pass(100);
    CHECK(running(0) == guest.t);
    CHECK(core->alone);
    uint64_t equal = make_budget(0, 5, 0, 100), thread = make_thread(WHIT_SELF, WHIT_NATIVE);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, equal), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, thread, 0x1000), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(!core->alone);
    CHECK(wfi(0) == thread_at(thread));
    CHECK(!core->alone);
    EQUAL(ADMIN(WHIT_OP_STOP, thread), WHIT_OK);
    CHECK(run(0) == NULL);
    CHECK(!core->alone);

    test_begin("a timer's wake-up of another program is noticed while it sleeps untrapped");
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, low.thread), WHIT_OK);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, low.thread), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(wfi(0) == low.t);
    CHECK(WAIT(0, signal, 500) == NULL);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(core->alone);
    pass(600);
    CHECK(running(0) == guest.t);
    CHECK(!core->alone);

    test_begin("with a limited budget, and in an activation, it is trapped");
    guest_beside_program(0);
    EQUAL(ADMIN(WHIT_OP_STOP, low.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, middle.thread), WHIT_OK);
    CHECK(run(0) == NULL);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(core->alone);
    EQUAL(ADMIN(WHIT_OP_RESUME, middle.thread), WHIT_OK);
    CHECK(run(0) == middle.t);
    CHECK(NOTIFY(0, bell, 1) == guest.t);
    CHECK(!core->alone);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, make_budget(0, 200, 50, 100)),
          WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_RESUME, guest.thread), WHIT_OK);
    CHECK(run(0) == guest.t);
    CHECK(!core->alone);
}

int main(void)
{
    test_virq();
    test_length();
    test_expire();
    test_priority();
    test_own_priority();
    test_moved();
    test_late();
    test_accounting();
    test_charging();
    test_resume();
    test_alone();
    return fixture_finish();
}
