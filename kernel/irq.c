/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt lines.  A line stays active in the controller, and so quiet, until its driver says that
 * it is handled: nothing has to be masked. */
#include "irq.h"
#include "arch.h"
#include "object.h"
#include "teardown.h"

struct irq *irqs;
uint32_t irq_lines;

enum { FIRST_SHARED_LINE = 32 };

void irq_init(struct irq *table, uint32_t lines)
{
    irqs = table;
    irq_lines = lines;
    for (uint32_t line = 0; line < lines; line++)
        irqs[line].line = line;
}

void irq_fired(struct core *core, uint32_t line)
{
    struct irq *irq = &irqs[line];
    struct signal *signal;

    /* Another core may be exchanging the signal, and looks at the two in the other order: so either
     * there is a signal, or the next binding finds the line active, and ends that. */
    __atomic_store_n(&irq->active, 1, __ATOMIC_SEQ_CST);
    signal = __atomic_load_n(&irq->signal, __ATOMIC_SEQ_CST);
    if (signal)
        signal_notify(core, signal, irq->bits);
}

/* What has fired is over: the line may fire again. */
static void irq_rearm(struct irq *irq)
{
    if (__atomic_exchange_n(&irq->active, 0, __ATOMIC_SEQ_CST))
        arch_irq_deactivate(irq->line);
}

status irq_drop(struct irq *irq)
{
    arch_irq_disable(irq->line);
    __atomic_store_n(&irq->signal, NULL, __ATOMIC_RELAXED);
    irq_rearm(irq);
    return WHIT_OK;
}

/* The one line that the capability names. */
static struct irq *find_irq(struct thread *self, uint64_t selector, status *error)
{
    struct slot *slot = cap_find(self->space, selector, WHIT_IRQ, WHIT_R_CONTROL, error);
    struct irq *irq = slot ? cap_object(slot) : NULL;

    if (irq && (cap_units(slot) != 1 || irq->line < FIRST_SHARED_LINE)) {
        *error = WHIT_E_ARGUMENT;
        return NULL;
    }
    return irq;
}

status op_irq_bind(struct thread *self, uint64_t *x)
{
    const uint64_t bits = x[2], flags = x[3];
    status error;
    struct irq *irq = find_irq(self, x[0], &error);
    struct slot *slot;
    struct signal *signal;

    if (!irq)
        return error;
    slot = cap_find(self->space, x[1], WHIT_SIGNAL, WHIT_R_NOTIFY, &error);
    if (!slot)
        return error;
    if (flags > WHIT_IRQ_EDGE || !bits)
        return WHIT_E_ARGUMENT;
    error = cap_hold_check(slot);
    if (error)
        return error;
    signal = cap_object(slot);
    if (irq->signal_slot.word) {
        (void)irq_drop(irq);
        cap_remove(&irq->signal_slot);
    }
    (void)cap_hold(slot, &irq->signal_slot, irq, ROLE_IRQ_SIGNAL);
    irq->bits = bits;
    __atomic_store_n(&irq->signal, signal, __ATOMIC_SEQ_CST);
    irq_rearm(irq); /* it may have fired for its last owner when that was on its way out */
    arch_irq_enable(irq->line, flags == WHIT_IRQ_EDGE, signal->home);
    return WHIT_OK;
}

status op_irq_ack(struct thread *self, uint64_t *x)
{
    status error;
    struct irq *irq = find_irq(self, x[0], &error);

    if (!irq)
        return error;
    irq_rearm(irq);
    return WHIT_OK;
}
