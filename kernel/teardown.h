/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation and destruction, in bounded steps with a preemption point between them. */
#ifndef TEARDOWN_H
#define TEARDOWN_H

#include "cap.h"

/*
 * All of these run with tree_lock held, and finish what other operations left dying too.  WHIT_OK,
 * RESTART, BUSY: memory below is in the pool of a space that was made at boot, or PINNED: a device
 * may reach memory below.
 */

/* Removes all descendants of `slot` with their mappings; objects made below are destroyed. */
status teardown_revoke(struct slot *slot);

/* teardown_revoke, then the capability itself.  Error: ORIGINAL. */
status teardown_delete(struct slot *slot);

/* Turns the object behind its original capability `slot` back into memory, scrubbed.  Error:
 * ORIGINAL: it is none, or was made at boot. */
status teardown_destroy(struct slot *slot);

/* Ends all spaces that are dying. */
status teardown_settle(void);

/*
 * A slot inside an object is about to vanish: the object stops relying on it.  Implemented by each
 * object: thread_drop, portal_drop, signal_drop, irq_drop.  RESTART: another core must let go
 * first, or the thread is the one that asks: it is stopped, so it does not come back to see its
 * slots go.
 */
SELDOM status thread_drop(struct thread *thread, enum cap_role role);
struct budget;
struct portal;
struct signal;
struct irq;
SELDOM status portal_drop(struct portal *portal);
SELDOM status signal_drop(struct signal *signal, enum cap_role role);
status irq_drop(struct irq *irq);

/*
 * An object stops: nothing runs on it, nothing waits in it, its held slots are removed and no list
 * contains it.  After that and a grace period its memory is reused.  RESTART: not yet.
 */
SELDOM status thread_end(struct thread *thread);
SELDOM status portal_end(struct portal *portal);
SELDOM status signal_end(struct signal *signal);
SELDOM status budget_end(struct budget *budget);

#endif
