/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: their life, what they hold, and the calls that the kernel makes for them. */
#include "thread.h"
#include "arch.h"
#include "object.h"
#include "sched.h"
#include "teardown.h"
#include "virq.h"

#include <string.h>

struct thread thread_nobody = {
    .link = LINK_NONE,
    .stopped = 1,
    .parked = {&thread_nobody.parked, &thread_nobody.parked},
};

status thread_make(void *memory, struct slot *space, uint64_t type)
{
    struct thread *thread = memory;
    struct space *home = cap_object(space);
    status error;

    if (type > WHIT_VCPU || (type == WHIT_VCPU) != (home->machine == WHIT_MACHINE))
        return WHIT_E_ARGUMENT;
    error = cap_hold(space, &thread->space_slot, thread, ROLE_THREAD_SPACE);
    if (error)
        return error;
    thread->link = LINK_NONE;
    thread->space = home;
    thread->save = &thread->own;
    list_init(&thread->parked);
    thread->type = (uint8_t)type;
    thread->stopped = 1;
    if (type == WHIT_VCPU)
        arch_vcpu_init(thread);
    return WHIT_OK;
}

void thread_set_start(struct thread *thread, uint64_t pc, uint64_t sp, uint64_t tls, uint64_t x0)
{
    memset(thread->save, 0, sizeof(*thread->save));
    thread->save->pc = pc;
    thread->save->sp = sp;
    thread->save->tls = tls;
    thread->save->x[0] = x0;
    thread->save->pstate = thread->type == WHIT_VCPU ? WHIT_PSTATE_START : 0;
    thread->link = LINK_NONE;
    thread->helping = HELP_NONE;
}

static inline void wait_end(struct thread *thread)
{
    if (thread->waits)
        signal_wait_over(thread->waits);
    thread->waits = NULL;
    thread->state = THREAD_RUNNABLE;
}

void thread_answer(struct thread *thread, uint64_t bits, status error)
{
    struct whit_registers *save = thread->save;

    save->x[0] = bits;
    save->x[10] = (uint64_t)error;
    wait_end(thread);
    sched_unpark(thread);
}

void thread_wake(struct thread *thread)
{
    if (thread->waits) {
        thread_answer(thread, 0, WHIT_OK);
        return;
    }
    thread->state = THREAD_RUNNABLE;
    sched_unpark(thread);
}

void thread_idle(struct core *core, struct thread *thread)
{
    if (arch_virq_waiting(thread))
        return;
    thread->vcpu.activations++;
    thread->state = THREAD_WAITING;
    core->reschedule = 1;
}

/* The answer to a call would be a success: it becomes an error, and the rest zeros. */
static void fail_saved(struct thread *thread, enum whit_error error)
{
    struct whit_registers *save = thread->save;

    registers_clear(save);
    save->x[10] = (uint64_t)error;
    save->pc = thread->frame_pc;
    save->sp = thread->frame_sp;
    save->tls = thread->frame_tls;
}

void thread_call_fail(struct thread *thread, enum whit_error error)
{
    struct thread *handler = thread->callee;

    sched_unpark_chain(thread);
    if (!handler) {
        if (thread->helping == HELP_CALL) {
            registers_clear(thread->save);
            thread->save->x[10] = (uint64_t)error;
            thread->save->pc += 4;
        } else {
            thread->stopped = 1; /* at its fault */
        }
        thread->helping = HELP_NONE;
        return;
    }
    if (handler->link & LINK_KERNEL)
        thread->stopped = 1;
    else
        fail_saved(thread, error);
    handler->link = LINK_GONE;
    thread->callee = NULL;
    thread->core->reschedule = 1;
}

void thread_call_expire(struct thread *thread)
{
    const struct thread *handler = thread->callee;

    if (handler ? !(handler->link & LINK_KERNEL) : thread->helping == HELP_CALL)
        thread_call_fail(thread, WHIT_E_TIMEOUT);
}

