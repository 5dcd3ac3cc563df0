/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fault or exit and its end, as thread_fault and portal_reply do it when nothing else happens.
 */
#include "exit.h"
#include "portal.h"
#include "space.h"
#include "vcpu.h"

enum {
    EC_UNKNOWN = 0x00,
    EC_SVC64 = 0x15,
    EC_HVC64 = 0x16,
    EC_SMC64 = 0x17,
    EC_REGISTER = 0x18,
    EC_INSTRUCTION_ABORT = 0x20,
    EC_DATA_ABORT = 0x24
};
enum { ABORT_WALK = 1 << 7, ABORT_STATUS = 0x3f, STATUS_PERMISSION = 0x0c };

/* Where the fault or exit was: FAR_EL2, and the IPA of an abort. */
struct place {
    uint64_t far, ipa;
};

/* Does a program's fault need nothing but its handler?  Its addresses are IPAs. */
static bool is_plain_fault(uint64_t esr, struct place *place)
{
    const unsigned class = (unsigned)(esr >> 26) & 0x3f;

    /* Without a VMID it could not fetch, which is no fault (space_enter). */
    if (class == EC_INSTRUCTION_ABORT && READ_SYSREG(vttbr_el2) >> VTTBR_VMID_SHIFT == 0)
        return false;
    if (class == EC_DATA_ABORT || class == EC_INSTRUCTION_ABORT) {
        place->far = place->ipa = READ_SYSREG(far_el2);
        return true;
    }
    return class == EC_UNKNOWN || (class == EC_SVC64 && (esr & 0xffff) == 0);
}

/* Does a guest's exit?  Of aborts only those whose IPA HPFAR_EL2 tells. */
static bool is_plain_exit(uint64_t esr, struct place *place)
{
    const unsigned class = (unsigned)(esr >> 26) & 0x3f;

    if (class == EC_HVC64)
        return (esr & 0xffff) == 0;
    if (class == EC_DATA_ABORT) {
        if ((esr & ABORT_STATUS) >= STATUS_PERMISSION || (esr & ABORT_WALK))
            return false;
        place->far = READ_SYSREG(far_el2);
        place->ipa = (READ_SYSREG(hpfar_el2) >> 4) << 12 | (place->far & (WHIT_PAGE - 1));
        return true;
    }
    return class == EC_SMC64 || (class == EC_REGISTER && !vcpu_is_answered(esr));
}

struct exit_entry exit_begin(struct core *core, struct thread *thread)
{
    const uint64_t esr = READ_SYSREG(esr_el2);
    const struct portal *portal = __atomic_load_n(&thread->fault, __ATOMIC_RELAXED);
    struct whit_registers *save = thread->save;
    struct place place = {0, 0};
    struct thread *handler;

    if (!portal || core->reschedule || core->metered ||
        !(thread->type == WHIT_VCPU ? is_plain_exit(esr, &place) : is_plain_fault(esr, &place)))
        return (struct exit_entry){NULL, 0};
    handler = portal_handler(portal);
    if (handler->link != (uintptr_t)core)
        return (struct exit_entry){NULL, 0};

    save->sp = READ_SYSREG(sp_el0);
    save->pc = READ_SYSREG(elr_el2);
    save->pstate = READ_SYSREG(spsr_el2);
    save->tls = READ_SYSREG(tpidr_el0);
    save->esr = esr;
    save->far = place.far;
    save->ipa = place.ipa;
    handler->link = (uintptr_t)thread | LINK_SLOW | LINK_KERNEL;
    thread->callee = handler;
    core->current = (uintptr_t)handler;
    if (core->special) {
        if (core->borrowed)
            core->current |= CURRENT_SLOW;
        fp_preempt(core, thread);
        vcpu_leave(core);
    }
    WRITE_SYSREG(elr_el2, portal->entry);
    WRITE_SYSREG(spsr_el2, 0);
    WRITE_SYSREG(sp_el0, handler->entry_sp);
    WRITE_SYSREG(tpidr_el0, handler->entry_tls);
    /* No barrier: the kernel does not translate by it, and the eret synchronises. */
    WRITE_SYSREG(vttbr_el2, handler->space->vttbr);
    return (struct exit_entry){save, portal->badge};
}

/* Back to the thread, with what is in the floating-point registers if that is its own. */
static inline void call_end(struct core *core, struct thread *handler, struct thread *thread,
                            uintptr_t slow)
{
    handler->link = (uintptr_t)core;
    thread->callee = NULL;
    core->current = (uintptr_t)thread | slow;
    fp_preempt(core, NULL); /* the handler's are dead */
    fp_resume(core, thread);
}

struct thread *exit_end(struct core *core, struct thread *handler)
{
    struct thread *thread = (struct thread *)(handler->link & ~(uintptr_t)LINK_MASK);
    const struct whit_registers *save;
    uint64_t pstate;

    /* Gone meanwhile. */
    if (!thread || thread->stopped || core->reschedule || core->metered)
        return NULL;
    save = thread->save;
    pstate = save->pstate;
    if (thread->type == WHIT_VCPU) {
        /* Its registers were asked for, so that they are not loaded; or it is in a rare mode. */
        if (core->el1_owner != thread || !vcpu_pstate_is_plain(pstate))
            return NULL;
        call_end(core, handler, thread, CURRENT_SLOW);
        vcpu_enter_loaded(core, thread);
        pstate &= PSTATE_PLAIN;
    } else {
        call_end(core, handler, thread, 0);
        pstate &= PSTATE_NATIVE;
    }
    WRITE_SYSREG(vttbr_el2, thread->space->vttbr);
    registers_load(save, pstate);
    return thread;
}
