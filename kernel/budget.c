/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sporadic-server accounting: what is used at one time comes back one period later, so no window of
 * one period ever sees more than the capacity.  Merging refills moves time later, never earlier.
 */
#include "budget.h"
#include "arch.h"
#include "object.h"
#include "sched.h"
#include "teardown.h"

enum { BUDGET_FLAGS = WHIT_BUDGET_TIMEOUT | WHIT_BUDGET_METER };

status budget_make(void *memory, struct slot *core, const uint64_t *x)
{
    struct budget *budget = memory;
    const uint64_t priority = x[0] & ~(uint64_t)BUDGET_FLAGS, ticks = x[1], period = x[2];

    if (priority >= PRIORITIES || (core->address && priority > core->address) || ticks > period ||
        period > UINT64_MAX / 4)
        return WHIT_E_ARGUMENT;
    list_init(&budget->link);
    budget->core = cap_object(core);
    budget->priority = (uint8_t)priority;
    budget->flags = (uint32_t)(x[0] & BUDGET_FLAGS);
    budget->length = x[3];
    budget->capacity = ticks;
    budget->period = period;
    budget->refill[0] = (struct refill){0, ticks ? ticks : period};
    budget->refills = 1;
    budget->simple = !period && !budget->length && !(budget->flags & WHIT_BUDGET_METER);
    timer_init(&budget->timer, TIMER_REFILL);
    return WHIT_OK;
}

/* Late enough is never: the sum must not become a time that has passed. */
static uint64_t later(uint64_t when, uint64_t period, uint64_t times)
{
    uint64_t ticks;

    if (__builtin_mul_overflow(period, times, &ticks) || __builtin_add_overflow(when, ticks, &when))
        return UINT64_MAX;
    return when;
}

static struct refill *refill_at(struct budget *budget, unsigned n)
{
    const unsigned i = budget->oldest + n;

    return &budget->refill[i < BUDGET_REFILLS ? i : i - BUDGET_REFILLS];
}

/*
 * With the last, which is not later, if that puts off nothing: time that is used from when the last
 * one comes is used up no sooner than this one would come.  Else, if there are some and both come
 * in the same part of a period, so late that the same holds.
 */
static void refill_push(struct budget *budget, uint64_t when, uint64_t amount)
{
    /*@ assert refills_left: 1 <= budget->refills <= BUDGET_REFILLS; */
    struct refill *last = refill_at(budget, budget->refills - 1u);
    const uint64_t part = budget->period / BUDGET_PARTS + 1;

    if (when - last->when > last->amount) {
        if (budget->refills < BUDGET_APART ||
            (budget->refills < BUDGET_REFILLS && when / part != last->when / part)) {
            *refill_at(budget, budget->refills++) = (struct refill){when, amount};
            return;
        }
        last->when = when - last->amount;
    }
    last->amount += amount;
}

static struct refill refill_pop(struct budget *budget)
{
    const struct refill first = budget_first(budget);

    budget->refills--;
    budget->oldest = (uint8_t)(budget->oldest + 1 < BUDGET_REFILLS ? budget->oldest + 1 : 0);
    return first;
}

/* Without a limit only the slice counts, which starts anew. */
static bool slice_spend(struct budget *budget, uint64_t ticks)
{
    struct refill *slice = refill_at(budget, 0);

    if (ticks < slice->amount) {
        slice->amount -= ticks;
        return false;
    }
    slice->amount = budget->period;
    return true;
}

/* All refills are used up, perhaps several times.  Returns what is left: less than all of them. */
static uint64_t all_spend(struct budget *budget, uint64_t ticks)
{
    const uint64_t times = ticks / budget->capacity;

    for (unsigned i = 0; i < budget->refills; i++)
        refill_at(budget, i)->when = later(refill_at(budget, i)->when, budget->period, times);
    return ticks - times * budget->capacity;
}

bool budget_spend(struct budget *budget, uint64_t ticks)
{
    const uint64_t owed = budget->owed;
    bool spent_all;

    budget->owed = 0;
    ticks += owed;
    spent_all = ticks >= budget->capacity;
    budget->left -= ticks < budget->left ? ticks : budget->left;
    if (!budget->capacity)
        return budget->period && slice_spend(budget, ticks);
    /* An overrun (the kernel finished something) is taken from the refills that follow. */
    if (spent_all)
        ticks = all_spend(budget, ticks);
    for (unsigned i = 0; i < BUDGET_REFILLS && ticks >= budget_first(budget).amount; i++) {
        struct refill spent = refill_pop(budget);
        ticks -= spent.amount;
        spent_all = true;
        refill_push(budget, later(spent.when, budget->period, 1), spent.amount);
    }
    if (ticks && ticks < budget_first(budget).amount) {
        struct refill *first = refill_at(budget, 0);
        uint64_t again = later(first->when, budget->period, 1);
        first->amount -= ticks;
        /* What was owed took no time. */
        first->when += ticks > owed ? ticks - owed : 0;
        refill_push(budget, again, ticks);
    }
    budget->dry |= spent_all;
    return spent_all;
}

bool budget_begin(struct budget *budget, uint64_t now)
{
    if (!budget->capacity)
        return true;
    if (budget_first(budget).when > now)
        return false;
    budget->dry = 0;
    refill_at(budget, 0)->when = now;
    while (budget->refills > 1 && refill_at(budget, 1)->when <= now + budget_first(budget).amount) {
        struct refill first = refill_pop(budget);
        struct refill *next = refill_at(budget, 0);
        next->when = first.when;
        next->amount += first.amount;
    }
    /* Paid with what it uses now, or at once if that is too much: then there may be nothing. */
    if (budget->owed < budget_first(budget).amount)
        return true;
    (void)budget_spend(budget, 0);
    return budget_first(budget).when <= now;
}

uint64_t budget_end_time(const struct budget *budget, uint64_t now)
{
    uint64_t ticks = budget->capacity || budget->period ? budget_first(budget).amount : UINT64_MAX;

    if (budget->left && budget->left < ticks)
        ticks = budget->left;
    if (ticks == UINT64_MAX)
        return UINT64_MAX;
    return ticks > budget->owed ? now + ticks - budget->owed : now;
}

void budget_refilled(struct budget *budget)
{
    budget->state = BUDGET_IDLE; /* it was throttled: else its timer is not set */
    if (budget->thread || (budget->signal && signal_is_active(budget->signal)))
        budget_ready(budget);
}

void budget_end_here(struct budget *budget)
{
    timer_cancel(budget->core, &budget->timer);
    budget_unready(budget);
    if (budget->core->payer == budget)
        budget->core->payer = NULL;
    budget->state = BUDGET_IDLE;
    budget->thread = budget->plain = NULL;
    budget->signal = NULL;
}

status budget_end(struct budget *budget)
{
    return request_ask(budget->core, &budget->request, REQUEST_BUDGET_END);
}

status op_budget_read(struct thread *self, uint64_t *x)
{
    status error;
    struct slot *slot = cap_find(self->space, x[0], WHIT_BUDGET, WHIT_R_READ, &error);
    const struct budget *budget;

    if (!slot)
        return error;
    budget = cap_object(slot);
    if (core_here()->budget == budget)
        sched_charge(core_here());
    x[0] = budget->used;
    x[1] = budget->exhausted;
    x[2] = budget->capacity ? budget_first(budget).amount : 0;
    x[3] = budget->priority;
    x[4] = budget->lent;
    x[5] = budget->late;
    return WHIT_OK;
}
