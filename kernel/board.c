/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device-tree bindings that the kernel follows: memory, reserved-memory, chosen, cpus, PSCI,
 * GICv3, architected timer, PL011.
 */
#include "board.h"

#include <string.h>

#define PAGE_MASK ((uint64_t)WHIT_PAGE - 1)

/* Properties that can be understood only when the whole tree has been seen. */
struct pending {
    struct fdt_property timer_interrupts, gic_interrupts, stdout_path;
    struct fdt_walk aliases; /* fdt NULL: none */
    uint32_t interrupt_cells;
};

static void add_outward(struct ranges *set, uint64_t base, uint64_t bytes)
{
    if (base + bytes <= UINT64_MAX - PAGE_MASK)
        ranges_add(set, base & ~PAGE_MASK, (base + bytes + PAGE_MASK) & ~PAGE_MASK);
}

static bool is_compatible(const struct fdt_walk *walk, const char *with)
{
    return fdt_holds(fdt_get(walk, "compatible"), with);
}

static bool is_enabled(const struct fdt_walk *walk)
{
    struct fdt_property state = fdt_get(walk, "status");
    return !state.value || fdt_holds(state, "okay") || fdt_holds(state, "ok");
}

static void read_memory(struct board *board, const struct fdt_walk *walk)
{
    uint64_t base, bytes;

    for (uint32_t i = 0; fdt_reg(walk, i, &base, &bytes); i++) {
        uint64_t start = base + PAGE_MASK;
        if (start >= base)
            ranges_add(&board->ram, start & ~PAGE_MASK, (base + bytes) & ~PAGE_MASK);
    }
}

static void read_reserved(struct board *board, const struct fdt_walk *walk)
{
    uint64_t base, bytes;

    for (uint32_t i = 0; fdt_reg(walk, i, &base, &bytes); i++)
        add_outward(&board->reserved, base, bytes);
}

static void read_chosen(struct board *board, const struct fdt_walk *walk, struct pending *pending)
{
    board->initrd.base = fdt_number(fdt_get(walk, "linux,initrd-start"));
    board->initrd.end = fdt_number(fdt_get(walk, "linux,initrd-end"));
    pending->stdout_path = fdt_get(walk, "stdout-path");
}

static void read_cpu(struct board *board, const struct fdt_walk *walk)
{
    uint64_t mpidr = fdt_number(fdt_get(walk, "reg"));

    if (!fdt_holds(fdt_get(walk, "device_type"), "cpu") || !is_enabled(walk))
        return;
    /* On a board with one core there may be no method to start others. */
    struct fdt_property method = fdt_get(walk, "enable-method");
    if (board->cores == CORES_MAX || (method.value && !fdt_holds(method, "psci")))
        board->cores_ignored++;
    else
        board->mpidr[board->cores++] = mpidr;
}

static void read_psci(struct board *board, const struct fdt_walk *walk)
{
    struct fdt_property method = fdt_get(walk, "method");

    /* Version 0.1 ("arm,psci" alone) has its own function numbers: not supported. */
    if (!is_compatible(walk, "arm,psci-0.2") && !is_compatible(walk, "arm,psci-1.0"))
        return;
    if (fdt_holds(method, "smc"))
        board->conduit = CONDUIT_SMC;
    else if (fdt_holds(method, "hvc"))
        board->conduit = CONDUIT_HVC;
}

static void read_gic(struct board *board, const struct fdt_walk *walk, struct pending *pending)
{
    struct fdt_property regions = fdt_get(walk, "#redistributor-regions");
    uint32_t redistributors = regions.value ? fdt_cell(regions, 0) : 1;
    uint64_t base, bytes;

    for (uint32_t i = 0; fdt_reg(walk, i, &base, &bytes); i++) {
        add_outward(&board->controller, base, bytes);
        if (i == 0)
            board->distributor = (struct range){base, base + bytes};
        else if (i <= redistributors && i <= BOARD_REDISTRIBUTORS)
            board->redistributor[board->redistributors++] = (struct range){base, base + bytes};
    }
    pending->interrupt_cells = fdt_cell(fdt_get(walk, "#interrupt-cells"), 0);
    pending->gic_interrupts = fdt_get(walk, "interrupts");
}

static void read_node(struct board *board, const struct fdt_walk *walk, struct pending *pending)
{
    bool top = walk->depth == 2;
    const char *parent = walk->level[walk->depth - 1].name;

    if (fdt_holds(fdt_get(walk, "device_type"), "memory") && is_enabled(walk))
        read_memory(board, walk);
    else if (walk->depth == 3 && strcmp(parent, "reserved-memory") == 0)
        read_reserved(board, walk);
    else if (walk->depth == 3 && strcmp(parent, "cpus") == 0)
        read_cpu(board, walk);
    else if (top && fdt_is_named(walk, "chosen"))
        read_chosen(board, walk, pending);
    else if (top && fdt_is_named(walk, "aliases"))
        pending->aliases = *walk;
    else if (is_compatible(walk, "arm,gic-v3") && board->redistributors == 0)
        read_gic(board, walk, pending);
    else if (is_compatible(walk, "arm,gic-v3-its")) {
        uint64_t base, bytes;
        /* It writes to memory on its own: whoever programs it owns the machine. */
        if (fdt_reg(walk, 0, &base, &bytes))
            add_outward(&board->controller, base, bytes);
    } else if (is_compatible(walk, "arm,armv8-timer"))
        pending->timer_interrupts = fdt_get(walk, "interrupts");
    else if (fdt_is_named(walk, "psci"))
        read_psci(board, walk);
}

