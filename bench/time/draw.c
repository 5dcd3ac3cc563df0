/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A schedule to be drawn: four programs write down when they run.  "control" is a server that a
 * timer's signal enters, on an urgent budget with a length; one time it has too much to do.
 */
#include "time.h"
#include "whit/reply.h"

enum { LANES = 4, ROOM = 1000, PERIOD_NS = 1000000, SHOWN_NS = 6000000 };
enum { WORK_NS = 60000, TOO_MUCH_NS = 190000, LENGTH_NS = 100000, AMOUNT_NS = 150000 };

static const char *const names[LANES] = {"control", "stream", "left", "right"};
static struct spans lanes[LANES];
static volatile uint32_t stop;
static uint32_t tick;
static uint64_t next, activations;

static _Noreturn void enter_control(uint64_t bits)
{
    (void)bits;
    next += whit_ns_to_ticks(PERIOD_NS);
    (void)whit_timer(tick, next, 1);
    spans_record(&lanes[0], &stop, whit_ns_to_ticks(++activations == 4 ? TOO_MUCH_NS : WORK_NS));
    whit_reply(&(struct whit_message){.word = {0}});
}

static void run_stream(void)
{
    spans_record(&lanes[1], &stop, 0);
    for (;;)
        (void)whit_yield();
}

static void run_left(void)
{
    spans_record(&lanes[2], &stop, 0);
    for (;;)
        (void)whit_yield();
}

static void run_right(void)
{
    spans_record(&lanes[3], &stop, 0);
    for (;;)
        (void)whit_yield();
}

static uint32_t lane_start(void (*program)(void), uint32_t budget)
{
    uint32_t thread = new_thread(WHIT_SELF, 0, PRIORITY_LOW);

    world_need("a budget", whit_bind(thread, WHIT_ROLE_BUDGET, budget));
    world_need("a program", whit_start(thread, (uintptr_t)program, new_stack(), 0, 0));
    return thread;
}

static uint32_t urgent_make(void)
{
    uint32_t budget = new_memory(WHIT_SIZE_BUDGET, WHIT_UNIT);

    world_need("an urgent budget",
               whit_budget_make(budget, whit_boot->first_core, PRIORITY_HIGH + 10,
                                whit_ns_to_ticks(AMOUNT_NS), whit_ns_to_ticks(PERIOD_NS),
                                whit_ns_to_ticks(LENGTH_NS)));
    return budget;
}

void draw_schedule(void)
{
    const uint64_t slice = whit_ns_to_ticks(200000);
    uint32_t server = new_handler(WHIT_SELF, 0, PRIORITY_LOW + 1), threads[LANES - 1];
    uint64_t start = whit_deadline(PERIOD_NS / 2);

    spans_reset();
    for (unsigned i = 0; i < LANES; i++)
        lanes[i] = spans_new(ROOM);
    tick = new_signal(0);
    world_need("a timer",
               whit_target(tick, WHIT_TARGET_ENTRY,
                           new_portal(server, (void (*)(void))enter_control, 1), 0, urgent_make()));
    next = start;
    world_need("a timer", whit_timer(tick, next, 1));
    threads[0] = lane_start(run_stream, new_budget(0, PRIORITY_HIGH, 250000, PERIOD_NS));
    threads[1] = lane_start(run_left, new_budget(0, PRIORITY_LOW, 0, slice));
    threads[2] = lane_start(run_right, new_budget(0, PRIORITY_LOW, 0, slice));
    rest_ns(SHOWN_NS);
    stop = 1;
    rest_ns(2 * PERIOD_NS);
    world_need("the timer's end", whit_target(tick, WHIT_TARGET_NONE, 0, 0, 0));
    for (unsigned i = 0; i < LANES - 1; i++)
        world_need("a program's end", whit_stop(threads[i]));
    for (unsigned i = 0; i < LANES; i++)
        for (uint32_t n = 0; n < lanes[i].count; n++)
            console_print("span %s %llu %llu\n", names[i],
                          (unsigned long long)(lanes[i].at[n].from - start),
                          (unsigned long long)(lanes[i].at[n].to - start));
}
