/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests between cores. */
#include "request.h"
#include "arch.h"
#include "object.h"
#include "sched.h"

enum { KIND_BITS = 8 };
_Static_assert(REQUEST_BUDGET_END < 1 << KIND_BITS, "a ticket holds the kind");

static uint64_t latest; /* number of the last one posted; under the tree lock */

static void request_run(struct request *request, enum request_kind kind)
{
    struct thread *thread = CONTAINER(request, struct thread, request);
    struct signal *signal = CONTAINER(request, struct signal, request);

    switch (kind) {
    case REQUEST_THREAD_STOP:
        thread_stop_here(thread);
        break;
    case REQUEST_THREAD_RESUME:
        thread_resume_here(thread);
        break;
    case REQUEST_THREAD_START:
        thread_start_here(thread);
        break;
    case REQUEST_THREAD_RELEASE:
        arch_thread_release(thread->core, thread);
        break;
    case REQUEST_THREAD_EXILE:
        thread_exile_here(thread);
        break;
    case REQUEST_THREAD_MOVE:
        thread_move_here(thread);
        break;
    case REQUEST_THREAD_PAGE:
        thread_page_here(thread);
        break;
    case REQUEST_THREAD_UNPAGE:
        thread_unpage_here(thread);
        break;
    case REQUEST_THREAD_BIND:
        budget_ready(thread->budget);
        break;
    case REQUEST_THREAD_UNBIND:
        thread_unbind_here(thread);
        break;
    case REQUEST_THREAD_END:
        thread_end_here(thread);
        break;
    case REQUEST_SIGNAL_TARGET:
        signal_target_here(signal);
        break;
    case REQUEST_SIGNAL_UNTARGET:
        signal_untarget_here(signal);
        break;
    case REQUEST_SIGNAL_END:
        signal_end_here(signal);
        break;
    case REQUEST_BUDGET_END:
        budget_end_here(CONTAINER(request, struct budget, request));
        break;
    }
}

static enum request_kind ticket_kind(uint64_t ticket)
{
    return (enum request_kind)(ticket & ((1 << KIND_BITS) - 1));
}

/* On the own core, or no core: at once.  True if it is done. */
static bool request_begin(struct core *core, struct request *request, enum request_kind kind)
{
    if (!core || core == core_here()) {
        request_run(request, kind);
        return true;
    }
    request->ticket = ++latest << KIND_BITS | kind;
    struct request *first = __atomic_load_n(&core->requests, __ATOMIC_RELAXED);
    do
        request->next = first;
    while (!__atomic_compare_exchange_n(&core->requests, &first, request, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    arch_core_publish();
    arch_core_kick(core);
    return false;
}

static uint64_t done_of(const struct request *request)
{
    return __atomic_load_n(&request->done, __ATOMIC_ACQUIRE);
}

bool request_is_free(const struct request *request)
{
    return done_of(request) == request->ticket;
}

bool request_is_mine(const struct request *request, enum request_kind kind)
{
    const struct thread *self = core_current(core_here());

    return self->asked == request && ticket_kind(self->ticket) == kind;
}

status request_ask(struct core *core, struct request *request, enum request_kind kind)
{
    struct thread *self = core_current(core_here());
    const uint64_t done = done_of(request); /* once: between two looks it may be done */

    if (request_is_mine(request, kind) && done >= self->ticket) {
        self->asked = NULL;
        return WHIT_OK;
    }
    if (done == request->ticket) {
        if (request_begin(core, request, kind))
            return WHIT_OK;
        self->asked = request;
        self->ticket = request->ticket;
    }
    arch_pause();
    return RESTART;
}

void request_tell(struct core *core, struct request *request, enum request_kind kind)
{
    (void)request_begin(core, request, kind);
}

void request_run_all(struct core *core)
{
    struct request *request = __atomic_exchange_n(&core->requests, NULL, __ATOMIC_ACQUIRE);

    while (request) {
        struct request *next = request->next;
        request_run(request, ticket_kind(request->ticket));
        /* What was done is visible before the asker sees that it is done. */
        __atomic_store_n(&request->done, request->ticket, __ATOMIC_RELEASE);
        request = next;
    }
    arch_core_publish();
}