bool thread_fault(struct core *core, struct thread *thread)
{
    const struct portal *portal = __atomic_load_n(&thread->fault, __ATOMIC_RELAXED);
    struct thread *handler = portal ? portal_handler(portal) : &thread_nobody;
    struct whit_registers *from = thread->save, *to = handler->save;

    if (handler->link != (uintptr_t)core || !handler->space) {
        if (handler->core == core && handler->space &&
            sched_help(core, thread, handler, HELP_FAULT))
            return true;
        thread->stopped = 1;
        core->reschedule = 1;
        return false;
    }
    registers_clear(to);
    to->x[0] = from->esr;
    to->x[1] = from->far;
    to->x[2] = from->ipa;
    to->x[3] = from->pc;
    to->x[4] = from->sp;
    to->x[5] = from->x[30];
    to->x[10] = portal->badge;
    to->pc = portal->entry;
    to->sp = handler->entry_sp;
    to->tls = handler->entry_tls;
    to->pstate = 0;
    handler->link = (uintptr_t)thread | LINK_SLOW | LINK_KERNEL;
    thread->callee = handler;
    sched_set_current(core, handler);
    return false;
}

/* ---- requests, on the thread's core; what a thread without a core may be asked, on any */

void thread_stop_here(struct thread *thread)
{
    thread->stopped = 1;
    /* From now on they wait with this thread: whatever it waits for may be another at its end. */
    sched_unpark_chain(thread);
    /* The fast paths look at the link only. */
    if (thread_is_idle(thread))
        thread->link |= LINK_SLOW;
    if (thread->callee)
        thread->callee->link |= LINK_SLOW;
    if (thread->core)
        thread->core->reschedule = 1;
}

void thread_resume_here(struct thread *thread)
{
    /* It may have lost it after the operation looked. */
    if (!thread->space)
        return;
    thread->stopped = 0;
    if (thread_is_idle(thread))
        thread->link = (uintptr_t)thread->core;
    /* It looks again whether there is somebody to help: its registers may be others now. */
    if (thread->helping && thread->core)
        thread->core->reschedule = 1;
    thread->helping = HELP_NONE;
    /* A WFI may end at any time, and what would have ended it may have passed. */
    if (thread->type == WHIT_VCPU && !thread->waits)
        thread->state = THREAD_RUNNABLE;
    sched_unpark(thread);
    /* Its own may wait with a server that it helped, and that it has lost the way to since. */
    if (thread->budget && thread->budget->state == BUDGET_PARKED)
        budget_ready(thread->budget);
}

/* Whoever it serves gets an error. */
static void serve_end(struct thread *thread)
{
    void *served = (void *)(thread->link & ~(uintptr_t)LINK_MASK);

    if (!served || thread_is_idle(thread))
        return;
    if (thread->link & LINK_SIGNAL)
        signal_replied(served);
    else
        thread_call_fail(served, WHIT_E_DEAD);
}

void thread_start_here(struct thread *thread)
{
    serve_end(thread);
    wait_end(thread);
    thread_set_start(thread, thread->frame_pc, thread->frame_sp, thread->frame_tls,
                     thread->start_x0);
    thread_resume_here(thread);
}

static void thread_leave_here(struct thread *thread)
{
    thread_stop_here(thread);
    if (thread->core)
        arch_thread_release(thread->core, thread);
}

/* A thread that moves to another core leaves nothing on the old one that would have to be told. */
static bool can_move(const struct thread *thread)
{
    return thread->stopped && !thread->callee && !thread->waits && !virq_in_use(thread) &&
           !(thread->link & ~(uintptr_t)LINK_MASK);
}

void thread_move_here(struct thread *thread)
{
    /* Things may have changed since the operation looked: it looks again then. */
    if (!can_move(thread))
        return;
    thread_leave_here(thread);
    thread->core = NULL;
    /* Budgets of this core that wait with it find that it is gone. */
    sched_unpark(thread);
}

void thread_exile_here(struct thread *thread)
{
    thread_leave_here(thread);
    serve_end(thread);
    if (!thread_is_idle(thread))
        thread->link = LINK_GONE;
    __atomic_store_n(&thread->space, NULL, __ATOMIC_RELAXED);
    /* Who helps it looks again, and finds it dead. */
    sched_unpark(thread);
}

