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

    irq->active = 1;
    if (irq->signal)
        signal_notify(core, irq->signal, irq->bits);
    else
        arch_irq_disable(line);
}

status irq_drop(struct irq *irq)
{
    arch_irq_disable(irq->line);
    irq->signal = NULL;
    if (irq->active)
        arch_irq_deactivate(irq->line);
    irq->active = 0;
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
    signal = cap_object(slot);
    if (irq->signal_slot.word) {
        (void)irq_drop(irq);
        cap_remove(&irq->signal_slot);
    }
    error = cap_hold(slot, &irq->signal_slot, irq, ROLE_IRQ_SIGNAL);
    if (error)
        return error;
    irq->bits = bits;
    irq->signal = signal;
    arch_irq_enable(irq->line, flags == WHIT_IRQ_EDGE, signal->home);
    return WHIT_OK;
}

status op_irq_ack(struct thread *self, uint64_t *x)
{
    status error;
    struct irq *irq = find_irq(self, x[0], &error);

    if (!irq)
        return error;
    if (irq->active) {
        irq->active = 0;
        arch_irq_deactivate(irq->line);
    }
    return WHIT_OK;
}
