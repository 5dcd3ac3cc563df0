/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler under a virtual clock, beside the reference model (tests/model/schedule.h), on
 * random schedules: programs and servers call, reply, wait, notify, yield, stop and vanish, on
 * budgets with and without limits; each choice and each stretch of time is judged.
 * SCHEDULE_SEED and SCHEDULE_ROUNDS in the environment repeat or prolong it.
 */
#include "../model/schedule.h"
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVERS = 4, PROGRAMS = 6, URGENT = 2, THREADS = SERVERS + PROGRAMS, STEPS = 1500 };
enum { PERIOD_MAX = 2000, ENTRY_STEP = 0x10000 };
#define ENTRY UINT64_C(0x500000)

static struct model model;
static struct program program[THREADS];
static uint64_t portal[SERVERS], signal_of[THREADS], urgent_signal[URGENT];
static struct budget *budget_of[THREADS + URGENT]; /* the model's numbers */
static bool seen_throttled[THREADS + URGENT];
static uint64_t seed, incarnation;
static unsigned long choices, charges, expired, cycles, entries;

static uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static unsigned below(unsigned limit)
{
    return (unsigned)(random_word() >> 33) % limit;
}

static void judge(const char *wrong)
{
    if (wrong)
        test_check(false, wrong, __FILE__, __LINE__);
}

/* ---- from the kernel's objects to the model's numbers */

static int number_of_thread(const struct thread *thread)
{
    for (int i = 0; i < THREADS; i++)
        if (thread && program[i].t == thread)
            return i;
    return NOBODY;
}

static int number_of_budget(const struct budget *budget)
{
    for (int i = 0; i < THREADS + URGENT; i++)
        if (budget && budget_of[i] == budget)
            return i;
    return NOBODY;
}

/* What happened inside of the dispatch: budgets ran dry, and calls failed for that. */
static void follow_throttling(void)
{
    for (int i = 0; i < THREADS + URGENT; i++) {
        struct model_budget *b = &model.budget[i];
        const struct budget *kernel = budget_of[i];
        b->throttled = kernel->state == BUDGET_THROTTLED;
        b->rests = false;
        if (b->throttled && !seen_throttled[i] && b->expires && !b->signal) {
            const struct model_thread *t = &model.thread[b->thread];
            expired += t->callee != NOBODY || t->helps;
            model_call_ends(&model, b->thread);
        }
        seen_throttled[i] = b->throttled;
    }
}

/* A server's own budget waits with it while others pay for what it does; whether it does, depends
 * on what happened before. */
static void follow_resting(void)
{
    for (int i = 0; i < THREADS; i++) {
        const struct model_thread *t = &model.thread[i];
        if (budget_of[i]->state == BUDGET_PARKED && (t->caller != NOBODY || t->signal != NOBODY))
            model.budget[i].rests = true;
    }
}

static void follow_entry(int payer, int thread)
{
    struct model_budget *b = payer == NOBODY ? NULL : &model.budget[payer];

    if (!b || !b->signal || b->entered || b->thread != thread || !model.thread[thread].idle)
        return;
    b->entered = true;
    b->bits = false;
    b->active = 0;
    model.thread[thread].idle = false;
    model.thread[thread].signal = payer;
    entries++;
}

static void chosen(unsigned core)
{
    const int payer = number_of_budget(fake_cores[core].budget);
    const int thread = number_of_thread(running(core));

    choices++;
    model_wake_due(&model, fake_ticks);
    model_forget_turns(&model); /* a call that expires below may let it run again */
    follow_throttling();
    follow_resting();
    judge(model_judge(&model, payer, thread));
    follow_entry(payer, thread);
    /* It stands at a call, which is executed again now. */
    if (thread != NOBODY && model.thread[thread].wants != NOBODY) {
        cycles += model_closes(&model, thread, model.thread[thread].wants);
        model_call(&model, thread, model.thread[thread].wants);
    }
}

static void charged(uint64_t from, uint64_t to)
{
    const int payer = number_of_budget(fake_cores[0].budget);

    charges++;
    if (payer != NOBODY)
        judge(model_charge(&model, payer, from, to));
    for (int i = 0; i < THREADS + URGENT; i++)
        if (model.budget[i].throttled)
            judge(model_throttled(&model, i, to - 1));
}