void thread_page_here(struct thread *thread)
{
    struct whit_registers *page = cap_object(&thread->state_slot);

    *page = *thread->save;
    thread->save = page;
}

void thread_unpage_here(struct thread *thread)
{
    thread_leave_here(thread);
    if (thread->save == &thread->own)
        return;
    thread->own = *thread->save;
    thread->save = &thread->own;
}

void thread_unbind_here(struct thread *thread)
{
    struct budget *budget = thread->budget;

    if (!budget)
        return;
    budget_unready(budget);
    budget->thread = budget->plain = NULL;
    thread->budget = NULL;
}

void thread_end_here(struct thread *thread)
{
    struct core *core = thread->core;

    thread_leave_here(thread);
    if (thread->callee)
        thread_call_fail(thread, WHIT_E_DEAD);
    serve_end(thread);
    wait_end(thread);
    thread->link = LINK_NONE;
    thread->helping = HELP_NONE;
    if (core_current(core) == thread)
        core->current = 0;
    thread->ended = 1;
}

/* ---- teardown, under the tree lock */

/*
 * The thread whose operation this is cannot end under its own feet: it stops, at its call, for
 * ever; whoever operates on the same capabilities next finishes what it began.
 */
static bool stops_itself(struct thread *thread)
{
    if (core_current(core_here()) != thread)
        return false;
    thread_stop_here(thread);
    return true;
}

status thread_drop(struct thread *thread, enum cap_role role)
{
    if (role == ROLE_THREAD_FAULT) {
        __atomic_store_n(&thread->fault, NULL, __ATOMIC_RELAXED);
        return WHIT_OK;
    }
    if (role == ROLE_THREAD_BUDGET)
        return request_ask(thread->core, &thread->request, REQUEST_THREAD_UNBIND);
    if (stops_itself(thread))
        return RESTART;
    /* Without its space or its state page it cannot run again until it gets a new one. */
    if (role == ROLE_THREAD_STATE)
        return request_ask(thread->core, &thread->request, REQUEST_THREAD_UNPAGE);
    return request_ask(thread->core, &thread->request, REQUEST_THREAD_EXILE);
}

status thread_end(struct thread *thread)
{
    status error;

    if (stops_itself(thread))
        return RESTART;
    if (thread->core && !thread->ended) {
        error = request_ask(thread->core, &thread->request, REQUEST_THREAD_END);
        if (error)
            return error;
    }
    if (thread->budget) {
        error = request_ask(thread->core, &thread->request, REQUEST_THREAD_UNBIND);
        if (error)
            return error;
    }
    struct slot *held[] = {&thread->space_slot, &thread->budget_slot, &thread->fault_slot,
                           &thread->state_slot};
    for (unsigned i = 0; i < sizeof(held) / sizeof(held[0]); i++)
        if (held[i]->word)
            cap_remove(held[i]);
    return WHIT_OK;
}

/* ---- operations */

static struct thread *find_thread(struct thread *self, uint64_t selector, struct slot **slot,
                                  status *error)
{
    *slot = cap_find(self->space, selector, WHIT_THREAD, WHIT_R_CONTROL, error);
    return *slot ? cap_object(*slot) : NULL;
}

static status check_budget(const struct thread *thread, const struct slot *slot)
{
    const struct budget *budget = cap_object(slot);

    if (budget->signal || (budget->thread && budget->thread != thread))
        return WHIT_E_BUSY;
    if (thread->core && thread->core != budget->core && !can_move(thread))
        return WHIT_E_STATE;
    return WHIT_OK;
}

status thread_bind_budget(struct thread *thread, struct slot *slot)
{
    struct budget *budget = cap_object(slot);

    if (!request_is_free(&thread->request)) {
        arch_pause();
        return RESTART;
    }
    if (thread->core && thread->core != budget->core) {
        request_tell(thread->core, &thread->request, REQUEST_THREAD_MOVE);
        /* Not before that core is through with the request, which is used again below. */
        if (!request_is_free(&thread->request) || thread->core)
            return RESTART;
    }
    (void)cap_hold(slot, &thread->budget_slot, thread, ROLE_THREAD_BUDGET);
    thread->core = budget->core;
    thread->budget = budget;
    budget->thread = thread;
    budget->plain = budget->simple ? thread : NULL;
    /* Parked until RESUME or START, like any budget of a thread that cannot run. */
    request_tell(thread->core, &thread->request, REQUEST_THREAD_BIND);
    return WHIT_OK;
}

