/* SPDX-License-Identifier: BSD-2-Clause */
/* Flattened device tree reader: every offset is checked against the block that it lies in. */
#include "fdt.h"

#include <string.h>

enum { MAGIC = 0xd00dfeed, OLDEST_VERSION = 17, CELLS_MAX = 4 /* of any bus */ };
enum token { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOTHING = 4 };

/* Big-endian, byte by byte: the blob may lie anywhere, and the MMU may be off. */
static uint32_t load(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Length of the string at `at` without its end, or `limit` if it does not end before there. */
static size_t length(const char *at, size_t limit)
{
    size_t n = 0;
    while (n < limit && at[n])
        n++;
    return n;
}

static bool block(uint32_t total, uint32_t start, uint32_t bytes)
{
    return start >= FDT_HEADER_BYTES && start <= total && bytes <= total - start;
}

bool fdt_open(struct fdt *fdt, const void *blob)
{
    const uint8_t *head = blob;

    if (!blob || load(head) != MAGIC || load(head + 20) < OLDEST_VERSION)
        return false;
    fdt->blob = head;
    fdt->bytes = load(head + 4);
    fdt->next = load(head + 8);
    fdt->strings = load(head + 12);
    fdt->reservations = load(head + 16);
    uint32_t strings_bytes = load(head + 32), structure_bytes = load(head + 36);
    /* Whole tokens: so every token, name and value lies at a multiple of 4, padding included. */
    if (fdt->bytes > FDT_BYTES_MAX || (fdt->next | structure_bytes) % 4 != 0 ||
        !block(fdt->bytes, fdt->next, structure_bytes) ||
        !block(fdt->bytes, fdt->strings, strings_bytes) || !block(fdt->bytes, fdt->reservations, 0))
        return false;
    fdt->structure_end = fdt->next + structure_bytes;
    fdt->strings_end = fdt->strings + strings_bytes;
    fdt->depth = 0;
    return true;
}

/* Token at *at, which moves behind it; 0 (no token) if the block ends. */
static uint32_t take_token(const struct fdt *fdt, uint32_t *at)
{
    if (fdt->structure_end - *at < 4)
        return 0;
    uint32_t token = load(fdt->blob + *at);
    *at += 4;
    return token;
}

/* Moves *at over `bytes` and the padding; false if the block ends before. */
static bool skip(const struct fdt *fdt, uint32_t *at, uint32_t bytes)
{
    if (bytes > fdt->structure_end - *at)
        return false;
    *at += (bytes + 3) & ~3U;
    return true;
}

/* Reads the property whose token was taken; its name is "" if it is outside the strings. */
static bool take_property(const struct fdt *fdt, uint32_t *at, struct fdt_property *property,
                          const char **name)
{
    if (fdt->structure_end - *at < 8)
        return false;
    property->bytes = load(fdt->blob + *at);
    uint32_t offset = load(fdt->blob + *at + 4);
    *at += 8;
    property->value = fdt->blob + *at;
    uint32_t room = fdt->strings_end - fdt->strings;
    const char *string = (const char *)fdt->blob + fdt->strings + offset;
    *name = offset < room && length(string, room - offset) < room - offset ? string : "";
    return skip(fdt, at, property->bytes);
}

static uint32_t cells_or(struct fdt_property cells, uint32_t otherwise)
{
    return cells.value ? fdt_cell(cells, 0) : otherwise;
}

static bool enter(struct fdt *fdt)
{
    const char *name = (const char *)fdt->blob + fdt->next;
    size_t bytes = length(name, fdt->structure_end - fdt->next);

    if (fdt->depth == FDT_DEPTH || !skip(fdt, &fdt->next, (uint32_t)bytes + 1))
        return false;
    struct fdt_level *level = &fdt->level[++fdt->depth];
    level->name = name;
    level->properties = fdt->next;
    /* Defaults of the specification, section 2.3.5. */
    level->address_cells = cells_or(fdt_get(fdt, "#address-cells"), 2);
    level->size_cells = cells_or(fdt_get(fdt, "#size-cells"), 1);
    return level->address_cells <= CELLS_MAX && level->size_cells <= CELLS_MAX;
}

bool fdt_next(struct fdt *fdt)
{
    struct fdt_property property;
    const char *name;

    /* Each round takes at least one token, so the walk ends with the block. */
    for (;;) {
        switch (take_token(fdt, &fdt->next)) {
        case BEGIN_NODE:
            return enter(fdt);
        case END_NODE:
            if (fdt->depth <= 1)
                return false;
            fdt->depth--;
            break;
        case PROPERTY:
            if (!take_property(fdt, &fdt->next, &property, &name))
                return false;
            break;
        case NOTHING:
            break;
        default:
            return false;
        }
    }
}

static struct fdt_property get_at(const struct fdt *fdt, uint32_t depth, const char *name)
{
    struct fdt_property property;
    const char *found;
    uint32_t at = fdt->level[depth].properties;

    for (;;) {
        uint32_t token = take_token(fdt, &at);
        if (token == NOTHING)
            continue;
        if (token != PROPERTY || !take_property(fdt, &at, &property, &found))
            return (struct fdt_property){NULL, 0};
        if (strcmp(found, name) == 0)
            return property;
    }
}

struct fdt_property fdt_get(const struct fdt *fdt, const char *name)
{
    return get_at(fdt, fdt->depth, name);
}

uint32_t fdt_cell(struct fdt_property property, uint32_t index)
{
    return property.bytes / 4 > index ? load(property.value + (size_t)index * 4) : 0;
}

/* `cells` of them as one number. */
static uint64_t take_cells(struct fdt_property property, uint32_t index, uint32_t cells)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < cells; i++)
        value = value << 32 | fdt_cell(property, index + i);
    return value;
}

