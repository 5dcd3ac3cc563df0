/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the processor programs and guests have: what this kernel switches, no more. */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>
#include <stdint.h>

/* On each core: all EL2 registers but those of vcpu_core_init, the GIC and the MMU. */
void features_init(void);

/* Bits of physical addresses, and the value of the PS field that says so (at most 48 bits). */
unsigned cpu_address_bits(void);
uint64_t cpu_address_size(void);

/* HCR_EL2 for guests: traps identification registers only if something must be hidden. */
extern uint64_t features_guest_hcr;

bool features_has_aarch32(void); /* at EL0 */

#endif
