/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's exit and its end, as thread_fault and portal_reply do it when nothing else happens. */
#include "exit.h"
#include "portal.h"
#include "space.h"
#include "vcpu.h"

enum { EC_HVC64 = 0x16, EC_SMC64 = 0x17, EC_REGISTER = 0x18, EC_DATA_ABORT = 0x24 };
enum { DATA_ABORT_WALK = 1 << 7, DATA_ABORT_STATUS = 0x3f, STATUS_PERMISSION = 0x0c };

/* Does this exit need nothing but its handler?  *ipa: of a data abort that HPFAR_EL2 tells. */
static bool is_plain(uint64_t esr, uint64_t *ipa)
{
    const unsigned class = (unsigned)(esr >> 26) & 0x3f;

    *ipa = 0;
    if (class == EC_HVC64)
        return (esr & 0xffff) == 0;
    if (class == EC_DATA_ABORT) {
        if ((esr & DATA_ABORT_STATUS) >= STATUS_PERMISSION || (esr & DATA_ABORT_WALK))
            return false;
        *ipa = (READ_SYSREG(hpfar_el2) >> 4) << 12 | (READ_SYSREG(far_el2) & (WHIT_PAGE - 1));
        return true;
    }
    return class == EC_SMC64 || (class == EC_REGISTER && !vcpu_is_answered(esr));
}

struct exit_entry exit_begin(struct core *core, struct thread *thread)
{
    const uint64_t esr = READ_SYSREG(esr_el2);
    const struct portal *portal = thread->fault;
    struct whit_registers *save = thread->save;
    struct thread *handler;
    uint64_t ipa;

    if (!portal || core->reschedule || core->metered || !is_plain(esr, &ipa))
        return (struct exit_entry){NULL, 0};
    handler = portal->handler;
    if (handler->link != (uintptr_t)core)
        return (struct exit_entry){NULL, 0};

    save->sp = READ_SYSREG(sp_el0);
    save->pc = READ_SYSREG(elr_el2);
    save->pstate = READ_SYSREG(spsr_el2);
    save->tls = READ_SYSREG(tpidr_el0);
    save->tls_ro = READ_SYSREG(tpidrro_el0);
    save->esr = esr;
    /* Written by aborts; before one it may be somebody else's address. */
    save->far = (esr >> 26 & 0x3f) == EC_DATA_ABORT ? READ_SYSREG(far_el2) : 0;
    save->ipa = ipa;
    handler->link = (uintptr_t)thread | LINK_SLOW | LINK_KERNEL;
    thread->callee = handler;
    core->current = (uintptr_t)handler | (core->borrowed ? CURRENT_SLOW : 0);

    fp_preempt(core, thread);
    vcpu_leave(core);
    WRITE_SYSREG(elr_el2, portal->entry);
    WRITE_SYSREG(spsr_el2, 0);
    WRITE_SYSREG(sp_el0, handler->entry_sp);
    WRITE_SYSREG(tpidr_el0, handler->entry_tls);
    WRITE_SYSREG(tpidrro_el0, handler->save->tls_ro);
    /* No barrier: the kernel does not translate by it, and the eret synchronises. */
    WRITE_SYSREG(vttbr_el2, handler->space->vttbr);
    return (struct exit_entry){save, portal->badge};
}

struct thread *exit_end(struct core *core, struct thread *handler)
{
    struct thread *thread = (struct thread *)(handler->link & ~(uintptr_t)LINK_MASK);
    const struct whit_registers *save;
    uint64_t pstate;

    /* Gone meanwhile; or not loaded: its registers were asked for, or it is no guest at all. */
    if (!thread || core->el1_owner != thread || thread->stopped || core->reschedule)
        return NULL;
    save = thread->save;
    pstate = save->pstate;
    if (!vcpu_pstate_is_plain(pstate))
        return NULL;
    handler->link = (uintptr_t)core;
    thread->callee = NULL;
    core->current = (uintptr_t)thread | CURRENT_SLOW;

    fp_preempt(core, NULL); /* the handler's are dead */
    fp_resume(core, thread);
    vcpu_enter_loaded(core, thread);
    WRITE_SYSREG(elr_el2, save->pc);
    WRITE_SYSREG(spsr_el2, pstate & PSTATE_PLAIN);
    WRITE_SYSREG(sp_el0, save->sp);
    WRITE_SYSREG(tpidr_el0, save->tls);
    WRITE_SYSREG(tpidrro_el0, save->tls_ro);
    WRITE_SYSREG(vttbr_el2, thread->space->vttbr);
    return thread;
}
