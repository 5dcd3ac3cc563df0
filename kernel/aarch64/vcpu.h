/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switching between programs and guests, and lazily between the EL1 states of virtual CPUs and the
 * floating-point states of threads.  All functions run in the kernel, on the core they are given.
 */
#ifndef VCPU_H
#define VCPU_H

#include "core.h"
#include "errata.h"
#include "features.h"
#include "space.h"
#include "sysreg.h"

/*
 * Registers that act on EL0 although HCR_EL2.TGE = 1 (DDI0487 D19.2): exchanged at every change
 * between guest and program.  Index in vcpu.el1, name, value for programs, and what a guest's value
 * would do to a program:
 */
#define SHARED_REGISTERS(X)                                                                        \
    /* byte order, alignment, traps of cache maintenance, WFE, CTR and DC ZVA, authentication */   \
    X(WHIT_SCTLR_EL1, sctlr_el1, SCTLR_EL1_NATIVE)                                                 \
    /* top-byte-ignore; EPD: no speculative walk through the guest's tables under another VMID */  \
    X(WHIT_TCR_EL1, tcr_el1, TCR_EL1_NATIVE)                                                       \
    /* access to the counters and timers */                                                        \
    X(WHIT_CNTKCTL_EL1, cntkctl_el1, CNTKCTL_EL0PCTEN)                                             \
    /* floating point would trap (E2H = 0) */                                                      \
    X(WHIT_CPACR_EL1, cpacr_el1, CPACR_FPEN)                                                       \
    /* single step, break- and watchpoints, debug communication channel */                         \
    X(WHIT_MDSCR_EL1, mdscr_el1, 0)                                                                \
    /* programs can read it */                                                                     \
    X(WHIT_TPIDRRO_EL0, tpidrro_el0, 0)

#define TCR_EL1_NATIVE (BIT(7) | BIT(23)) /* EPD0, EPD1 */

/* core.guest_live; the second: and its WFI is not trapped. */
enum { GUEST_LIVE = 1, GUEST_LIVE_ALONE = 2 };

/* Once per core, after features_init and gic_init_core. */
void vcpu_core_init(struct core *core);

/* A program will run next. */
static inline void vcpu_leave(struct core *core)
{
    if (!core->guest_live)
        return;
    uint64_t *el1 = core->el1_owner->vcpu.el1;
#define LEAVE(index, name, value)                                                                  \
    el1[index] = READ_SYSREG(name);                                                                \
    WRITE_SYSREG(name, value);
    SHARED_REGISTERS(LEAVE)
#undef LEAVE
    /* TCR_EL1 has no walks before VTTBR_EL2 or another EL1 register changes. */
    if (core->errata & ERRATUM_SPECULATIVE_AT)
        isb();
    WRITE_SYSREG(mdcr_el2, READ_SYSREG(mdcr_el2) & ~MDCR_GUEST);
    WRITE_SYSREG(cnthctl_el2, CNTHCTL_NATIVE);
    WRITE_SYSREG(hcr_el2, HCR_NATIVE);
    core->guest_live = 0;
}

/* Loads the EL1 state of `thread` in place of another's. */
void vcpu_load(struct core *core, struct thread *thread);

/* What acts on programs too gets the values of the virtual CPU `thread`, which is loaded. */
static inline void vcpu_enter_loaded(struct core *core, struct thread *thread)
{
    const uint64_t *el1 = thread->vcpu.el1;
    const uint8_t live = core->alone ? GUEST_LIVE_ALONE : GUEST_LIVE;

    if (core->guest_live == live)
        return;
    if (!core->guest_live) {
        /* TCR_EL1 has no walks until VTTBR_EL2 and all other EL1 registers are the guest's. */
        if (core->errata & ERRATUM_SPECULATIVE_AT) {
            WRITE_SYSREG(vttbr_el2, thread->space->vttbr);
            isb();
        }
#define ENTER(index, name, value) WRITE_SYSREG(name, el1[index]);
        SHARED_REGISTERS(ENTER)
#undef ENTER
        WRITE_SYSREG(mdcr_el2, READ_SYSREG(mdcr_el2) | MDCR_GUEST);
        WRITE_SYSREG(cnthctl_el2, CNTHCTL_GUEST);
    }
    WRITE_SYSREG(hcr_el2, core->alone ? features_guest_hcr & ~HCR_TWI : features_guest_hcr);
    core->guest_live = live;
}

