/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals: bits that stick until their target takes them. */
#include "signal.h"
#include "arch.h"
#include "object.h"
#include "portal.h"
#include "sched.h"
#include "teardown.h"
#include "virq.h"

#include <string.h>

enum { INBOX_STEP = 16 };

status signal_make(void *memory, struct slot *core)
{
    struct signal *signal = memory;

    signal->home = cap_object(core);
    timer_init(&signal->timer, TIMER_SIGNAL);
    list_init(&signal->pending);
    return WHIT_OK;
}

/* An activation of a virtual CPU is under way: it is here, has not been idle since, and the length
 * is not used up. */
static bool virq_is_active(const struct signal *signal)
{
    const struct thread *thread = signal->thread;

    return signal->activation == thread->vcpu.activations && thread->core == signal->home &&
           (signal->budget->left || !signal->budget->length);
}

bool signal_is_active(const struct signal *signal)
{
    if (signal->target == WHIT_TARGET_VIRQ)
        return virq_is_active(signal);
    return signal->target != WHIT_TARGET_NONE && (signal->bits != 0 || signal->entered);
}

void signal_activate(struct signal *signal)
{
    signal->activation = signal->thread->vcpu.activations;
    signal->budget->left = signal->budget->length;
    budget_ready(signal->budget);
}

void signal_wait_over(struct signal *signal)
{
    if (timer_armed(&signal->timer) && signal->timer_bits == WHIT_TIMEOUT)
        timer_cancel(signal->home, &signal->timer);
}

/* Sets bits, perhaps none, and tells the target if there are any. */
static inline void signal_deliver(struct signal *signal, uint64_t bits)
{
    bits |= signal->bits;
    if (!bits)
        return;
    /* Who waits has taken all bits that there were. */
    if (signal->target == WHIT_TARGET_WAITER && signal->thread->waits == signal) {
        thread_answer(signal->thread, bits, WHIT_OK);
        return;
    }
    signal->bits = bits;
    if (signal->target == WHIT_TARGET_ENTRY) {
        budget_ready(signal->budget);
    } else if (signal->target == WHIT_TARGET_VIRQ) {
        virq_raise(signal);
    }
}

