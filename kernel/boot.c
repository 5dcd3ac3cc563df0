/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes root: its space, thread and budget, and the capabilities of everything, each the root of a
 * derivation tree.  Its program runs in place in the boot archive.  Runs once, on the boot core,
 * and does by hand what programs do by calls; what can fail here is only the archive.
 */
#include "boot.h"
#include "arch.h"
#include "budget.h"
#include "debug/invariant.h"
#include "irq.h"
#include "object.h"
#include "stage2.h"

#include <string.h>

enum {
    ROOT_PRIORITY = 100,
    POOL_BYTES = 64 * WHIT_PAGE,
    OBJECT_RIGHTS = WHIT_R_ALL,
    MEMORY_RIGHTS = WHIT_R_READ | WHIT_R_WRITE | WHIT_R_EXEC | WHIT_R_DERIVE,
    RAM_RIGHTS = MEMORY_RIGHTS | WHIT_R_MAKE | WHIT_R_PIN
};

/* Where root finds things; its own image is far below. */
#define STACK_TOP   UINT64_C(0x6000000000)
#define BOOT_PAGE   UINT64_C(0x6800000000)
#define DTB_BASE    UINT64_C(0x7000000000)
#define INITRD_BASE UINT64_C(0x7100000000)
#define PANIC_BASE  UINT64_C(0x6900000000)
#define DEVICE_END  (UINT64_C(1) << 40)

/* ---- the archive */

/* A file in a cpio archive ("newc", as Linux has it: Documentation/driver-api/early-userspace) has
 * its name behind a header; tools/mkarchive puts the data at the next page. */
enum { CPIO_HEADER = 110 };
#define CPIO_MAGIC "070701"
#define ROOT_NAME  "root"

/* One of the image's sizes: whole pages, of a size that cannot overflow sums. */
static bool is_size(uint64_t bytes)
{
    return bytes % WHIT_PAGE == 0 && bytes < UINT64_C(1) << 32;
}

/* Root is the first file.  Returns NULL, or a sentence that says what is wrong with it. */
static const char *find_image(struct range archive, struct range *file)
{
    const char *head = (const char *)(uintptr_t)archive.base;
    const struct whit_image *image = (const void *)(head + WHIT_PAGE);

    *file = (struct range){archive.base + WHIT_PAGE, page_ceiling(archive.end)};
    if (archive.base % WHIT_PAGE != 0 || archive.end < file->base + sizeof(*image) ||
        memcmp(head, CPIO_MAGIC, sizeof(CPIO_MAGIC) - 1) != 0 ||
        memcmp(head + CPIO_HEADER, ROOT_NAME, sizeof(ROOT_NAME)) != 0)
        return "the first file of the boot archive (cpio, newc) is not \"root\".";
    if (image->magic != WHIT_IMAGE_MAGIC)
        return "root is not a Whit program, or not in the archive's second page (see mkarchive).";
    if (image->abi != WHIT_ABI_VERSION)
        return "root was built for another version of the kernel's ABI.";
    if (!is_size(image->text_bytes) || !is_size(image->rodata_bytes) ||
        !is_size(image->data_bytes) || !is_size(image->bss_bytes) || image->text_bytes == 0 ||
        image->text_bytes + image->rodata_bytes + image->data_bytes > file->end - file->base ||
        image->entry - WHIT_IMAGE_BASE >= image->text_bytes)
        return "root's header is damaged.";
    return NULL;
}

/* ---- capabilities in root's table */

/* What can only fail if the archive or the board is so large that root's pool is too small. */
static void must(status error)
{
    if (error)
        panic("root cannot be made");
}

static struct slot *next_slot(struct boot_work *work)
{
    status error = WHIT_OK;
    struct slot *slot = cap_empty_slot(work->space, work->selector++, &error);

    must(error);
    return slot;
}

static struct slot *add(struct boot_work *work, enum whit_kind kind, const void *object,
                        uint64_t units, unsigned rights)
{
    struct slot *slot = next_slot(work);

    cap_root(slot, kind, (uintptr_t)object, units, rights, 0);
    return slot;
}

static void map(struct boot_work *work, struct slot *slot, uint64_t address, unsigned access)
{
    mapping_begin(slot, work->space, address, access);
    /* Interrupts are masked and wait until all is done. */
    status result = RESTART;
    while (result == RESTART)
        result = mapping_fill(slot);
    must(result);
}

static const struct {
    unsigned rights, flags;
} memory_kinds[] = {
    [WHIT_BOOT_RAM] = {RAM_RIGHTS, 0},
    [WHIT_BOOT_DEVICE] = {WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE, CAP_DEVICE},
    [WHIT_BOOT_DTB] = {WHIT_R_READ | WHIT_R_DERIVE, 0},
    [WHIT_BOOT_INITRD] = {RAM_RIGHTS, 0},
    [WHIT_BOOT_ROOT] = {RAM_RIGHTS, 0},
    [WHIT_BOOT_PANIC] = {WHIT_R_READ | WHIT_R_DERIVE, 0},
};

