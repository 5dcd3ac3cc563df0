/* SPDX-License-Identifier: BSD-2-Clause */
/* Which thread runs: the most urgent ready budget, followed along the calls from its thread. */
#ifndef SCHED_H
#define SCHED_H

#include "core.h"
#include "signal.h"

/* All run in the kernel on the core that owns the objects. */

/*
 * The same in short, for the most usual case: a program's thread goes on or begins on its own
 * budget without limit, and the one that ran until now has none either.  NULL: sched_dispatch finds
 * out.
 */
struct thread *sched_quick(struct core *core);

/* Chooses and makes current the thread to run; NULL: nothing is ready, the core idles. */
struct thread *sched_dispatch(struct core *core);

/* Makes `thread` current on the running budget, without a choice. */
void sched_set_current(struct core *core, struct thread *thread);

/* The calls from the running budget's thread have changed: makes current whoever is at their end
 * now; or there is none, or something more urgent, and a choice follows. */
void sched_follow(struct core *core);

/* The next ready budget of the same priority has its turn. */
void sched_give_way(struct core *core);

/* Charges the running budget up to now; but an interrupt is paid by who runs after it. */
void sched_charge(struct core *core);

/* Who runs pays for the interrupt of a deadline that it sets. */
void sched_prepay(struct core *core);

/* `thread` may have become able to run: readies the budgets parked at it. */
void sched_unpark(struct thread *thread);

/* `thread` is about to wait for others no more: readies the budgets that are parked behind it. */
void sched_unpark_chain(struct thread *thread);

/* `caller`, which runs, executes its instruction again when `handler` is done, and drives that
 * until then.  False: that one waits for the caller already. */
bool sched_help(struct core *core, struct thread *caller, struct thread *handler,
                enum thread_help how);

/* Into the ready queue (unless throttled), or out of whatever list it is in. */
void budget_ready(struct budget *budget);
void budget_unready(struct budget *budget);

#endif
