/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes become a sequence of calls: by programs in several spaces and a virtual CPU, with arguments
 * that are mostly, but not always, such as could succeed.  Every sequence is run on the core and on
 * the model.
 */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "machine.h"

#include <stddef.h>

enum { SEQUENCE_CALLS = 100, SEQUENCE_CALLS_MORE = 28 };

/* The calls that are counted: operations by their number, then these. */
enum {
    COUNT_CALL = WHIT_OP_COUNT,
    COUNT_REPLY,
    COUNT_NOTIFY,
    COUNT_WAIT,
    COUNT_YIELD,
    COUNT_NONE, /* no such call, no such operation */
    COUNTED
};

struct counts {
    unsigned long sequences, calls, succeeded, restarts;
    unsigned long result[COUNTED][WHIT_E_COUNT];
    unsigned long gone, helps, waits; /* calls that did not return */
};
extern struct counts counts;

/* How often the whole states are compared. */
enum sequence_checks {
    CHECK_AT_END, /* ... and sometimes in the middle */
    CHECK_ALWAYS  /* after each call, with all invariants */
};

/*
 * Runs what the bytes say; when they are used up, numbers that depend on them, and on `seed`, go
 * on.  Returns NULL, or what differed.
 */
const char *sequence_run(const uint8_t *bytes, size_t size, uint64_t seed,
                         enum sequence_checks checks);

/* Calls with an error that the manual lists for them, but that never occurred; prints each. */
unsigned sequence_missing(void);
void sequence_print(void);

#endif
