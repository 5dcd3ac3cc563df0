/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the board.  Assumes a tree that fdt_check_full accepted, and interrupts of GICv3 as
 * its binding has them: three cells, kind, number, flags (Devicetree bindings, arm,gic-v3).
 */
#include "devices.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { GIC_SPI = 0, GIC_CELLS_MIN = 3, GIC_FLAGS_EDGE = 3, DEPTH_MAX = 16 };

struct search {
    const void *board;
    const struct device_request *request;
    const char *path;
    struct reporter *reporter;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct search *search,
                                                         const char *format, ...)
{
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    report(search->reporter, "system.dtb: %s/devices: %s is \"%s\"; %s. The program is left out.",
           search->path, search->request->name, search->request->which, what);
    return false;
}

static bool is_enabled(const void *board, int node)
{
    int bytes;
    const char *status = fdt_getprop(board, node, "status", &bytes);
    return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

/* The enabled nodes with this compatible string; *node is the first. */
static unsigned compatible_nodes(const void *board, const char *which, int *node)
{
    unsigned count = 0;
    for (int at = fdt_node_offset_by_compatible(board, -1, which); at >= 0;
         at = fdt_node_offset_by_compatible(board, at, which))
        if (is_enabled(board, at) && count++ == 0)
            *node = at;
    return count;
}

static bool node_find(const struct search *search, int *node)
{
    const char *which = search->request->which;
    *node = fdt_path_offset(search->board, which);
    if (*node > 0) {
        if (!is_enabled(search->board, *node))
            return refuse(search, "the board's device tree has it disabled");
        return true;
    }
    if (which[0] == '/')
        return refuse(search, "expected the path of a node of the board's device tree");
    unsigned count = compatible_nodes(search->board, which, node);
    if (count > 1)
        return refuse(search, "%u devices of the board are that; expected the path of one", count);
    if (count == 0)
        return refuse(search, "expected a path, an alias or a compatible string of the board's "
                              "device tree");
    return true;
}

/* ---- registers */

static uint64_t cells_value(const fdt32_t *cells, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 32 | fdt32_ld(&cells[i]);
    return value;
}

/* Translates an address from the bus `bus` to that above it.  False if it is not passed on. */
static bool bus_translate(const void *board, int bus, int above, uint64_t *address, uint64_t bytes)
{
    int size;
    const fdt32_t *ranges = fdt_getprop(board, bus, "ranges", &size);
    if (!ranges)
        return false;
    if (size == 0)
        return true;
    int child_cells = fdt_address_cells(board, bus);
    int above_cells = fdt_address_cells(board, above);
    int size_cells = fdt_size_cells(board, bus);
    if (child_cells < 1 || child_cells > 2 || above_cells < 1 || above_cells > 2 ||
        size_cells < 1 || size_cells > 2)
        return false;
    int entry = child_cells + above_cells + size_cells;
    for (int left = size / (int)sizeof *ranges; left >= entry; left -= entry, ranges += entry) {
        uint64_t child = cells_value(ranges, child_cells);
        uint64_t length = cells_value(ranges + child_cells + above_cells, size_cells);
        if (*address >= child && *address - child < length &&
            bytes <= length - (*address - child)) {
            *address += cells_value(ranges + child_cells, above_cells) - child;
            return true;
        }
    }
    return false;
}

/* Translates an address as in the node's reg to a physical one. */
static bool address_translate(const void *board, int node, uint64_t *address, uint64_t bytes)
{
    int bus = fdt_parent_offset(board, node);
    for (int depth = 0; bus > 0 && depth < DEPTH_MAX; depth++) {
        int above = fdt_parent_offset(board, bus);
        if (above < 0 || !bus_translate(board, bus, above, address, bytes))
            return false;
        bus = above;
    }
    return bus == 0;
}

static bool registers_read(const struct search *search, int node, struct device *out)
{
    int size;
    const fdt32_t *reg = fdt_getprop(search->board, node, "reg", &size);
    int parent = fdt_parent_offset(search->board, node);
    int address_cells = fdt_address_cells(search->board, parent);
    int size_cells = fdt_size_cells(search->board, parent);
    if (!reg)
        return refuse(search, "that node has no registers (reg)");
    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2)
        return refuse(search, "that node's reg is no memory range");
    int entry = address_cells + size_cells;
    for (int left = size / (int)sizeof *reg; left >= entry; left -= entry, reg += entry) {
        struct device_range range = {cells_value(reg, address_cells),
                                     cells_value(reg + address_cells, size_cells)};
        if (out->ranges == DEVICE_RANGES_MAX)
            return refuse(search, "it has more than %d ranges of registers", DEVICE_RANGES_MAX);
        if (range.bytes == 0 || range.base + range.bytes < range.base)
            return refuse(search, "its registers are a range that cannot be");
        if (!address_translate(search->board, node, &range.base, range.bytes))
            return refuse(search, "its registers are not in the processor's address space");
        out->range[out->ranges++] = range;
    }
    return true;
}

