/* SPDX-License-Identifier: BSD-2-Clause */
/* What root does when the system runs: notices ends, reports them, restarts, switches off. */
#ifndef ROOT_SUPERVISE_H
#define ROOT_SUPERVISE_H

#include "system.h"

/* Makes root's signal and the fault handlers of all cores.  False after a report. */
bool supervise_init(struct system *system);

/* Waits for events, for ever. */
_Noreturn void supervise(struct system *system);

#endif
