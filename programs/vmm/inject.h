/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions that a guest takes to its own EL1.  Pure: changes the registers of its state page. */
#ifndef VMM_INJECT_H
#define VMM_INJECT_H

#include "whit.h"

/* The access at state.r.pc, reported by `esr`, aborts: external, synchronous. */
void inject_abort(struct whit_state *state, uint64_t esr, uint64_t address);

/* The instruction at state.r.pc is undefined. */
void inject_undefined(struct whit_state *state);

#endif
