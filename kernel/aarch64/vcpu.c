/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of virtual CPUs.  An EL1 state stays in the core's registers until another virtual
 * CPU needs them; only what acts on programs at EL0 too is exchanged at every change.
 */
#include "vcpu.h"
#include "arch.h"
#include "features.h"
#include "gic.h"
#include "ich.h"
#include "listreg.h"
#include "object.h"
#include "virq.h"

#include <stddef.h>

/*
 * Registers that only EL1 uses, or that only act with stage 1 on: they stay until another virtual
 * CPU is loaded.
 *
 * Not in either list, because guests cannot reach them: break- and watchpoints (MDCR_EL2.TDA), the
 * PMU (TPM, while a guest runs), activity monitors, SVE, SME and trace (CPTR_EL2), pointer
 * authentication keys (HCR_EL2.APK = 0), MTE (ATA = 0), SCXTNUM (EnSCXT = 0), MPAM (MPAM2_EL2), the
 * physical timer (CNTHCTL_EL2).  SP_EL0 and TPIDR_EL0 are in whit_registers.
 */
#define EL1_REGISTERS(X)                                                                           \
    X(WHIT_TTBR0_EL1, ttbr0_el1)                                                                   \
    X(WHIT_TTBR1_EL1, ttbr1_el1)                                                                   \
    X(WHIT_MAIR_EL1, mair_el1)                                                                     \
    X(WHIT_AMAIR_EL1, amair_el1)                                                                   \
    X(WHIT_VBAR_EL1, vbar_el1)                                                                     \
    X(WHIT_ELR_EL1, elr_el1)                                                                       \
    X(WHIT_SPSR_EL1, spsr_el1)                                                                     \
    X(WHIT_SP_EL1, sp_el1)                                                                         \
    X(WHIT_ESR_EL1, esr_el1)                                                                       \
    X(WHIT_FAR_EL1, far_el1)                                                                       \
    X(WHIT_AFSR0_EL1, afsr0_el1)                                                                   \
    X(WHIT_AFSR1_EL1, afsr1_el1)                                                                   \
    X(WHIT_CONTEXTIDR_EL1, contextidr_el1)                                                         \
    X(WHIT_TPIDR_EL1, tpidr_el1)                                                                   \
    X(WHIT_PAR_EL1, par_el1)                                                                       \
    X(WHIT_CSSELR_EL1, csselr_el1)                                                                 \
    X(WHIT_CNTVOFF_EL2, cntvoff_el2)                                                               \
    X(WHIT_CNTV_CVAL_EL0, cntv_cval_el0)                                                           \
    X(WHIT_VMPIDR_EL2, vmpidr_el2)                                                                 \
    X(WHIT_VPIDR_EL2, vpidr_el2)

#define MPIDR_RES1  BIT(31)
#define PAR_FAILED  BIT(0)
#define PAR_ADDRESS FIELD(0xfffffffff, 12)

_Static_assert(offsetof(struct thread, fpcr) == offsetof(struct thread, fp) + 512 &&
                   offsetof(struct thread, fpsr) == offsetof(struct thread, fp) + 520,
               "fp.S continues behind fp");

/* ---- what acts on programs too */

static void shared_set_native(void)
{
#define SET(index, name, value) WRITE_SYSREG(name, value);
    SHARED_REGISTERS(SET)
#undef SET
}

/* ---- EL1 state */

static uint64_t timer_deadline(uint64_t control, uint64_t compare, uint64_t offset)
{
    uint64_t deadline;

    if ((control & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) != CNT_CTL_ENABLE ||
        __builtin_add_overflow(compare, offset, &deadline))
        return UINT64_MAX;
    return deadline;
}

static void el1_save(struct core *core, struct thread *thread)
{
    struct vcpu *vcpu = &thread->vcpu;
    uint64_t deadline;

#define SAVE(index, name) vcpu->el1[index] = READ_SYSREG(name);
    EL1_REGISTERS(SAVE)
#undef SAVE
    vcpu->el1[WHIT_CNTV_CTL_EL0] = READ_SYSREG(cntv_ctl_el0);
    ich_save(vcpu);
    vcpu->timer_held = gic_ppi_is_active(GIC_VIRTUAL_TIMER);
    core->el1_owner = NULL;

    /* From here on the kernel's timer stands in for the guest's. */
    deadline = arch_vtimer_deadline(thread);
    if (!vcpu->timer_held && deadline != UINT64_MAX)
        timer_set(core, &vcpu->timer, deadline);
}