/* INTID of the private interrupt in entry `index` of "interrupts", or 0. */
static uint32_t read_ppi(struct fdt_property interrupts, uint32_t index, uint32_t cells)
{
    enum { TYPE_PPI = 1, PPIS = 16, FIRST_PPI = 16 };
    uint32_t number = fdt_cell(interrupts, index * cells + 1);

    if (fdt_cell(interrupts, index * cells) != TYPE_PPI || number >= PPIS)
        return 0;
    return FIRST_PPI + number;
}

/* The path in "stdout-path": its options cut off, an alias resolved.  Returns its bytes. */
static size_t console_path(const struct pending *pending, const char **path)
{
    enum { ALIAS_BYTES = 32 };
    char alias[ALIAS_BYTES];
    struct fdt_property property = pending->stdout_path;
    size_t bytes = 0;

    *path = (const char *)property.value;
    while (bytes < property.bytes && (*path)[bytes] && (*path)[bytes] != ':')
        bytes++;
    if (bytes == 0 || (*path)[0] == '/')
        return bytes;
    if (bytes >= ALIAS_BYTES || !pending->aliases.fdt)
        return 0;
    memcpy(alias, *path, bytes);
    alias[bytes] = 0;
    property = fdt_get(&pending->aliases, alias);
    *path = (const char *)property.value;
    return property.bytes > 0 ? property.bytes - 1 : 0;
}

static void find_uart(struct board *board, const struct pending *pending)
{
    const char *path;
    size_t path_bytes = console_path(pending, &path);
    struct fdt_walk walk;
    uint64_t base, bytes;

    fdt_walk_start(&walk, &board->fdt);
    while (fdt_walk_next(&walk)) {
        if (!is_compatible(&walk, "arm,pl011") || !fdt_reg(&walk, 0, &base, &bytes))
            continue;
        bool console = path_bytes > 0 && fdt_has_path(&walk, path, path_bytes);
        if (console || (board->uart.base == 0 && is_enabled(&walk)))
            board->uart = (struct range){base, base + bytes};
        if (console)
            return;
    }
}

static void read_reservations(struct board *board)
{
    uint64_t base, bytes;

    for (uint32_t i = 0; fdt_reservation(&board->fdt, i, &base, &bytes); i++)
        add_outward(&board->reserved, base, bytes);
    for (uint32_t i = 0; i < board->reserved.count; i++)
        ranges_remove(&board->ram, board->reserved.range[i].base, board->reserved.range[i].end);
}

static const char *find_missing(const struct board *board)
{
    const struct range initrd = board->initrd;

    if (board->ram.count == 0)
        return "the device tree has no memory.";
    if (board->ram.overflow || board->reserved.overflow || board->controller.overflow)
        return "the device tree has too many memory ranges.";
    if (board->redistributors == 0)
        return "the device tree has no GICv3 (arm,gic-v3) with distributor and redistributor.";
    if (board->timer_ppi != BOARD_TIMER || board->vtimer_ppi != BOARD_VTIMER)
        return "the device tree has no timer (arm,armv8-timer) with private interrupts 10 and 11.";
    if (board->maintenance_ppi != BOARD_MAINTENANCE)
        return "the device tree's GICv3 has no maintenance interrupt, private interrupt 9.";
    if (board->cores == 0)
        return "the device tree has no cpu.";
    if (initrd.base == 0 || initrd.base >= initrd.end)
        return "the device tree has no boot archive (/chosen/linux,initrd-start).";
    return NULL;
}

const char *board_read(struct board *board, const void *dtb)
{
    enum { TIMER_VIRTUAL = 2, TIMER_EL2 = 3 };
    struct pending pending;
    struct fdt_walk walk;

    memset(board, 0, sizeof(*board));
    memset(&pending, 0, sizeof(pending));
    if (!fdt_open(&board->fdt, dtb))
        return "there is no device tree.";
    fdt_walk_start(&walk, &board->fdt);
    while (fdt_walk_next(&walk))
        read_node(board, &walk, &pending);
    find_uart(board, &pending);
    read_reservations(board);
    /* More cells than needed are a broken tree: it has no interrupts then. */
    if (pending.interrupt_cells >= 3 && pending.interrupt_cells <= 4) {
        uint32_t cells = pending.interrupt_cells;
        board->vtimer_ppi = read_ppi(pending.timer_interrupts, TIMER_VIRTUAL, cells);
        board->timer_ppi = read_ppi(pending.timer_interrupts, TIMER_EL2, cells);
        board->maintenance_ppi = read_ppi(pending.gic_interrupts, 0, cells);
    }
    return find_missing(board);
}
