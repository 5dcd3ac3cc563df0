/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupts: signals with target WHIT_TARGET_VIRQ.  The signal is the pending record: its
 * bits stay while the interrupt is disabled, or waits in the virtual CPU's list for a place among
 * the list registers.  An edge interrupt's bits are consumed when it gets one; a level interrupt
 * is pending again after its end while bits remain.
 * All of it runs on the core of the signal, which is that of its virtual CPU.
 */
#ifndef VIRQ_H
#define VIRQ_H

#include "signal.h"
#include "thread.h"

/* The lists of a new virtual CPU. */
void virq_init(struct vcpu *vcpu);

/* Number, priority and flags in one word (WHIT_VIRQ): in range? */
bool virq_is_valid(uint64_t virq);

/* `signal` was bound to its virtual CPU; the caller delivers bits that it may have. */
void virq_bind(struct signal *signal);

/* Its priority or flags have changed; its number and thread have not. */
void virq_rebind(struct signal *signal);

/* `signal` leaves its virtual CPU; an interrupt that the guest is handling ends as usual. */
void virq_unbind(struct signal *signal);

/* A signal waits in the lists of the thread, a virtual CPU, or is in one of its list registers: as
 * long as that is so the lists are its core's, and it cannot go to another. */
bool virq_in_use(const struct thread *thread);

/* The signal's bits are no longer 0. */
void virq_raise(struct signal *signal);

/* The signal's bits are 0 now: an interrupt that the guest has not yet taken vanishes. */
void virq_lower(struct signal *signal);

/* For arch_virq_refill: the most urgent signal in the list, or NULL. */
struct signal *virq_first(struct vcpu *vcpu);
/* It is out of the list and in list register `index`; or merged with what is there. */
void virq_shown(struct signal *signal, unsigned index);
/* List register `index` is free, or shows another. */
void virq_unshown(struct vcpu *vcpu, unsigned index);
/* The guest ended the interrupt in list register `index`, or it was taken back for a more urgent
 * one
 * (`again`). */
void virq_retired(struct vcpu *vcpu, unsigned index, bool again);

static inline unsigned virq_level(const struct signal *signal)
{
    return signal->virq_priority * VIRQ_PRIORITIES / 256;
}

#endif
