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
    case REQUEST_NONE:
        break;
    case REQUEST_THREAD_STOP:
        thread_stop_here(thread);
        break;
    case REQUEST_THREAD_RESUME:
        thread_resume_here(thread);
        break;
    case REQUEST_THREAD_RELEASE:
        arch_thread_release(thread->core, thread);
        break;
    case REQUEST_THREAD_LEAVE:
        thread_leave_here(thread);
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

static void request_post(struct core *core, struct request *request)
{
    struct request *first = __atomic_load_n(&core->requests, __ATOMIC_RELAXED);

    request->state = REQUEST_POSTED;
    do
        request->next = first;
    while (!__atomic_compare_exchange_n(&core->requests, &first, request, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    arch_core_publish();
    arch_core_kick(core);
}

status request_ask(struct core *core, struct request *request, enum request_kind kind)
{
    uint32_t state = __atomic_load_n(&request->state, __ATOMIC_ACQUIRE);

    if (state == REQUEST_DONE) {
        request->state = REQUEST_IDLE;
        if (request->kind == kind)
            return WHIT_OK;
        state = REQUEST_IDLE; /* of somebody who did not wait for it */
    }
    if (state == REQUEST_IDLE) {
        request->kind = kind;
        if (!core || core == core_here()) {
            if (core)
                request_run(request);
            return WHIT_OK;
        }
        request_post(core, request);
    }
    arch_pause();
    return RESTART;
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
