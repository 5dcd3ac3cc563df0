/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switching between programs and guests, and lazily between the EL1 states of virtual CPUs and the
 * floating-point states of threads.  All functions run in the kernel, on the core they are given.
 */
#ifndef VCPU_H
#define VCPU_H

#include "core.h"
#include "sysreg.h"

/* Once per core, after cpu_init and gic_init_core. */
void vcpu_core_init(struct core *core);

/*
 * The virtual CPU `thread` will run next: its EL1 state is loaded if it is not yet, and what acts
 * on programs too holds its values.  Cheap if it ran last.
 */
void vcpu_enter(struct core *core, struct thread *thread);

/* A program will run next. */
void vcpu_leave_guest(struct core *core);
static inline void vcpu_leave(struct core *core)
{
    if (core->guest_live)
        vcpu_leave_guest(core);
}

/* The IPA behind a virtual address of the guest that just ran, 0 if its tables do not say. */
uint64_t vcpu_translate(uint64_t address);

/*
 * A trapped register access (ESR class 0x18) of a guest that the kernel answers itself: an
 * identification register, without the features that are not switched.  Writes the guest's register
 * and moves on its pc.  False: it is the VMM's.
 */
bool vcpu_register_trap(struct thread *thread, uint64_t esr);

/* What a guest's SPSR_EL2 may be: no other exception level than EL1 and EL0, nothing that would be
 * an illegal return. */
uint64_t vcpu_pstate(uint64_t pstate);

/* The physical interrupt of the virtual timer: it stays active until its guest ends it. */
void vcpu_timer_fired(struct core *core);

/* The maintenance interrupt of the GIC. */
void virq_maintain(struct core *core);

/* Floating point was used while it is trapped. */
void fp_trap(struct core *core);

/*
 * At kernel entry but for the fast call and reply, which leave the registers, dead by contract, to
 * the next: what is in them belongs to `thread`.
 */
static inline void fp_enter(struct core *core, struct thread *thread)
{
    if (core->fp_live)
        core->fp_owner = thread;
}

/* Another thread runs next than `before`, which ran when the kernel was entered (or NULL). */
static inline void fp_preempt(struct core *core, struct thread *before)
{
    if (!core->fp_live)
        return;
    core->fp_owner = before;
    core->fp_live = 0;
    WRITE_SYSREG(cptr_el2, READ_SYSREG(cptr_el2) | CPTR_TFP);
}

/* `thread` runs next: if its registers are still there they do not trap. */
static inline void fp_resume(struct core *core, struct thread *thread)
{
    if (core->fp_live || core->fp_owner != thread)
        return;
    core->fp_live = 1;
    WRITE_SYSREG(cptr_el2, READ_SYSREG(cptr_el2) & ~CPTR_TFP);
}

/* kernel/aarch64/fp.S: thread.fp and the two words behind it. */
void fp_save(uint64_t *registers);
void fp_load(const uint64_t *registers);

#endif