static void inbox_insert(struct core *home, struct signal *signal)
{
    struct signal *first = __atomic_load_n(&home->signal_inbox, __ATOMIC_RELAXED);

    do
        signal->inbox = first;
    while (!__atomic_compare_exchange_n(&home->signal_inbox, &first, signal, false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (!first) {
        arch_core_publish();
        arch_core_kick(home);
    }
}

void signal_notify(struct core *here, struct signal *signal, uint64_t bits)
{
    struct core *home = signal_home(signal);

    if (home == here)
        signal_deliver(signal, bits);
    /* The first bit puts it into the inbox, so each signal is in one once at most. */
    else if (!__atomic_fetch_or(&signal->remote, bits, __ATOMIC_RELEASE) && bits)
        inbox_insert(home, signal);
}

static void inbox_take(struct core *core)
{
    core->inbox_rest = __atomic_exchange_n(&core->signal_inbox, NULL, __ATOMIC_ACQUIRE);
}

bool signal_inbox_step(struct core *core)
{
    struct signal *signal;

    for (unsigned n = 0; n < INBOX_STEP && (signal = core->inbox_rest); n++) {
        struct core *home = signal_home(signal);
        core->inbox_rest = signal->inbox;
        /* Once `remote` is zero another core may list it again; so not if it has left this core. */
        if (home == core)
            signal_deliver(signal, __atomic_exchange_n(&signal->remote, 0, __ATOMIC_ACQUIRE));
        else
            inbox_insert(home, signal);
    }
    /* Those that came meanwhile: their interrupt may have been taken already. */
    if (!core->inbox_rest)
        inbox_take(core);
    return !core->inbox_rest;
}

void signal_inbox_run(struct core *core)
{
    if (!core->inbox_rest)
        inbox_take(core);
    if (!signal_inbox_step(core))
        core->behind = core->reschedule = 1;
}

void signal_timer_due(struct signal *signal)
{
    signal_deliver(signal, signal->timer_bits);
}

static void enter(struct signal *signal, struct thread *handler)
{
    struct whit_registers *save = handler->save;

    registers_clear(save);
    save->x[0] = signal->bits;
    save->x[10] = signal->portal->badge;
    save->pc = signal->portal->entry;
    save->sp = handler->entry_sp;
    save->tls = handler->entry_tls;
    save->pstate = 0;
    signal->bits = 0;
    signal->entered = 1;
    signal->budget->left = signal->budget->length;
    signal->thread = handler;
    handler->link = (uintptr_t)signal | LINK_SLOW | LINK_SIGNAL;
}

struct thread *signal_enter(struct signal *signal)
{
    struct thread *handler;

    if (signal->target == WHIT_TARGET_VIRQ)
        return virq_is_active(signal) ? signal->thread : NULL;
    if (signal->entered) {
        if (signal->budget->left || !signal->budget->length)
            return signal->thread;
        /* The activation is used up: the handler goes on with its own budget. */
        sched_unpark(signal->thread);
        return NULL;
    }
    handler = portal_handler(signal->portal);
    if (!signal->bits || handler->core != signal->home)
        return NULL;
    if (handler->link == (uintptr_t)signal->home)
        enter(signal, handler);
    return handler;
}

void signal_replied(struct signal *signal)
{
    signal->entered = 0;
    signal->thread = NULL;
    if (signal->bits)
        budget_ready(signal->budget);
    else
        budget_unready(signal->budget);
}

/* ---- calls */

static struct signal *find_signal(const struct thread *thread, uint64_t selector, unsigned right,
                                  status *error)
{
    return cap_lookup(thread->space, selector, WHIT_SIGNAL, right, error);
}

status signal_call(struct core *core, struct thread *thread, uint64_t selector, uint64_t bits)
{
    status error = WHIT_OK;
    struct signal *signal = find_signal(thread, selector, WHIT_R_NOTIFY, &error);

    if (signal)
        signal_notify(core, signal, bits);
    return error;
}

struct event_result signal_wait(struct core *core, struct thread *thread, uint64_t selector,
                                uint64_t deadline)
{
    status error = WHIT_OK;
    struct signal *signal = find_signal(thread, selector, WHIT_R_CONTROL, &error);
    uint64_t bits;

    if (!signal)
        return (struct event_result){0, (uint64_t)error};
    if (signal_home(signal) != core)
        return (struct event_result){0, WHIT_E_CORE};
    if (signal->target != WHIT_TARGET_WAITER || signal->thread != thread)
        return (struct event_result){0, WHIT_E_STATE};
    bits = signal->bits;
    signal->bits = 0;
    /* A deadline that has passed: not by the timer, or whoever ran until it fires would pay. */
    if (!bits && deadline && deadline <= arch_ticks())
        bits = WHIT_TIMEOUT;
    if (bits)
        return (struct event_result){bits, WHIT_OK};
    if (deadline) {
        signal->timer_bits = WHIT_TIMEOUT;
        timer_set(core, &signal->timer, deadline);
        sched_prepay(core);
    }
    thread->state = THREAD_WAITING;
    thread->waits = signal;
    core->reschedule = 1;
    return (struct event_result){0, WHIT_OK};
}

/* ---- target */

static void target_clear(struct signal *signal)
{
    struct thread *thread = signal->thread;

    if (signal->target == WHIT_TARGET_VIRQ)
        virq_unbind(signal);
    if (signal->target == WHIT_TARGET_WAITER && thread->waits == signal)
        thread_answer(thread, 0, WHIT_E_DEAD);
    if (signal->budget) {
        budget_unready(signal->budget);
        signal->budget->signal = NULL;
        signal->budget = NULL;
    }
    signal->activation = 0;
    if (signal->entered) {
        /* It ends its work on its own budget, which may have waited with it. */
        thread->link = LINK_GONE;
        signal->entered = 0;
        sched_unpark(thread);
    }
    signal->target = WHIT_TARGET_NONE;
    signal->thread = NULL;
    signal->portal = NULL;
}

void signal_end_here(struct signal *signal)
{
    timer_cancel(signal->home, &signal->timer);
    target_clear(signal);
}

status signal_drop(struct signal *signal, enum cap_role role)
{
    (void)role; /* without either of them there is nobody to tell */
    return request_ask(signal->home, &signal->request, REQUEST_SIGNAL_UNTARGET);
}

void signal_untarget_here(struct signal *signal)
{
    target_clear(signal);
}

status signal_end(struct signal *signal)
{
    status error;

    /* A core that found the signal before its capabilities went may still put it into the inbox:
     * wait until all have left the kernel, and until its home has taken it out. */
    if (!signal->grace)
        signal->grace = core_grace_begin();
    if (!core_grace_over(signal->grace))
        return RESTART;
    if (__atomic_load_n(&signal->remote, __ATOMIC_ACQUIRE)) {
        arch_pause();
        return RESTART;
    }
    error = request_ask(signal->home, &signal->request, REQUEST_SIGNAL_END);
    if (error)
        return error;
    if (signal->target_slot.word)
        cap_remove(&signal->target_slot);
    if (signal->budget_slot.word)
        cap_remove(&signal->budget_slot);
    return WHIT_OK;
}

/* ---- operations */

struct target_request {
    enum whit_target target;
    struct slot *object; /* thread or portal */
    struct slot *budget; /* or NULL */
    struct thread *thread;
    struct core *home; /* with that target */
    uint64_t virq;
};

static status check_budget(struct thread *self, const struct signal *signal, uint64_t selector,
                           struct target_request *request)
{
    const struct budget *budget;
    status error = WHIT_OK;

    request->budget = cap_find(self->space, selector, WHIT_BUDGET, WHIT_R_CONTROL, &error);
    if (!request->budget)
        return error;
    budget = cap_object(request->budget);
    if (budget->thread || (budget->signal && budget->signal != signal))
        return WHIT_E_BUSY;
    return budget->core == request->home ? cap_hold_check(request->budget) : WHIT_E_CORE;
}

static status target_check(struct thread *self, const struct signal *signal, const uint64_t *x,
                           struct target_request *request)
{
    enum whit_kind kind = x[1] == WHIT_TARGET_ENTRY ? WHIT_PORTAL : WHIT_THREAD;
    unsigned rights = x[1] == WHIT_TARGET_ENTRY ? WHIT_R_CALL : WHIT_R_CONTROL;
    status error = WHIT_OK;

    if (x[1] > WHIT_TARGET_VIRQ)
        return WHIT_E_ARGUMENT;
    request->target = (enum whit_target)x[1];
    request->home = signal->home;
    if (request->target == WHIT_TARGET_NONE)
        return WHIT_OK;
    request->object = cap_find(self->space, x[2], kind, rights, &error);
    if (!request->object)
        return error;
    request->thread = kind == WHIT_PORTAL ? portal_handler(cap_object(request->object))
                                          : cap_object(request->object);
    request->virq = x[3];
    if (request->target == WHIT_TARGET_VIRQ &&
        (request->thread->type != WHIT_VCPU || !virq_is_valid(x[3])))
        return WHIT_E_ARGUMENT;
    /* Virtual interrupts follow their virtual CPU. */
    if (request->target == WHIT_TARGET_VIRQ)
        request->home = request->thread->core;
    if (!request->home ||
        (request->target == WHIT_TARGET_ENTRY && request->thread->core != signal->home))
        return WHIT_E_CORE;
    error = cap_hold_check(request->object);
    if (!error && x[4])
        error = check_budget(self, signal, x[4], request);
    if (!error && request->target == WHIT_TARGET_ENTRY && !request->budget)
        error = WHIT_E_ARGUMENT;
    return error;
}

/* The same virtual interrupt with other flags or priority, as the guest programs its distributor.
 */
static bool target_is_update(const struct signal *signal, const struct target_request *request)
{
    return signal->target == WHIT_TARGET_VIRQ && request->target == WHIT_TARGET_VIRQ &&
           signal->thread == request->thread && signal->home == request->home &&
           signal->virq == (request->virq & 0xffff) &&
           ((signal->virq_flags ^ request->virq >> 24) & WHIT_VIRQ_TIMER) == 0 && !request->budget;
}

static void target_set_virq(struct signal *signal, uint64_t virq)
{
    signal->virq = (uint16_t)virq;
    signal->virq_priority = (uint8_t)(virq >> 16);
    signal->virq_flags = (uint8_t)(virq >> 24);
}

/* It has no target, and this is its home, which it leaves with what it has. */
static void signal_move(struct signal *signal, struct core *home)
{
    const uint64_t bits = signal->bits;

    timer_cancel(signal->home, &signal->timer);
    signal->bits = 0;
    __atomic_store_n(&signal->home, home, __ATOMIC_RELEASE);
    signal_notify(core_here(), signal, bits);
}

/* The signal has no target: it gets one, which its home core then uses. */
static status target_install(struct signal *signal, const struct target_request *request)
{
    if (request->budget) {
        (void)cap_hold(request->budget, &signal->budget_slot, signal, ROLE_SIGNAL_BUDGET);
        signal->budget = cap_object(request->budget);
        signal->budget->signal = signal;
    }
    (void)cap_hold(request->object, &signal->target_slot, signal, ROLE_SIGNAL_TARGET);
    if (request->target == WHIT_TARGET_ENTRY)
        signal->portal = cap_object(request->object);
    else
        signal->thread = request->thread;
    target_set_virq(signal, request->virq);
    signal->target_next = (uint8_t)request->target;
    return request_ask(signal->home, &signal->request, REQUEST_SIGNAL_TARGET);
}

void signal_target_here(struct signal *signal)
{
    signal->target = signal->target_next;
    if (signal->target == WHIT_TARGET_VIRQ)
        virq_bind(signal);
    signal_deliver(signal, 0);
}

status op_target(struct thread *self, uint64_t *x)
{
    struct target_request request = {0};
    status error;
    struct signal *signal = find_signal(self, x[0], WHIT_R_CONTROL, &error);

    if (!signal)
        return error;
    if (request_is_mine(&signal->request, REQUEST_SIGNAL_TARGET))
        return request_ask(signal->home, &signal->request, REQUEST_SIGNAL_TARGET);
    if (!request_is_free(&signal->request)) {
        arch_pause();
        return RESTART;
    }
    error = target_check(self, signal, x, &request);
    if (error)
        return error;
    if ((signal->target != WHIT_TARGET_NONE || request.home != signal->home) &&
        signal->home != core_here())
        return WHIT_E_CORE;
    if (target_is_update(signal, &request)) {
        target_set_virq(signal, request.virq);
        virq_rebind(signal);
        return WHIT_OK;
    }
    if (signal->target != WHIT_TARGET_NONE)
        target_clear(signal);
    cap_remove(&signal->target_slot);
    cap_remove(&signal->budget_slot);
    if (request.home != signal->home)
        signal_move(signal, request.home);
    return request.target == WHIT_TARGET_NONE ? WHIT_OK : target_install(signal, &request);
}

status op_clear(struct thread *self, uint64_t *x)
{
    const uint64_t bits = x[1];
    status error;
    struct signal *signal = find_signal(self, x[0], WHIT_R_CONTROL, &error);

    if (!signal)
        return error;
    if (signal->home != core_here())
        return WHIT_E_CORE;
    x[0] = signal->bits & bits;
    signal->bits &= ~bits;
    if (signal->target == WHIT_TARGET_VIRQ && !signal->bits)
        virq_lower(signal);
    return WHIT_OK;
}

status op_timer(struct thread *self, uint64_t *x)
{
    const uint64_t deadline = x[1], bits = x[2];
    status error;
    struct signal *signal = find_signal(self, x[0], WHIT_R_CONTROL, &error);

    if (!signal)
        return error;
    if (signal->home != core_here())
        return WHIT_E_CORE;
    timer_cancel(signal->home, &signal->timer);
    signal->timer_bits = bits;
    if (deadline) {
        timer_set(signal->home, &signal->timer, deadline);
        sched_prepay(signal->home);
    }
    return WHIT_OK;
}
