/* SPDX-License-Identifier: BSD-2-Clause */
/* Dispatch: from the most urgent ready budget along the calls of its thread to the one that runs.
 */
#include "sched.h"
#include "arch.h"
#include "object.h"
#include "portal.h"

enum { CALL_DEPTH = 16 };

static void ready_insert(struct core *core, struct budget *budget)
{
    list_insert(&core->ready[budget->priority], &budget->link);
    core->ready_map[budget->priority / 64] |= UINT64_C(1) << (budget->priority % 64);
}

static void ready_remove(struct core *core, struct budget *budget)
{
    list_remove(&budget->link);
    if (list_empty(&core->ready[budget->priority]))
        core->ready_map[budget->priority / 64] &= ~(UINT64_C(1) << (budget->priority % 64));
}

static struct budget *ready_first(const struct core *core)
{
    for (unsigned word = PRIORITIES / 64; word-- > 0;)
        if (core->ready_map[word]) {
            unsigned priority = word * 64 + 63 - (unsigned)__builtin_clzll(core->ready_map[word]);
            return CONTAINER(core->ready[priority].next, struct budget, link);
        }
    return NULL;
}

void budget_ready(struct budget *budget)
{
    struct core *core = budget->core;

    if (budget->state == BUDGET_READY || budget->state == BUDGET_THROTTLED)
        return;
    list_remove(&budget->link);
    budget->state = BUDGET_READY;
    budget->dry = 0;
    ready_insert(core, budget);
    if (!core->budget || budget->priority > core->budget->priority || core->alone)
        core->reschedule = 1;
}

void budget_unready(struct budget *budget)
{
    struct core *core = budget->core;

    if (core->budget == budget) {
        sched_charge(core);
        core->budget = NULL;
        core->reschedule = 1;
    }
    if (budget->state == BUDGET_READY)
        ready_remove(core, budget);
    else
        list_remove(&budget->link);
    if (budget->state != BUDGET_THROTTLED)
        budget->state = BUDGET_IDLE;
}

void sched_unpark(struct thread *thread)
{
    while (!list_empty(&thread->parked))
        budget_ready(CONTAINER(thread->parked.next, struct budget, link));
}

void sched_rotate(struct core *core)
{
    if (core->budget && core->budget->state == BUDGET_READY) {
        ready_remove(core, core->budget);
        ready_insert(core, core->budget);
    }
    core->reschedule = 1;
}

void sched_charge(struct core *core)
{
    struct budget *budget = core->budget;
    uint64_t now = core->interrupted ? core->interrupted : arch_ticks();

    core->interrupted = 0;
    /* Nothing orders two reads of the counter; time that ran back would be an age of use. */
    if (now < core->charged)
        now = core->charged;
    bool turn_over = budget && budget_spend(budget, now - core->charged);

    if (budget && core_current(core) != (budget->signal ? budget->signal->thread : budget->thread))
        budget->lent += now - core->charged;
    core->charged = now;
    if (turn_over && budget->state == BUDGET_READY) {
        ready_remove(core, budget);
        ready_insert(core, budget);
    }
}

/* The handler that `thread`, at an instruction that found it busy, helps; NULL: try again. */
static struct thread *help_target(const struct thread *thread)
{
    const struct portal *portal = __atomic_load_n(&thread->fault, __ATOMIC_RELAXED);
    struct thread *handler;
    status error;

    if (thread->helping == HELP_CALL) {
        /* Stopped for want of it, it has no space. */
        struct space *space = __atomic_load_n(&thread->space, __ATOMIC_RELAXED);
        /* With the right: one that lost it may be scrubbed already. */
        portal = space ? cap_lookup(space, thread->save->x[10] % WHIT_SLOTS, WHIT_PORTAL,
                                    WHIT_R_CALL, &error)
                       : NULL;
    }
    if (!portal)
        return NULL;
    handler = portal_handler(portal);
    if (handler->core != thread->core || !handler->space ||
        handler->link == (uintptr_t)thread->core)
        return NULL;
    return handler;
}

/* Whom a thread waits for, or NULL. */
static struct thread *link_next(const struct thread *thread)
{
    if (thread->callee)
        return thread->callee;
    return thread->helping ? help_target(thread) : NULL;
}

