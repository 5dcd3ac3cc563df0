/* SPDX-License-Identifier: BSD-2-Clause */
/* An interrupt line: sets bits of a signal, then stays active, so quiet, until acknowledged. */
#ifndef IRQ_H
#define IRQ_H

#include "cap.h"

struct core;
struct signal;

struct irq {
    struct signal *signal; /* or NULL */
    uint64_t bits;
    uint32_t line;   /* INTID */
    uint32_t active; /* delivered, not yet acknowledged */
    struct slot signal_slot;
};

extern struct irq *irqs; /* irq_lines of them, taken at boot; only SPIs can be bound */
extern uint32_t irq_lines;

void irq_init(struct irq *table, uint32_t lines);

/* The controller says that `line` fired on this core (its priority is dropped, it stays active). */
void irq_fired(struct core *core, uint32_t line);

#endif
