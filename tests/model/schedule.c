/* SPDX-License-Identifier: BSD-2-Clause */
/* A reference model of one core's schedule; see schedule.h. */
#include "schedule.h"

#include <string.h>

void model_init(struct model *model)
{
    memset(model, 0, sizeof(*model));
    for (unsigned i = 0; i < 256; i++)
        model->last[i] = NOBODY;
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        struct model_thread *thread = &model->thread[i];
        thread->callee = thread->caller = thread->signal = thread->wants = NOBODY;
    }
}

static bool is_free(const struct model_thread *server)
{
    return server->idle && !server->stopped;
}

/* Whom a thread waits for. */
static int next_of(const struct model *model, int thread)
{
    const struct model_thread *t = &model->thread[thread];

    if (t->callee != NOBODY)
        return t->callee;
    if (t->helps && t->wants != NOBODY && !is_free(&model->thread[t->wants]))
        return t->wants;
    return NOBODY;
}

int model_end(const struct model *model, int budget)
{
    const struct model_budget *b = &model->budget[budget];
    int thread = b->thread;

    if (thread == NOBODY || (b->signal && !b->bits && !b->entered))
        return NOBODY;
    for (unsigned links = 0; links <= MODEL_LINKS && !model->thread[thread].stopped; links++) {
        int next = next_of(model, thread);
        if (next == NOBODY)
            return thread;
        thread = next;
    }
    return thread;
}

bool model_thread_runs(const struct model *model, int thread)
{
    const struct model_thread *t = &model->thread[thread];

    return t->exists && !t->stopped && !t->waiting && !t->idle && t->callee == NOBODY;
}

bool model_eligible(const struct model *model, int budget)
{
    const struct model_budget *b = &model->budget[budget];
    int end;

    if (!b->exists || b->throttled || b->rests)
        return false;
    if (b->signal && b->entered && b->length && b->active >= b->length)
        return false;
    end = model_end(model, budget);
    if (end == NOBODY)
        return false;
    /* It will enter the server. */
    if (b->signal && !b->entered && end == b->thread && model->thread[end].idle)
        return is_free(&model->thread[end]);
    return model_thread_runs(model, end);
}

bool model_closes(const struct model *model, int thread, int server)
{
    for (unsigned links = 0; server != NOBODY && links <= MODEL_LINKS; links++) {
        if (server == thread)
            return true;
        server = next_of(model, server);
    }
    return false;
}

/* ---- what threads do */

void model_call(struct model *model, int thread, int server)
{
    struct model_thread *t = &model->thread[thread], *s = &model->thread[server];

    t->wants = server;
    t->helps = false;
    if (is_free(s)) {
        t->wants = NOBODY;
        t->callee = server;
        s->caller = thread;
        s->idle = false;
    } else if (model_closes(model, thread, server)) {
        t->wants = NOBODY;
    } else {
        t->helps = true;
    }
}

void model_reply(struct model *model, int thread)
{
    struct model_thread *t = &model->thread[thread];

    if (t->caller != NOBODY)
        model->thread[t->caller].callee = NOBODY;
    if (t->signal != NOBODY)
        model->budget[t->signal].entered = false;
    t->caller = t->signal = NOBODY;
    t->server = t->idle = true;
}

void model_notify(struct model *model, int thread)
{
    struct model_thread *t = &model->thread[thread];

    if (t->waiting)
        t->waiting = false;
    else
        t->bits = true;
}

void model_call_ends(struct model *model, int thread)
{
    struct model_thread *t = &model->thread[thread];

    if (t->callee != NOBODY)
        model->thread[t->callee].caller = NOBODY;
    t->callee = NOBODY;
    if (t->helps)
        t->wants = NOBODY;
    t->helps = false;
}

void model_wake_due(struct model *model, uint64_t now)
{
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        struct model_thread *t = &model->thread[i];
        if (t->waiting && t->deadline && t->deadline <= now)
            t->waiting = false;
    }
}

