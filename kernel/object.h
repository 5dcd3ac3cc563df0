/* SPDX-License-Identifier: BSD-2-Clause */
/* What the objects offer to each other inside the core, and the operations on them. */
#ifndef OBJECT_H
#define OBJECT_H

#include "budget.h"
#include "core.h"
#include "operation.h"
#include "portal.h"
#include "signal.h"
#include "thread.h"

/*
 * Making: turns memory of the kind's exact size, zeroed, into an object.  The caller has found the
 * capabilities with the rights that they need, holds the tree lock, and publishes the new object's
 * capability afterwards; nothing is made on an error.  Errors: ARGUMENT, DEPTH.
 */
status thread_make(void *memory, struct slot *space, uint64_t type);
status portal_make(void *memory, struct slot *thread, uint64_t entry, uint64_t badge);
status signal_make(void *memory, struct slot *core);
/* x: priority and flags, ticks, period, length of an activation */
status budget_make(void *memory, struct slot *core, const uint64_t *x);

/* ---- threads (on the thread's own core unless said otherwise) */

/* The thread of a portal whose handler is gone: never idle, on no core. */
extern struct thread thread_nobody;

/* Has the budget in `budget` drive the thread, which has none; it takes the budget's core.  Any
 * core, checked by the caller (op_bind).  RESTART. */
SELDOM status thread_bind_budget(struct thread *thread, struct slot *budget);

/* Sets the registers with which a stopped thread will start. */
void thread_set_start(struct thread *thread, uint64_t pc, uint64_t sp, uint64_t tls, uint64_t x0);

/* The thread waits for a signal: it goes on with this as the result. */
void thread_answer(struct thread *thread, uint64_t bits, status error);

/* The virtual CPU waits for an interrupt, which may be in a call for a signal: it goes on. */
void thread_wake(struct thread *thread);

/* The call in progress of `thread` fails with `error`; its handler works on for nobody. */
void thread_call_fail(struct thread *thread, enum whit_error error);

/* Its budget is used up, and must not be waited for: the call in progress of `thread` fails, if it
 * made one itself. */
void thread_call_expire(struct thread *thread);

/* The current thread faulted or exited: the kernel calls its fault portal.  Its registers are
 * saved, with the pc at which it would continue.  True: the handler is busy, and the instruction is
 * to be executed again. */
bool thread_fault(struct core *core, struct thread *thread);

/* The current virtual CPU executed WFI. */
void thread_idle(struct core *core, struct thread *thread);

/* Requests of other cores, carried out here. */
void thread_stop_here(struct thread *thread);
void thread_resume_here(struct thread *thread);
SELDOM void thread_start_here(struct thread *thread);
SELDOM void thread_exile_here(struct thread *thread);
SELDOM void thread_move_here(struct thread *thread);
SELDOM void thread_page_here(struct thread *thread);
SELDOM void thread_unpage_here(struct thread *thread);
SELDOM void thread_unbind_here(struct thread *thread);
SELDOM void thread_end_here(struct thread *thread);

/* ---- calls, by the current thread, with its registers saved; status in its x10 */
void portal_call(struct core *core, struct thread *thread);
void portal_reply(struct core *core, struct thread *thread);
/* For a CALL that passes a capability: passes it, and returns the portal and its idle handler,
 * which is to be entered now, whatever another core makes of the portal meanwhile; handler NULL:
 * nothing is done, portal_call tells why. */
struct call_entry {
    const struct portal *portal;
    struct thread *handler;
};
struct call_entry portal_call_pass(struct core *core, struct thread *thread, uint64_t x10);

/* ---- signals (on their home core, but for notify) */

/* Sets bits, from any core. */
void signal_notify(struct core *here, struct signal *signal, uint64_t bits);
/* For the budget of a signal: whom it drives, NULL if the activation is over, or no handler is on
 * this core.  If the handler is idle it is entered with the bits. */
struct thread *signal_enter(struct signal *signal);
/* The virtual interrupt was raised: its virtual CPU runs on the signal's budget. */
void signal_activate(struct signal *signal);
/* Nobody waits for it any more. */
void signal_wait_over(struct signal *signal);
/* The handler that it entered has replied. */
void signal_replied(struct signal *signal);
bool signal_is_active(const struct signal *signal);
void signal_timer_due(struct signal *signal);
SELDOM void signal_target_here(struct signal *signal);
SELDOM void signal_untarget_here(struct signal *signal);
SELDOM void signal_end_here(struct signal *signal);
/* Takes over some of what other cores sent.  True: all of it. */
bool signal_inbox_step(struct core *core);
/* The same; a dispatch goes on with the rest. */
void signal_inbox_run(struct core *core);
/* NOTIFY */
status signal_call(struct core *core, struct thread *thread, uint64_t selector, uint64_t bits);
/* WAIT; bits 0: there are none yet, and those that end the wait go into its saved x0. */
struct event_result signal_wait(struct core *core, struct thread *thread, uint64_t selector,
                                uint64_t deadline);

/* The guest's virtual timer is due while its registers are not loaded. */
void vcpu_timer_due(struct thread *thread);

/* ---- budgets (on their core) */

/* Takes `ticks` of use, and what is owed, from a running budget with a period.  True: its equals
 * have their turn. */
bool budget_spend(struct budget *budget, uint64_t ticks);
/* It is about to run: false if nothing is left now. */
bool budget_begin(struct budget *budget, uint64_t now);
/* When it will be used up if it runs from `now` on. */
uint64_t budget_end_time(const struct budget *budget, uint64_t now);
void budget_refilled(struct budget *budget);
SELDOM void budget_end_here(struct budget *budget);

#endif
