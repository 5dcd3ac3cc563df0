/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call and reply, the general path: the fast one (kernel/aarch64/vectors.S) does the same when the
 * handler is idle on this core, nothing is passed, and both sides are plain programs' threads.
 */
#include "portal.h"
#include "arch.h"
#include "lock.h"
#include "memory.h"
#include "object.h"
#include "sched.h"
#include "teardown.h"

#include <string.h>

enum { MESSAGE_WORDS = 10 };

/* x10 of CALL and REPLY: selector in the low half, what to pass in the high one. */
enum { PASS_SHIFT = 16 };
#define PASS_PRESENT  UINT64_C(0x40000000)
#define PASS_MOVE     UINT64_C(0x80000000)
#define PASS_SELECTOR UINT64_C(0x3fff0000)
#define CALL_FIELDS   (PASS_PRESENT | PASS_MOVE | PASS_SELECTOR | (WHIT_SLOTS - 1))

status portal_make(void *memory, struct slot *thread, uint64_t entry, uint64_t badge)
{
    struct portal *portal = memory;
    status error;

    if ((badge & WHIT_PASSED) || entry % 4 ||
        ((struct thread *)cap_object(thread))->type != WHIT_NATIVE)
        return WHIT_E_ARGUMENT;
    error = cap_hold(thread, &portal->thread_slot, portal, ROLE_PORTAL_THREAD);
    if (error)
        return error;
    portal->entry = entry;
    portal->badge = badge;
    portal->handler = cap_object(thread);
    return WHIT_OK;
}

status portal_drop(struct portal *portal)
{
    portal->handler = &thread_nobody;
    return WHIT_OK;
}

status portal_end(struct portal *portal)
{
    portal->handler = &thread_nobody;
    if (portal->thread_slot.word)
        cap_remove(&portal->thread_slot);
    return WHIT_OK;
}

/* Fails a call: the caller goes on behind it, with zeros where the answer would be. */
/*@
  requires \valid(thread) && \valid(thread->save) && \separated(thread->save, &thread->save);
  assigns thread->save->x[0 .. MESSAGE_WORDS], thread->save->pc;
  behavior again:
    assumes error == RESTART;
    assigns thread->save->pc;
  behavior over:
    assumes error != RESTART;
    assigns thread->save->x[0 .. MESSAGE_WORDS];
    ensures \forall integer i; 0 <= i < MESSAGE_WORDS ==> thread->save->x[i] == 0;
    ensures thread->save->x[10] == (uint64_t)error;
  complete behaviors;
  disjoint behaviors;
*/
static void call_finish(struct thread *thread, status error)
{
    if (error == RESTART) {
        thread->save->pc -= 4;
        return;
    }
    memset(thread->save->x, 0, MESSAGE_WORDS * sizeof(uint64_t));
    thread->save->x[10] = (uint64_t)error;
}

/* Fails a reply: the handler goes on behind it and may reply something else. */
static void reply_finish(struct thread *thread, status error)
{
    if (error == RESTART)
        thread->save->pc -= 4;
    else
        thread->save->x[10] = (uint64_t)error;
}

/* Passes the capability that x10 of `from` names, if any; *passed tells the receiver. */
static inline status pass(struct thread *from, struct thread *to, uint64_t x10, uint64_t *passed)
{
    status error;

    *passed = 0;
    if (!(x10 & PASS_PRESENT))
        return WHIT_OK;
    if (!tree_lock_try())
        return RESTART;
    /* A caller that lost its space has no table either. */
    error = WHIT_E_OCCUPIED;
    if (to->receive && to->space)
        error = cap_pass(from->space, (x10 & PASS_SELECTOR) >> PASS_SHIFT, to->space, to->receive,
                         (x10 & PASS_MOVE) != 0);
    tree_unlock();
    if (!error)
        *passed = WHIT_PASSED;
    return error;
}

/*@
  predicate registers_apart(struct thread *from, struct thread *to) =
    \valid_read(from) && \valid_read(to) && \valid_read(from->save) && \valid(to->save) &&
    \separated(to->save, from->save) && \separated(to->save, &to->save, &from->save);
*/

/* The other registers are dead: they will be what they were some time ago. */
/*@
  requires registers_apart(from, to);
  assigns to->save->x[0 .. MESSAGE_WORDS - 1];
  ensures \forall integer i; 0 <= i < MESSAGE_WORDS ==> to->save->x[i] == from->save->x[i];
*/
static void message_copy(const struct thread *from, struct thread *to)
{
    memcpy(to->save->x, from->save->x, MESSAGE_WORDS * sizeof(uint64_t));
}

/* The handler is busy (or of another core, or gone): an error, or the caller helps. */
static void call_later(struct core *core, struct thread *caller, struct thread *handler)
{
    if (!handler->core || (handler->core == core && !handler->space))
        call_finish(caller, WHIT_E_DEAD);
    else if (handler->core != core)
        call_finish(caller, WHIT_E_CORE);
    else
        call_finish(caller,
                    sched_help(core, caller, handler, HELP_CALL) ? RESTART : WHIT_E_DEADLOCK);
}

