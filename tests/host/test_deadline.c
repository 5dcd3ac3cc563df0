/* SPDX-License-Identifier: BSD-2-Clause */
/* The deadlines of a core against a plain array: random arming, moving and cancelling. */
#include "fake_arch.h"
#include "object.h"
#include "timer.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { DEADLINES = 2000, ROUNDS = 20000, CHECK_EVERY = 97, RANK_MAX = 11 };

static struct signal signals[DEADLINES];
static uint64_t expected[DEADLINES]; /* 0: not armed */

static struct core *core(void)
{
    return &fake_cores[0];
}

static void begin(void)
{
    fake_reset();
    memset(signals, 0, sizeof(signals));
    memset(expected, 0, sizeof(expected));
    for (unsigned i = 0; i < DEADLINES; i++) {
        signals[i].home = core();
        signals[i].timer_bits = 1;
        timer_init(&signals[i].timer, TIMER_SIGNAL);
    }
}

static unsigned count(const struct timer *timer)
{
    return timer ? 1 + count(timer->left) + count(timer->right) : 0;
}

/* Order, ranks and links of the heap. */
static bool is_heap(const struct timer *timer)
{
    const struct timer *left = timer->left, *right = timer->right;
    const uint32_t left_rank = left ? left->rank : 0, right_rank = right ? right->rank : 0;

    if (left_rank < right_rank || timer->rank != right_rank + 1 || timer->rank > RANK_MAX)
        return false;
    for (unsigned side = 0; side < 2; side++) {
        const struct timer *below = side ? right : left;
        if (below && (below->up != timer || below->deadline < timer->deadline || !is_heap(below)))
            return false;
    }
    return true;
}

static uint64_t first_expected(unsigned *armed)
{
    uint64_t first = UINT64_MAX;

    *armed = 0;
    for (unsigned i = 0; i < DEADLINES; i++)
        if (expected[i] != 0) {
            (*armed)++;
            first = expected[i] < first ? expected[i] : first;
        }
    return first;
}

static void compare(void)
{
    unsigned armed;
    const uint64_t first = first_expected(&armed);

    EQUAL(count(core()->timers), armed);
    CHECK(!core()->timers || (is_heap(core()->timers) && !core()->timers->up));
    CHECK(!core()->timers || core()->timers->deadline == first);
    timer_program(core(), UINT64_MAX);
    EQUAL(fake_timer, first);
    for (unsigned i = 0; i < DEADLINES; i++)
        CHECK(timer_armed(&signals[i].timer) == (expected[i] != 0));
}

static void set(unsigned i, uint64_t deadline)
{
    expected[i] = deadline;
    timer_set(core(), &signals[i].timer, deadline);
}

static void test_random(void)
{
    test_begin("random arming, moving and cancelling");
    begin();
    srand(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned i = (unsigned)rand() % DEADLINES;
        if (rand() % 3) {
            set(i, 1 + (unsigned)rand() % 5000);
        } else {
            expected[i] = 0;
            timer_cancel(core(), &signals[i].timer);
        }
        if (round % CHECK_EVERY == 0)
            compare();
    }
    compare();
}

static void test_shapes(void)
{
    test_begin("rising, falling and equal deadlines");
    for (unsigned shape = 0; shape < 3; shape++) {
        begin();
        for (unsigned i = 0; i < DEADLINES; i++)
            set(i, shape == 0 ? 1 + i : shape == 1 ? DEADLINES - i : 7);
        compare();
        for (unsigned i = 0; i < DEADLINES; i += 2) {
            expected[i] = 0;
            timer_cancel(core(), &signals[i].timer);
        }
        compare();
    }
}

static void test_due(void)
{
    test_begin("what is due together runs in steps, and the hardware fires for each");
    begin();
    for (unsigned i = 0; i < DEADLINES; i++)
        set(i, i < 100 ? 50 : 1000);
    fake_ticks = 50;
    unsigned runs = 0, before = 0, most = 0;
    while (fake_timer <= fake_ticks && runs < DEADLINES) {
        unsigned now = 0;
        timer_run(core());
        timer_program(core(), UINT64_MAX);
        for (unsigned i = 0; i < DEADLINES; i++)
            now += signals[i].bits != 0;
        most = now - before > most ? now - before : most;
        before = now;
        runs++;
    }
    EQUAL(before, 100);
    CHECK(most <= 16 && runs >= 100 / 16);
    for (unsigned i = 0; i < 100; i++)
        expected[i] = 0;
    compare();
}

int main(void)
{
    test_random();
    test_shapes();
    test_due();
    return test_finish();
}
