/* SPDX-License-Identifier: BSD-2-Clause */
/* Dispatch: from the most urgent ready budget along the calls of its thread to the one that runs.
 */
#include "sched.h"
#include "arch.h"
#include "object.h"
#include "portal.h"

enum { CALL_DEPTH = 16 };

/* Budgets that are readied, and budgets and links that dispatch looks at, between two looks for
 * interrupts. */
enum { UNPARK_STEP = 8, FOLLOW_STEP = 8 };

/*@
  predicate map_true(struct core *core) =
    \forall integer p; 0 <= p < PRIORITIES ==>
      (bit_is_set(core->ready_map[p / 64], p % 64) <==> core->ready[p] != \null);
*/

/* The most urgent priority in the first `words` words of the map, or 0. */
/*@
  requires \valid_read(core) && words <= PRIORITIES / 64;
  requires map: map_true(core);
  assigns \nothing;
  ensures \result < PRIORITIES && (core->ready[\result] == \null ==> \result == 0);
  ensures \forall integer p; \result < p < words * 64 ==> core->ready[p] == \null;
*/
static unsigned map_top(const struct core *core, unsigned words)
{
    /*@
      loop invariant word <= words;
      loop invariant \forall integer w; word <= w < words ==> core->ready_map[w] == 0;
      loop assigns word;
      loop variant word;
    */
    for (unsigned word = words; word-- > 0;)
        if (core->ready_map[word]) {
            const unsigned high = 63 - (unsigned)__builtin_clzll(core->ready_map[word]);
            /*@ assert word < PRIORITIES / 64 && high < 64; */
            /*@ assert bit_is_set(core->ready_map[word], high); */
            /*@
              assert \forall integer bit; high < bit < 64 ==>
                !bit_is_set(core->ready_map[word], bit);
            */
            return word * 64 + high;
        }
    return 0;
}

/* Is it the only one of its priority that is ready? */
static bool ready_single(const struct budget *budget)
{
    return list_empty(&budget->link);
}

static struct budget *ready_next(const struct budget *budget)
{
    return CONTAINER(budget->link.next, struct budget, link);
}

static void ready_remove(struct core *core, struct budget *budget)
{
    const unsigned priority = budget->priority;

    if (ready_single(budget)) {
        core->ready[priority] = NULL;
        core->ready_map[priority / 64] &= ~(UINT64_C(1) << (priority % 64));
        if (priority == core->top)
            core->top = map_top(core, priority / 64 + 1);
        return;
    }
    if (core->ready[priority] == budget)
        core->ready[priority] = ready_next(budget);
    list_remove(&budget->link);
}

/* If it had its turn, the next one of its priority has it.  False if there are no others. */
static bool ready_rotate(struct core *core, const struct budget *budget)
{
    if (ready_single(budget))
        return false;
    if (core->ready[budget->priority] == budget)
        core->ready[budget->priority] = ready_next(budget);
    return true;
}

static struct budget *ready_first(const struct core *core)
{
    return core->ready[core->top];
}

/* Behind the others of its priority.  The running budget is of the top one, if there is one. */
static void become_ready(struct core *core, struct budget *budget)
{
    const unsigned priority = budget->priority;
    struct budget *first = core->ready[priority];

    budget->state = BUDGET_READY;
    if (!core->budget || core->alone)
        core->reschedule = 1;
    if (first) {
        list_insert(&first->link, &budget->link);
        return;
    }
    list_init(&budget->link);
    core->ready[priority] = budget;
    core->ready_map[priority / 64] |= UINT64_C(1) << (priority % 64);
    if (priority > core->top) {
        core->top = priority;
        core->reschedule = 1;
    }
}

void budget_ready(struct budget *budget)
{
    if (budget->state == BUDGET_READY || budget->state == BUDGET_THROTTLED)
        return;
    list_remove(&budget->link);
    become_ready(budget->core, budget);
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
    budget->dry = 0;
    if (budget->state != BUDGET_THROTTLED)
        budget->state = BUDGET_IDLE;
}

/* The budgets parked at `thread` wait with the core, and are readied step by step (sched_dispatch).
 */
