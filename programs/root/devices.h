/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds devices in the board's device tree: their registers and interrupt lines.  Pure. */
#ifndef ROOT_DEVICES_H
#define ROOT_DEVICES_H

#include "description.h"

enum { DEVICE_RANGES_MAX = 8, DEVICE_LINES_MAX = 8, SPI_BASE = 32 };

struct device_range {
    uint64_t base, bytes; /* physical, as the tree has it */
};

struct device_line {
    uint32_t line; /* INTID */
    bool edge;
};

struct device {
    const char *name; /* of the grants */
    uint32_t ranges, lines;
    struct device_range range[DEVICE_RANGES_MAX];
    struct device_line line[DEVICE_LINES_MAX];
    unsigned bit[DEVICE_LINES_MAX]; /* of the waiting signal, for each line (plan.c) */
};

/*
 * Finds `which` (path, alias or compatible) in the board's tree.  False after a report that names
 * the description's node `path`.
 */
bool device_find(const void *board, const struct device_request *request, const char *path,
                 struct reporter *reporter, struct device *out);

/* True if the two share a page of registers or an interrupt line. */
bool devices_overlap(const struct device *a, const struct device *b);

#endif
