/* SPDX-License-Identifier: BSD-2-Clause */
/* For EVA: any of four lines fires, or loses its signal, in any order, for ever. */
#include "irq.h"
#include "arch.h"
#include "object.h"
#include "teardown.h"

#include <__fc_builtin.h>

enum { LINES = 4 };

static struct core core;
static struct irq table[LINES];
static struct signal signal_of;

void signal_notify(struct core *here, struct signal *to, uint64_t bits)
{
    (void)here;
    /*@ assert to == &signal_of; */
    to->bits |= bits;
}

void arch_irq_disable(uint32_t line)
{
    /*@ assert line < LINES; */
    (void)line;
}

void arch_irq_deactivate(uint32_t line)
{
    /*@ assert line < LINES; */
    (void)line;
}

int main(void)
{
    irq_init(table, LINES);
    while (Frama_C_interval(0, 1)) {
        const uint32_t line = (uint32_t)Frama_C_interval(0, LINES - 1);

        switch (Frama_C_interval(0, 2)) {
        case 0:
            irq_fired(&core, line);
            break;
        case 1:
            (void)irq_drop(&table[line]);
            break;
        default:
            table[line].signal = &signal_of;
            table[line].bits = Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
            break;
        }
    }
    return 0;
}
