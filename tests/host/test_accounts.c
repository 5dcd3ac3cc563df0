/* SPDX-License-Identifier: BSD-2-Clause */
/* Time: what budgets give and when they give it again, slices, and the order of deadlines. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY = 0x401000 };

/* ---- how long each of two threads ran, in which pieces */

enum { PIECES = 4096 };

static const struct thread *watched;
static struct piece {
    uint64_t from, to;
} pieces[PIECES];
static unsigned piece_count;

static void watch(uint64_t from, uint64_t to)
{
    if (running(0) != watched || piece_count == PIECES)
        return;
    pieces[piece_count++] = (struct piece){from, to};
}

static void watch_begin(const struct thread *thread)
{
    watched = thread;
    piece_count = 0;
    fixture_watch_time = watch;
}

/* What the watched thread had between two moments. */
static uint64_t had(uint64_t from, uint64_t to)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < piece_count; i++) {
        uint64_t start = pieces[i].from > from ? pieces[i].from : from;
        uint64_t end = pieces[i].to < to ? pieces[i].to : to;
        sum += end > start ? end - start : 0;
    }
    return sum;
}

/* The most that it had in any window of one period: such a window begins or ends with a piece. */
static uint64_t had_most(uint64_t period)
{
    uint64_t most = 0;

    for (unsigned i = 0; i < piece_count; i++) {
        uint64_t begins = had(pieces[i].from, pieces[i].from + period);
        uint64_t ends = had(pieces[i].to < period ? 0 : pieces[i].to - period, pieces[i].to);
        most = begins > most ? begins : most;
        most = ends > most ? ends : most;
    }
    return most;
}

/* ---- budgets */

static void test_whole(void)
{
    test_begin("a budget that is always needed runs for its amount in each period");
    fixture_init(1);
    struct program limited = program_limited(0, 10, 100, 1000), low = program_new(0, 5);
    CHECK(run(0) == limited.t);
    watch_begin(limited.t);
    pass(99);
    CHECK(running(0) == limited.t);
    pass(1);
    CHECK(running(0) == low.t);
    pass(899);
    CHECK(running(0) == low.t);
    pass(1);
    CHECK(running(0) == limited.t);
    pass(9000);
    EQUAL(had(0, 10000), 1000);
    EQUAL(had_most(1000), 100);
    EQUAL(ADMIN(WHIT_OP_BUDGET_READ, limited.budget), WHIT_OK);
    EQUAL(admin_x[0], 1000);
    EQUAL(admin_x[1], 10);
}

/* The current thread sleeps until a moment. */
static struct thread *sleep_until(uint64_t signal, uint64_t when)
{
    return WAIT(0, signal, when);
}

static void test_pieces(void)
{
    test_begin("what is used in pieces comes back one period after each of them");
    fixture_init(1);
    struct program limited = program_limited(0, 10, 100, 1000), low = program_new(0, 5);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, limited.thread), WHIT_OK);
    CHECK(run(0) == limited.t);
    watch_begin(limited.t);
    pass(30);
    CHECK(sleep_until(signal, 200) == low.t);
    pass(170);
    CHECK(running(0) == limited.t);
    pass(70); /* all of it is used at 270; 30 come back at 1000, 70 at 1200 */
    CHECK(running(0) == low.t);
    pass(729);
    CHECK(running(0) == low.t);
    pass(1);
    CHECK(running(0) == limited.t);
    pass(30);
    CHECK(running(0) == low.t);
    pass(169);
    CHECK(running(0) == low.t);
    pass(1);
    CHECK(running(0) == limited.t);
    pass(10000);
    EQUAL(had_most(1000), 100);

    test_begin("what has come back meanwhile is used in one piece");
    fixture_init(1);
    limited = program_limited(0, 10, 100, 1000);
    low = program_new(0, 5);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, limited.thread), WHIT_OK);
    CHECK(run(0) == limited.t);
    pass(30);
    CHECK(sleep_until(signal, 5000) == low.t);
    pass(4970);
    CHECK(running(0) == limited.t);
    pass(99);
    CHECK(running(0) == limited.t);
    pass(1);
    CHECK(running(0) == low.t);
}

