/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock of all devices' state, which the handler threads of several cores share.  Who does not
 * get it soon sleeps until it is free: its core can do less urgent work, and the one that holds it
 * may be kept off its own core by more urgent work.
 */
#ifndef VMM_LOCK_H
#define VMM_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lock {
    uint32_t held;
    uint32_t waiting;             /* bit i: the handler of core i sleeps */
    void (*sleep)(unsigned core); /* until it was woken, perhaps before; may return early */
    void (*wake)(unsigned core);
};

/* By the handler of `core`, below 32. */
void lock_take(struct lock *lock, unsigned core);
void lock_drop(struct lock *lock);

#endif
