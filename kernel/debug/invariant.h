/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold of derivation trees, spaces, pools and queues between any two steps of the kernel.
 * Not in the release kernel.  All functions run with the tree lock held, and return NULL or what is
 * wrong.
 */
#ifndef INVARIANT_H
#define INVARIANT_H

#include "core.h"
#include "space.h"

struct invariant_count {
    uint64_t capabilities, bytes; /* all, and the RAM that they name */
};

/* Walks the tree that `root` (a node of depth 0) is in. */
const char *invariant_check(struct slot *root);

/* The same for a space made at boot; those that are objects are found by their tree. */
const char *invariant_check_space(struct space *space);

/* The queues of the core that asks: ready budgets and deadlines. */
const char *invariant_check_core(struct core *core);

/* Every tree, and that they still are all the RAM that there was when invariant_begin was called,
 * with the space that was made at boot. */
void invariant_begin(struct space *root);
const char *invariant_check_all(struct invariant_count *count);

#endif
