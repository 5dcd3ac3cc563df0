/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 2: entry format, and invalidation of what translation caches hold of it (ARM ARM D8.3,
 * D8.13).  39 bits of address, first level 1, 4 KiB granule.
 */
#include "arch.h"
#include "errata.h"
#include "mmu.h"

#define ENTRY_DEVICE   FIELD(0x1, 2) /* nGnRE */
#define ENTRY_UNCACHED FIELD(0x5, 2) /* normal, non-cacheable */
#define ENTRY_NORMAL   FIELD(0xf, 2) /* normal, write-back */
#define ENTRY_READ     BIT(6)
#define ENTRY_WRITE    BIT(7)

enum { LEVEL_PAGE = 3, PAGES_ONE_BY_ONE = 64 };

uint64_t arch_entry_leaf(uintptr_t physical, unsigned level, unsigned access, bool device)
{
    uint64_t entry = physical | ENTRY_VALID | ENTRY_ACCESSED;

    if (level == LEVEL_PAGE)
        entry |= ENTRY_TABLE;
    if (device)
        entry |= ENTRY_DEVICE;
    else if (access & WHIT_MAP_UNCACHED)
        entry |= ENTRY_UNCACHED;
    else
        entry |= ENTRY_NORMAL | ENTRY_INNER;
    if (access & WHIT_MAP_READ)
        entry |= ENTRY_READ;
    if (access & WHIT_MAP_WRITE)
        entry |= ENTRY_WRITE;
    if (!(access & WHIT_MAP_EXEC))
        entry |= ENTRY_NEVER_EXECUTE;
    return entry;
}

uint64_t arch_entry_table(uintptr_t table)
{
    return table | ENTRY_VALID | ENTRY_TABLE;
}

void arch_entry_write(uint64_t *entry, uint64_t value)
{
    /* Single-copy atomic, and not torn or delayed by the compiler: a walker may read it now. */
    __atomic_store_n(entry, value, __ATOMIC_RELAXED);
}

void arch_entries_publish(void)
{
    /* Walkers are observers like others: entries are complete before the program that relies on
     * them runs on (D8.2.6).  This core's isb is the exception return. */
    __asm__ volatile("dsb ishst" : : : "memory");
}

static bool has_wide_vmids(void)
{
    enum { VMID_16 = 2 };
    return id_field(READ_SYSREG(id_aa64mmfr1_el1), ID_AA64MMFR1_VMIDBITS) == VMID_16;
}

uint32_t arch_vmids(void)
{
    return has_wide_vmids() ? UINT32_C(1) << 16 : UINT32_C(1) << 8;
}

uint64_t arch_vttbr(uintptr_t top_table, uint32_t vmid)
{
    return top_table | (uint64_t)vmid << VTTBR_VMID_SHIFT;
}

/* Makes TLB maintenance act on the VMID of `vttbr`; returns what was loaded before. */
static uint64_t enter_regime(uint64_t vttbr)
{
    const uint64_t before = READ_SYSREG(vttbr_el2);

    /* Cleared entries are visible to all walkers before anything cached is dropped. */
    __asm__ volatile("dsb ishst" : : : "memory");
    WRITE_SYSREG(vttbr_el2, vttbr);
    isb(); /* the TLBIs below use it */
    return before;
}

static void leave_regime(uint64_t before)
{
    /* Complete on all cores before the memory is used otherwise. */
    __asm__ volatile("dsb ish" : : : "memory");
    WRITE_SYSREG(vttbr_el2, before);
    isb();
}

static void invalidate_pages(uint64_t ipa, uint64_t bytes, bool program)
{
    for (uint64_t page = ipa >> 12; page < (ipa + bytes) >> 12; page++)
        __asm__ volatile("tlbi ipas2e1is, %0" : : "r"(page) : "memory");
    /* Stage 2 first: else a walk could make a combined entry anew from a stale one (D8.13.5). */
    __asm__ volatile("dsb ish" : : : "memory");
    if (program) {
        /* Stage 1 is off, so combined entries are by the same address, of whatever ASID. */
        for (uint64_t page = ipa >> 12; page < (ipa + bytes) >> 12; page++)
            __asm__ volatile("tlbi vaae1is, %0" : : "r"(page) : "memory");
    } else {
        /* Which virtual addresses a guest reaches it by is not known. */
        __asm__ volatile("tlbi vmalle1is" : : : "memory");
    }
}

static void invalidate(const struct space *space, uint64_t ipa, uint64_t bytes)
{
    if (bytes / WHIT_PAGE <= PAGES_ONE_BY_ONE)
        invalidate_pages(ipa, bytes, space->machine == WHIT_PROGRAM);
    else
        __asm__ volatile("tlbi vmalls12e1is" : : : "memory");
}

void arch_translation_invalidate(struct space *space, uint64_t ipa, uint64_t bytes)
{
    const uint64_t before =
        enter_regime(arch_vttbr((uintptr_t)space_top_table(space), space->vmid));

    invalidate(space, ipa, bytes);
    if (errata_present & ERRATUM_TLBI_TWICE) {
        /* The first is complete on all cores. */
        __asm__ volatile("dsb ish" : : : "memory");
        invalidate(space, ipa, bytes);
    }
    leave_regime(before);
}

void arch_vmid_invalidate(uint32_t vmid)
{
    const uint64_t before = enter_regime(arch_vttbr((uintptr_t)empty_slots, vmid));

    __asm__ volatile("tlbi vmalls12e1is" : : : "memory");
    if (errata_present & ERRATUM_TLBI_TWICE)
        __asm__ volatile("dsb ish\n\ttlbi vmalls12e1is" : : : "memory");
    leave_regime(before);
}
