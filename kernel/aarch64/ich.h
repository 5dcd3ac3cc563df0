/* SPDX-License-Identifier: BSD-2-Clause */
/* The GIC's virtual CPU interface, as switched with a virtual CPU (IHI0069 12.4). */
#ifndef ICH_H
#define ICH_H

#include "thread.h"

/* Finds out how large it is; switches it off. */
void ich_init(void);
void ich_save(struct vcpu *vcpu);
void ich_load(const struct vcpu *vcpu);
void ich_off(void);
/* Interrupts of lower or this priority are masked by the guest. */
unsigned ich_priority_mask(uint64_t vmcr);

#endif
