/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot: reads the device tree and builds the kernel's translation with the MMU off, then brings up
 * this core, the interrupt controller, the other cores, and root.
 */
#include "init.h"
#include "arch.h"
#include "boot.h"
#include "core_area.h"
#include "debug/report.h"
#include "errata.h"
#include "exception.h"
#include "features.h"
#include "gic.h"
#include "irq.h"
#include "mmu.h"
#include "panic.h"
#include "sysreg.h"
#include "uart.h"
#include "vcpu.h"

#include <string.h>

/* kernel.ld */
extern char image_start_header[], text_end[], rodata_end[], empty_page[], image_end[];

static struct board board;
static struct ranges mapped_ram;
static struct range area; /* taken at boot: behind the image; `end` moves */
static uint64_t area_limit;
static uint64_t entry_ticks;
static void *irq_table;
static struct core *boot_cores[CORES_MAX];

static _Noreturn void stop(const char *why)
{
    uart_print("whit: cannot start: ");
    uart_print(why);
    uart_print("\n");
    for (;;)
        __asm__ volatile("wfi");
}

void boot_refuse(const void *dtb)
{
    (void)board_read(&board, dtb);
    uart_init(board.uart.base);
    if (READ_SYSREG(CurrentEL) == CURRENT_EL_2)
        stop("this processor cannot clear HCR_EL2.E2H.");
    stop("it was not entered at EL2, the hypervisor's exception level (QEMU: -machine "
         "virtualization=on).");
}

void *boot_take(uint64_t bytes, uint64_t align)
{
    uint64_t base = (area.end + align - 1) & ~(align - 1);

    if (base + bytes > area_limit)
        stop("there is too little memory behind the kernel's image.");
    area.end = base + bytes;
    /* Zeroed behind the cache: no older dirty line may come over it. */
    arch_cache_flush((void *)(uintptr_t)base, bytes);
    return memset((void *)(uintptr_t)base, 0, bytes);
}

/* The area ends where something else starts: the RAM's end, boot archive, device tree. */
static void find_area(const void *dtb)
{
    uint64_t start = (uintptr_t)image_start_header, end = (uintptr_t)image_end;
    const uint64_t others[] = {board.initrd.base, (uintptr_t)dtb};

    for (uint32_t i = 0; i < board.ram.count; i++)
        if (board.ram.range[i].base <= start && end <= board.ram.range[i].end)
            area_limit = board.ram.range[i].end;
    if (area_limit == 0)
        stop("its image does not lie in the memory that the device tree tells.");
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i] >= end && others[i] < area_limit)
            area_limit = page_floor(others[i]); /* root gets the whole page */
    area = (struct range){end, end};
}

static void map_device(struct range registers)
{
    const struct range pages = range_outward(registers);

    mmu_map(pages.base, pages.end, MMU_DEVICE);
}

static void map_kernel(void)
{
    const uint64_t start = (uintptr_t)image_start_header;
    const uint64_t text = (uintptr_t)text_end, rodata = (uintptr_t)rodata_end,
                   empty = (uintptr_t)empty_page;
    const struct range dtb = range_outward(board.dtb);

    mmu_init();
    mapped_ram = board.ram;
    /* Firmware may reserve the device tree, but root gets it, and mapping it may flush it. */
    ranges_add(&mapped_ram, dtb.base, dtb.end);
    ranges_remove(&mapped_ram, start, rodata);
    ranges_remove(&mapped_ram, empty, empty + WHIT_PAGE);
    for (uint32_t i = 0; i < board.cores; i++) {
        uint64_t guard = (uintptr_t)boot_cores[i] - CORE_OFFSET;
        ranges_remove(&mapped_ram, guard, guard + CORE_GUARD);
    }
    for (uint32_t i = 0; i < mapped_ram.count; i++)
        mmu_map(mapped_ram.range[i].base, mapped_ram.range[i].end, MMU_DATA);
    mmu_map(start, text, MMU_TEXT);
    mmu_map(text, rodata, MMU_CONST);
    mmu_map(empty, empty + WHIT_PAGE, MMU_CONST);
    map_device(board.distributor);
    for (uint32_t i = 0; i < board.redistributors; i++)
        map_device(board.redistributor[i]);
    map_device(board.uart);
}

/* The boot core becomes the first one of the list. */
static void order_cores(void)
{
    const uint64_t here = READ_SYSREG(mpidr_el1) & MPIDR_AFFINITY;

    for (uint32_t i = 0; i < board.cores; i++)
        if (board.mpidr[i] == here) {
            board.mpidr[i] = board.mpidr[0];
            board.mpidr[0] = here;
            return;
        }
    stop("the device tree does not have the cpu that it runs on.");
}

struct core *boot_early(const void *dtb, uint64_t ticks)
{
    const char *missing = board_read(&board, dtb);

    uart_init(board.uart.base);
    if (missing)
        stop(missing);
    if (board.conduit == CONDUIT_HVC)
        stop("PSCI is called by HVC, which ends at EL2: it must be SMC.");
    entry_ticks = ticks;
    order_cores();
    find_area(dtb);
    for (uint32_t i = 0; i < board.cores; i++)
        boot_cores[i] = (struct core *)((char *)boot_take(CORE_BLOCK, CORE_BLOCK) + CORE_OFFSET);
    irq_table = boot_take(sizeof(struct irq) * gic_lines(board.distributor.base), WHIT_PAGE);
    map_kernel();
    if (mapped_ram.overflow)
        stop("the device tree has too many memory ranges.");
    area_limit = area.end = page_ceiling(area.end);

    /* What was written with caches off, and may be cached in an older state. */
    arch_cache_flush(image_start_header, area.end - (uintptr_t)image_start_header);
    mmu_enable();
    return boot_cores[0];
}

static void init_core(struct core *core)
{
    features_init();
    gic_init_core(core);
    vcpu_core_init(core);
    errata_init(core);
    arch_timer_program(UINT64_MAX);
}

void boot_core(struct core *core)
{
    const uint64_t start = (uintptr_t)image_start_header;
    const struct boot_info info = {
        .board = &board,
        .kernel = {start, area.end},
        .panic = panic_record(),
        .physical_end = UINT64_C(1) << cpu_address_bits(),
        .frequency = READ_SYSREG(cntfrq_el0),
        .entry_ticks = entry_ticks,
    };
    static struct boot_work work;

    for (uint32_t i = 0; i < board.cores; i++)
        core_init(boot_cores[i], i, board.mpidr[i]);
    psci_init(board.conduit);
    irq_init(irq_table, gic_lines(board.distributor.base));
    gic_init_boot(&board);
    init_core(core);
    core->online = 1;
    cores_online = 1;
    smp_start(&board);
    if (WHIT_DEBUG)
        report_start(&board.ram);
    const char *wrong = boot_root(&info, &work);
    if (wrong)
        stop(wrong);
    core_run(core);
}

void other_core(struct core *core)
{
    init_core(core);
    /* Release: the boot core that sees it sees all of this core's state. */
    __atomic_store_n(&core->online, 1, __ATOMIC_RELEASE);
    core_run(core);
}

struct core *core_here(void)
{
    uintptr_t sp;

    __asm__("mov %0, sp" : "=r"(sp));
    return (struct core *)((sp & ~(uintptr_t)(CORE_BLOCK - 1)) + CORE_OFFSET);
}