/* Nobody's EL1 state is loaded: no interrupt may come from what is left in the registers. */
static void el1_clear(void)
{
    WRITE_SYSREG(cntv_ctl_el0, 0);
    ich_off();
    /* The timer's line is low before its interrupt is ended, or it would fire again. */
    isb();
    gic_ppi_set_active(GIC_VIRTUAL_TIMER, false);
}

/*
 * Virtual CPUs of one machine share its VMID and its ASIDs, but not their meaning: what was cached
 * for another one on this core must go (DDI0487 D8.13, TLB maintenance).  The space remembers which
 * was loaded last, on any core; a virtual CPU that changes cores clears that.
 */
static void translation_separate(struct thread *thread)
{
    struct space *space = thread->space;

    if (__atomic_load_n(&space->last_vcpu, __ATOMIC_RELAXED) == thread)
        return;
    __atomic_store_n(&space->last_vcpu, thread, __ATOMIC_RELAXED);
    /* By the VMID and not space->vttbr: a space that is losing it may get it back until it is
     * entered (space.c).  One that it got meanwhile has nothing cached. */
    const uint32_t vmid = __atomic_load_n(&space->vmid, __ATOMIC_RELAXED);
    WRITE_SYSREG(vttbr_el2, arch_vttbr((uintptr_t)empty_slots, vmid));
    isb(); /* the invalidation is for the VMID in VTTBR_EL2 */
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh" : : : "memory"); /* done before the guest runs */
}

static void el1_load(struct core *core, struct thread *thread)
{
    struct vcpu *vcpu = &thread->vcpu;

    timer_cancel(core, &vcpu->timer);
    translation_separate(thread);
    WRITE_SYSREG(cntv_ctl_el0, 0);
#define LOAD(index, name) WRITE_SYSREG(name, vcpu->el1[index]);
    EL1_REGISTERS(LOAD)
#undef LOAD
    gic_ppi_set_active(GIC_VIRTUAL_TIMER, vcpu->timer_held != 0);
    ich_load(vcpu);
    isb(); /* offset and compare value before the timer is enabled: it must not fire by old ones */
    WRITE_SYSREG(cntv_ctl_el0, vcpu->el1[WHIT_CNTV_CTL_EL0]);
    core->el1_owner = thread;
    arch_virq_refill(thread);
}

void vcpu_load(struct core *core, struct thread *thread)
{
    vcpu_leave(core);
    if (core->el1_owner)
        el1_save(core, core->el1_owner);
    el1_load(core, thread);
}

void arch_vcpu_init(struct thread *thread)
{
    struct vcpu *vcpu = &thread->vcpu;

    virq_init(vcpu);
    vcpu->el1[WHIT_SCTLR_EL1] = SCTLR_EL1_RES1;
    vcpu->el1[WHIT_VPIDR_EL2] = READ_SYSREG(midr_el1);
    vcpu->el1[WHIT_VMPIDR_EL2] = MPIDR_RES1;
}

static void fp_open(void)
{
    WRITE_SYSREG(cptr_el2, READ_SYSREG(cptr_el2) & ~CPTR_TFP);
    isb(); /* the trap would be taken from EL2 too */
}

static void fp_release(struct core *core, struct thread *thread)
{
    if (core->fp_owner != thread)
        return;
    fp_open();
    fp_save(thread->fp);
    WRITE_SYSREG(cptr_el2, READ_SYSREG(cptr_el2) | CPTR_TFP);
    core->fp_owner = NULL;
    core->fp_live = 0;
}

void arch_thread_release(struct core *core, struct thread *thread)
{
    fp_release(core, thread);
    if (thread->type != WHIT_VCPU)
        return;
    if (core->el1_owner == thread) {
        vcpu_leave(core);
        el1_save(core, thread);
        el1_clear();
    }
    timer_cancel(core, &thread->vcpu.timer);
    if (thread->space && __atomic_load_n(&thread->space->last_vcpu, __ATOMIC_RELAXED) == thread)
        __atomic_store_n(&thread->space->last_vcpu, NULL, __ATOMIC_RELAXED);
    /* If it goes on elsewhere: what a barrier of its own would have ordered, is (HCR_EL2.BSU). */
    __asm__ volatile("dsb ish" : : : "memory");
}

