/* SPDX-License-Identifier: BSD-2-Clause */
/* What an exception means: a call, an interrupt, or a fault or exit that its portal handles. */
#include "exception.h"
#include "arch.h"
#include "gic.h"
#include "irq.h"
#include "object.h"
#include "panic.h"
#include "sched.h"
#include "syscall.h"
#include "sysreg.h"
#include "vcpu.h"

/* Exception classes (ESR_EL2 bits 31:26) that the kernel handles itself. */
enum {
    EC_SHIFT = 26,
    EC_WFX = 0x01,
    EC_FP = 0x07,
    EC_SVC64 = 0x15,
    EC_HVC64 = 0x16,
    EC_REGISTER = 0x18,
    EC_INSTRUCTION_ABORT = 0x20,
    EC_PC_ALIGNMENT = 0x22,
    EC_DATA_ABORT = 0x24,
    EC_WATCHPOINT = 0x34
};

/* ISS_LONG: an instruction of 32 bits; T32 of a guest has shorter ones. */
enum { ISS_WFE = 1, ISS_LONG = 1 << 25, INSTRUCTION_BYTES = 4 };

static unsigned esr_class(uint64_t esr)
{
    return (unsigned)(esr >> EC_SHIFT) & 0x3f;
}

/*
 * HPFAR_EL2 holds the IPA for translation and access-flag faults, and for faults of a stage-1 walk;
 * for permission faults it is stale (Arm ARM, HPFAR_EL2).  Then a program's address is the IPA, and
 * a guest's is asked of its own stage 1.
 */
static uint64_t fault_ipa(const struct thread *thread, uint64_t esr, uint64_t far)
{
    const unsigned fault_status = (unsigned)esr & 0x3f;
    const bool walk = (esr & BIT(7)) != 0;

    if (walk || fault_status < 0x0c)
        return (READ_SYSREG(hpfar_el2) >> 4) << 12 | (far & (WHIT_PAGE - 1));
    if (thread->type == WHIT_NATIVE)
        return far;
    return vcpu_translate(far);
}

static void registers_save(struct thread *thread)
{
    struct whit_registers *save = thread->save;
    const uint64_t sp = READ_SYSREG(sp_el0), pc = READ_SYSREG(elr_el2);
    const uint64_t pstate = READ_SYSREG(spsr_el2), tls = READ_SYSREG(tpidr_el0);

    save->sp = sp;
    save->pc = pc;
    save->pstate = pstate;
    save->tls = tls;
}

/* Leaves the kernel for `next`, whatever it is. */
static __attribute__((noinline)) struct thread *leave_for(struct core *core, struct thread *before,
                                                          struct thread *next)
{
    const struct whit_registers *save = next->save;
    uint64_t pstate = save->pstate;

    if (next->type == WHIT_VCPU) {
        if (next != before)
            fp_preempt(core, before);
        vcpu_enter(core, next);
        pstate = vcpu_pstate(pstate);
    } else {
        fp_switch(core, before, next);
        vcpu_leave(core);
        pstate &= PSTATE_NATIVE;
    }
    /* No barrier: the kernel does not translate by it, and the eret synchronises. */
    WRITE_SYSREG(vttbr_el2, next->space->vttbr);
    registers_load(save, pstate);
    return next;
}

static __attribute__((noinline)) struct thread *leave_any(struct core *core, struct thread *before)
{
    fp_enter(core, before);
    return leave_for(core, before, core_choose(core));
}

/* Leaves the kernel; `before` was the current thread when it was entered, or NULL. */
static struct thread *leave(struct core *core, struct thread *before)
{
    struct thread *next = sched_quick(core);

    if (!next)
        return core->reschedule ? leave_any(core, before)
                                : leave_for(core, before, core_current(core));
    fp_switch(core, before, next);
    WRITE_SYSREG(vttbr_el2, next->space->vttbr);
    registers_load(next->save, next->save->pstate & PSTATE_NATIVE);
    return next;
}

/* The thread ran without a VMID: it could not even fetch. */
static bool is_without_vmid(unsigned class)
{
    return (class & ~1u) == EC_INSTRUCTION_ABORT && READ_SYSREG(vttbr_el2) >> VTTBR_VMID_SHIFT == 0;
}

/* Aborts, misaligned pc, watchpoints (Arm ARM, FAR_EL2). */
static bool esr_has_address(unsigned class)
{
    return (class & ~1u) == EC_INSTRUCTION_ABORT || (class & ~1u) == EC_DATA_ABORT ||
           class == EC_PC_ALIGNMENT || (class & ~1u) == EC_WATCHPOINT;
}

static void fault(struct core *core, struct thread *thread, uint64_t esr)
{
    struct whit_registers *save = thread->save;
    const unsigned class = esr_class(esr);

    save->esr = esr;
    /* Other classes leave FAR_EL2 as it was, with somebody else's address perhaps. */
    save->far = esr_has_address(class) ? READ_SYSREG(far_el2) : 0;
    save->ipa = 0;
    if ((class & ~1u) == EC_INSTRUCTION_ABORT || (class & ~1u) == EC_DATA_ABORT)
        save->ipa = fault_ipa(thread, esr, save->far);
    /* Of these the hardware's pc is behind the instruction. */
    if (thread_fault(core, thread) && (class == EC_SVC64 || class == EC_HVC64))
        save->pc -= INSTRUCTION_BYTES;
}

