/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device-tree bindings that the kernel follows: memory, reserved-memory, chosen, cpus, PSCI,
 * GICv3, architected timer, PL011.
 */
#include "board.h"
#include "fdt.h"

#include <string.h>

static bool is_compatible(const struct fdt *node, const char *with)
{
    return fdt_holds(fdt_get(node, "compatible"), with);
}

/* Below the node `name` of the root? */
static bool is_child_of(const struct fdt *node, const char *name)
{
    return node->depth == 3 && strcmp(node->level[2].name, name) == 0;
}

static bool is_enabled(const struct fdt *node)
{
    struct fdt_property state = fdt_get(node, "status");

    return !state.value || fdt_holds(state, "okay") || fdt_holds(state, "ok");
}

/* Is entry `index` of "interrupts" this private one?  In three cells, as most GICv3 have it. */
static bool is_private(const struct fdt *node, uint32_t index, uint32_t intid)
{
    enum { CELLS = 3, TYPE_PRIVATE = 1, FIRST_PRIVATE = 16 };
    struct fdt_property interrupts = fdt_get(node, "interrupts");

    return fdt_cell(interrupts, index * CELLS) == TYPE_PRIVATE &&
           fdt_cell(interrupts, index * CELLS + 1) == intid - FIRST_PRIVATE;
}

static void read_memory(struct board *board, const struct fdt *node)
{
    struct range bank;

    for (uint32_t i = 0; fdt_reg(node, i, &bank); i++) {
        uint64_t start = page_ceiling(bank.base);
        if (start >= bank.base)
            ranges_add(&board->ram, start, page_floor(bank.end));
    }
}

/* All registers of a node, or all memory, to keep away from. */
static void read_pages(struct ranges *set, const struct fdt *node)
{
    struct range range;

    for (uint32_t i = 0; fdt_reg(node, i, &range); i++)
        ranges_add(set, page_floor(range.base), page_ceiling(range.end));
}

static void read_cpu(struct board *board, const struct fdt *node)
{
    /* On a board with one core there may be no method to start others. */
    struct fdt_property method = fdt_get(node, "enable-method");

    if (fdt_holds(fdt_get(node, "device_type"), "cpu") && is_enabled(node) &&
        board->cores < CORES_MAX && (!method.value || fdt_holds(method, "psci")))
        board->mpidr[board->cores++] = fdt_number(fdt_get(node, "reg"));
}

static void read_psci(struct board *board, const struct fdt *node)
{
    struct fdt_property method = fdt_get(node, "method");

    if (fdt_holds(method, "smc"))
        board->conduit = CONDUIT_SMC;
    else if (fdt_holds(method, "hvc"))
        board->conduit = CONDUIT_HVC;
}

static void read_gic(struct board *board, const struct fdt *node)
{
    struct fdt_property regions = fdt_get(node, "#redistributor-regions");
    uint32_t most = regions.value ? fdt_cell(regions, 0) : 1;

    if (most > BOARD_REDISTRIBUTORS)
        most = BOARD_REDISTRIBUTORS;
    if (!fdt_reg(node, 0, &board->distributor))
        return;
    while (board->redistributors < most &&
           fdt_reg(node, board->redistributors + 1, &board->redistributor[board->redistributors]))
        board->redistributors++;
    board->maintenance = is_private(node, 0, BOARD_MAINTENANCE);
    read_pages(&board->controller, node);
}

static void read_node(struct board *board, const struct fdt *node)
{
    if (fdt_holds(fdt_get(node, "device_type"), "memory") && is_enabled(node)) {
        read_memory(board, node);
    } else if (is_child_of(node, "reserved-memory")) {
        read_pages(&board->reserved, node);
    } else if (is_child_of(node, "cpus")) {
        read_cpu(board, node);
    } else if (node->depth == 2 && strcmp(node->level[2].name, "chosen") == 0) {
        board->initrd.base = fdt_number(fdt_get(node, "linux,initrd-start"));
        board->initrd.end = fdt_number(fdt_get(node, "linux,initrd-end"));
    } else if (is_compatible(node, "arm,gic-v3") && board->redistributors == 0) {
        read_gic(board, node);
    } else if (is_compatible(node, "arm,gic-v3-its")) {
        /* It writes to memory on its own: whoever programs it owns the machine. */
        read_pages(&board->controller, node);
    } else if (is_compatible(node, "arm,armv8-timer")) {
        enum { TIMER_VIRTUAL = 2, TIMER_EL2 = 3 };
        board->timers = is_private(node, TIMER_VIRTUAL, BOARD_VTIMER) &&
                        is_private(node, TIMER_EL2, BOARD_TIMER);
    } else if (is_compatible(node, "arm,psci-0.2") || is_compatible(node, "arm,psci-1.0")) {
        /* Version 0.1 ("arm,psci" alone) has its own function numbers: not supported. */
        read_psci(board, node);
    } else if (is_compatible(node, "arm,pl011") && is_enabled(node) && board->uart.base == 0) {
        (void)fdt_reg(node, 0, &board->uart);
    }
}

static void reserve(struct board *board, const struct fdt *fdt)
{
    struct range range;

    for (uint32_t i = 0; fdt_reservation(fdt, i, &range); i++)
        ranges_add(&board->reserved, page_floor(range.base), page_ceiling(range.end));
    for (uint32_t i = 0; i < board->reserved.count; i++)
        ranges_remove(&board->ram, board->reserved.range[i].base, board->reserved.range[i].end);
}

static const char *find_missing(const struct board *board)
{
    if (board->ram.count == 0)
        return "the device tree has no memory.";
    if (board->ram.overflow || board->reserved.overflow || board->controller.overflow)
        return "the device tree has too many memory ranges.";
    if (board->redistributors == 0)
        return "the device tree has no GICv3 (arm,gic-v3) with distributor and redistributor.";
    if (!board->timers)
        return "the device tree has no timer (arm,armv8-timer) with private interrupts 10 and 11, told "
               "in three cells each.";
    if (!board->maintenance)
        return "the device tree's GICv3 has no maintenance interrupt, private interrupt 9.";
    if (board->cores == 0)
        return "the device tree has no cpu.";
    if (board->initrd.base == 0 || board->initrd.base >= board->initrd.end)
        return "the device tree has no boot archive (/chosen/linux,initrd-start).";
    return NULL;
}

const char *board_read(struct board *board, const void *dtb)
{
    struct fdt fdt;

    memset(board, 0, sizeof(*board));
    if (!fdt_open(&fdt, dtb))
        return "there is no device tree.";
    board->dtb = (struct range){(uintptr_t)dtb, (uintptr_t)dtb + fdt.bytes};
    while (fdt_next(&fdt))
        read_node(board, &fdt);
    reserve(board, &fdt);
    return find_missing(board);
}
