/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on capabilities and memory. */
#ifndef MEMORY_H
#define MEMORY_H

#include "operation.h"
#include "space.h"
#include "thread.h"

/*
 * A capability with a message: slot `selector` of `from` to the empty slot `to_selector` of `to`,
 * as a child with the same rights (but MAKE), or moved.  Errors: CAPABILITY, RIGHTS (not DERIVE),
 * BUSY (inert), ORIGINAL (moved), OCCUPIED, FUNDS (of `to`), DEPTH.
 */
status cap_pass(struct space *from, uint64_t selector, struct space *to, uint64_t to_selector,
                bool move);

#endif