/* ---- interrupts */

/* The interrupt controller of a node: its own property or that of the nearest ancestor with one. */
static int interrupt_parent(const void *board, int node)
{
    for (int depth = 0; node >= 0 && depth < DEPTH_MAX; depth++) {
        int bytes;
        const fdt32_t *phandle = fdt_getprop(board, node, "interrupt-parent", &bytes);
        if (phandle && bytes == (int)sizeof *phandle)
            return fdt_node_offset_by_phandle(board, fdt32_ld(phandle));
        node = fdt_parent_offset(board, node);
    }
    return -1;
}

static bool lines_read(const struct search *search, int node, struct device *out)
{
    int size, bytes;
    const fdt32_t *cells = fdt_getprop(search->board, node, "interrupts", &size);
    if (!cells)
        return true;
    int controller = interrupt_parent(search->board, node);
    if (controller < 0 || fdt_node_check_compatible(search->board, controller, "arm,gic-v3") != 0)
        return refuse(search, "its interrupts go to a controller other than the GICv3");
    const fdt32_t *count = fdt_getprop(search->board, controller, "#interrupt-cells", &bytes);
    int entry = count && bytes == (int)sizeof *count ? (int)fdt32_ld(count) : 0;
    if (entry < GIC_CELLS_MIN || entry > DEPTH_MAX)
        return refuse(search, "the interrupt controller's node has no usable #interrupt-cells");
    for (int left = size / (int)sizeof *cells; left >= entry; left -= entry, cells += entry) {
        if (out->lines == DEVICE_LINES_MAX)
            return refuse(search, "it has more than %d interrupts", DEVICE_LINES_MAX);
        if (fdt32_ld(&cells[0]) != GIC_SPI)
            return refuse(search, "its interrupts are private to a processor");
        out->line[out->lines++] =
            (struct device_line){.line = SPI_BASE + fdt32_ld(&cells[1]),
                                 .edge = (fdt32_ld(&cells[2]) & GIC_FLAGS_EDGE) != 0};
    }
    return true;
}

bool device_find(const void *board, const struct device_request *request, const char *path,
                 struct reporter *reporter, struct device *out)
{
    struct search search = {board, request, path, reporter};
    int node;
    memset(out, 0, sizeof *out);
    out->name = request->name;
    return node_find(&search, &node) && registers_read(&search, node, out) &&
           lines_read(&search, node, out);
}

bool devices_overlap(const struct device *a, const struct device *b)
{
    const uint64_t page = WHIT_PAGE;
    for (uint32_t i = 0; i < a->ranges; i++)
        for (uint32_t j = 0; j < b->ranges; j++) {
            const struct device_range *x = &a->range[i], *y = &b->range[j];
            if (x->base / page <= (y->base + y->bytes - 1) / page &&
                y->base / page <= (x->base + x->bytes - 1) / page)
                return true;
        }
    for (uint32_t i = 0; i < a->lines; i++)
        for (uint32_t j = 0; j < b->lines; j++)
            if (a->line[i].line == b->line[j].line)
                return true;
    return false;
}
