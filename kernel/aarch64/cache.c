/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache maintenance by address (ARM ARM D7.5). */
#include "arch.h"
#include "sysreg.h"

#include <string.h>

/* CTR_EL0 and DCZID_EL0 give sizes as the logarithm of a number of words. */
static uint64_t words(uint64_t logarithm)
{
    return UINT64_C(4) << (logarithm & 0xf);
}

static uint64_t data_line(void)
{
    return words(READ_SYSREG(ctr_el0) >> 16);
}

void arch_cache_flush(const void *start, uint64_t bytes)
{
    const uint64_t line = data_line(), end = (uintptr_t)start + bytes;

    for (uint64_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    /* Maintenance is complete when this barrier is, for all observers. */
    __asm__ volatile("dsb sy" : : : "memory");
}

static void zero(void *start, uint64_t bytes)
{
    enum { DCZID_DZP = 1 << 4 };
    const uint64_t id = READ_SYSREG(dczid_el0), block = words(id);

    if ((id & DCZID_DZP) || ((uintptr_t)start | bytes) % block != 0) {
        memset(start, 0, bytes);
        return;
    }
    for (uint64_t at = (uintptr_t)start, end = at + bytes; at < end; at += block)
        __asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
}

void arch_scrub(void *start, uint64_t bytes)
{
    zero(start, bytes);
    arch_cache_flush(start, bytes);
}

void arch_cache_exec(const void *start, uint64_t bytes)
{
    const uint64_t ctr = READ_SYSREG(ctr_el0);
    const uint64_t line = words(ctr >> 16), end = (uintptr_t)start + bytes;

    /* To the point of coherency rather than unification: a guest may fetch with its caches off. */
    for (uint64_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
    /*
     * The data is written before instruction caches are invalidated.  All of them, and not by
     * address: the kernel's addresses are not those at which a program fetches, which matters
     * where the instruction cache is not physically tagged (ARM ARM D7.5.2, VIPT).
     */
    __asm__ volatile("dsb ish; ic ialluis; dsb ish; isb" : : : "memory");
}