/* Gives root the range, mapped (access 0: not) at the page of `address`, where its content begins.
 */
static struct slot *add_memory(struct boot_work *work, enum whit_boot_kind kind, struct range range,
                               uint64_t address, unsigned access)
{
    struct whit_boot *out = work->out;

    if (range.base == range.end)
        return NULL;
    if (out->ranges == sizeof(out->range) / sizeof(out->range[0]))
        panic("the board has more memory ranges than root can be told");
    out->range[out->ranges++] = (struct whit_boot_range){
        .base = range.base,
        .bytes = range.end - range.base,
        .kind = kind,
        .selector = work->selector,
        .address = address,
    };
    struct slot *slot = next_slot(work);
    cap_root(slot, WHIT_MEMORY, range.base, (range.end - range.base) / WHIT_UNIT,
             memory_kinds[kind].rights, memory_kinds[kind].flags);
    if (access)
        map(work, slot, page_floor(address), access);
    return slot;
}

/* ---- root's own memory: one piece of RAM, cut into what it is used for */

static struct range cut(struct range *from, uint64_t bytes)
{
    struct range piece = {from->base, from->base + bytes};

    from->base += bytes;
    return piece;
}

static void *object_at(struct range piece)
{
    return (void *)(uintptr_t)piece.base;
}

/* The space with its pool, in which all the rest is put. */
static void make_space(struct boot_work *work, struct range *own)
{
    struct range space = cut(own, WHIT_SIZE_SPACE), pool = cut(own, POOL_BYTES);

    work->space = object_at(space);
    cap_root(&work->pool, WHIT_MEMORY, pool.base, POOL_BYTES / WHIT_UNIT, RAM_RIGHTS, 0);
    space_init(work->space, WHIT_PROGRAM);
    must(space_donate(work->space, &work->pool));
    work->selector = WHIT_SELF + 1;
    /* Now that there is a table, the pool's capability goes there like all others. */
    cap_move(&work->pool, next_slot(work));
    work->out->self_space = work->selector;
    work->space->original =
        add(work, WHIT_SPACE, work->space, WHIT_SIZE_SPACE / WHIT_UNIT, OBJECT_RIGHTS);
}

static void add_cores(struct boot_work *work)
{
    work->out->cores = cores_online;
    work->out->first_core = work->selector;
    for (uint32_t i = 0; i < cores_online; i++)
        add(work, WHIT_CORE, cores[i], 1, OBJECT_RIGHTS);
    work->out->irq = work->selector;
    work->out->irq_lines = irq_lines;
    add(work, WHIT_IRQ, irqs, irq_lines, OBJECT_RIGHTS);
}

static struct thread *make_thread(struct boot_work *work, struct range *own)
{
    struct thread *thread = object_at(cut(own, WHIT_SIZE_THREAD));
    struct budget *budget = object_at(cut(own, WHIT_SIZE_BUDGET));
    struct slot *space = cap_slot(work->space, work->out->self_space);
    struct slot *core = cap_slot(work->space, work->out->first_core);

    must(thread_make(thread, space, WHIT_NATIVE));
    must(budget_make(budget, core, (const uint64_t[4]){ROOT_PRIORITY}));
    work->out->self_thread = work->selector;
    add(work, WHIT_THREAD, thread, WHIT_SIZE_THREAD / WHIT_UNIT, OBJECT_RIGHTS);
    work->out->self_budget = work->selector;
    struct slot *slot = add(work, WHIT_BUDGET, budget, WHIT_SIZE_BUDGET / WHIT_UNIT, OBJECT_RIGHTS);
    must(thread_bind_budget(thread, slot));
    return thread;
}

/* Text, read-only data and data are children of the archive's capability; then bss. */
static void map_image(struct boot_work *work, struct slot *archive, struct range file,
                      struct range *own)
{
    const struct whit_image *image = object_at(file);
    const struct {
        uint64_t bytes;
        unsigned access;
    } parts[] = {
        {image->text_bytes, WHIT_MAP_READ | WHIT_MAP_EXEC},
        {image->rodata_bytes, WHIT_MAP_READ},
        {image->data_bytes, WHIT_MAP_READ | WHIT_MAP_WRITE},
    };
    uint64_t address = WHIT_IMAGE_BASE;

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct range part = cut(&file, parts[i].bytes);
        if (part.base == part.end)
            continue;
        struct slot *slot = next_slot(work);
        must(cap_derive(archive, slot, part.base, parts[i].bytes / WHIT_UNIT, MEMORY_RIGHTS, 0));
        map(work, slot, address, parts[i].access);
        address += parts[i].bytes;
    }
    add_memory(work, WHIT_BOOT_ROOT, cut(own, image->bss_bytes), address,
               WHIT_MAP_READ | WHIT_MAP_WRITE);
}

