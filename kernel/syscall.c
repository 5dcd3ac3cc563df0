/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of programs and guests: one table of operations, one lock, one way to restart. */
#include "syscall.h"
#include "arch.h"
#include "lock.h"
#include "memory.h"
#include "object.h"
#include "portal.h"
#include "sched.h"

#include <string.h>

enum { OP_WORDS = 7 };

status op_null(struct thread *self, uint64_t *x)
{
    (void)self;
    (void)x;
    return WHIT_OK;
}

status op_power(struct thread *self, uint64_t *x)
{
    status error;

    if (!cap_find(self->space, x[0], WHIT_CORE, WHIT_R_POWER, &error))
        return error;
    if (x[1] > WHIT_POWER_RESET)
        return WHIT_E_ARGUMENT;
    if (WHIT_DEBUG)
        arch_check();
    arch_power((unsigned)x[1]);
    return WHIT_E_STATE;
}

status op_log(struct thread *self, uint64_t *x)
{
    (void)self;
    arch_log((char)x[0]);
    return WHIT_OK;
}

typedef status (*operation)(struct thread *self, uint64_t *x);

static const operation operations[WHIT_OP_COUNT] = {
#define ENTRY(number, function, often) [number] = function,
    OPERATIONS(ENTRY)};

status syscall_operate(struct thread *thread, uint64_t number, uint64_t *x)
{
    status error;

    if (number >= WHIT_OP_COUNT)
        return WHIT_E_OPERATION;
    if (!tree_lock_try()) {
        arch_pause();
        return RESTART;
    }
    error = operations[number](thread, x);
    if (error != RESTART)
        thread->asked = NULL;
    tree_unlock();
    return error;
}

static status operate_saved(struct thread *thread)
{
    struct whit_registers *save = thread->save;
    uint64_t x[OP_WORDS];
    status error;

    /* Read once: with a state page, somebody else may be writing them. */
    memcpy(x, save->x, sizeof(x));
    error = syscall_operate(thread, save->x[10], x);
    memcpy(save->x, x, sizeof(x));
    if (error == RESTART)
        save->pc -= 4;
    return error;
}

void syscall_handle(struct core *core, struct thread *thread, unsigned call)
{
    struct whit_registers *save = thread->save;
    struct event_result event;
    status error = WHIT_OK;

    switch (call) {
    case WHIT_CALL:
        portal_call(core, thread);
        return;
    case WHIT_REPLY:
        portal_reply(core, thread);
        return;
    case WHIT_NOTIFY:
        error = signal_call(core, thread, save->x[10], save->x[0]);
        break;
    case WHIT_WAIT:
        event = signal_wait(core, thread, save->x[10], save->x[0]);
        save->x[0] = event.bits;
        error = (status)event.status;
        break;
    case WHIT_YIELD:
        sched_give_way(core);
        break;
    case WHIT_OP:
        error = operate_saved(thread);
        break;
    default:
        error = WHIT_E_OPERATION;
        break;
    }
    if (error != RESTART)
        save->x[10] = (uint64_t)error;
}
