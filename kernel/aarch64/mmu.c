/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2 stage-1 translation: 4 KiB granule, 48 bits, four levels (ARM ARM D8.3).
 * Built with the MMU off, so entries go straight to memory.
 */
#include "mmu.h"
#include "features.h"
#include "init.h"

enum {
    PAGE_BYTES = 4096,
    LEVELS = 4,
    ADDRESS_BITS = 48,
    PAGE_SHIFT = 12,
    LEVEL_BITS = 9,
    TABLE_ENTRIES = 512
};

#define ENTRY_ATTRIBUTES(index) FIELD(index, 2)
#define ENTRY_AP1               BIT(6) /* RES1 in a regime of one exception level */
#define ENTRY_READ_ONLY         BIT(7)
#define ENTRY_ADDRESS           FIELD(0x0000fffffffff000, 0)

#define ENTRY_COMMON (ENTRY_VALID | ENTRY_AP1 | ENTRY_ACCESSED)
#define ENTRY_NORMAL (ENTRY_COMMON | ENTRY_ATTRIBUTES(MAIR_NORMAL) | ENTRY_INNER)

static const uint64_t attributes[] = {
    [MMU_DATA] = ENTRY_NORMAL | ENTRY_NEVER_EXECUTE,
    [MMU_CONST] = ENTRY_NORMAL | ENTRY_READ_ONLY | ENTRY_NEVER_EXECUTE,
    [MMU_TEXT] = ENTRY_NORMAL | ENTRY_READ_ONLY,
    [MMU_DEVICE] = ENTRY_COMMON | ENTRY_ATTRIBUTES(MAIR_DEVICE) | ENTRY_NEVER_EXECUTE,
};

struct mmu_regime mmu_regime;

static uint64_t bytes_at(unsigned level)
{
    return UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * (LEVELS - 1 - level));
}

void mmu_init(void)
{
    mmu_regime.ttbr = (uintptr_t)boot_take(PAGE_BYTES, PAGE_BYTES);
    mmu_regime.tcr = TCR_EL2_RES1 | TCR_T0SZ(ADDRESS_BITS) | TCR_IRGN_WB | TCR_ORGN_WB |
                     TCR_SH_INNER | TCR_TBI | cpu_address_size() << TCR_PS_SHIFT;
}

/* The entry for `address` at `level`; makes the tables above it. */
static uint64_t *entry_at(uint64_t address, unsigned level)
{
    uint64_t *table = (uint64_t *)mmu_regime.ttbr;

    for (unsigned at = 0;; at++) {
        uint64_t *entry = &table[address / bytes_at(at) % TABLE_ENTRIES];
        if (at == level)
            return entry;
        if (!(*entry & ENTRY_VALID))
            *entry = (uintptr_t)boot_take(PAGE_BYTES, PAGE_BYTES) | ENTRY_VALID | ENTRY_TABLE;
        table = (uint64_t *)(uintptr_t)(*entry & ENTRY_ADDRESS);
    }
}

void mmu_map(uint64_t base, uint64_t end, enum mmu_access access)
{
    while (base < end) {
        unsigned level = 1; /* 1 GiB: the largest block of this granule */
        while (level < LEVELS - 1 && (base % bytes_at(level) != 0 || end - base < bytes_at(level)))
            level++;
        *entry_at(base, level) =
            base | attributes[access] | (level == LEVELS - 1 ? ENTRY_TABLE : 0);
        base += bytes_at(level);
    }
}