bool sched_leads_to(struct thread *from, const struct thread *to)
{
    for (unsigned links = 0; from && links <= CALL_DEPTH; links++) {
        if (from == to)
            return true;
        from = link_next(from);
    }
    return false;
}

void sched_unpark_chain(struct thread *thread)
{
    for (unsigned links = 0; thread && links <= CALL_DEPTH; links++) {
        sched_unpark(thread);
        thread = link_next(thread);
    }
}

/*
 * The thread at the end of the calls that start at the budget's thread; NULL: choose again, because
 * there were too many, and the last one has failed, which may have readied other budgets; or the
 * budget is for nobody on this core.  *borrowed: the way there is not only calls in progress, so
 * that the fast reply would return into another budget's thread.
 */
static struct thread *follow(struct budget *budget, bool *borrowed)
{
    struct thread *thread = budget->signal ? signal_enter(budget->signal) : budget->thread;
    struct thread *caller = NULL;

    if (!thread) {
        budget_unready(budget);
        return NULL;
    }
    *borrowed = budget->signal || thread->link != LINK_NONE;
    for (unsigned links = 0; links <= CALL_DEPTH; links++) {
        if (thread->stopped)
            return thread;
        caller = thread;
        thread = link_next(caller);
        if (!thread)
            return caller;
        if (!caller->callee)
            *borrowed = true;
    }
    thread_call_fail(caller, WHIT_E_DEPTH);
    return NULL;
}

static void set_current(struct core *core, struct thread *thread)
{
    bool slow = core->borrowed || core->metered || thread->type == WHIT_VCPU;

    core->current = (uintptr_t)thread | (slow ? CURRENT_SLOW : 0);
}

void sched_set_current(struct core *core, struct thread *thread)
{
    if (core->metered)
        sched_charge(core);
    set_current(core, thread);
}

/* It is used up: it waits for its refill, and whom it drove falls back to its own budget. */
static void budget_throttle(struct core *core, struct budget *budget)
{
    ready_remove(core, budget);
    budget->state = BUDGET_THROTTLED;
    if (budget->dry)
        budget->exhausted++;
    else
        budget->late++;
    timer_set(core, &budget->timer, budget->refill[0].when);
    if (budget->signal && budget->signal->entered)
        sched_unpark(budget->signal->thread);
    if (budget->thread && (budget->flags & WHIT_BUDGET_TIMEOUT))
        thread_call_expire(budget->thread);
}

/*
 * Need nobody know when the virtual CPU goes idle?  Nothing else is ready; its own budget has no
 * limit that sleeping would use up; it runs on no activation, which would end.  Whatever becomes
 * ready makes the core choose again.
 */
static bool runs_alone(const struct core *core, const struct budget *budget)
{
    const unsigned word = budget->priority / 64;

    if (budget->signal || budget->capacity || budget->link.next != budget->link.prev)
        return false;
    for (unsigned i = 0; i < PRIORITIES / 64; i++)
        if (core->ready_map[i] != (i == word ? UINT64_C(1) << (budget->priority % 64) : 0))
            return false;
    return true;
}

struct thread *sched_dispatch(struct core *core)
{
    struct budget *budget;
    struct thread *thread;
    bool borrowed;

    core->reschedule = 0;
    sched_charge(core);
    for (;;) {
        budget = ready_first(core);
        if (!budget)
            break;
        if (!budget_begin(budget, core->charged)) {
            budget_throttle(core, budget);
            continue;
        }
        thread = follow(budget, &borrowed);
        if (!thread)
            continue;
        if (thread_can_run(thread))
            break;
        ready_remove(core, budget);
        budget->state = BUDGET_PARKED;
        list_insert(&thread->parked, &budget->link);
    }
    core->budget = budget;
    core->reschedule = 0;
    timer_program(core, budget ? budget_end_time(budget, core->charged) : UINT64_MAX);
    if (!budget) {
        core->metered = core->alone = 0;
        core->current = 0;
        return NULL;
    }
    thread->helping = HELP_NONE;
    core->borrowed = borrowed;
    core->metered = (budget->flags & WHIT_BUDGET_METER) != 0;
    core->alone = thread->type == WHIT_VCPU && runs_alone(core, budget);
    set_current(core, thread);
    return thread;
}