static void unpark_later(struct thread *thread)
{
    struct link *parked = &thread->parked;

    if (list_empty(parked))
        return;
    struct core *core = CONTAINER(parked->next, struct budget, link)->core;
    list_splice(&core->unparked, parked);
    core->behind = core->reschedule = 1;
}

void sched_unpark(struct thread *thread)
{
    struct link *parked = &thread->parked, *first = parked->next;

    if (first == parked->prev && first != parked) {
        struct budget *budget = CONTAINER(first, struct budget, link);
        list_init(parked);
        become_ready(budget->core, budget);
    } else {
        unpark_later(thread);
    }
}

/* Readies some of the budgets that were parked.  True: all of them. */
static bool unpark_step(struct core *core, unsigned *steps)
{
    for (unsigned n = 0; n < UNPARK_STEP && !list_empty(&core->unparked); n++, ++*steps)
        budget_ready(CONTAINER(core->unparked.next, struct budget, link));
    return list_empty(&core->unparked);
}

void sched_give_way(struct core *core)
{
    if (core->budget && ready_rotate(core, core->budget))
        core->reschedule = 1;
}

/* The time since the last charge, and when that was. */
static inline uint64_t take_time(struct core *core)
{
    uint64_t now = core->interrupted ? core->interrupted : arch_ticks(), since = core->charged;

    core->interrupted = 0;
    /* Nothing orders two reads of the counter; time that ran back would be an age of use. */
    if (now < since)
        now = since;
    core->charged = now;
    return now - since;
}

static inline void spend(struct core *core, struct budget *budget, uint64_t ticks)
{
    const struct thread *current = core_current(core);

    budget->used += ticks;
    if (current != budget->thread && !(budget->signal && current == budget->signal->thread))
        budget->lent += ticks;
}

/* True: what the running budget has is used up. */
static bool charge(struct core *core)
{
    const uint64_t ticks = take_time(core);
    struct budget *budget = core->budget;

    if (!budget)
        return false;
    spend(core, budget, ticks);
    if (budget->simple || !budget_spend(budget, ticks))
        return false;
    if (budget->state == BUDGET_READY)
        (void)ready_rotate(core, budget);
    return true;
}

void sched_charge(struct core *core)
{
    (void)charge(core);
}

/* For what is done while it does not run. */
static void owe(struct budget *budget, uint64_t ticks)
{
    budget->used += ticks;
    if (budget->capacity)
        budget->owed += ticks;
}

void sched_prepay(struct core *core)
{
    struct budget *budget = core->budget;

    if (!budget)
        return;
    owe(budget, core->price);
    /* So the time that is left ends sooner. */
    core->reschedule |= budget->capacity != 0;
}

/* Near the median, whatever single ones take; a quarter more for the ways in and out. */
static void price_learn(struct core *core, uint64_t ticks)
{
    const uint64_t step = core->price / 16 + 1;

    ticks += ticks / 4;
    if (ticks > core->price)
        core->price += step;
    else if (ticks < core->price)
        core->price -= step;
}

/*
 * Who pays for the time between the charge and this choice.  Who is preempted does not: the more
 * urgent one does, from its interrupt on.  Else who ran until now, whatever became of it.  But the
 * interrupt of a deadline that changes nothing was paid when the deadline was set.
 * `interrupted`: when the kernel's timer fired; 0: it is not why.
 */
static void pay_choice(struct core *core, struct budget *next, uint64_t interrupted)
{
    struct budget *old = core->payer;
    uint64_t now;

    core->payer = next;
    if (!old || old->priority < next->priority || (old == next && !interrupted))
        return;
    now = arch_ticks();
    if (old == next)
        price_learn(core, now - interrupted);
    else
        owe(old, now - core->charged);
    core->charged = now;
    (void)budget_begin(next, now);
}

