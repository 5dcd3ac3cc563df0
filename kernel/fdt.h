/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a flattened device tree (Devicetree Specification 0.4, chapter 5) that may be damaged:
 * no read leaves the blob, no walk is without end, no alignment is assumed.
 */
#ifndef FDT_H
#define FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FDT_DEPTH = 16, FDT_HEADER_BYTES = 40, FDT_BYTES_MAX = 0x200000 };

struct fdt {
    const uint8_t *blob;
    uint32_t bytes;
    uint32_t structure, structure_end;
    uint32_t strings, strings_end;
    uint32_t reservations;
};

struct fdt_property {
    const uint8_t *value; /* NULL: there is none */
    uint32_t bytes;
};

/* A walk over all nodes, parents first, and the ancestors of the node where it is. */
struct fdt_walk {
    const struct fdt *fdt;
    uint32_t next;  /* offset of the token to read next */
    uint32_t depth; /* of the node: 1 for the root; 0 before it */
    struct fdt_level {
        const char *name;
        uint32_t properties;                /* offset of the first one's token */
        uint32_t address_cells, size_cells; /* for its children */
    } level[FDT_DEPTH + 1];
};

/* False if there is no tree at `blob`, or one that its header contradicts. */
bool fdt_open(struct fdt *fdt, const void *blob);

void fdt_walk_start(struct fdt_walk *walk, const struct fdt *fdt);
/* Goes to the next node; false at the end, and where the blob stops making sense. */
bool fdt_walk_next(struct fdt_walk *walk);

/* A property of the node where the walk is, or of its ancestor at `depth`. */
struct fdt_property fdt_get(const struct fdt_walk *walk, const char *name);
struct fdt_property fdt_get_at(const struct fdt_walk *walk, uint32_t depth, const char *name);

/* True if the node's name without unit address is `name`, or its path is `path` (with '/', and not
 * empty). */
bool fdt_is_named(const struct fdt_walk *walk, const char *name);
bool fdt_has_path(const struct fdt_walk *walk, const char *path, size_t bytes);

/* Entry `index` of "reg", translated to addresses of the root by "ranges"; false: there is none. */
bool fdt_reg(const struct fdt_walk *walk, uint32_t index, uint64_t *base, uint64_t *bytes);

/* Entry `index` of the memory reservation block. */
bool fdt_reservation(const struct fdt *fdt, uint32_t index, uint64_t *base, uint64_t *bytes);

/* Cell `index` as a number; `cells` of them from there on; 0 beyond the end. */
uint32_t fdt_cell(struct fdt_property property, uint32_t index);
uint64_t fdt_cells(struct fdt_property property, uint32_t index, uint32_t cells);
/* A number in one or two cells, as "linux,initrd-start" has it. */
uint64_t fdt_number(struct fdt_property property);
/* True if the list of strings holds `string`. */
bool fdt_holds(struct fdt_property property, const char *string);

#endif
