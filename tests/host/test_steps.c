/* SPDX-License-Identifier: BSD-2-Clause */
/* Work that grows with what programs made is done in steps, between which interrupts are taken. */
#include "fixture.h"
#include "portal.h"

enum { MANY = 60, STEP_MOST = 16 };

/* What has become ready, or was delivered, since the last look for interrupts. */
static unsigned (*progress)(void);
static unsigned before, most;

static void step(struct core *core)
{
    (void)core;
    unsigned now = progress();
    unsigned done = now > before ? now - before : before - now;
    most = done > most ? done : most;
    before = now;
}

static void watch(unsigned (*what)(void))
{
    progress = what;
    before = progress();
    most = 0;
    fake_steps = 0;
    fake_on_step = step;
}

static struct program callers[MANY];

static unsigned parked_callers(void)
{
    unsigned count = 0;
    for (unsigned n = 0; n < MANY; n++)
        count += callers[n].b->state == BUDGET_PARKED;
    return count;
}

static void test_unpark(void)
{
    test_begin("many budgets parked at a handler are readied in steps, and parked in steps");
    fixture_init(1);
    struct program handler = handler_new(0, 5);
    uint64_t portal = make_portal(handler.thread, PROGRAM_PC, 1);
    EQUAL(ADMIN(WHIT_OP_STOP, handler.thread), WHIT_OK);
    for (unsigned n = 0; n < MANY; n++)
        callers[n] = program_new(0, 10 + n);
    for (unsigned n = 0; n < MANY; n++) {
        struct thread *caller = run(0);
        CHECK(caller && caller != CALL(0, portal, 1));
    }
    EQUAL(parked_callers(), MANY);
    EQUAL(ADMIN(WHIT_OP_RESUME, handler.thread), WHIT_OK);
    watch(parked_callers);
    CHECK(run(0) == handler.t);
    step(NULL);
    CHECK(fake_steps >= MANY / STEP_MOST && most <= STEP_MOST);
    EQUAL(parked_callers(), 0);

    test_begin("when it is stopped they park again");
    watch(parked_callers);
    EQUAL(ADMIN(WHIT_OP_STOP, handler.thread), WHIT_OK);
    CHECK(!run(0));
    step(NULL);
    CHECK(fake_steps >= MANY / STEP_MOST && most <= STEP_MOST);
    EQUAL(parked_callers(), MANY);

    test_begin("one that is to be readied is taken back");
    EQUAL(ADMIN(WHIT_OP_RESUME, handler.thread), WHIT_OK);
    for (unsigned n = 0; n < MANY; n++)
        EQUAL(ADMIN(WHIT_OP_BIND, callers[n].thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    CHECK(run(0) == handler.t);
    fake_on_step = NULL;
}

static uint64_t signals[MANY];

static unsigned delivered(void)
{
    unsigned count = 0;
    for (unsigned n = 0; n < MANY; n++)
        count += signal_at(signals[n])->bits != 0;
    return count;
}

static void test_inbox(void)
{
    test_begin("many signals of another core are delivered in steps");
    fixture_init(2);
    struct program sender = program_new(1, 10), here = program_new(0, 10);
    for (unsigned n = 0; n < MANY; n++)
        signals[n] = make_signal(0);
    CHECK(run(1) == sender.t && run(0) == here.t);
    fixture_manual = true;
    for (unsigned n = 0; n < MANY; n++)
        CHECK(NOTIFY(1, signals[n], 1) == sender.t);
    watch(delivered);
    CHECK(take_ipi(0) == here.t);
    step(NULL);
    /* The interrupt itself is the first step. */
    CHECK(fake_steps >= MANY / STEP_MOST - 1 && most <= 2 * STEP_MOST);
    EQUAL(delivered(), MANY);

    test_begin("a signal waits for its delivery before it ends");
    uint64_t far = make_signal(1);
    CHECK(run(0) == here.t);
    CHECK(NOTIFY(0, far, 2) == here.t);
    CHECK(signal_at(far)->remote == 2);
    fixture_manual = false;
    EQUAL(ADMIN(WHIT_OP_DESTROY, far, 0), WHIT_OK);
    CHECK(!fake_cores[1].signal_inbox && !fake_cores[1].inbox_rest);
    fake_on_step = NULL;
}

/* Core 0 takes an inter-processor interrupt in the middle of what it does. */
static void interrupt_0(void)
{
    fake_here = 0;
    fake_kicked[0] = false;
    core_ipi(&fake_cores[0]);
}

static void test_inbox_end(void)
{
    test_begin("a signal that is taken out of the inbox, but not yet delivered, does not end");
    fixture_init(2);
    struct program killer = program_new(1, 10), here = program_new(0, 10);
    for (unsigned n = 0; n < MANY; n++)
        signals[n] = make_signal(0);
    CHECK(run(1) == killer.t && run(0) == here.t);
    for (unsigned n = 0; n < MANY; n++)
        CHECK(NOTIFY(1, signals[n], 1) == killer.t);
    fixture_manual = true;
    CHECK(DO(1, WHIT_OP_DESTROY, signals[0]) == killer.t); /* it is the last to be delivered */
    interrupt_0();
    EQUAL(delivered(), STEP_MOST);
    CHECK(fake_cores[0].inbox_rest && fake_cores[0].grace_seen == signal_at(signals[0])->grace);
    CHECK(run(1) == killer.t);
    CHECK(signal_at(signals[0]) && signal_at(signals[0])->remote == 1);

    test_begin("an interrupt between two steps goes on with what was taken out");
    interrupt_0();
    EQUAL(delivered(), 2 * STEP_MOST);
    CHECK(run(0) == here.t);
    EQUAL(delivered(), MANY);
    fixture_manual = false;
    CHECK(run(1) == killer.t);
    EQUAL(killer.t->save->x[10], WHIT_OK);
    EQUAL(cap_kind(world_slot(signals[0])), WHIT_MEMORY);
}

static unsigned nothing(void)
{
    return 0;
}

static void test_chain(void)
{
    enum { LINKS = 12 };
    struct program handlers[LINKS];
    uint64_t portals[LINKS];

    test_begin("a long chain of calls is not walked twice without a look for interrupts");
    fixture_init(1);
    for (unsigned n = 0; n < LINKS; n++) {
        handlers[n] = handler_new(0, 5);
        portals[n] = make_portal(handlers[n].thread, PROGRAM_PC, n);
    }
    struct program first = program_new(0, 10);
    CHECK(run(0) == first.t);
    for (unsigned n = 0; n < LINKS; n++)
        CHECK(CALL(0, portals[n], n) == handlers[n].t);
    struct program second = program_new(0, 20), third = program_new(0, 30);
    CHECK(run(0) == third.t);
    watch(nothing);
    CHECK(CALL(0, portals[0], 1) == handlers[LINKS - 1].t); /* walked before, to find no cycle */
    CHECK(fake_steps != 0);
    CHECK(second.b->state == BUDGET_READY);

    fake_on_step = NULL;
}

int main(void)
{
    test_unpark();
    test_inbox();
    test_inbox_end();
    test_chain();
    return fixture_finish();
}
