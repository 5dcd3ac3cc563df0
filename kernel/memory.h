/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on capabilities and memory.  The op_ functions are WHIT_OP's: `x` are the caller's
 * saved registers, arguments from x[0] on as abi/whit.h says; the caller holds tree_lock.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "space.h"
#include "thread.h"

/* Capabilities (delegate.c). */
SELDOM status op_derive(struct thread *self, uint64_t *x);
SELDOM status op_give(struct thread *self, uint64_t *x);
status op_transfer(struct thread *self, uint64_t *x);
SELDOM status op_revoke(struct thread *self, uint64_t *x);
status op_delete(struct thread *self, uint64_t *x);

/* Memory (memory.c). */
SELDOM status op_split(struct thread *self, uint64_t *x);
SELDOM status op_join(struct thread *self, uint64_t *x);
status op_map(struct thread *self, uint64_t *x);
status op_unmap(struct thread *self, uint64_t *x);
SELDOM status op_donate(struct thread *self, uint64_t *x);

/* Objects (make.c). */
status op_make(struct thread *self, uint64_t *x);
SELDOM status op_destroy(struct thread *self, uint64_t *x);

/*
 * A capability with a message: slot `selector` of `from` to the empty slot `to_selector` of `to`,
 * as a child with the same rights (but MAKE), or moved.  Errors: CAPABILITY, RIGHTS (not DERIVE),
 * BUSY (inert), ORIGINAL (moved), OCCUPIED, FUNDS (of `to`), DEPTH.
 */
status cap_pass(struct space *from, uint64_t selector, struct space *to, uint64_t to_selector,
                bool move);

#endif
