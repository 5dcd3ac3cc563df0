/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold of derivation trees, spaces and pools between any two steps of the kernel. */
#ifndef INVARIANT_H
#define INVARIANT_H

#include "space.h"

/* Walks the tree that `root` (a node of depth 0) is in: NULL, or what is wrong. */
const char *invariant_check(struct slot *root);

/* The same for a space made at boot; those that are objects are found by their tree. */
const char *invariant_check_space(struct space *space);

#endif
