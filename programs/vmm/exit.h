/* SPDX-License-Identifier: BSD-2-Clause */
/* What the handler thread does: all state of the guest's devices is its own. */
#ifndef VMM_EXIT_H
#define VMM_EXIT_H

#include "whit.h"

/* Bits of the main thread's signal, beyond those that root hands out. */
#define EVENT_OFF    (UINT64_C(1) << 40)
#define EVENT_RESET  (UINT64_C(1) << 41)
#define EVENT_FAILED (UINT64_C(1) << 42) /* the kernel refused something */

/* Bits of a core's `work` signal. */
#define EXIT_WORK  (UINT64_C(1) << 0) /* lines of its CPUs are stale */
#define EXIT_FLUSH (UINT64_C(1) << 1) /* output has waited long enough */

/* Before the first exit. */
void exit_init(void);

/*
 * Called by entry.S.  For a virtual CPU: syndrome, faulting address and IPA, and its badge; the
 * answer is an enum whit_verdict.  For the main thread and the cores' work: the bits.
 */
uint64_t vmm_enter(uint64_t syndrome, uint64_t address, uint64_t ipa, uint64_t badge);

#endif