static status check_state(const struct thread *thread, const struct slot *slot)
{
    (void)thread;
    if (cap_units(slot) != WHIT_PAGE / WHIT_UNIT || cap_base(slot) % WHIT_PAGE ||
        cap_flag(slot, CAP_DEVICE))
        return WHIT_E_SIZE;
    return WHIT_OK;
}

static status bind_state(struct thread *thread, struct slot *slot)
{
    (void)cap_hold(slot, &thread->state_slot, thread, ROLE_THREAD_STATE);
    return request_ask(thread->core, &thread->request, REQUEST_THREAD_PAGE);
}

static status check_fault(const struct thread *thread, const struct slot *slot)
{
    (void)thread;
    (void)slot;
    return WHIT_OK;
}

static status bind_fault(struct thread *thread, struct slot *slot)
{
    (void)cap_hold(slot, &thread->fault_slot, thread, ROLE_THREAD_FAULT);
    thread->fault = cap_object(slot);
    return WHIT_OK;
}

static const struct bind_role {
    enum whit_kind kind;
    unsigned rights;
    size_t slot; /* offset of the held slot in the thread */
    enum cap_role role;
    status (*check)(const struct thread *thread, const struct slot *slot);
    status (*bind)(struct thread *thread, struct slot *slot);
} bind_roles[WHIT_ROLES] = {
    [WHIT_ROLE_BUDGET] = {WHIT_BUDGET, WHIT_R_CONTROL, offsetof(struct thread, budget_slot),
                          ROLE_THREAD_BUDGET, check_budget, thread_bind_budget},
    [WHIT_ROLE_FAULT] = {WHIT_PORTAL, WHIT_R_CALL, offsetof(struct thread, fault_slot),
                         ROLE_THREAD_FAULT, check_fault, bind_fault},
    [WHIT_ROLE_STATE] = {WHIT_MEMORY, WHIT_R_READ | WHIT_R_WRITE,
                         offsetof(struct thread, state_slot), ROLE_THREAD_STATE, check_state,
                         bind_state},
};

/* Finds what is to be bound (NULL: nothing) and checks all that could be wrong with it. */
static status bind_check(struct thread *self, const struct thread *thread, const uint64_t *x,
                         struct slot **source)
{
    const struct bind_role *bind;
    status error;

    if (x[1] >= WHIT_ROLES)
        return WHIT_E_ARGUMENT;
    bind = &bind_roles[x[1]];
    *source = NULL;
    if (bind->role == ROLE_THREAD_STATE && !thread->stopped && (x[2] || thread->state_slot.word))
        return WHIT_E_STATE;
    if (!x[2])
        return WHIT_OK;
    *source = cap_find(self->space, x[2], bind->kind, bind->rights, &error);
    if (!*source)
        return error;
    error = bind->check(thread, *source);
    return error ? error : cap_hold_check(*source);
}

status op_bind(struct thread *self, uint64_t *x)
{
    struct slot *slot, *source, *held;
    const struct bind_role *bind;
    struct thread *thread;
    status error;

    thread = find_thread(self, x[0], &slot, &error);
    if (!thread)
        return error;
    if (request_is_mine(&thread->request, REQUEST_THREAD_PAGE))
        return request_ask(thread->core, &thread->request, REQUEST_THREAD_PAGE);
    error = bind_check(self, thread, x, &source);
    if (error)
        return error;
    bind = &bind_roles[x[1]];
    held = (struct slot *)((char *)thread + bind->slot);
    if (held->word) {
        error = thread_drop(thread, bind->role);
        if (error)
            return error;
        cap_remove(held);
    }
    return source ? bind->bind(thread, source) : WHIT_OK;
}

