/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root, the first program: receives everything from the kernel, reads the system description,
 * builds what it says, and supervises it.
 */
#include "output.h"
#include "panic.h"
#include "supervise.h"
#include "system.h"

#include "whit/op.h"
#include "whit/program.h"
#include <libfdt.h>

WHIT_STACK_BYTES(0x8000);

enum { HEAP_BYTES_MIN = 256 * 1024, HEAP_PER_DESCRIPTION_BYTE = 64 };

static struct means means;
static struct heap heap;
static struct system the_system = {.means = &means, .heap = &heap, .reporter = &output};

/* Nothing can go on: what was said must still be seen. */
static _Noreturn void give_up(void)
{
    report(&output, "nothing can be started");
    if (the_system.board)
        output_to_uart(&the_system);
    for (;;)
        (void)whit_stop(the_system.boot->self_thread);
}

static _Noreturn void heap_exhausted(void)
{
    report(&output, "the description needs more memory than root has for its tables");
    give_up();
}

static const struct whit_boot_range *range_of(const struct whit_boot *boot,
                                              enum whit_boot_kind kind)
{
    for (uint32_t i = 0; i < boot->ranges; i++)
        if (boot->range[i].kind == (uint32_t)kind)
            return &boot->range[i];
    return NULL;
}

/* The board's tree and the archive, where the kernel mapped them. */
static void find_inputs(struct system *system)
{
    const struct whit_boot *boot = system->boot;
    const struct whit_boot_range *dtb = range_of(boot, WHIT_BOOT_DTB);
    const struct whit_boot_range *archive = range_of(boot, WHIT_BOOT_INITRD);
    if (dtb && fdt_check_full((const void *)(uintptr_t)dtb->address, boot->dtb_bytes) == 0)
        system->board = (const void *)(uintptr_t)dtb->address;
    else
        report(system->reporter, "the board's device tree is damaged");
    if (archive) {
        system->archive_range = archive;
        system->archive.start = (const char *)(uintptr_t)archive->address;
        system->archive.bytes = boot->initrd_bytes;
    }
    if (!system->board || !archive)
        give_up();
}

static void make_heap(struct system *system, uint64_t description_bytes)
{
    uint64_t bytes = HEAP_BYTES_MIN + description_bytes * HEAP_PER_DESCRIPTION_BYTE;
    struct whit_piece piece;
    bytes = (bytes + WHIT_PAGE - 1) & ~(uint64_t)(WHIT_PAGE - 1);
    if (!ram_take(system->means, bytes, WHIT_PAGE, &piece)) {
        report(system->reporter, "there are no %llu KiB of memory for root's tables",
               (unsigned long long)bytes / 1024);
        give_up();
    }
    heap.next = map_own(system->means, piece.selector, bytes, WHIT_MAP_READ | WHIT_MAP_WRITE);
    if (!heap.next)
        give_up();
    heap.end = heap.next + bytes;
    heap.exhausted = heap_exhausted;
}

static bool archive_has(const void *archive, const char *name)
{
    struct file file;
    return archive_find(archive, name, &file);
}

static void read_description(struct system *system)
{
    struct file file;
    struct surroundings surroundings = {
        .cores = system->boot->cores, .has_file = archive_has, .archive = &system->archive};
    if (!archive_find(&system->archive, "system.dtb", &file)) {
        report(system->reporter, "the boot archive has no system.dtb");
        give_up();
    }
    make_heap(system, file.bytes);
    if (!description_read(file.start, file.bytes, &surroundings, system->reporter, system->heap,
                          &system->description))
        give_up();
}

static uint64_t free_bytes(const struct means *from)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < from->ram.count; i++)
        bytes += from->ram.free[i].bytes;
    return bytes;
}

/* All are built before the first one runs, so that none finds its partners missing. */
static void start_all(struct system *system)
{
    uint32_t programs = 0, vms = 0;
    for (uint32_t i = 1; i < system->description.programs; i++)
        if (system->instance[i].state == INSTANCE_PLANNED && !instance_build(system, i))
            system->instance[i].state = INSTANCE_ENDED;
    output_to_console(system);
    for (uint32_t i = 1; i < system->description.programs; i++) {
        struct instance *instance = &system->instance[i];
        if (instance->state != INSTANCE_RUNNING)
            continue;
        if (!instance_start(system, i)) {
            instance_demolish(system, i);
            instance->state = INSTANCE_ENDED;
            continue;
        }
        programs += !instance->program->is_vm;
        vms += instance->program->is_vm;
    }
    report(system->reporter, "started %u program%s and %u VM%s on %u core%s; %llu MiB are free",
           (unsigned)programs, programs == 1 ? "" : "s", (unsigned)vms, vms == 1 ? "" : "s",
           (unsigned)system->boot->cores, system->boot->cores == 1 ? "" : "s",
           (unsigned long long)free_bytes(system->means) >> 20);
}

int main(void)
{
    struct system *system = &the_system;
    system->boot = whit_boot;
    if (!whit_boot)
        whit_fail("root was not started by the kernel");
    if (!means_init(system->means, whit_boot, system->reporter))
        give_up();
    find_inputs(system);
    const struct whit_boot_range *panic = range_of(system->boot, WHIT_BOOT_PANIC);
    if (panic)
        (void)report_panic(system->reporter, (const void *)(uintptr_t)panic->address);
    read_description(system);
    if (!supervise_init(system))
        give_up();
    system_plan(system);
    start_all(system);
    supervise(system);
}