struct thread *exception_synchronous(struct core *core, struct thread *thread)
{
    const uint64_t esr = READ_SYSREG(esr_el2);
    const unsigned class = esr_class(esr), immediate = (unsigned)esr & 0xffff;

    fp_enter(core, thread);
    registers_save(thread);
    if ((class == EC_SVC64 || class == EC_HVC64) && immediate != 0)
        syscall_handle(core, thread, immediate);
    else if (class == EC_FP)
        fp_trap(core);
    else if (class == EC_WFX && thread->type == WHIT_VCPU) {
        thread->save->pc += esr & ISS_LONG ? INSTRUCTION_BYTES : INSTRUCTION_BYTES / 2;
        if (!(esr & ISS_WFE))
            thread_idle(core, thread);
    } else if (class == EC_REGISTER && thread->type == WHIT_VCPU &&
               vcpu_register_trap(thread, esr)) {
        /* an identification register, without the features that are not switched */
    } else if (is_without_vmid(class)) {
        space_enter(thread->space);
    } else {
        fault(core, thread, esr);
    }
    return leave(core, thread);
}

/* CALL and REPLY of a program, of whose registers the message was saved. */
struct thread *exception_call(struct core *core, struct thread *thread)
{
    registers_save(thread);
    portal_call(core, thread);
    return leave(core, thread);
}

struct thread *exception_reply(struct core *core, struct thread *thread)
{
    registers_save(thread);
    portal_reply(core, thread);
    return leave(core, thread);
}

/* NOTIFY, if that is not the end of it at once, and WAIT. */
struct event_result exception_event(struct core *core, unsigned call, uint64_t selector,
                                    uint64_t argument)
{
    struct thread *thread = core_current(core);

    if (call == WHIT_WAIT)
        return signal_wait(core, thread, selector, argument);
    return (struct event_result){0, (uint64_t)signal_call(core, thread, selector, argument)};
}

/* Returns the status, for x10: the operation's number if it is to be executed again. */
uint64_t exception_operate(struct core *core, uint64_t *x, uint64_t number)
{
    struct thread *thread = core_current(core);
    status result;

    fp_enter(core, thread);
    result = syscall_operate(thread, number, x);
    if (result != RESTART)
        return (uint64_t)result;
    WRITE_SYSREG(elr_el2, READ_SYSREG(elr_el2) - INSTRUCTION_BYTES);
    return number;
}

struct thread *exception_switch(struct core *core, struct thread *thread)
{
    registers_save(thread);
    return leave(core, thread);
}

/* It is saved before, as there is usually somebody else. */
struct thread *exception_yield(struct core *core, struct thread *thread)
{
    sched_give_way(core);
    return exception_switch(core, thread);
}

/* This core says, or may say, that it is in no space: it has loaded the table of none. */
static void leave_space(void)
{
    WRITE_SYSREG(vttbr_el2, (uintptr_t)empty_slots);
    isb();
}

/* One of the interrupts that each core has for itself. */
static __attribute__((noinline)) void private_handle(struct core *core, uint32_t line)
{
    if (line == GIC_KICK) {
        leave_space();
        core_ipi(core);
    } else if (line == GIC_KERNEL_TIMER) {
        timer_run(core);
    } else if (line == GIC_MAINTENANCE) {
        virq_maintain(core);
    }
    arch_irq_deactivate(line);
}

static void interrupt_handle(struct core *core)
{
    const uint32_t line = gic_acknowledge();

    if (line == GIC_SPURIOUS)
        return;
    gic_priority_drop(line);
    if (line >= GIC_FIRST_SPI)
        irq_fired(core, line);
    else if (line == GIC_VIRTUAL_TIMER)
        vcpu_timer_fired(core); /* stays active until the guest ends it */
    else
        private_handle(core, line);
}

void arch_interrupts(struct core *core)
{
    if (arch_interrupt_pending())
        interrupt_handle(core);
}

void arch_idle(struct core *core)
{
    /* No space may be in use by a core that runs nothing: it may be destroyed meanwhile. */
    leave_space();
    /* Wakes at a pending interrupt although interrupts are masked.  Stores are done before sleep.
     */
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
    interrupt_handle(core);
}

struct thread *exception_interrupt(struct core *core, struct thread *thread)
{
    core->interrupted = arch_ticks();
    fp_enter(core, thread);
    registers_save(thread);
    interrupt_handle(core);
    if (!core->reschedule)
        core->interrupted = 0;
    return leave(core, thread);
}

struct thread *exception_serror(struct core *core, struct thread *thread)
{
    (void)core;
    (void)thread;
    panic("SError: a bus or memory error was reported by the hardware");
}

struct thread *exception_first(struct core *core)
{
    core->reschedule = 1;
    return leave(core, NULL);
}

static const char kernel_vectors[][36] = {
    "synchronous exception in the kernel",
    "interrupt in the kernel",
    "fast interrupt in the kernel",
    "SError in the kernel",
};

/* The first four vectors are those of another stack pointer, the next four the kernel's own. */
void exception_bad(uint64_t vector, uint64_t sp, const uint64_t *registers)
{
    panic_exception(vector < 4 ? "exception with the wrong stack" : kernel_vectors[vector & 3], sp,
                    registers);
}
