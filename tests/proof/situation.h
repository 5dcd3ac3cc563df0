/* SPDX-License-Identifier: BSD-2-Clause */
/* What the small machine may be doing when the kernel is entered. */
#ifndef SITUATION_H
#define SITUATION_H

#include "machine.h"

enum situation {
    BOOTED,      /* CALLER runs; SERVER is ready and has never replied */
    SERVED,      /* SERVER is idle; CALLER runs */
    CALLING,     /* CALLER waits for the answer of SERVER, which runs */
    FAULTED,     /* the same, but the kernel made the call for CALLER */
    HELPING,     /* CALLER waits until SERVER is idle */
    WAITING,     /* CALLER waits for SIGNAL, for a time; SERVER runs */
    ENTERED,     /* SERVER runs for SIGNAL on BUDGET_FREE, CALLER is ready */
    INTERRUPTED, /* SIGNAL is a pending interrupt of VCPU, which runs on BUDGET_FREE */
    ASKED,       /* CALLER has asked core 1 to stop AWAY, and runs */
    USED,  /* memory is mapped, pinned, donated; a state page, a line, a fault portal are bound */
    DYING, /* the same, and the space MACHINE has begun to end */
    SITUATIONS
};

/* The machine boots and gets into `situation`. */
void situation_reach(enum situation situation);

/* Core 0 chooses who runs. */
void situation_leave(void);

#endif
