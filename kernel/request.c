/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests between cores. */
#include "request.h"
#include "arch.h"
#include "object.h"
#include "sched.h"

enum request_state { REQUEST_IDLE, REQUEST_POSTED, REQUEST_DONE };

static void request_run(struct request *request)
{
    struct thread *thread = CONTAINER(request, struct thread, request);
    struct signal *signal = CONTAINER(request, struct signal, request);

    switch ((enum request_kind)request->kind) {
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

/* Who asks: the thread whose operation this is. */
static uint64_t asker_here(void)
{
    const struct thread *thread = core_current(core_here());

    return thread ? thread->serial : 0;
}

static void request_post(struct core *core, struct request *request, uint64_t asker)
{
    struct request *first = __atomic_load_n(&core->requests, __ATOMIC_RELAXED);

    request->asker = asker;
    request->state = REQUEST_POSTED;
    do
        request->next = first;
    while (!__atomic_compare_exchange_n(&core->requests, &first, request, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    arch_core_publish();
    arch_core_kick(core);
}

/* On the own core, or no core: at once.  True if it is done. */
static bool request_begin(struct core *core, struct request *request, enum request_kind kind,
                          uint64_t asker)
{
    request->kind = kind;
    if (!core || core == core_here()) {
        request->state = REQUEST_IDLE;
        request_run(request);
        return true;
    }
    request_post(core, request, asker);
    return false;
}

bool request_is_free(const struct request *request)
{
    return __atomic_load_n(&request->state, __ATOMIC_ACQUIRE) != REQUEST_POSTED;
}

bool request_is_mine(const struct request *request, enum request_kind kind)
{
    return __atomic_load_n(&request->state, __ATOMIC_ACQUIRE) != REQUEST_IDLE &&
           request->kind == kind && request->asker == asker_here();
}

status request_ask(struct core *core, struct request *request, enum request_kind kind)
{
    if (request_is_free(request)) {
        /* What was done for somebody else, who may have given up, says nothing to this one. */
        bool done = request_is_mine(request, kind);
        if (done)
            request->state = REQUEST_IDLE;
        if (done || request_begin(core, request, kind, asker_here()))
            return WHIT_OK;
    }
    arch_pause();
    return RESTART;
}

void request_tell(struct core *core, struct request *request, enum request_kind kind)
{
    (void)request_begin(core, request, kind, 0);
}

void request_run_all(struct core *core)
{
    struct request *request = __atomic_exchange_n(&core->requests, NULL, __ATOMIC_ACQUIRE);

    while (request) {
        struct request *next = request->next;
        request_run(request);
        /* What was done is visible before the asker sees that it is done. */
        __atomic_store_n(&request->state, REQUEST_DONE, __ATOMIC_RELEASE);
        request = next;
    }
    arch_core_publish();
}
