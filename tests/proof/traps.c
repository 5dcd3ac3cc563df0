/* SPDX-License-Identifier: BSD-2-Clause */
/* For EVA: all ways into the kernel but operations, in each situation. */
#include "../../kernel/sched.h"
#include "arch.h"
#include "irq.h"
#include "object.h"
#include "situation.h"
#include "syscall.h"

#include <__fc_builtin.h>

enum way {
    CALL,
    PASS,
    REPLY,
    REPLY_PASS,
    NOTIFY,
    WAIT,
    YIELD,
    FAULT,
    IDLE,
    LINE_FIRED,
    TIMER,
    IPI,
    WAYS
};

static void call_any(struct thread *thread, unsigned call, uint64_t x10)
{
    for (int i = 0; i < 10; i++)
        thread->save->x[i] = any();
    thread->save->x[10] = x10;
    syscall_handle(cores[0], thread, call);
}

/* A capability of each kind with a message: delegated or moved. */
static uint64_t pass_any(void)
{
    const uint64_t selector = (uint64_t)Frama_C_interval_split(0, EMPTY);

    return Frama_C_interval_split(0, 1) ? WHIT_PASS(selector) : WHIT_MOVE(selector);
}

static uint64_t portal_any(void)
{
    static const uint64_t selectors[] = {PORTAL, SIGNAL, EMPTY, NEVER, WHIT_SLOTS};

    return selectors[Frama_C_interval_split(0, 4)];
}

static uint64_t signal_any(void)
{
    static const uint64_t selectors[] = {SIGNAL, SIGNAL_AWAY, PORTAL, EMPTY, NEVER, WHIT_SLOTS};

    return selectors[Frama_C_interval_split(0, 5)];
}

/* A way of the current thread of core 0, if there is one. */
static void enter(enum way way)
{
    struct core *core = cores[0];
    struct thread *thread = core_current(core);

    switch (way) {
    case CALL:
        call_any(thread, WHIT_CALL, portal_any());
        break;
    case PASS:
        machine_thread(SERVER)->receive = Frama_C_interval_split(0, 1) ? EMPTY : POOL;
        call_any(thread, WHIT_CALL, PORTAL | pass_any());
        break;
    case REPLY:
        call_any(thread, WHIT_REPLY, 0);
        break;
    case REPLY_PASS:
        machine_thread(CALLER)->receive = Frama_C_interval_split(0, 1) ? EMPTY : NEVER;
        call_any(thread, WHIT_REPLY, pass_any());
        break;
    case NOTIFY:
        call_any(thread, WHIT_NOTIFY, signal_any());
        break;
    case WAIT:
        call_any(thread, WHIT_WAIT, signal_any());
        break;
    case YIELD:
        call_any(thread, WHIT_YIELD, any());
        break;
    case FAULT:
        thread_fault(core, thread);
        break;
    case IDLE:
        if (thread->type == WHIT_VCPU)
            thread_idle(core, thread);
        break;
    case LINE_FIRED:
        irq_fired(core, (uint32_t)Frama_C_interval_split(32, 34));
        break;
    case TIMER:
        timer_run(core);
        break;
    case IPI:
    case WAYS:
        core_ipi(core);
        break;
    }
    situation_leave();
}

static void other_core(void)
{
    machine_go(1);
    core_ipi(cores[1]);
    timer_run(cores[1]);
    (void)sched_dispatch(cores[1]);
}

int main(void)
{
    situation_reach((enum situation)Frama_C_interval_split(BOOTED, DYING));
    if (Frama_C_interval_split(0, 1))
        enter((enum way)Frama_C_interval_split(CALL, IPI));
    else
        other_core();
    return 0;
}
