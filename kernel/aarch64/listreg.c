/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which interrupts are in the list registers.  While its virtual CPU is not loaded the registers
 * are in vcpu.lr and nothing is added; loading it does that.
 */
#include "listreg.h"
#include "arch.h"
#include "gic.h"
#include "virq.h"

static bool is_loaded(const struct thread *thread)
{
    return thread->core && thread->core->el1_owner == thread;
}

static uint64_t lr_get(const struct thread *thread, unsigned index)
{
    return is_loaded(thread) ? ich_read(index) : thread->vcpu.lr[index];
}

static void lr_set(struct thread *thread, unsigned index, uint64_t value)
{
    if (is_loaded(thread))
        ich_write(index, value);
    else
        thread->vcpu.lr[index] = value;
}

static unsigned lr_priority(uint64_t value)
{
    return (unsigned)(value >> LR_PRIORITY_SHIFT) & 0xff;
}

static uint64_t lr_for(const struct signal *signal)
{
    uint64_t value = LR_PENDING | LR_GROUP1 | signal->virq |
                     (uint64_t)signal->virq_priority << LR_PRIORITY_SHIFT;

    if (signal->virq_flags & WHIT_VIRQ_TIMER)
        return value | LR_HW | (uint64_t)GIC_VIRTUAL_TIMER << LR_PHYSICAL_SHIFT;
    return signal->virq_flags & WHIT_VIRQ_LEVEL ? value | LR_EOI : value;
}

/* The guest is handling the signal's interrupt: pending once more in the same place, if it has not
 * ended it meanwhile. */
static bool show_again(struct thread *thread, struct signal *signal)
{
    const unsigned index = signal->listed - 1u;
    uint64_t value = lr_get(thread, index);

    if (!(value & LR_STATE)) {
        virq_unshown(&thread->vcpu, index);
        return false;
    }
    /* Active and pending together is not for hardware interrupts: that one fires again itself. */
    if (!(value & LR_HW))
        lr_set(thread, index, value | LR_PENDING);
    virq_shown(signal, index);
    return true;
}

/*
 * Shows `signal` in a free register, in the one that has the same number (two of them would be
 * unpredictable), or instead of a less urgent one that the guest has not taken.
 */
static bool show_new(struct thread *thread, struct signal *signal)
{
    struct vcpu *vcpu = &thread->vcpu;
    const uint64_t all = (UINT64_C(1) << ich_list_registers) - 1, empty = ich_empty() & all;
    unsigned victim = LIST_REGISTERS, worst = signal->virq_priority;
    unsigned place = empty ? (unsigned)__builtin_ctzll(empty) : LIST_REGISTERS;
    uint64_t kept = 0;

    for (uint64_t used = all & ~empty; used; used &= used - 1) {
        unsigned i = (unsigned)__builtin_ctzll(used);
        uint64_t value = ich_read(i);
        if ((value & LR_NUMBER_MASK) == signal->virq) {
            place = i;
            kept = value & LR_HW ? 0 : value & LR_ACTIVE;
            break;
        }
        if ((value & LR_STATE) == LR_PENDING && lr_priority(value) > worst) {
            worst = lr_priority(value);
            victim = i;
        }
    }
    if (place == LIST_REGISTERS && victim < LIST_REGISTERS) {
        place = victim;
        virq_retired(vcpu, victim, true);
    }
    if (place == LIST_REGISTERS)
        return false;
    virq_unshown(vcpu, place);
    ich_write(place, lr_for(signal) | kept);
    virq_shown(signal, place);
    return true;
}

static bool show(struct thread *thread, struct signal *signal)
{
    return (signal->listed && show_again(thread, signal)) || show_new(thread, signal);
}

bool arch_virq_show(struct thread *thread, struct signal *signal)
{
    if (!is_loaded(thread) || !show(thread, signal))
        return false;
    if (thread->vcpu.pending_map)
        ich_want_refill(true); /* of the one that made room */
    return true;
}

void arch_virq_refill(struct thread *thread)
{
    struct signal *signal;

    if (!is_loaded(thread))
        return;
    /* Each step fills a register or puts a less urgent one back.  More steps are of signals with
     * one number, of which any quantity may wait: they are for another time. */
    for (unsigned n = 0; n < 2 * LIST_REGISTERS; n++) {
        signal = virq_first(&thread->vcpu);
        if (!signal || !show(thread, signal))
            break;
    }
    ich_want_refill(virq_first(&thread->vcpu) != NULL);
}

bool arch_virq_retract(struct thread *thread, struct signal *signal)
{
    const unsigned index = signal->listed - 1u;
    const uint64_t value = lr_get(thread, index);

    if (value & LR_ACTIVE) {
        lr_set(thread, index, value & ~LR_PENDING);
    } else {
        if (value)
            lr_set(thread, index, 0);
        virq_unshown(&thread->vcpu, index);
    }
    return (value & LR_PENDING) != 0;
}

void listreg_maintain(struct thread *thread)
{
    for (uint64_t ended = ich_ended(); ended; ended &= ended - 1) {
        unsigned index = (unsigned)__builtin_ctzll(ended);
        ich_write(index, 0);
        virq_retired(&thread->vcpu, index, false);
    }
    arch_virq_refill(thread);
}

bool listreg_is_pending(const struct thread *thread, unsigned mask)
{
    const struct vcpu *vcpu = &thread->vcpu;

    if (vcpu->pending_map &&
        (unsigned)__builtin_ctzll(vcpu->pending_map) * (256 / VIRQ_PRIORITIES) < mask)
        return true;
    for (unsigned i = 0; i < ich_list_registers; i++) {
        uint64_t value = lr_get(thread, i);
        if ((value & LR_STATE) == LR_PENDING && lr_priority(value) < mask)
            return true;
    }
    return false;
}
