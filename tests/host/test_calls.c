/* SPDX-License-Identifier: BSD-2-Clause */
/* The way into the kernel: calls and operations that there are not, the lock, power, the log. */
#include "fixture.h"
#include "lock.h"
#include "syscall.h"

static void test_unknown(void)
{
    test_begin("a call or operation that there is not is an error of its own");
    fixture_init(1);
    struct program program = program_new(0, 10);
    CHECK(run(0) == program.t);
    CHECK(trap(0, WHIT_OP + 1, 0, (uint64_t[10]){1, 2}) == program.t);
    EQUAL(program.t->save->x[10], WHIT_E_OPERATION);
    CHECK(trap(0, 0, 0, (uint64_t[10]){1, 2}) == program.t);
    EQUAL(program.t->save->x[10], WHIT_E_OPERATION);
    CHECK(DO(0, WHIT_OP_COUNT, 1, 2) == program.t);
    EQUAL(program.t->save->x[10], WHIT_E_OPERATION);
    EQUAL(program.t->save->x[0], 1);
    CHECK(DO(0, UINT64_MAX) == program.t);
    EQUAL(program.t->save->x[10], WHIT_E_OPERATION);
    CHECK(DO(0, WHIT_OP_NULL, 1, 2) == program.t);
    EQUAL(program.t->save->x[10], WHIT_OK);
}

static void test_lock(void)
{
    test_begin("an operation that finds the lock taken is executed again, and has done nothing");
    fixture_init(1);
    struct program program = program_new(0, 10);
    uint64_t selector = fixture_selector(), pc;
    CHECK(run(0) == program.t);
    pc = program.t->save->pc;
    CHECK(tree_lock_try());
    program.t->save->x[0] = FIXTURE_CORE;
    program.t->save->x[1] = WHIT_SELF;
    program.t->save->x[2] = selector;
    program.t->save->x[3] = WHIT_R_ALL;
    program.t->save->x[4] = program.t->save->x[5] = 0;
    program.t->save->x[10] = WHIT_OP_DERIVE;
    program.t->save->pc = pc + 4;
    syscall_handle(&fake_cores[0], program.t, WHIT_OP);
    EQUAL(program.t->save->pc, pc);
    EQUAL(program.t->save->x[10], WHIT_OP_DERIVE);
    CHECK(world_slot(selector)->word == 0);
    tree_unlock();
    program.t->save->pc = pc + 4;
    syscall_handle(&fake_cores[0], program.t, WHIT_OP);
    EQUAL(program.t->save->pc, pc + 4);
    EQUAL(program.t->save->x[10], WHIT_OK);
    CHECK(world_slot(selector)->word != 0);
}

static void test_power(void)
{
    test_begin("the machine is switched off with the right to; firmware that refuses is an error");
    fixture_init(1);
    uint64_t weak = fixture_selector();
    EQUAL(ADMIN(WHIT_OP_DERIVE, FIXTURE_CORE, WHIT_SELF, weak, WHIT_R_CONTROL), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_POWER, weak, WHIT_POWER_OFF), WHIT_E_RIGHTS);
    EQUAL(ADMIN(WHIT_OP_POWER, WORLD_SPACE, WHIT_POWER_OFF), WHIT_E_CAPABILITY);
    EQUAL(ADMIN(WHIT_OP_POWER, FIXTURE_CORE, WHIT_POWER_RESET + 1), WHIT_E_ARGUMENT);
    EQUAL(fake_count(FAKE_POWER), 0);
    EQUAL(ADMIN(WHIT_OP_POWER, FIXTURE_CORE, WHIT_POWER_RESET), WHIT_E_STATE);
    EQUAL(fake_count(FAKE_POWER), 1);
    EQUAL(fake_history[fake_events - 1].value, WHIT_POWER_RESET);
}

static void test_log(void)
{
    test_begin("a character for the log goes there");
    fixture_init(1);
    EQUAL(ADMIN(WHIT_OP_LOG, 'w'), WHIT_OK);
    EQUAL(fake_count(FAKE_LOG), 1);
    EQUAL(fake_history[fake_events - 1].value, 'w');
}

int main(void)
{
    test_unknown();
    test_lock();
    test_power();
    test_log();
    return fixture_finish();
}