static void test_windows(void)
{
    enum { PERIOD = 1000, AMOUNT = 100 };

    test_begin("no window of one period gives more than the amount, in however many pieces");
    fixture_init(1);
    struct program limited = program_limited(0, 10, AMOUNT, PERIOD), low = program_new(0, 5);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, limited.thread), WHIT_OK);
    srand(1);
    CHECK(run(0) == limited.t);
    watch_begin(limited.t);
    while (piece_count < PIECES / 4 && test_is_good()) {
        pass(1 + (uint64_t)rand() % 12);
        if (running(0) == limited.t)
            sleep_until(signal, fake_ticks + 1 + (uint64_t)rand() % 60);
        CHECK(limited.b->refills <= BUDGET_REFILLS);
        uint64_t sum = 0;
        for (unsigned i = 0; i < limited.b->refills; i++)
            sum += limited.b->refill[(limited.b->oldest + i) % BUDGET_REFILLS].amount;
        CHECK(limited.b->state == BUDGET_READY || sum == AMOUNT);
    }
    CHECK(running(0) == limited.t || running(0) == low.t);
    CHECK(had_most(PERIOD) <= AMOUNT);
    CHECK(had(0, fake_ticks) > fake_ticks / PERIOD * AMOUNT / 2);
}

static void test_overrun(void)
{
    test_begin("what the kernel finishes late is taken from all refills, in their order");
    fixture_init(1);
    struct program limited = program_limited(0, 10, 100, 1000), low = program_new(0, 5);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, limited.thread), WHIT_OK);
    CHECK(run(0) == limited.t);
    pass(30);
    CHECK(sleep_until(signal, 200) == low.t);
    pass(170);
    CHECK(running(0) == limited.t); /* 70 now, 30 at 1000 */
    fake_ticks += 90;
    pass(0);
    CHECK(running(0) == low.t);
    EQUAL(limited.b->used, 120);
    /* 20 of the 30 are gone too: 10 at 1020, then 70 and 20 a period after theirs. */
    pass(1020 - fake_ticks - 1);
    CHECK(running(0) == low.t);
    pass(1);
    CHECK(running(0) == limited.t);
    pass(10);
    CHECK(running(0) == low.t);

    test_begin("an overrun whose end is beyond all time is waited for for ever");
    for (uint64_t ticks = 4; ticks <= 5; ticks++) { /* the sum is too large, the product is */
        fixture_init(1);
        fake_ticks = 1000;
        limited = program_limited(0, 10, 1, UINT64_MAX / 4);
        low = program_new(0, 5);
        CHECK(run(0) == limited.t);
        fake_ticks += ticks;
        pass(0);
        CHECK(running(0) == low.t);
        CHECK(budget_first(limited.b).when == UINT64_MAX);
    }
}

static void test_slices(void)
{
    test_begin("without a limit a period is a slice: equals take turns");
    fixture_init(1);
    struct program first = program_limited(0, 10, 0, 50), second = program_limited(0, 10, 0, 50);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, first.thread), WHIT_OK);
    CHECK(run(0) == first.t);
    pass(49);
    CHECK(running(0) == first.t);
    pass(1);
    CHECK(running(0) == second.t);
    pass(50);
    CHECK(running(0) == first.t);
    pass(20);
    CHECK(sleep_until(signal, 130) == second.t); /* what is left of a slice is kept */
    pass(10);
    CHECK(running(0) == second.t);
    pass(40);
    CHECK(running(0) == first.t);
    pass(29);
    CHECK(running(0) == first.t);
    pass(1);
    CHECK(running(0) == second.t);
    EQUAL(first.b->exhausted, 0);
}

static void test_make(void)
{
    static const struct {
        uint64_t priority, ticks, period, result;
    } makes[] = {
        {PRIORITIES, 0, 0, WHIT_E_ARGUMENT},
        {5, 101, 100, WHIT_E_ARGUMENT},
        {5, 100, UINT64_MAX / 4 + 1, WHIT_E_ARGUMENT},
        {PRIORITIES - 1, UINT64_MAX / 4, UINT64_MAX / 4, WHIT_OK},
    };

    test_begin("a budget's priority, amount and period are in their ranges");
    fixture_init(1);
    for (unsigned i = 0; i < sizeof(makes) / sizeof(makes[0]); i++)
        EQUAL(world_make(fixture_selector(), WHIT_BUDGET, FIXTURE_CORE, makes[i].priority,
                         makes[i].ticks, makes[i].period),
              makes[i].result);

    test_begin("a core's ceiling bounds the priorities of its budgets");
    uint64_t core = fixture_selector();
    EQUAL(ADMIN(WHIT_OP_DERIVE, FIXTURE_CORE, WHIT_SELF, core, WHIT_R_ALL, 20), WHIT_OK);
    EQUAL(world_make(fixture_selector(), WHIT_BUDGET, core, 21, 0, 0), WHIT_E_ARGUMENT);
    EQUAL(world_make(fixture_selector(), WHIT_BUDGET, core, 20, 0, 0), WHIT_OK);
    for (uint64_t made = core - 1; made <= core + 2; made++)
        if (cap_kind(world_slot(made)) == WHIT_BUDGET)
            EQUAL(ADMIN(WHIT_OP_DESTROY, made), WHIT_OK);
}

