/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * List registers: the interrupts that the GIC shows to the guest (IHI0069 12.4.8, ICH_LR<n>_EL2).
 * listreg.c chooses what goes where; it reaches the hardware only through the functions below, so
 * that it runs on the host too.
 */
#ifndef LISTREG_H
#define LISTREG_H

#include "thread.h"

#define LR_NUMBER_MASK    UINT64_C(0xffffffff)
#define LR_PHYSICAL_SHIFT 32
#define LR_EOI            (UINT64_C(1) << 41) /* maintenance interrupt when the guest ends it */
#define LR_PRIORITY_SHIFT 48
#define LR_GROUP1         (UINT64_C(1) << 60)
#define LR_HW             (UINT64_C(1) << 61) /* ending it ends the physical interrupt */
#define LR_PENDING        (UINT64_C(1) << 62)
#define LR_ACTIVE         (UINT64_C(1) << 63)
#define LR_STATE          (LR_PENDING | LR_ACTIVE)

/* ---- hardware, for the virtual CPU that is loaded on this core */
extern unsigned ich_list_registers;
uint64_t ich_read(unsigned index);
void ich_write(unsigned index, uint64_t value);
uint64_t ich_empty(void); /* bit n: register n holds nothing and waits for no maintenance */
uint64_t ich_ended(void); /* bit n: LR_EOI was set and the guest has ended it */
/* Maintenance interrupt once at most one list register is in use. */
void ich_want_refill(bool wanted);

/* ---- on the virtual CPU's own core */

/* The maintenance interrupt: takes out what the guest has ended, and shows more. */
void listreg_maintain(struct thread *thread);

/* True if a pending interrupt is more urgent than `mask`, of those shown or waiting. */
bool listreg_is_pending(const struct thread *thread, unsigned mask);

#endif