status op_start(struct thread *self, uint64_t *x)
{
    struct slot *slot;
    struct thread *thread;
    status error;

    thread = find_thread(self, x[0], &slot, &error);
    if (!thread)
        return error;
    if (!request_is_mine(&thread->request, REQUEST_THREAD_START)) {
        if (!request_is_free(&thread->request)) {
            arch_pause();
            return RESTART;
        }
        if (!thread->stopped || thread->callee || !thread->core || !thread->space)
            return WHIT_E_STATE;
        /* It is not in a call: the frame is free. */
        thread->frame_pc = x[1];
        thread->frame_sp = x[2];
        thread->frame_tls = x[3];
        thread->start_x0 = x[4];
        /* What it asked for before it was stopped is nothing to what it does now. */
        thread->asked = NULL;
    }
    return request_ask(thread->core, &thread->request, REQUEST_THREAD_START);
}

status op_stop(struct thread *self, uint64_t *x)
{
    struct slot *slot;
    status error;
    struct thread *thread = find_thread(self, x[0], &slot, &error);

    return thread ? request_ask(thread->core, &thread->request, REQUEST_THREAD_STOP) : error;
}

status op_resume(struct thread *self, uint64_t *x)
{
    struct slot *slot;
    status error;
    struct thread *thread = find_thread(self, x[0], &slot, &error);

    if (!thread)
        return error;
    if (!thread->core || !thread->space)
        return WHIT_E_STATE;
    return request_ask(thread->core, &thread->request, REQUEST_THREAD_RESUME);
}

/* Copies what is switched lazily; the page's owner may be writing it, so each field once. */
static void sync_copy(struct thread *thread, struct whit_state *page, bool from_page)
{
    if (from_page) {
        memcpy(thread->fp, page->fp, sizeof(thread->fp));
        thread->fpcr = page->fpcr;
        thread->fpsr = page->fpsr;
        memcpy(thread->vcpu.el1, page->el1, sizeof(thread->vcpu.el1));
    } else {
        memcpy(page->fp, thread->fp, sizeof(page->fp));
        page->fpcr = thread->fpcr;
        page->fpsr = thread->fpsr;
        memcpy(page->el1, thread->vcpu.el1, sizeof(page->el1));
    }
}

status op_sync(struct thread *self, uint64_t *x)
{
    struct slot *slot;
    status error;
    struct thread *thread = find_thread(self, x[0], &slot, &error);

    if (!thread)
        return error;
    if (x[1] > 1)
        return WHIT_E_ARGUMENT;
    if (!thread->state_slot.word || !(thread->stopped || thread->callee))
        return WHIT_E_STATE;
    if (thread->core) {
        error = request_ask(thread->core, &thread->request, REQUEST_THREAD_RELEASE);
        if (error)
            return error;
    }
    sync_copy(thread, cap_object(&thread->state_slot), x[1] != 0);
    return WHIT_OK;
}

status op_priority(struct thread *self, uint64_t *x)
{
    struct slot *slot = NULL;
    status error = WHIT_OK;

    /* Somebody else may be about to bind or unbind its budget. */
    if (!request_is_free(&self->request)) {
        arch_pause();
        return RESTART;
    }
    if (x[0])
        slot = cap_find(self->space, x[0], WHIT_BUDGET, WHIT_R_CONTROL, &error);
    if (slot && !self->budget)
        error = WHIT_E_STATE;
    else if (slot && ((struct budget *)cap_object(slot))->core != self->core)
        error = WHIT_E_CORE;
    else if (slot)
        error = check_budget(self, slot);
    if (slot && !error)
        error = cap_hold_check(slot);
    if (error)
        return error;
    if (slot && cap_object(slot) != self->budget) {
        thread_unbind_here(self);
        cap_remove(&self->budget_slot);
        error = thread_bind_budget(self, slot);
        /* It pays from now on, also for the way out of here. */
        if (!self->core->budget)
            self->core->budget = self->budget;
    }
    if (self->type == WHIT_VCPU)
        self->vcpu.activations++;
    self->core->reschedule = 1;
    return error;
}

status op_receive(struct thread *self, uint64_t *x)
{
    if (x[0] >= WHIT_SLOTS)
        return WHIT_E_ARGUMENT;
    self->receive = (uint32_t)x[0];
    return WHIT_OK;
}