/* ---- the choice */

void model_forget_turns(struct model *model)
{
    for (int i = 0; i < MODEL_BUDGETS; i++)
        if (model->budget[i].exists && !model_eligible(model, i))
            memset(model->budget[i].passed, 0, sizeof(model->budget[i].passed));
}

/* Among equals: none has two turns while another could have had one. */
static const char *judge_turn(struct model *model, int budget)
{
    struct model_budget *b = &model->budget[budget];
    const unsigned priority = b->priority;
    bool begins = model->last[priority] != budget || model->rotated[priority];

    model->last[priority] = budget;
    model->rotated[priority] = false;
    for (unsigned i = 0; i < MODEL_BUDGETS; i++) {
        struct model_budget *other = &model->budget[i];
        if (!other->exists || other->priority != priority)
            continue;
        if ((int)i == budget)
            memset(other->passed, 0, sizeof(other->passed));
        else if (begins && model_eligible(model, (int)i) && ++other->passed[budget] > 1)
            return "an equal has two turns while another has none";
    }
    return NULL;
}

const char *model_judge(struct model *model, int budget, int thread)
{
    int most = NOBODY;

    for (int i = 0; i < MODEL_BUDGETS; i++)
        if (model_eligible(model, i) &&
            (most == NOBODY || model->budget[i].priority > model->budget[most].priority))
            most = i;
    model_forget_turns(model);
    if (budget == NOBODY)
        return most == NOBODY ? NULL : "the core idles while a budget could run";
    if (!model_eligible(model, budget))
        return "a budget runs that may not";
    if (model->budget[budget].priority < model->budget[most].priority)
        return "a more urgent budget could run";
    if (model_end(model, budget) != thread)
        return "another thread runs than the one at the end of the calls";
    return judge_turn(model, budget);
}

/* ---- what was used */

/* Ticks that were used in [from, to), and in how many pieces. */
static uint64_t used_between(const struct model_budget *b, uint64_t from, uint64_t to,
                             unsigned *pieces)
{
    uint64_t sum = 0, edge = UINT64_MAX;

    *pieces = 0;
    for (uint64_t n = 0; n < b->uses && n < MODEL_USES; n++) {
        const uint64_t start = b->use[(b->uses - 1 - n) % MODEL_USES].from;
        const uint64_t end = start + b->use[(b->uses - 1 - n) % MODEL_USES].ticks;
        if (end <= from)
            break;
        uint64_t low = start > from ? start : from, high = end < to ? end : to;
        if (high > low)
            sum += high - low;
        if (end != edge)
            ++*pieces;
        edge = start;
    }
    return sum;
}

const char *model_charge(struct model *model, int budget, uint64_t from, uint64_t to)
{
    struct model_budget *b = &model->budget[budget];
    unsigned pieces;

    b->use[b->uses++ % MODEL_USES].from = from;
    b->use[(b->uses - 1) % MODEL_USES].ticks = to - from;
    if (b->signal && b->entered) {
        b->active += to - from;
        if (b->length && b->active > b->length)
            return "an activation is longer than its length";
    }
    /* The fullest windows are those that end with a use. */
    if (b->capacity &&
        used_between(b, to > b->period ? to - b->period : 0, to, &pieces) > b->capacity)
        return "more than the amount in a window of one period";
    return NULL;
}

const char *model_throttled(const struct model *model, int budget, uint64_t now)
{
    const struct model_budget *b = &model->budget[budget];
    const uint64_t latest = b->period + b->period / 2 + 1;
    unsigned pieces, ignored;
    const uint64_t used = used_between(b, now > latest ? now - latest : 0, now, &pieces);

    if (!b->capacity)
        return "a budget without a limit is throttled";
    if (used < b->capacity)
        return "a piece is not back after a period and a half";
    if (pieces <= 1 &&
        used_between(b, now > b->period ? now - b->period : 0, now, &ignored) < b->capacity)
        return "a piece that is alone is not back after one period";
    return NULL;
}
