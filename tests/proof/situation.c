/* SPDX-License-Identifier: BSD-2-Clause */
/* What the small machine may be doing when the kernel is entered; see situation.h. */
#include "situation.h"
#include "../../kernel/sched.h"
#include "arch.h"
#include "object.h"
#include "syscall.h"

static void run(struct thread *thread, uint64_t budget)
{
    cores[0]->budget = machine_budget(budget);
    sched_set_current(cores[0], thread);
}

static void trap(struct thread *thread, unsigned call, uint64_t x10, uint64_t x0)
{
    thread->save->x[0] = x0;
    thread->save->x[10] = x10;
    syscall_handle(cores[0], thread, call);
}

void situation_leave(void)
{
    while (cores[0]->reschedule && !sched_dispatch(cores[0]))
        ;
}

/* SERVER is idle, CALLER runs. */
static void serve(void)
{
    run(machine_thread(SERVER), BUDGET_SERVER);
    trap(machine_thread(SERVER), WHIT_REPLY, 0, 0);
    run(machine_thread(CALLER), BUDGET_CALLER);
}

static void target(uint64_t kind, uint64_t object, uint64_t virq, uint64_t budget)
{
    (void)machine_operate(WHIT_OP_TARGET, SIGNAL, kind, object, virq, budget, 0);
}

static void use(void)
{
    (void)machine_operate(WHIT_OP_MAP, MEMORY_MAPPED, WHIT_SELF, 0x400000,
                          WHIT_MAP_READ | WHIT_MAP_EXEC, 0, 0);
    (void)machine_operate(WHIT_OP_DONATE, MEMORY_SPACE, MACHINE, 0, 0, 0, 0);
    (void)machine_operate(WHIT_OP_MAP, MEMORY_CHILD, MACHINE, 0x40000000, WHIT_MAP_READ, 0, 0);
    (void)machine_operate(WHIT_OP_STOP, VCPU, 0, 0, 0, 0, 0);
    (void)machine_operate(WHIT_OP_BIND, VCPU, WHIT_ROLE_STATE, MEMORY_PAGE, 0, 0, 0);
    (void)machine_operate(WHIT_OP_BIND, CALLER, WHIT_ROLE_FAULT, PORTAL, 0, 0, 0);
    (void)machine_operate(WHIT_OP_IRQ_BIND, LINE, SIGNAL, 1, 0, 0, 0);
    target(WHIT_TARGET_WAITER, CALLER, 0, 0);
}

static void reach(enum situation situation)
{
    struct thread *caller = machine_thread(CALLER), *server = machine_thread(SERVER);

    switch (situation) {
    case SERVED:
        serve();
        break;
    case CALLING:
        serve();
        trap(caller, WHIT_CALL, PORTAL, 1);
        break;
    case FAULTED:
        serve();
        (void)machine_operate(WHIT_OP_BIND, CALLER, WHIT_ROLE_FAULT, PORTAL, 0, 0, 0);
        thread_fault(cores[0], caller);
        break;
    case HELPING:
        trap(caller, WHIT_CALL, PORTAL, 1);
        run(server, BUDGET_CALLER);
        break;
    case WAITING:
        target(WHIT_TARGET_WAITER, CALLER, 0, 0);
        trap(caller, WHIT_WAIT, SIGNAL, 1000000);
        situation_leave();
        break;
    case ENTERED:
        serve();
        target(WHIT_TARGET_ENTRY, PORTAL, 0, BUDGET_FREE);
        trap(caller, WHIT_NOTIFY, SIGNAL, 1);
        situation_leave();
        break;
    case INTERRUPTED:
        target(WHIT_TARGET_VIRQ, VCPU, WHIT_VIRQ(40, 128, WHIT_VIRQ_ENABLED), BUDGET_FREE);
        trap(caller, WHIT_NOTIFY, SIGNAL, 1);
        situation_leave();
        break;
    case ASKED:
        trap(caller, WHIT_OP, WHIT_OP_STOP, AWAY);
        break;
    case USED:
        use();
        break;
    case DYING:
        use();
        machine_free = true; /* it is interrupted: at the first step, or at a later one */
        (void)machine_operate(WHIT_OP_DESTROY, MACHINE, 0, 0, 0, 0, 0);
        break;
    case BOOTED:
    case SITUATIONS:
        break;
    }
}

void situation_reach(enum situation situation)
{
    machine_boot();
    run(machine_thread(CALLER), BUDGET_CALLER);
    machine_go(1);
    (void)sched_dispatch(cores[1]);
    machine_go(0);
    reach(situation);
    machine_free = true;
}
