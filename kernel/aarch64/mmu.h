/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own translation (EL2, stage 1): identity, built once at boot, never changed after.
 * RAM and the devices that the kernel uses, nothing else.
 */
#ifndef MMU_H
#define MMU_H

#include "ranges.h"
#include "sysreg.h"

/* Fields that table entries of both stages have. */
#define ENTRY_VALID         BIT(0)
#define ENTRY_TABLE         BIT(1) /* up to level 2; a page at level 3 */
#define ENTRY_INNER         FIELD(3, 8)
#define ENTRY_ACCESSED      BIT(10)
#define ENTRY_NEVER_EXECUTE BIT(54)

enum mmu_access { MMU_DATA, MMU_CONST, MMU_TEXT, MMU_DEVICE };

/* Starts an empty translation.  Tables come from boot_take(). */
void mmu_init(void);
/* Maps whole pages; with the MMU still off. */
void mmu_map(uint64_t base, uint64_t end, enum mmu_access access);

/* What every core loads: start.S reads it with the MMU off. */
struct mmu_regime {
    uint64_t ttbr, tcr;
};
extern struct mmu_regime mmu_regime;

/* start.S: turns it on for this core, which runs with MMU and caches off. */
void mmu_enable(void);

#endif