static void test_read(void)
{
    test_begin("reading a budget charges it up to now");
    fixture_init(1);
    struct program limited = program_limited(0, 10, 100, 1000);
    uint64_t weak = fixture_selector(), other = make_budget(0, 7, 0, 0);
    EQUAL(ADMIN(WHIT_OP_DERIVE, limited.budget, WHIT_SELF, weak, WHIT_R_CONTROL), WHIT_OK);
    CHECK(run(0) == limited.t);
    pass(20);
    CHECK(DO(0, WHIT_OP_BUDGET_READ, limited.budget) == limited.t);
    EQUAL(limited.t->save->x[10], WHIT_OK);
    EQUAL(limited.t->save->x[0], 20);
    EQUAL(limited.t->save->x[1], 0);
    EQUAL(limited.t->save->x[2], 80);
    EQUAL(limited.t->save->x[3], 10);
    CHECK(DO(0, WHIT_OP_BUDGET_READ, other) == limited.t);
    EQUAL(limited.t->save->x[0], 0);
    EQUAL(limited.t->save->x[2], 0);
    EQUAL(limited.t->save->x[3], 7);
    CHECK(DO(0, WHIT_OP_BUDGET_READ, weak) == limited.t);
    EQUAL(limited.t->save->x[10], WHIT_E_RIGHTS);
}

static void test_refilled(void)
{
    test_begin("a budget that drives nobody any more is refilled for nobody");
    fixture_init(1);
    struct program limited = program_limited(0, 10, 100, 1000);
    CHECK(run(0) == limited.t);
    pass(100);
    CHECK(running(0) == NULL);
    EQUAL(ADMIN(WHIT_OP_BIND, limited.thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    run(0);
    EQUAL(limited.b->state, BUDGET_THROTTLED);
    pass(900);
    EQUAL(limited.b->state, BUDGET_IDLE);
    CHECK(running(0) == NULL);

    test_begin("one that another core destroys waits for its refill no more");
    fixture_init(2);
    limited = program_limited(1, 10, 100, 1000);
    struct program killer = program_new(0, 5);
    CHECK(run(0) == killer.t && run(1) == limited.t);
    pass(100);
    CHECK(running(1) == NULL);
    EQUAL(limited.b->state, BUDGET_THROTTLED);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_DESTROY, limited.budget) == killer.t);
    CHECK(take_ipi(1) == NULL); /* for the thread that loses it */
    CHECK(run(0) == killer.t);
    CHECK(take_ipi(1) == NULL); /* for the budget itself */
    CHECK(budget_at(limited.budget) == limited.b);
    EQUAL(limited.b->state, BUDGET_IDLE);
    fixture_manual = false;
    CHECK(run(0) == killer.t);
    CHECK(budget_at(limited.budget) == NULL);

    test_begin("a signal's budget is refilled for what still has to be done");
    fixture_init(1);
    struct program handler = handler_passive(0);
    uint64_t signal = make_signal(0), budget = make_budget(0, 20, 100, 1000);
    uint64_t portal = make_portal(handler.thread, ENTRY, 0);
    struct program low = program_new(0, 5);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    CHECK(run(0) == low.t);
    CHECK(NOTIFY(0, signal, 1) == handler.t);
    pass(100);
    CHECK(running(0) == low.t); /* it is inside, and waits for time */
    EQUAL(budget_at(budget)->state, BUDGET_THROTTLED);
    pass(900);
    CHECK(running(0) == handler.t);
    pass(50);
    CHECK(REPLY(0, 0, 0) == low.t);

    test_begin("... and not when it is done already");
    CHECK(NOTIFY(0, signal, 1) == handler.t);
    pass(50);
    CHECK(running(0) == low.t);
    EQUAL(budget_at(budget)->state, BUDGET_THROTTLED);
    CHECK(NOTIFY(0, signal, 2) == low.t);
    uint64_t own = make_budget(0, 30, 0, 0);
    EQUAL(ADMIN(WHIT_OP_BIND, handler.thread, WHIT_ROLE_BUDGET, own), WHIT_OK);
    CHECK(run(0) == handler.t);
    EQUAL(ADMIN(WHIT_OP_CLEAR, signal, UINT64_MAX), WHIT_OK);
    CHECK(run(0) == handler.t);
    CHECK(REPLY(0, 0, 0) == low.t);
    pass(2000);
    CHECK(running(0) == low.t);
    EQUAL(budget_at(budget)->state, BUDGET_IDLE);
    CHECK(NOTIFY(0, signal, 4) == handler.t);
}

