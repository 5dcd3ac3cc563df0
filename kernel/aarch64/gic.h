/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3: distributor, redistributors and physical CPU interface (ARM IHI 0069).  All interrupts are
 * group 1 of the non-secure world, of one priority; ending one takes two steps: dropping its
 * priority (it stays active, and so quiet) and deactivating it.
 */
#ifndef GIC_H
#define GIC_H

#include "board.h"
#include "core.h"

enum {
    GIC_KICK = 0, /* SGI: look at the inbox */
    GIC_MAINTENANCE = BOARD_MAINTENANCE,
    GIC_KERNEL_TIMER = BOARD_TIMER, /* EL2 physical timer */
    GIC_VIRTUAL_TIMER = BOARD_VTIMER,
    GIC_FIRST_SPI = 32,
    GIC_SPURIOUS = 1023 /* no interrupt */
};

/* Lines that the distributor has, from INTID 0 on. */
uint32_t gic_lines(uintptr_t distributor);

/* The distributor, once; then the redistributor and CPU interface of each core, on it. */
void gic_init_boot(const struct board *board);
void gic_init_core(struct core *core);

/* Takes the most urgent pending interrupt, which becomes active; GIC_SPURIOUS: there is none. */
uint32_t gic_acknowledge(void);
void gic_priority_drop(uint32_t intid);

/* Private interrupts of this core: the active state is that of the guest that runs. */
void gic_ppi_set_active(uint32_t intid, bool active);
bool gic_ppi_is_active(uint32_t intid);

#endif