/* The virtual CPU `thread` will run next.  Inline, as the above: both are in the way of exits. */
static inline void vcpu_enter(struct core *core, struct thread *thread)
{
    if (core->el1_owner != thread)
        vcpu_load(core, thread);
    vcpu_enter_loaded(core, thread);
}

/* The IPA behind a virtual address of the guest that just ran, 0 if its tables do not say. */
uint64_t vcpu_translate(uint64_t address);

/*
 * A trapped register access (ESR class 0x18) of a guest that the kernel answers itself: an
 * identification register, without the features that are not switched.  Writes the guest's register
 * and moves on its pc.  False: it is the VMM's.
 */
bool vcpu_register_trap(struct thread *thread, uint64_t esr);

/*
 * May it answer this trapped access?  ISS (DDI0487 D19.2.37): op0 21:20, op2 19:17, op1 16:14,
 * CRn 13:10, Rt 9:5, CRm 4:1, direction 0 (1: read).
 */
static inline bool vcpu_is_answered(uint64_t esr)
{
    return (esr & (FIELD(3, 20) | FIELD(7, 14) | FIELD(0xf, 10) | BIT(0))) ==
           (FIELD(3, 20) | BIT(0));
}

#define PSTATE_FLAGS     FIELD(0xf, 28)
#define PSTATE_MODE_MASK FIELD(0x1f, 0)
#define PSTATE_EL0T      FIELD(0, 0)
#define PSTATE_EL1T      FIELD(4, 0)
#define PSTATE_EL1H      FIELD(5, 0)
/* TCO, DIT, UAO, PAN, SS, SSBS, BTYPE, DAIF; those that a core lacks are ignored there. */
#define PSTATE_AARCH64                                                                             \
    (PSTATE_FLAGS | BIT(25) | BIT(24) | BIT(23) | BIT(22) | BIT(21) | BIT(12) | FIELD(3, 10) |     \
     FIELD(0xf, 6))

#define PSTATE_PLAIN (PSTATE_AARCH64 | PSTATE_MODE_MASK)

/* A mode that guests may have, but for AArch32. */
static inline bool vcpu_pstate_is_plain(uint64_t pstate)
{
    const uint64_t modes = BIT(PSTATE_EL0T) | BIT(PSTATE_EL1T) | BIT(PSTATE_EL1H);

    return (modes >> (pstate & PSTATE_MODE_MASK) & 1) != 0;
}

/* What a guest's SPSR_EL2 may be: no other exception level than EL1 and EL0, nothing that would be
 * an illegal return. */
uint64_t vcpu_pstate_rare(uint64_t pstate);
static inline uint64_t vcpu_pstate(uint64_t pstate)
{
    return vcpu_pstate_is_plain(pstate) ? pstate & PSTATE_PLAIN : vcpu_pstate_rare(pstate);
}

/* A program runs at EL0t with nothing masked; only its flags are its own. */
#define PSTATE_NATIVE PSTATE_FLAGS

/* What a thread continues with, but for x0-x30; pstate is sanitised. */
static inline void registers_load(const struct whit_registers *save, uint64_t pstate)
{
    const uint64_t sp = save->sp, pc = save->pc, tls = save->tls;

    WRITE_SYSREG(sp_el0, sp);
    WRITE_SYSREG(elr_el2, pc);
    WRITE_SYSREG(tpidr_el0, tls);
    WRITE_SYSREG(spsr_el2, pstate);
}

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

/* A program's thread runs next, which may be `before`. */
static inline void fp_switch(struct core *core, struct thread *before, struct thread *next)
{
    if (core->fp_live && next != before)
        fp_preempt(core, before);
    fp_resume(core, next);
}

/* kernel/aarch64/fp.S: thread.fp and the two words behind it. */
void fp_save(uint64_t *registers);
void fp_load(const uint64_t *registers);

#endif