/* ---- a machine */

static void budget_known(int number, uint64_t selector, int thread)
{
    struct budget *kernel = budget_at(selector);
    struct model_budget *b = &model.budget[number];

    budget_of[number] = kernel;
    seen_throttled[number] = false;
    *b = (struct model_budget){.exists = true,
                               .priority = kernel->priority,
                               .thread = thread,
                               .capacity = kernel->capacity,
                               .period = kernel->period,
                               .length = kernel->length,
                               .expires = (kernel->flags & WHIT_BUDGET_TIMEOUT) != 0};
}

/* Few priorities, so that there are equals; of any three budgets two have limits. */
static uint64_t random_budget(bool urgent)
{
    static const unsigned priorities[] = {10, 10, 20, 20, 30, 63, 64, 255};
    uint64_t priority = priorities[below(8)], ticks = 0, period = below(2) ? 100 : 0, length = 0;
    uint64_t selector = fixture_selector();

    if (urgent || below(3)) {
        period = 10 + below(PERIOD_MAX);
        ticks = 1 + below((unsigned)period);
        if (below(3))
            ticks = 1 + ticks / 4;
    }
    if (urgent && below(2))
        length = 1 + below((unsigned)ticks);
    if (below(3) == 0)
        priority |= WHIT_BUDGET_TIMEOUT;
    world_take(selector, WHIT_SIZE_BUDGET);
    EQUAL(ADMIN(WHIT_OP_MAKE, selector, WHIT_BUDGET, FIXTURE_CORE, priority, ticks, period, length),
          WHIT_OK);
    fixture_watch(selector);
    return selector;
}

static void waiter(int i)
{
    EQUAL(ADMIN(WHIT_OP_TARGET, signal_of[i], WHIT_TARGET_WAITER, program[i].thread), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_CLEAR, signal_of[i], ~UINT64_C(0)), WHIT_OK);
}

/* Another budget than it was made with. */
static void rebind(int i)
{
    uint64_t budget = random_budget(false);

    EQUAL(ADMIN(WHIT_OP_BIND, program[i].thread, WHIT_ROLE_BUDGET, budget), WHIT_OK);
    program[i].budget = budget;
    program[i].b = budget_at(budget);
    budget_known(i, budget, i);
}