struct call_entry portal_call_pass(struct core *core, struct thread *thread, uint64_t x10)
{
    const struct call_entry none = {NULL, NULL};
    const struct portal *portal = NULL;
    struct thread *handler;
    uint64_t passed;
    status error;

    if (!(x10 & ~CALL_FIELDS))
        portal =
            cap_lookup(thread->space, x10 & (WHIT_SLOTS - 1), WHIT_PORTAL, WHIT_R_CALL, &error);
    if (!portal)
        return none;
    handler = portal_handler(portal);
    if (handler->link != (uintptr_t)core || pass(thread, handler, x10, &passed) || !passed)
        return none;
    return (struct call_entry){portal, handler};
}

void portal_call(struct core *core, struct thread *thread)
{
    const uint64_t x10 = thread->save->x[10];
    const struct portal *portal;
    struct thread *handler;
    uint64_t passed;
    status error;

    if (x10 & ~CALL_FIELDS) {
        call_finish(thread, WHIT_E_ARGUMENT);
        return;
    }
    portal = cap_lookup(thread->space, x10 & (WHIT_SLOTS - 1), WHIT_PORTAL, WHIT_R_CALL, &error);
    if (!portal) {
        call_finish(thread, error);
        return;
    }
    handler = portal_handler(portal);
    if (handler->link != (uintptr_t)core) {
        call_later(core, thread, handler);
        return;
    }
    error = pass(thread, handler, x10, &passed);
    if (error) {
        call_finish(thread, error);
        return;
    }
    message_copy(thread, handler);
    handler->save->x[10] = portal->badge | passed;
    handler->save->pc = portal->entry;
    handler->save->sp = handler->entry_sp;
    handler->save->tls = handler->entry_tls;
    handler->save->pstate = 0;
    thread->frame_pc = thread->save->pc;
    thread->frame_sp = thread->save->sp;
    thread->frame_tls = thread->save->tls;
    /* The fast reply can return to a program's thread only. */
    handler->link = (uintptr_t)thread | (thread->type == WHIT_VCPU ? LINK_SLOW : 0);
    thread->callee = handler;
    sched_set_current(core, handler);
}

/* The answer to a call that the kernel made for `caller`. */
static void answer_kernel(struct thread *caller, uint64_t verdict)
{
    if (verdict != WHIT_CONTINUE)
        caller->stopped = 1;
}

/*@
  requires registers_apart(handler, caller);
  requires \separated(caller->save, &caller->frame_pc, &caller->frame_sp, &caller->frame_tls);
  requires \separated(caller->save, &caller->unusual);
  assigns caller->save->x[0 .. MESSAGE_WORDS], caller->save->pc, caller->save->sp,
    caller->save->tls, caller->save->pstate;
  ensures \forall integer i; 0 <= i < MESSAGE_WORDS ==>
    caller->save->x[i] == handler->save->x[i];
  ensures caller->save->x[10] == passed;
  ensures caller->save->pc == caller->frame_pc && caller->save->sp == caller->frame_sp;
  ensures caller->save->tls == caller->frame_tls;
  ensures caller->type == WHIT_NATIVE ==> caller->save->pstate == 0;
*/
static void answer(struct thread *handler, struct thread *caller, uint64_t passed)
{
    struct whit_registers *save = caller->save;

    message_copy(handler, caller);
    save->x[10] = passed;
    save->pc = caller->frame_pc;
    save->sp = caller->frame_sp;
    save->tls = caller->frame_tls;
    /* A program's processor state is always the same; a guest's was saved at the call. */
    if (caller->type == WHIT_NATIVE)
        save->pstate = 0;
}

void portal_reply(struct core *core, struct thread *thread)
{
    const uintptr_t link = thread->link;
    struct thread *caller = (struct thread *)(link & ~(uintptr_t)LINK_MASK);
    uint64_t passed = 0;
    status error;

    if (link & LINK_SIGNAL) {
        signal_replied((struct signal *)(void *)caller);
    } else if (caller && (link & LINK_KERNEL)) {
        answer_kernel(caller, thread->save->x[0]);
        caller->callee = NULL;
    } else if (caller) {
        error = pass(thread, caller, thread->save->x[10], &passed);
        if (error) {
            reply_finish(thread, error);
            return;
        }
        answer(thread, caller, passed);
        caller->callee = NULL;
    } else if (link == LINK_NONE) {
        thread->entry_sp = thread->save->sp;
        thread->entry_tls = thread->save->tls;
    }
    thread->link = (uintptr_t)core;
    /* The budget that ran the handler goes on with its caller, unless it came another way. */
    if (caller && !(link & LINK_SIGNAL) && !core->borrowed && thread_can_run(caller))
        sched_set_current(core, caller);
    else
        sched_follow(core);
}
