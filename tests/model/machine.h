/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real core and the model side by side: each call is made on both, and results and states are
 * compared.  Two cores; the calls are those of threads of the first one, and the second one answers
 * whenever it is asked.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "model.h"

/* What the first space has at boot; its other selectors are empty. */
enum {
    ROOT_POOL = 1,
    ROOT_SPACE,
    ROOT_RAM,
    ROOT_DEVICE,
    ROOT_IRQ,
    ROOT_CORE, /* of core 0; behind it that of core 1 */
    ROOT_THREAD = ROOT_CORE + MODEL_CORES,
    ROOT_FREE
};

enum { MACHINE_RAM = 4 << 20 };
#define MACHINE_DEVICE_BASE  UINT64_C(0x1000000000)
#define MACHINE_DEVICE_BYTES (UINT64_C(2) << 30)

/* Each n-th question whether an interrupt is pending is answered with yes; 0: never. */
extern unsigned machine_interrupt_every;
extern unsigned long machine_restarts; /* in all */

extern struct object *machine_root; /* the first thread */

/* Both as at boot; what was before ends. */
void machine_boot(void);

/* A call on both, as often as it is restarted; the result if they agree (see model_call). */
int machine_call(struct object *self, unsigned call, const uint64_t x[11]);

/* Compares everything, and looks at the invariants if `thorough`. */
void machine_compare(bool thorough);

/* Takes everything back; all RAM has to be free memory afterwards. */
void machine_end(void);

/* The first difference or broken invariant since it was cleared, or NULL. */
extern const char *machine_wrong;

#endif
