/* SPDX-License-Identifier: BSD-2-Clause */
/* The identification registers that guests see: what this kernel switches, no more. */
#ifndef IDREGS_H
#define IDREGS_H

#include <stdbool.h>
#include <stdint.h>

/* On each core, before its first guest. */
void idregs_init(void);

/* HCR_EL2 for guests: traps these registers only if something must be hidden. */
extern uint64_t idregs_guest_hcr;

bool idregs_has_aarch32(void); /* at EL0 */

#endif
