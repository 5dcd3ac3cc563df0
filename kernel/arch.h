/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the architecture-neutral core asks of a machine.  kernel/aarch64 is the machine;
 * tests/host/fake_arch.c is another, which records what it was asked.
 */
#ifndef ARCH_H
#define ARCH_H

#include "core.h"
#include "signal.h"
#include "space.h"
#include "thread.h"

/* ---- translation: tables of 512 entries of 8 bytes, 4 KiB pages; level 1 = 1 GiB ... 3 = 4 KiB */

/* A leaf entry.  `access`: enum whit_access; `device`: no RAM behind it. */
uint64_t arch_entry_leaf(uintptr_t physical, unsigned level, unsigned access, bool device);
uint64_t arch_entry_table(uintptr_t table);
static inline bool arch_entry_is_valid(uint64_t entry)
{
    return (entry & 1) != 0;
}
/* True for a table at levels 1 and 2; at level 3 every valid entry is a leaf. */
static inline bool arch_entry_is_table(uint64_t entry)
{
    return (entry & 3) == 3;
}
static inline uintptr_t arch_entry_address(uint64_t entry)
{
    return (uintptr_t)(entry & 0x0000fffffffff000);
}
/* One store that the walker may see at once. */
void arch_entry_write(uint64_t *entry, uint64_t value);
/* New entries (invalid before) are visible to every walker afterwards. */
void arch_entries_publish(void);
/*
 * Entries of [ipa, ipa + bytes) of `space`, which has a VMID, were cleared: when this returns no
 * core translates by them.  A program's combined entries are invalidated by address, a machine's by
 * VMID.
 */
void arch_translation_invalidate(struct space *space, uint64_t ipa, uint64_t bytes);
/* VTTBR value for this top table; allocation of VMIDs is the core's (space.c), which enters a space
 * without one under an empty table and VMID 0: see space_enter. */
uint64_t arch_vttbr(uintptr_t top_table, uint32_t vmid);
/* Number of VMIDs, and: forget all that is cached under `vmid`, on all cores. */
uint32_t arch_vmids(void);
void arch_vmid_invalidate(uint32_t vmid);

/* ---- memory */

/* Zeroes and cleans to the point of coherency: a guest with its MMU off reads behind the cache. */
void arch_scrub(void *start, uint64_t bytes);
/* Before memory is mapped non-cacheable: no dirty line may later overwrite it. */
void arch_cache_flush(const void *start, uint64_t bytes);
/* Before memory is mapped executable: instruction fetches see what was written. */
void arch_cache_exec(const void *start, uint64_t bytes);

/* ---- processor */

/* An interrupt is pending that would be taken if interrupts were open: time to RESTART. */
bool arch_interrupt_pending(void);
uint64_t arch_ticks(void);
/* Programs this core's timer for `deadline`; UINT64_MAX: none. */
void arch_timer_program(uint64_t deadline);
/* Nobody runs, but a choice is under way: handles an interrupt, if one is pending. */
void arch_interrupts(struct core *core);
/* Nothing can run: sleeps until an interrupt, and handles it. */
void arch_idle(struct core *core);
/* Sends the inter-processor interrupt to one core. */
void arch_core_kick(struct core *core);
/* Orders stores before a later arch_core_kick, and wakes cores that wait in arch_pause. */
void arch_core_publish(void);
/* A short wait before a RESTART that depends on another core; ends early at an interrupt. */
void arch_pause(void);
void arch_power(unsigned action); /* enum whit_power; does not return on success */
void arch_log(char character);    /* debug UART, while the kernel owns it */
void arch_check(void);            /* debug kernels, at the end: all invariants, or a panic */
/* Memory was mapped by a program: if it is the debug UART's, the kernel stops using it. */
void arch_device_mapped(uintptr_t physical, uint64_t bytes);

/* ---- virtual CPUs and FP: lazily switched state, on the thread's own core */

/* Saves what this core still holds in registers of `thread` into its object and forgets it. */
void arch_thread_release(struct core *core, struct thread *thread);
/* Sets the initial EL1 state of a new virtual CPU. */
void arch_vcpu_init(struct thread *thread);
/* Own core: shows the guest what is in vcpu.pending, as far as there is room (virq.h). */
void arch_virq_refill(struct thread *thread);
/* Own core: shows it `signal` while nothing is pending there.  False: there is no room, or the
 * virtual CPU is not loaded. */
bool arch_virq_show(struct thread *thread, struct signal *signal);
/* Own core: `signal` (listed) shall not be pending. True if it was and is no longer; it stays
 * listed if the guest is handling it. */
bool arch_virq_retract(struct thread *thread, struct signal *signal);
/* Own core: deadline of the guest's virtual timer in physical ticks, UINT64_MAX if it is off. */
uint64_t arch_vtimer_deadline(struct thread *thread);
/* Own core: the guest's virtual timer has fired and its guest has not ended that interrupt. */
bool arch_vtimer_held(struct thread *thread);
bool arch_virq_waiting(struct thread *thread); /* a shown or pending interrupt would end a WFI */

/* ---- interrupt lines (INTIDs) */
void arch_irq_enable(uint32_t line, bool edge, struct core *target);
void arch_irq_disable(uint32_t line);
void arch_irq_deactivate(uint32_t line);

/* The kernel's own inconsistency: prints, records, stops the machine. */
_Noreturn void panic(const char *what);
#define KERNEL_ASSERT(condition) ((condition) ? (void)0 : panic(#condition))

#endif
