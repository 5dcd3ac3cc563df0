/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark of time: how late a periodic program is, what a budget gives in any window, whether
 * a neighbour can take more than its share, what dispatch costs among many threads.  With one
 * instruction per nanosecond (QEMU's icount) and a counter of 1 GHz a tick is an instruction.
 */
#include "time.h"

#include <stddef.h>

enum { PERIOD_NS = 1000000, WORK = 200, ALONE = 10000, BUSY = 1000, SHOTS = 1000 };
enum { ROOM = 200000, VICTIM_NS = 500000, ATTACK_NS = 400000, WATCH_NS = 220000000 };
enum { WINDOW_NS = 100000000, SHARES = 10001 };

static uint32_t rest_signal, loop_signal;
static volatile uint32_t stop, done;
static volatile uint64_t late[ALONE];
static uint32_t periods;
static struct spans run;

void sample(const char *row, uint64_t value, uint64_t times)
{
    console_print("sample %s %llu %llu\n", row, (unsigned long long)value,
                  (unsigned long long)times);
}

void rest_ns(uint64_t ns)
{
    uint64_t bits;

    world_need("a wait", whit_wait(rest_signal, whit_deadline(ns), &bits));
}

/* ---- a periodic program */

static void loop(void)
{
    uint64_t next = whit_deadline(PERIOD_NS), bits;

    for (uint32_t i = 0; i < periods; i++) {
        (void)whit_wait(loop_signal, next, &bits);
        late[i] = whit_ticks() - next;
        for (volatile unsigned work = 0; work < WORK; work++) {
        }
        next += whit_ns_to_ticks(PERIOD_NS);
    }
    done = 1;
    for (;;)
        (void)whit_wait(loop_signal, 0, &bits);
}

static void row_loop(const char *row, uint32_t count)
{
    uint32_t thread = new_thread(WHIT_SELF, 0, PRIORITY_TOP);

    periods = count;
    done = 0;
    loop_signal = new_signal(0);
    world_need("a loop", whit_target(loop_signal, WHIT_TARGET_WAITER, thread, 0, 0));
    world_need("a loop", whit_start(thread, (uintptr_t)loop, new_stack(), 0, 0));
    while (!done)
        rest_ns(PERIOD_NS * (uint64_t)50);
    world_need("the loop's end", whit_stop(thread));
    for (uint32_t i = 0; i < count; i++)
        sample(row, late[i], 1);
}

static void rows_loop(void)
{
    uint32_t loads[LOADS];

    row_loop("loop.alone", ALONE);
    for (unsigned i = 0; i < LOADS; i++) {
        uint32_t first = new_budget(0, PRIORITY_LOW, 0, whit_ns_to_ticks(PERIOD_NS / 20));
        loads[i] = load_make((enum load)i, first, new_budget(0, PRIORITY_LOW, 0, 0));
        world_need("a load", whit_resume(loads[i]));
    }
    row_loop("loop.busy", BUSY);
    for (unsigned i = 0; i < LOADS; i++)
        world_need("a load's end", whit_stop(loads[i]));
}

/* Deadlines at odd times, nothing else runs. */
static void row_timer(void)
{
    uint64_t bits, random = 1, deadline;

    for (unsigned i = 0; i < SHOTS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        deadline = whit_ticks() + 20000 + (random >> 48);
        world_need("a wait", whit_wait(rest_signal, deadline, &bits));
        late[i] = whit_ticks() - deadline;
    }
    for (unsigned i = 0; i < SHOTS; i++)
        sample("timer.latency", late[i], 1);
}

/* ---- windows */

static void record(void)
{
    uint64_t bits;

    spans_record(&run, &stop, 0);
    for (;;)
        (void)whit_wait(loop_signal, 0, &bits);
}

/* A program that runs on `budget`, for `ns`, and writes down when it does. */
static void recorder_run(uint32_t budget, uint64_t ns)
{
    uint32_t thread = new_thread(WHIT_SELF, 0, PRIORITY_LOW);

    spans_reset();
    run = spans_new(ROOM);
    stop = 0;
    world_need("a program", whit_bind(thread, WHIT_ROLE_BUDGET, budget));
    world_need("a program", whit_start(thread, (uintptr_t)record, new_stack(), 0, 0));
    rest_ns(ns);
    world_need("the program's end", whit_stop(thread));
    if (run.count == ROOM)
        console_stop("spans", "too many");
}

static const char *row;
static uint64_t shares[SHARES];

static void see_ticks(uint64_t ticks)
{
    sample(row, ticks, 1);
}

/* In hundredths of a percent of the window. */
static void see_share(uint64_t ticks)
{
    shares[ticks * 10000 / whit_ns_to_ticks(WINDOW_NS)]++;
}

static void rows_window(void)
{
    uint32_t equal = load_make(LOAD_SPIN, new_budget(0, PRIORITY_LOW + 5, 0, 70000), 0);

    row = "budget.window.alone";
    recorder_run(new_budget(0, PRIORITY_LOW + 5, 300000, PERIOD_NS), 100 * (uint64_t)PERIOD_NS);
    spans_windows(&run, whit_ns_to_ticks(PERIOD_NS), see_ticks);
    /* An equal's slices cut what it uses into pieces. */
    row = "budget.window.pieces";
    world_need("an equal", whit_resume(equal));
    recorder_run(new_budget(0, PRIORITY_LOW + 5, 300000, PERIOD_NS), 100 * (uint64_t)PERIOD_NS);
    world_need("an equal", whit_stop(equal));
    spans_windows(&run, whit_ns_to_ticks(PERIOD_NS), see_ticks);
}

/* ---- a neighbour that tries everything; above its victim, with two fifths of the time */

static uint32_t attack_budget(uint64_t ns)
{
    return new_budget(0, PRIORITY_LOW + 20, ns, PERIOD_NS);
}

static void row_isolation(uint32_t attacker, const char *name)
{
    uint32_t rest = load_make(LOAD_SPIN, new_budget(0, PRIORITY_LOW - 10, 0, 0), 0);

    world_need("an attacker", whit_resume(attacker));
    world_need("who takes what is left", whit_resume(rest));
    recorder_run(new_budget(0, PRIORITY_LOW + 10, VICTIM_NS, PERIOD_NS), WATCH_NS);
    world_need("the attacker's end", whit_stop(attacker));
    world_need("the rest's end", whit_stop(rest));
    spans_windows(&run, whit_ns_to_ticks(WINDOW_NS), see_share);
    for (unsigned i = 0; i < SHARES; i++) {
        if (shares[i] != 0)
            sample(name, i, shares[i]);
        shares[i] = 0;
    }
}

static void rows_isolation(void)
{
    static const char *const names[LOADS] = {
        "isolation.busy",   "isolation.calls",  "isolation.timers",
        "isolation.notify", "isolation.remake", "isolation.priority",
    };
    static const char *const guest_names[GUESTS] = {
        "isolation.guest.busy",     "isolation.guest.exits",  "isolation.guest.calls",
        "isolation.guest.timers",   "isolation.guest.sleeps", "isolation.guest.notify",
        "isolation.guest.priority",
    };

    /* Who has two budgets has half as much in each. */
    for (unsigned i = 0; i < LOADS; i++)
        row_isolation(load_make((enum load)i,
                                attack_budget(i == LOAD_PRIORITY ? ATTACK_NS / 2 : ATTACK_NS),
                                attack_budget(ATTACK_NS / 2)),
                      names[i]);
    for (unsigned i = 0; i < GUESTS; i++)
        row_isolation(guest_make((enum guest)i,
                                 attack_budget(i == GUEST_PRIORITY ? ATTACK_NS / 2 : ATTACK_NS),
                                 attack_budget(ATTACK_NS / 2)),
                      guest_names[i]);
}

int main(void)
{
    world_begin();
    rest_signal = new_signal(0);
    world_need("a clock",
               whit_target(rest_signal, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    row_timer();
    rows_crowd();
    draw_schedule();
    rows_window();
    rows_isolation();
    rows_loop();
    console_print("bench: done\n");
    (void)whit_power(whit_boot->first_core, WHIT_POWER_OFF);
    return 0;
}
