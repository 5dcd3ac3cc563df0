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
status op_derive(struct thread *self, uint64_t *x);
status op_give(struct thread *self, uint64_t *x);
status op_transfer(struct thread *self, uint64_t *x);
status op_revoke(struct thread *self, uint64_t *x);
status op_delete(struct thread *self, uint64_t *x);

/* Memory (memory.c). */
status op_split(struct thread *self, uint64_t *x);
status op_join(struct thread *self, uint64_t *x);
status op_map(struct thread *self, uint64_t *x);
status op_unmap(struct thread *self, uint64_t *x);
status op_donate(struct thread *self, uint64_t *x);

/* Objects (make.c). */
status op_make(struct thread *self, uint64_t *x);
status op_destroy(struct thread *self, uint64_t *x);

/*
 * A capability with a message: slot `selector` of `from` to the empty slot `to_selector` of `to`,
 * as a child with the same rights (but MAKE), or moved.  Errors: CAPABILITY, RIGHTS (not DERIVE),
 * BUSY (inert), ORIGINAL (moved), OCCUPIED, FUNDS (of `to`), DEPTH.
 */
status cap_pass(struct space *from, uint64_t selector, struct space *to, uint64_t to_selector,
                bool move);

/*
 * Maps memory, or goes on with the same mapping after RESTART or FUNDS.  Errors: RIGHTS,
 * ARGUMENT, ALIGNMENT, BUSY, OCCUPIED (nothing stays mapped), FUNDS (what is mapped stays).
 */
status memory_map(struct slot *memory, struct space *space, uint64_t address, uint64_t access);

/* The first bytes stay, the rest goes to the empty slot `upper`.  Errors: RIGHTS (dying), BUSY,
 * ALIGNMENT, SIZE. */
status memory_split(struct slot *memory, struct slot *upper, uint64_t bytes);

/* Memory with the right to make.  Errors: BUSY, ALIGNMENT, DEPTH. */
status memory_donate(struct slot *memory, struct space *space);

/* Makes the zeroed memory a space.  Error: ARGUMENT (type). */
status space_make(void *memory, uint64_t type);

#endif