static void machine_make(void)
{
    fixture_init(1);
    model_init(&model);
    for (int i = 0; i < SERVERS; i++) {
        program[i] = handler_passive(0);
        portal[i] = make_portal(program[i].thread, ENTRY, (uint64_t)i);
    }
    for (int i = SERVERS; i < THREADS; i++) {
        program[i] = program_new(0, 1);
        EQUAL(ADMIN(WHIT_OP_STOP, program[i].thread), WHIT_OK);
        EQUAL(ADMIN(WHIT_OP_BIND, program[i].thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        rebind(i);
        model.thread[i].exists = true;
        model.thread[i].server = model.thread[i].idle = i < SERVERS;
        signal_of[i] = make_signal(0);
        waiter(i);
        if (i >= SERVERS)
            EQUAL(ADMIN(WHIT_OP_RESUME, program[i].thread), WHIT_OK);
    }
    for (int i = 0; i < URGENT; i++) {
        uint64_t budget = random_budget(true);
        urgent_signal[i] = make_signal(0);
        EQUAL(ADMIN(WHIT_OP_TARGET, urgent_signal[i], WHIT_TARGET_ENTRY, portal[i], 0, budget),
              WHIT_OK);
        budget_known(THREADS + i, budget, i);
        model.budget[THREADS + i].signal = true;
    }
    fixture_watch_choice = chosen;
    fixture_watch_time = charged;
}

/* ---- what happens */

static void act_call(int self)
{
    int server = (int)below(SERVERS);

    if (server == self)
        return;
    model_call(&model, self, server);
    CALL(0, portal[server], 1);
}

static void act_wait(int self)
{
    struct model_thread *t = &model.thread[self];
    uint64_t deadline = fake_ticks + 1 + below(700);

    if (t->bits) {
        t->bits = false;
    } else {
        t->waiting = true;
        t->deadline = deadline;
    }
    WAIT(0, signal_of[self], deadline);
}

static void act_notify(void)
{
    unsigned which = below(THREADS + 2 * URGENT);

    if (which < THREADS) {
        model_notify(&model, (int)which);
        NOTIFY(0, signal_of[which], 1);
    } else {
        model.budget[THREADS + which % URGENT].bits = true;
        NOTIFY(0, urgent_signal[which % URGENT], 1);
    }
}

static void act_yield(void)
{
    int payer = number_of_budget(fake_cores[0].budget);

    model.rotated[model.budget[payer].priority] = true;
    YIELD(0);
}

static void act(int self)
{
    switch (below(8)) {
    case 0:
    case 1:
        act_call(self);
        break;
    case 2:
    case 3:
        if (model.thread[self].server) {
            model_reply(&model, self);
            REPLY(0, 0, 0);
        }
        break;
    case 4:
        act_wait(self);
        break;
    case 5:
        act_notify();
        break;
    case 6:
        act_yield();
        break;
    default:
        break;
    }
}

static void admin_stop(int i)
{
    model.thread[i].stopped = true;
    EQUAL(ADMIN(WHIT_OP_STOP, program[i].thread), WHIT_OK);
    run(0);
}

static void admin_resume(int i)
{
    model.thread[i].stopped = false;
    model.thread[i].helps = false;
    EQUAL(ADMIN(WHIT_OP_RESUME, program[i].thread), WHIT_OK);
    run(0);
}

/* A program vanishes in whatever it does, and another takes its place on its budget. */
static void admin_replace(int i)
{
    const uint64_t selector = program[i].thread;

    fixture_watch_choice = NULL; /* the model follows when it is complete again */
    EQUAL(ADMIN(WHIT_OP_DESTROY, selector), WHIT_OK);
    model_call_ends(&model, i);
    EQUAL(ADMIN(WHIT_OP_MAKE, selector, WHIT_THREAD, WHIT_SELF, WHIT_NATIVE), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_BIND, selector, WHIT_ROLE_BUDGET, program[i].budget), WHIT_OK);
    EQUAL(ADMIN(WHIT_OP_START, selector, PROGRAM_PC + ++incarnation * ENTRY_STEP, PROGRAM_SP),
          WHIT_OK);
    model.thread[i] = (struct model_thread){
        .exists = true, .callee = NOBODY, .caller = NOBODY, .signal = NOBODY, .wants = NOBODY};
    memset(model.budget[i].passed, 0, sizeof(model.budget[i].passed)); /* it was idle meanwhile */
    program[i].t = thread_at(selector);
    waiter(i);
    fixture_watch_choice = chosen;
    run(0);
}

static void step(void)
{
    const int self = number_of_thread(running(0));
    const int other = (int)below(THREADS);

    if (self != NOBODY)
        act(self);
    if (below(12) == 0 && !model.thread[other].stopped)
        admin_stop(other);
    else if (below(4) == 0 && model.thread[other].stopped)
        admin_resume(other);
    else if (below(60) == 0 && other >= SERVERS)
        admin_replace(other);
    if (below(3))
        pass(1 + below(below(4) ? 20 : 400));
}

static void round_run(uint64_t first)
{
    seed = first * UINT64_C(0x9e3779b97f4a7c15) | 1;
    machine_make();
    run(0);
    for (unsigned i = 0; i < STEPS && test_is_good(); i++)
        step();
    if (!test_is_good())
        printf("# SCHEDULE_SEED=%llu SCHEDULE_ROUNDS=1\n", (unsigned long long)first);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

int main(void)
{
    const uint64_t first = setting("SCHEDULE_SEED", 1), rounds = setting("SCHEDULE_ROUNDS", 40);

    for (unsigned fast = 0; fast < 2; fast++) {
        fixture_fast = fast;
        test_begin(fast ? "random schedules by the fast paths, judged by the model"
                        : "random schedules, judged by the model");
        for (uint64_t i = 0; i < rounds && test_is_good(); i++)
            round_run(first + i);
    }
    test_begin("the schedules had what is to be tested");
    CHECK(choices > 10000 && charges > 10000 && expired > 100 && cycles > 3 && entries > 100);
    printf("# %lu choices, %lu stretches of time, %lu calls expired, %lu cycles, %lu entries\n",
           choices, charges, expired, cycles, entries);
    return fixture_finish();
}