void vcpu_core_init(struct core *core)
{
    core->el1_owner = NULL;
    core->fp_owner = NULL;
    core->fp_live = 0;
    core->guest_live = 0;
    ich_init();
    shared_set_native();
    WRITE_SYSREG(hcr_el2, HCR_NATIVE);
}

uint64_t vcpu_translate(uint64_t address)
{
    const uint64_t kept = READ_SYSREG(par_el1);
    uint64_t result;

    __asm__ volatile("at s1e1r, %0" : : "r"(address) : "memory");
    isb(); /* the translation is done before its result is read */
    result = READ_SYSREG(par_el1);
    WRITE_SYSREG(par_el1, kept);
    if (result & PAR_FAILED)
        return 0;
    return (result & PAR_ADDRESS) | (address & (WHIT_PAGE - 1));
}

/* ---- interrupts and time */

uint64_t arch_vtimer_deadline(struct thread *thread)
{
    const uint64_t *el1 = thread->vcpu.el1;

    if (thread->core && thread->core->el1_owner == thread)
        return timer_deadline(READ_SYSREG(cntv_ctl_el0), READ_SYSREG(cntv_cval_el0),
                              READ_SYSREG(cntvoff_el2));
    return timer_deadline(el1[WHIT_CNTV_CTL_EL0], el1[WHIT_CNTV_CVAL_EL0], el1[WHIT_CNTVOFF_EL2]);
}

bool arch_vtimer_held(struct thread *thread)
{
    if (thread->core->el1_owner == thread)
        return gic_ppi_is_active(GIC_VIRTUAL_TIMER);
    return thread->vcpu.timer_held != 0;
}

static void timer_raise(struct thread *thread)
{
    struct signal *signal = thread->vcpu.timer_signal;

    /* Only its home core may touch it: the virtual CPU may have left that. */
    if (!signal || signal_home(signal) != thread->core)
        return;
    signal->bits |= 1;
    virq_raise(signal);
}

void vcpu_timer_fired(struct core *core)
{
    if (core->el1_owner)
        timer_raise(core->el1_owner);
    else
        el1_clear();
}

void vcpu_timer_due(struct thread *thread)
{
    /* Loaded meanwhile: the hardware does it. */
    if (thread->core->el1_owner == thread || thread->vcpu.timer_held)
        return;
    thread->vcpu.timer_held = 1;
    timer_raise(thread);
}

void virq_maintain(struct core *core)
{
    if (core->el1_owner)
        listreg_maintain(core->el1_owner);
}

bool arch_virq_waiting(struct thread *thread)
{
    bool loaded = thread->core->el1_owner == thread;

    return listreg_is_pending(
        thread, ich_priority_mask(loaded ? READ_SYSREG(ich_vmcr_el2) : thread->vcpu.vmcr));
}

/* ---- floating point */

void fp_trap(struct core *core)
{
    struct thread *thread = core_current(core);

    fp_open();
    if (core->fp_owner != thread) {
        if (core->fp_owner)
            fp_save(core->fp_owner->fp);
        fp_load(thread->fp);
        core->fp_owner = thread;
    }
    core->fp_live = 1;
}

/* ---- processor state */

#define PSTATE_USER32 FIELD(0x10, 0)
/* Q, IT, DIT, SSBS, PAN, SS, GE, IT, E, AIF, T */
#define PSTATE_AARCH32                                                                             \
    (PSTATE_FLAGS | BIT(27) | FIELD(3, 25) | BIT(24) | BIT(23) | BIT(22) | BIT(21) |               \
     FIELD(0xf, 16) | FIELD(0x3f, 10) | BIT(9) | FIELD(7, 6) | BIT(5))

uint64_t vcpu_pstate_rare(uint64_t pstate)
{
    if ((pstate & PSTATE_MODE_MASK) == PSTATE_USER32 && features_has_aarch32())
        return pstate & (PSTATE_AARCH32 | PSTATE_MODE_MASK);
    return (pstate & PSTATE_AARCH64) | PSTATE_EL1H;
}
