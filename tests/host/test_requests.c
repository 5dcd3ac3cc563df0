/* SPDX-License-Identifier: BSD-2-Clause */
/* Cores that ask each other: grace periods, and requests of which several want the answer. */
#include "fixture.h"
#include "request.h"
#include "virq.h"

static void test_grace(void)
{
    test_begin("a grace period waits for each core that is in use, and for no other");
    fake_reset();
    fake_cores_init(CORES_MAX);
    fake_here = 3;
    fake_cores[10].online = 0;
    uint64_t ticket = core_grace_begin();
    for (uint32_t i = 0; i < CORES_MAX; i++)
        CHECK(fake_kicked[i] == (i != 3 && i != 10));
    for (uint32_t i = 0; i < CORES_MAX; i++) {
        if (i == 3 || i == 10)
            continue;
        CHECK(!core_grace_over(ticket));
        core_ipi(&fake_cores[i]);
    }
    CHECK(core_grace_over(ticket));
    fake_cores_init(1);
}

static void test_stale_asker(void)
{
    test_begin("a new thread at the address of one that asked does not take its answer");
    fixture_init(2);
    uint64_t thread = make_thread(WHIT_SELF, WHIT_NATIVE);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    take_all_ipis();
    struct program asker = program_new(0, 20);
    CHECK(run(0) == asker.t);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_START, thread, PROGRAM_PC, 1, 2, 3) == asker.t);
    take_ipi(1);
    fixture_manual = false;
    CHECK(running(1) == thread_at(thread));
    /* It faults, and stands still without having been asked to. */
    CHECK(!fault(1, 0, 0, 0) && thread_at(thread)->stopped);
    EQUAL(ADMIN(WHIT_OP_DESTROY, asker.thread, 0), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_MAKE, asker.thread, WHIT_THREAD, WHIT_SELF, WHIT_NATIVE), WHIT_OK);
    CHECK(thread_at(asker.thread) == asker.t);
    EQUAL(ADMIN(WHIT_OP_BIND, asker.thread, WHIT_ROLE_BUDGET, asker.budget), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, asker.thread, PROGRAM_PC, 0, 0, 0), WHIT_OK);
    CHECK(run(0) == asker.t);
    CHECK(DO(0, WHIT_OP_START, thread, PROGRAM_PC + 4, 1, 2, 3) == asker.t);
    take_ipi(1);
    EQUAL(asker.t->save->x[10], WHIT_OK);
    CHECK(running(1) == thread_at(thread) && !thread_at(thread)->stopped);
}

static void test_two_askers(void)
{
    test_begin("two ask the same of one thread: each of them gets it");
    fixture_init(2);
    uint64_t thread = make_thread(WHIT_SELF, WHIT_NATIVE);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    take_all_ipis();
    struct program first = program_new(0, 20), second = program_new(0, 10);
    CHECK(run(0) == first.t);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_START, thread, PROGRAM_PC, 1, 2, 3) == first.t);
    CHECK(!request_is_free(&thread_at(thread)->request));
    take_ipi(1);
    CHECK(running(1) == thread_at(thread));
    /* The other one comes in between, and stops it. */
    EQUAL(ADMIN(WHIT_OP_STOP, first.thread), WHIT_OK);
    CHECK(run(0) == second.t);
    CHECK(DO(0, WHIT_OP_STOP, thread) == second.t);
    take_ipi(1);
    CHECK(running(1) == NULL && thread_at(thread)->stopped);
    fixture_manual = false;
    CHECK(run(0) == second.t);
    EQUAL(second.t->save->x[10], WHIT_OK);
    /* The first hears that it was done, and does not do it again: it would undo the second's. */
    EQUAL(ADMIN(WHIT_OP_RESUME, first.thread), WHIT_OK);
    CHECK(run(0) == first.t);
    EQUAL(first.t->save->x[10], WHIT_OK);
    CHECK(running(1) == NULL && thread_at(thread)->stopped);

    test_begin("... also when both want it to start, and the answer of one lies there");
    fixture_init(2);
    thread = make_thread(WHIT_SELF, WHIT_NATIVE);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    take_all_ipis();
    first = program_new(0, 20);
    second = program_new(0, 10);
    CHECK(run(0) == first.t);
    fixture_manual = true;
    CHECK(DO(0, WHIT_OP_START, thread, PROGRAM_PC, 1, 2, 3) == first.t);
    take_ipi(1);
    EQUAL(ADMIN(WHIT_OP_STOP, first.thread), WHIT_OK);
    CHECK(run(0) == second.t);
    CHECK(DO(0, WHIT_OP_START, thread, PROGRAM_PC, 4, 5, 6) == second.t);
    EQUAL(second.t->save->x[10], WHIT_E_STATE); /* it runs already */
    fixture_manual = false;
    EQUAL(ADMIN(WHIT_OP_RESUME, first.thread), WHIT_OK);
    CHECK(run(0) == first.t);
    EQUAL(first.t->save->x[10], WHIT_OK);
    EQUAL(thread_at(thread)->save->sp, 1);
}