uint64_t fdt_number(struct fdt_property property)
{
    return take_cells(property, 0, property.bytes >= 8 ? 2 : 1);
}

bool fdt_holds(struct fdt_property property, const char *string)
{
    uint32_t at = 0;
    while (at < property.bytes) {
        const char *here = (const char *)property.value + at;
        size_t bytes = length(here, property.bytes - at);
        if (bytes == property.bytes - at)
            return false;
        if (strcmp(here, string) == 0)
            return true;
        at += (uint32_t)bytes + 1;
    }
    return false;
}

/* Address on the bus of `depth` to one on the bus above it; an absent "ranges" bars the way. */
static bool translate(const struct fdt *fdt, uint32_t depth, uint64_t *address)
{
    const struct fdt_level *bus = &fdt->level[depth], *above = &fdt->level[depth - 1];
    struct fdt_property ranges = get_at(fdt, depth, "ranges");
    uint32_t entry = bus->address_cells + above->address_cells + bus->size_cells;

    if (ranges.value && ranges.bytes == 0)
        return true;
    for (uint32_t at = 0; entry > 0 && at + entry <= ranges.bytes / 4; at += entry) {
        uint64_t child = take_cells(ranges, at, bus->address_cells);
        uint64_t parent = take_cells(ranges, at + bus->address_cells, above->address_cells);
        uint64_t bytes =
            take_cells(ranges, at + bus->address_cells + above->address_cells, bus->size_cells);
        if (*address >= child && *address - child < bytes) {
            *address = *address - child + parent;
            return true;
        }
    }
    return false;
}

static bool set_range(struct range *range, uint64_t base, uint64_t bytes)
{
    if (bytes > UINT64_MAX - base)
        return false;
    *range = (struct range){base, base + bytes};
    return true;
}

bool fdt_reg(const struct fdt *fdt, uint32_t index, struct range *range)
{
    if (fdt->depth < 2)
        return false;
    struct fdt_property reg = fdt_get(fdt, "reg");
    const struct fdt_level *bus = &fdt->level[fdt->depth - 1];
    uint32_t entry = bus->address_cells + bus->size_cells;

    if (entry == 0 || index >= reg.bytes / 4 / entry)
        return false;
    uint64_t base = take_cells(reg, index * entry, bus->address_cells);
    uint64_t bytes = take_cells(reg, index * entry + bus->address_cells, bus->size_cells);
    for (uint32_t depth = fdt->depth - 1; depth > 1; depth--)
        if (!translate(fdt, depth, &base))
            return false;
    return set_range(range, base, bytes);
}

bool fdt_reservation(const struct fdt *fdt, uint32_t index, struct range *range)
{
    if (index >= (fdt->bytes - fdt->reservations) / 16)
        return false;
    struct fdt_property entry = {fdt->blob + fdt->reservations + (size_t)index * 16, 16};
    uint64_t base = take_cells(entry, 0, 2), bytes = take_cells(entry, 2, 2);
    return (base != 0 || bytes != 0) && set_range(range, base, bytes);
}
