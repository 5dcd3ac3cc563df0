/* SPDX-License-Identifier: BSD-2-Clause */
/* Grace periods: what a core may still do, and who has to answer, before memory is reused. */
#include "fixture.h"

static uint64_t ticket;
static bool over, released;

/* The other cores have answered; this one is in the middle of what it was asked. */
static void look(const struct thread *thread)
{
    (void)thread;
    const uint32_t here = fake_here;

    fake_here = 0;
    over = core_grace_over(ticket);
    fake_here = here;
    released = true;
}

static void test_request(void)
{
    test_begin("a core does what it was asked of an object before it lets go of its memory");
    fixture_init(2);
    fixture_manual = true;
    const struct program program = program_new(1, 10);
    take_all_ipis();
    CHECK(running(1) == program.t);
    fake_here = 0;
    request_tell(&fake_cores[1], &program.t->request, REQUEST_THREAD_EXILE);
    ticket = core_grace_begin();
    fake_on_release = look;
    (void)take_ipi(1);
    fake_on_release = NULL;
    CHECK(released && !over);
    fake_here = 0;
    CHECK(core_grace_over(ticket));
    fixture_manual = false;
}

static void test_beginner(void)
{
    test_begin("a grace period whose core was told to do something else ends on another core");
    fixture_init(3);
    fake_here = 1;
    ticket = core_grace_begin();
    take_all_ipis();
    fake_here = 2;
    CHECK(core_grace_over(ticket));
    fake_here = 0;
    CHECK(core_grace_over(ticket));
}

int main(void)
{
    test_request();
    test_beginner();
    return fixture_finish();
}
