/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking another core to act on an object that only it may write.  One request per object, embedded
 * in it; posted under the tree lock, carried out by the other core at the inter-processor
 * interrupt.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "cap.h"

struct core;

enum request_kind {
    REQUEST_NONE,
    REQUEST_THREAD_STOP,
    REQUEST_THREAD_RESUME,
    REQUEST_THREAD_RELEASE, /* nothing of it is left in the registers of its core */
    REQUEST_THREAD_LEAVE,   /* ... and it is stopped */
    REQUEST_THREAD_BIND,    /* its budget drives it from now on */
    REQUEST_THREAD_UNBIND,  /* its budget no longer drives it */
    REQUEST_THREAD_END,
    REQUEST_SIGNAL_UNTARGET,
    REQUEST_SIGNAL_END,
    REQUEST_BUDGET_END
};

struct request {
    struct request *next; /* in the core's inbox */
    uint32_t kind;        /* enum request_kind */
    uint32_t state;       /* atomic: enum request_state */
};

/*
 * Has `kind` done on `core` (NULL: on no core yet, so anywhere).  On the own core at once; else
 * posts it and returns RESTART until the other core has done it.
 */
status request_ask(struct core *core, struct request *request, enum request_kind kind);

/* Carries out what other cores ask of this one. */
void request_run_all(struct core *core);

#endif