/* ---- what the board has */

static void find_ram(struct boot_work *work, const struct boot_info *info, struct range archive,
                     struct range dtb)
{
    work->ram = info->board->ram;
    ranges_remove(&work->ram, info->kernel.base, info->kernel.end);
    ranges_remove(&work->ram, archive.base, archive.end);
    ranges_remove(&work->ram, dtb.base, dtb.end);
}

/* Addresses that are neither memory nor the interrupt controller's. */
static void find_devices(struct boot_work *work, const struct boot_info *info)
{
    const struct ranges *without[] = {&info->board->ram, &info->board->reserved,
                                      &info->board->controller};
    uint64_t end = info->physical_end < DEVICE_END ? info->physical_end : DEVICE_END;

    ranges_add(&work->device, 0, end);
    for (unsigned i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        for (uint32_t j = 0; j < without[i]->count; j++)
            ranges_remove(&work->device, without[i]->range[j].base, without[i]->range[j].end);
}

static void add_ranges(struct boot_work *work, enum whit_boot_kind kind, const struct ranges *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        add_memory(work, kind, set->range[i], 0, 0);
}

static void fill_head(struct boot_work *work, const struct boot_info *info)
{
    struct whit_boot *out = work->out;

    out->magic = WHIT_IMAGE_MAGIC;
    out->abi = WHIT_ABI_VERSION;
    out->frequency = info->frequency;
    out->entry_ticks = info->entry_ticks;
    out->dtb_bytes = info->board->dtb.end - info->board->dtb.base;
    out->initrd_bytes = info->board->initrd.end - info->board->initrd.base;
}

const char *boot_root(const struct boot_info *info, struct boot_work *work)
{
    const struct board *board = info->board;
    const struct range archive = range_outward(board->initrd), dtb = range_outward(board->dtb);
    struct range file;

    if (!ranges_cover(&board->ram, archive.base, archive.end))
        return "the boot archive does not lie in memory.";
    if (dtb.base < archive.end && archive.base < dtb.end)
        return "the boot archive and the device tree share a page.";
    const char *wrong = find_image(board->initrd, &file);
    if (wrong)
        return wrong;

    const struct whit_image *image = object_at(file);
    const uint64_t stack_bytes = page_ceiling(image->stack_bytes);
    const uint64_t own_bytes = WHIT_SIZE_SPACE + POOL_BYTES + WHIT_SIZE_THREAD + 2 * WHIT_PAGE +
                               image->bss_bytes + stack_bytes;
    find_ram(work, info, archive, dtb);
    find_devices(work, info);
    if (work->ram.overflow || work->device.overflow)
        return "the board has too many memory ranges.";
    struct range own = {ranges_take(&work->ram, own_bytes, WHIT_PAGE), 0};
    own.end = own.base + own_bytes;
    if (own.base == 0)
        return "there is too little memory for root.";
    for (uint64_t at = own.base; at < own.end; at += WHIT_PAGE)
        arch_scrub((void *)(uintptr_t)at, WHIT_PAGE);

    const struct range boot_page = cut(&own, WHIT_PAGE);
    work->out = object_at(boot_page);
    fill_head(work, info);
    make_space(work, &own);
    add_cores(work);
    struct slot *slot = add_memory(work, WHIT_BOOT_INITRD, archive, INITRD_BASE, WHIT_MAP_READ);
    map_image(work, slot, file, &own);
    add_memory(work, WHIT_BOOT_ROOT, cut(&own, stack_bytes), STACK_TOP - stack_bytes,
               WHIT_MAP_READ | WHIT_MAP_WRITE);
    add_memory(work, WHIT_BOOT_ROOT, boot_page, BOOT_PAGE, WHIT_MAP_READ);
    add_memory(work, WHIT_BOOT_DTB, dtb, DTB_BASE + board->dtb.base % WHIT_PAGE, WHIT_MAP_READ);
    add_memory(work, WHIT_BOOT_PANIC, info->panic, PANIC_BASE, WHIT_MAP_READ);
    struct thread *thread = make_thread(work, &own);
    add_memory(work, WHIT_BOOT_ROOT, own, 0, 0); /* what is left over */
    add_ranges(work, WHIT_BOOT_RAM, &work->ram);
    add_ranges(work, WHIT_BOOT_DEVICE, &work->device);
    work->out->first_free = work->selector;

    thread_set_start(thread, image->entry, STACK_TOP, 0, BOOT_PAGE);
    thread_resume_here(thread);
    if (WHIT_DEBUG)
        invariant_begin(work->space);
    return NULL;
}
