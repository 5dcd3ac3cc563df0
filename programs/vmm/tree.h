/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's device tree. */
#ifndef VMM_TREE_H
#define VMM_TREE_H

#include "layout.h"

struct tree_request {
    uint64_t ram_bytes;
    uint64_t initrd, initrd_end; /* guest-physical; equal: none */
    unsigned cpus;
    const char *command_line;
    /* In the guest's own table, for each CPU: its budget, its real-time one.  NULL: none. */
    const uint32_t *budgets;
    uint8_t seed[64]; /* for the guest's random numbers */
};

/* Writes the tree into `buffer`; 0, or libfdt's error. */
int tree_make(const struct tree_request *request, void *buffer, int bytes);

#endif
