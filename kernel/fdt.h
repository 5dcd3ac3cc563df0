/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a flattened device tree (Devicetree Specification 0.4, chapter 5) that may be damaged:
 * no read leaves the blob, no walk is without end, no alignment is assumed.
 */
#ifndef FDT_H
#define FDT_H

#include "ranges.h"

#include <stddef.h>

enum { FDT_DEPTH = 16, FDT_HEADER_BYTES = 40, FDT_BYTES_MAX = 0x200000 };

/* A walk over all nodes, parents first, and the ancestors of the node where it is. */
struct fdt {
    const uint8_t *blob;
    uint32_t bytes;
    uint32_t structure_end;
    uint32_t strings, strings_end;
    uint32_t reservations;
    uint32_t next;  /* offset of the token to read next */
    uint32_t depth; /* of the node: 1 for the root; 0 before it */
    struct fdt_level {
        const char *name;
        uint32_t properties;                /* offset of the first one's token */
        uint32_t address_cells, size_cells; /* for its children */
    } level[FDT_DEPTH + 1];
};

struct fdt_property {
    const uint8_t *value; /* NULL: there is none */
    uint32_t bytes;
};

/* Before the first node.  False if there is no tree at `blob`, or one that its header contradicts.
 */
bool fdt_open(struct fdt *fdt, const void *blob);

/* Goes to the next node; false at the end, and where the blob stops making sense. */
bool fdt_next(struct fdt *fdt);

/* A property of the node. */
struct fdt_property fdt_get(const struct fdt *fdt, const char *name);

/* Entry `index` of "reg", translated to addresses of the root by "ranges"; false: there is none. */
bool fdt_reg(const struct fdt *fdt, uint32_t index, struct range *range);

/* Entry `index` of the memory reservation block. */
bool fdt_reservation(const struct fdt *fdt, uint32_t index, struct range *range);

/* Cell `index` as a number; 0 beyond the end. */
uint32_t fdt_cell(struct fdt_property property, uint32_t index);
/* A number in one or two cells, as "linux,initrd-start" has it. */
uint64_t fdt_number(struct fdt_property property);
/* True if the list of strings holds `string`. */
bool fdt_holds(struct fdt_property property, const char *string);

#endif
