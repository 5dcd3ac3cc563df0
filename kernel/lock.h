/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock of the derivation tree, spaces and pools.  Only tried, never waited for: whoever does
 * not get it restarts its call, with interrupts open in between.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

bool tree_lock_try(void);
void tree_unlock(void);

#endif