/* ---- the kernel's own time */

/* So many ticks pass in the kernel, from the interrupt or call that enters it now. */
static void kernel_takes(uint64_t ticks)
{
    fake_cores[0].interrupted = fake_ticks;
    fake_ticks += ticks;
}

static void timer_fires(uint64_t ticks)
{
    kernel_takes(ticks);
    timer_run(&fake_cores[0]);
    run(0);
}

static uint64_t used(const struct program *program)
{
    EQUAL(ADMIN(WHIT_OP_BUDGET_READ, program->budget), WHIT_OK);
    return admin_x[0];
}

static void test_choice(void)
{
    test_begin("who is done pays for the choice of the next, also of its amount");
    fixture_init(1);
    struct program high = program_limited(0, 20, 100, 1000),
                   low = program_limited(0, 10, 100, 1000);
    uint64_t signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, high.thread), WHIT_OK);
    CHECK(run(0) == high.t);
    pass(50);
    kernel_takes(5);
    CHECK(WAIT(0, signal, 0) == low.t);
    EQUAL(high.b->used, 55);
    EQUAL(low.b->used, 0);
    pass(10);
    CHECK(NOTIFY(0, signal, 1) == high.t);
    EQUAL(low.b->used, 10);
    EQUAL(budget_end_time(high.b, fake_ticks), fake_ticks + 45);

    test_begin("... and with what it has later, if it has nothing left");
    pass(44);
    fake_ticks += 1;
    timer_fires(3);
    CHECK(running(0) == low.t);
    EQUAL(high.b->owed, 3);
    pass(budget_first(high.b).when - fake_ticks);
    CHECK(running(0) == high.t);
    EQUAL(budget_end_time(high.b, fake_ticks), fake_ticks + budget_first(high.b).amount - 3);
    EQUAL(high.b->used, 103);
    pass(1);
    fake_cores[0].reschedule = 1;
    CHECK(run(0) == high.t);
    EQUAL(high.b->owed, 0);

    test_begin("... or waits for it, if that is more than it has left");
    fixture_init(1);
    high = program_limited(0, 20, 100, 1000);
    low = program_limited(0, 10, 500, 1000);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, high.thread), WHIT_OK);
    CHECK(run(0) == high.t);
    pass(50);
    kernel_takes(70);
    CHECK(WAIT(0, signal, 0) == low.t);
    EQUAL(high.b->owed, 70);
    pass(10);
    CHECK(NOTIFY(0, signal, 1) == low.t);
    EQUAL(high.b->state, BUDGET_THROTTLED);
    EQUAL(high.b->owed, 0);
    pass(1000 - fake_ticks);
    CHECK(running(0) == high.t);
    EQUAL(budget_end_time(high.b, fake_ticks), fake_ticks + 30);

    test_begin("who is preempted does not pay for the choice: the more urgent one does");
    fixture_init(1);
    low = program_limited(0, 10, 500, 1000);
    high = program_limited(0, 20, 100, 1000);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, high.thread), WHIT_OK);
    CHECK(run(0) == high.t);
    CHECK(WAIT(0, signal, 30) == low.t);
    fake_ticks += 30;
    timer_fires(6);
    CHECK(running(0) == high.t);
    EQUAL(low.b->used, 30);
    EQUAL(used(&high), 6);

    test_begin("a deadline is paid by who sets it, not by whom it interrupts for nothing");
    fixture_init(1);
    low = program_limited(0, 10, 500, 1000);
    signal = make_signal(0);
    fake_cores[0].price = 40;
    CHECK(run(0) == low.t);
    CHECK(DO(0, WHIT_OP_TIMER, signal, fake_ticks + 100, 1) == low.t);
    EQUAL(low.b->used, 40);
    EQUAL(budget_end_time(low.b, fake_ticks), fake_ticks + 460);
    CHECK(DO(0, WHIT_OP_TIMER, signal, 0, 1) == low.t); /* none: nothing to pay */
    EQUAL(low.b->used, 40);
    CHECK(DO(0, WHIT_OP_TIMER, signal, fake_ticks + 100, 1) == low.t);
    fake_ticks += 100;
    timer_fires(60);
    CHECK(running(0) == low.t);
    EQUAL(low.b->used, 180);
    EQUAL(signal_at(signal)->bits, 1);
    EQUAL(budget_end_time(low.b, fake_ticks), fake_ticks + 320);
    EQUAL(fake_cores[0].price, 43);
    fake_cores[0].expired = 0;
    CHECK(DO(0, WHIT_OP_TIMER, signal, fake_ticks + 1, 1) == low.t);
    fake_ticks += 1;
    timer_fires(4);
    EQUAL(fake_cores[0].price, 40);

    test_begin("more deadlines than it can pay: it waits until it has paid");
    fixture_init(1);
    high = program_limited(0, 20, 100, 1000);
    struct program free = program_new(0, 10);
    signal = make_signal(0);
    fake_cores[0].price = 200;
    CHECK(run(0) == high.t);
    pass(10);
    CHECK(DO(0, WHIT_OP_TIMER, signal, fake_ticks + 5000, 1) == free.t);
    EQUAL(high.b->state, BUDGET_THROTTLED);
    EQUAL(high.b->used, 210);
    pass(1989);
    CHECK(running(0) == free.t);
    pass(1);
    CHECK(running(0) == high.t);

    test_begin("who waits up to a deadline pays for that too");
    fixture_init(1);
    high = program_limited(0, 20, 100, 1000);
    free = program_new(0, 10);
    signal = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, high.thread), WHIT_OK);
    fake_cores[0].price = 40;
    CHECK(run(0) == high.t);
    CHECK(WAIT(0, signal, 500) == free.t);
    EQUAL(high.b->used, 40);
    EQUAL(budget_first(high.b).amount, 60);
}

