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
    REQUEST_THREAD_STOP = 1,
    REQUEST_THREAD_RESUME,
    REQUEST_THREAD_START,   /* with the registers in frame_pc ... start_x0 */
    REQUEST_THREAD_RELEASE, /* nothing of it is left in the registers of its core */
    REQUEST_THREAD_EXILE,   /* ... and it is stopped, and in no space */
    REQUEST_THREAD_MOVE,    /* ... and it is stopped, and on no core */
    REQUEST_THREAD_PAGE,    /* its registers are kept in its state page */
    REQUEST_THREAD_UNPAGE,  /* ... or in the thread again; it is stopped */
    REQUEST_THREAD_BIND,    /* its budget drives it from now on */
    REQUEST_THREAD_UNBIND,  /* its budget no longer drives it */
    REQUEST_THREAD_END,
    REQUEST_SIGNAL_TARGET,
    REQUEST_SIGNAL_UNTARGET,
    REQUEST_SIGNAL_END,
    REQUEST_BUDGET_END
};

struct request {
    struct request *next; /* in the core's inbox */
    uint64_t ticket;      /* of what was asked last: a number that only grows, and its kind */
    uint64_t done;        /* atomic: ticket of what was done last */
};

/*
 * Has `kind` done on `core` (NULL: on no core yet, so anywhere).  On the own core at once; else
 * posts it and returns RESTART until the other core has done it.  For the operation of the current
 * thread.
 */
status request_ask(struct core *core, struct request *request, enum request_kind kind);

/* The same without an answer; the request is free. */
void request_tell(struct core *core, struct request *request, enum request_kind kind);

/* Not posted.  The object changes only by what its own core does, as long as the lock is held. */
bool request_is_free(const struct request *request);

/* The current thread has asked for this and not heard: its operation was restarted.  It keeps the
 * ticket itself, so what others ask for afterwards takes no answer from it. */
bool request_is_mine(const struct request *request, enum request_kind kind);

/* Carries out what other cores ask of this one. */
void request_run_all(struct core *core);

#endif