static void test_in_turns(void)
{
    test_begin("two who ask in turns do not take each other's answers: both are served");
    fixture_init(2);
    uint64_t thread = make_thread(WHIT_SELF, WHIT_NATIVE);
    EQUAL(ADMIN(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    take_all_ipis();
    struct program program[2] = {program_new(0, 20), program_new(0, 10)};
    struct thread *first = program[0].t, *second = program[1].t;
    fixture_manual = true;
    CHECK(run(0) == first && DO(0, WHIT_OP_STOP, thread) == first);
    take_ipi(1);
    EQUAL(ADMIN(WHIT_OP_STOP, program[0].thread), WHIT_OK);
    CHECK(run(0) == second && DO(0, WHIT_OP_STOP, thread) == second);
    take_ipi(1);
    /* What was done for the first has been asked for, and done, once more since. */
    EQUAL(ADMIN(WHIT_OP_RESUME, program[0].thread), WHIT_OK);
    CHECK(run(0) == first);
    EQUAL(first->save->x[10], WHIT_OK);
    CHECK(request_is_free(&thread_at(thread)->request));
    EQUAL(ADMIN(WHIT_OP_STOP, program[0].thread), WHIT_OK);
    CHECK(run(0) == second);
    EQUAL(second->save->x[10], WHIT_OK);
    fixture_manual = false;
}

static void test_moved(void)
{
    test_begin("a virtual interrupt whose virtual CPU is on another core stays pending");
    fixture_init(2);
    struct program guest = vcpu_new(0, 10);
    uint64_t bell = make_signal(0);
    EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                WHIT_VIRQ(40, 0x80, WHIT_VIRQ_ENABLED)),
          WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, make_budget(1, 5, 0, 0)), WHIT_OK);
    take_all_ipis();
    struct program program = program_new(0, 5);
    CHECK(run(0) == program.t);
    CHECK(NOTIFY(0, bell, 1) == program.t);
    EQUAL(signal_at(bell)->bits, 1);
    CHECK(!virq_in_use(guest.t));

    test_begin("a timer's signal takes over what has fired; only where its virtual CPU is");
    for (unsigned held = 0; held < 2; held++) {
        fixture_init(2);
        guest = vcpu_new(0, 10);
        bell = make_signal(0);
        fake_vtimer_held = held != 0;
        EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
                    WHIT_VIRQ(27, 0x80, WHIT_VIRQ_TIMER)),
              WHIT_OK);
        CHECK(guest.t->vcpu.timer_signal == signal_at(bell));
        EQUAL(signal_at(bell)->bits, held);
        EQUAL(ADMIN(WHIT_OP_TARGET, bell, WHIT_TARGET_NONE), WHIT_OK);
        CHECK(guest.t->vcpu.timer_signal == NULL);
    }
    fixture_init(2);
    guest = vcpu_new(1, 10);
    bell = make_signal(1);
    EQUAL(ADMIN(WHIT_OP_STOP, guest.thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    take_all_ipis();
    uint64_t near = make_budget(0, 5, 0, 0);
    struct program asker = program_new(0, 20), mover = program_new(0, 10);
    CHECK(run(0) == asker.t);
    fixture_manual = true;
    fake_vtimer_held = true;
    CHECK(DO(0, WHIT_OP_TARGET, bell, WHIT_TARGET_VIRQ, guest.thread,
             WHIT_VIRQ(27, 0x80, WHIT_VIRQ_TIMER)) == asker.t);
    EQUAL(ADMIN(WHIT_OP_STOP, asker.thread), WHIT_OK);
    CHECK(run(0) == mover.t);
    CHECK(DO(0, WHIT_OP_BIND, guest.thread, WHIT_ROLE_BUDGET, near) == mover.t);
    take_ipi(1); /* it is asked to give the virtual CPU away, and to bind the signal */
    CHECK(guest.t->core != &fake_cores[1]);
    EQUAL(signal_at(bell)->bits, 0);
    fixture_manual = false;
    CHECK(run(0) == mover.t);
    CHECK(guest.t->core == &fake_cores[0]);
    EQUAL(ADMIN(WHIT_OP_RESUME, asker.thread), WHIT_OK);
    CHECK(run(0) == asker.t);
    EQUAL(asker.t->save->x[10], WHIT_OK);
}

int main(void)
{
    test_grace();
    test_two_askers();
    test_stale_asker();
    test_in_turns();
    test_moved();
    return fixture_finish();
}