/* The portal that a call of x10 names, as cap_lookup finds it: up to 17 of these are one step. */
static const struct portal *help_portal(const struct space *space, uint64_t x10)
{
    const struct slot *page = space->directory[x10 / SLOTS_PER_PAGE % SPACE_DIRECTORY];
    uint64_t word = __atomic_load_n(&page[x10 % SLOTS_PER_PAGE].word, __ATOMIC_ACQUIRE);

    word ^= (uint64_t)WHIT_PORTAL << CAP_KIND_SHIFT;
    /* With the right: one that lost it may be scrubbed already. */
    if ((word & CAP_KIND_MASK) || !(word >> CAP_RIGHTS_SHIFT & WHIT_R_CALL))
        return NULL;
    return (const struct portal *)(uintptr_t)(word & CAP_ADDRESS_MASK);
}

/* The handler that `thread`, at an instruction that found it busy, helps; NULL: try again. */
static struct thread *help_target(const struct thread *thread)
{
    const struct portal *portal = __atomic_load_n(&thread->fault, __ATOMIC_RELAXED);
    struct thread *handler;

    if (thread->helping == HELP_CALL) {
        /* Stopped for want of it, it has no space. */
        struct space *space = __atomic_load_n(&thread->space, __ATOMIC_RELAXED);
        portal = space ? help_portal(space, thread->save->x[10]) : NULL;
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

void sched_unpark_chain(struct thread *thread)
{
    for (unsigned links = 0; thread && links <= CALL_DEPTH; links++) {
        unpark_later(thread);
        thread = link_next(thread);
    }
}

/*
 * The thread at the end of the calls that start at the budget's thread; NULL: choose again, because
 * there were too many, and the last one has failed, which may have readied other budgets; or the
 * budget is for nobody on this core.  Sets core->borrowed if the way there is not only calls in
 * progress, so that the fast reply would return into another budget's thread.
 */
static inline struct thread *follow(struct core *core, struct budget *budget, unsigned *steps)
{
    struct thread *thread = budget->signal ? signal_enter(budget->signal) : budget->thread;
    struct thread *caller = NULL;

    if (!thread) {
        budget_unready(budget);
        return NULL;
    }
    core->borrowed = budget->signal || thread->link != LINK_NONE;
    for (unsigned links = 0; links <= CALL_DEPTH; links++, ++*steps) {
        if (thread->stopped)
            return thread;
        caller = thread;
        thread = link_next(caller);
        if (!thread)
            return caller;
        if (!caller->callee)
            core->borrowed = 1;
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

/* May another thread run on the same budget without a choice?  That begins with a charge, which
 * counts where there is a limit; and may be made in steps, if there was a long walk already. */
static bool direct(const struct core *core)
{
    return core->budget && !core->limited && !core->reschedule && core->walked < FOLLOW_STEP;
}

/* `thread` is whom the running budget runs now; NULL: that has to be found out. */
static void run_directly(struct core *core, struct thread *thread)
{
    if (!thread || !thread_can_run(thread)) {
        core->reschedule = 1;
        return;
    }
    thread->helping = HELP_NONE;
    sched_set_current(core, thread);
}

void sched_follow(struct core *core)
{
    struct thread *thread = NULL;
    unsigned steps = 0;

    if (direct(core))
        thread = follow(core, core->budget, &steps);
    run_directly(core, thread);
}

bool sched_help(struct core *core, struct thread *caller, struct thread *handler,
                enum thread_help how)
{
    struct thread *thread = handler, *next = handler;
    bool stopped = false;

    core->walked = 0;
    while (next && core->walked <= CALL_DEPTH) {
        thread = next;
        if (thread == caller)
            return false;
        stopped |= thread->stopped;
        core->walked++;
        next = link_next(thread);
    }
    caller->helping = (uint8_t)how;
    /* The caller is at the end of the calls that its budget follows, so this is their end now. */
    core->borrowed = 1;
    run_directly(core, !next && !stopped && direct(core) ? thread : NULL);
    return true;
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
    timer_set(core, &budget->timer, budget_first(budget).when);
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

    if (budget->signal || budget->capacity || !ready_single(budget))
        return false;
    for (unsigned i = 0; i < PRIORITIES / 64; i++)
        if (core->ready_map[i] != (i == word ? UINT64_C(1) << (budget->priority % 64) : 0))
            return false;
    return true;
}

/* Whom the most urgent budget runs; NULL: nobody now, and another one may be the most urgent. */
static struct thread *choose(struct core *core, struct budget *budget, unsigned *steps)
{
    struct thread *thread;

    if (!budget_begin(budget, core->charged)) {
        budget_throttle(core, budget);
        return NULL;
    }
    thread = follow(core, budget, steps);
    if (!thread || thread_can_run(thread))
        return thread;
    ready_remove(core, budget);
    budget->state = BUDGET_PARKED;
    budget->dry = 0;
    list_insert(&thread->parked, &budget->link);
    return NULL;
}

/* Does some of that.  False: there is more, or steps enough were made. */
static bool catch_up(struct core *core, unsigned *steps)
{
    core->behind = (core->inbox_rest && !signal_inbox_step(core)) || !unpark_step(core, steps);
    return !core->behind;
}

/* Nobody runs: for want of a budget, or while interrupts are taken before the choice goes on. */
static struct thread *dispatch_nobody(struct core *core, bool again)
{
    core->budget = NULL;
    core->metered = core->limited = core->alone = 0;
    core->current = 0;
    core->reschedule = again;
    if (!again) {
        core->payer = NULL;
        timer_program(core, UINT64_MAX);
    }
    return NULL;
}

/* The current thread, if it is a program's. */
static struct thread *current_program(const struct core *core)
{
    struct thread *thread = core_current(core);

    return thread && thread->type == WHIT_NATIVE ? thread : NULL;
}

/* The thread of a budget that has nothing to count or to follow; NULL: it has. */
static inline struct thread *plain_thread(const struct budget *budget)
{
    struct thread *thread = budget->plain;

    if (!thread || (thread->link ^ LINK_NONE) | (uintptr_t)thread->callee | thread->unusual)
        return NULL;
    return thread;
}

static inline void run_plain(struct core *core, struct budget *budget, struct thread *thread)
{
    core->budget = core->payer = budget;
    core->borrowed = core->reschedule = 0;
    core->current = (uintptr_t)thread;
}

struct thread *sched_quick(struct core *core)
{
    const uint64_t special = core->special >> SPECIAL_CHOICE;
    struct budget *old = core->budget, *budget;
    struct thread *thread;

    if (special != SPECIAL_RESCHEDULE)
        return special ? NULL : current_program(core);
    budget = ready_first(core);
    thread = budget ? plain_thread(budget) : NULL;
    if (!thread)
        return NULL;
    if (old)
        spend(core, old, take_time(core));
    else
        (void)take_time(core);
    run_plain(core, budget, thread);
    /* What else could have been programmed is a deadline that is over, or was taken back. */
    if (!core->programmed)
        timer_program(core, UINT64_MAX);
    return thread;
}

struct thread *sched_dispatch(struct core *core)
{
    uint64_t fired = core->expired == core->interrupted ? core->interrupted : 0;
    unsigned steps = core->walked;
    struct budget *budget;
    struct thread *thread;

    core->walked = 0;
    if (charge(core))
        fired = 0;
    do {
        if ((core->behind && !catch_up(core, &steps)) || steps++ >= FOLLOW_STEP)
            return dispatch_nobody(core, true);
        budget = ready_first(core);
        if (!budget)
            return dispatch_nobody(core, false);
        thread = plain_thread(budget);
        if (thread) {
            core->metered = core->limited = core->alone = 0;
            if (core->payer && core->payer->capacity)
                pay_choice(core, budget, 0);
            run_plain(core, budget, thread);
            timer_program(core, UINT64_MAX);
            return thread;
        }
        thread = choose(core, budget, &steps);
    } while (!thread);
    core->budget = budget;
    core->reschedule = 0;
    pay_choice(core, budget, fired);
    timer_program(core, budget_end_time(budget, core->charged));
    thread->helping = HELP_NONE;
    core->metered = (budget->flags & WHIT_BUDGET_METER) != 0;
    core->limited = !budget->simple;
    core->alone = thread->type == WHIT_VCPU && runs_alone(core, budget);
    set_current(core, thread);
    return thread;
}
