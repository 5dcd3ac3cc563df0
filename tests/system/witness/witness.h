/* SPDX-License-Identifier: BSD-2-Clause */
/* witness.S: registers that stay what they are while others run. */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdint.h>

/*
 * Fills all registers that survive by a pattern made of `seed`, then waits on `signal` until
 * `deadline`, or, if that is 0, spins `spins` times; returns how many are not what they were.
 */
uint64_t witness_hold(uint64_t seed, uint64_t signal, uint64_t deadline, uint64_t spins);

/* Nothing is trapped that programs may do; returns how much went wrong.  Two cache lines at least,
 * aligned, to be zeroed. */
uint64_t witness_rights(void *block);

#endif