/* ---- deadlines */

static void test_deadlines(void)
{
    enum { TIMERS = 5 };
    static const uint64_t deadlines[TIMERS] = {300, 100, 500, 100, 200};
    uint64_t signals[TIMERS];

    test_begin("deadlines come in their order");
    fixture_init(1);
    for (unsigned i = 0; i < TIMERS; i++) {
        signals[i] = make_signal(0);
        EQUAL(ADMIN(WHIT_OP_TIMER, signals[i], deadlines[i], 1), WHIT_OK);
    }
    run(0);
    for (uint64_t now = 0; now <= 500; now += 50) {
        for (unsigned i = 0; i < TIMERS; i++)
            EQUAL(signal_at(signals[i])->bits, deadlines[i] <= now);
        pass(50);
    }

    test_begin("one that is set again has only its new deadline");
    EQUAL(ADMIN(WHIT_OP_TIMER, signals[0], fake_ticks + 100, 2), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_TIMER, signals[0], fake_ticks + 200, 4), WHIT_OK);
    run(0);
    pass(150);
    EQUAL(signal_at(signals[0])->bits, 1);
    pass(50);
    EQUAL(signal_at(signals[0])->bits, 5);

    test_begin("the virtual timer of a guest that is not loaded is a deadline like others");
    fixture_init(1);
    struct program guest = vcpu_new(0, 10);
    CHECK(run(0) == guest.t);
    timer_set(&fake_cores[0], &guest.t->vcpu.timer, 100);
    run(0);
    pass(99);
    EQUAL(fake_count(FAKE_VTIMER_DUE), 0);
    pass(1);
    EQUAL(fake_count(FAKE_VTIMER_DUE), 1);
}

int main(void)
{
    test_whole();
    test_pieces();
    test_windows();
    test_overrun();
    test_slices();
    test_make();
    test_read();
    test_refilled();
    test_choice();
    test_deadlines();
    return fixture_finish();
}
