/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a description to a plan: which files, devices, memory and slots each program gets.  Memory
 * is given out here, the largest pieces first; nothing is built.
 */
#include "system.h"

#include <string.h>

enum {
    SMALL_FREE_SLOTS = 64, /* for a program without memory to make anything of */
    LARGE_FREE_SLOTS = 1024,
    SLOTS_PER_PAGE = 64,
    MACHINE_SLOTS_PER_CORE = 2, /* the core, its handler thread */
    SELECTORS_PER_SERVER = 4,   /* of root's */
    FIXED_SELECTORS = 40,       /* of root's, for what every program has */
    TABLES_FIXED = 8,           /* parameters, stack, upper tables */
    TABLES_PER_GRANT = 3
};

#define BLOCK_BYTES (UINT64_C(1) << 21)
#define GIGABYTE    (UINT64_C(1) << 30)

static uint64_t pages_ceiling(uint64_t bytes)
{
    return (bytes + WHIT_PAGE - 1) & ~(uint64_t)(WHIT_PAGE - 1);
}

static void leave_out(struct system *system, uint32_t index)
{
    system->instance[index].state = INSTANCE_ABSENT;
    system->description.program[index].left_out = true;
}

/* ---- files */

static bool files_find(struct system *system, struct instance *instance)
{
    struct program *program = instance->program;
    char problem[120];
    archive_find(&system->archive, program->image, &instance->file);
    instance->image = image_check(&instance->file, problem, sizeof problem);
    if (!instance->image) {
        report(system->reporter, "%s: image \"%s\" %s. It is left out.", program->path,
               program->image, problem);
        return false;
    }
    if (program->kernel)
        archive_find(&system->archive, program->kernel, &instance->kernel);
    if (program->initrd)
        archive_find(&system->archive, program->initrd, &instance->initrd);
    return true;
}

/* ---- devices */

/* The program before `index`, or itself, that has a device in common with `device`. */
static const struct program *device_owner(struct system *system, uint32_t index, uint32_t count,
                                          const struct device *device)
{
    for (uint32_t i = 1; i <= index; i++) {
        const struct instance *other = &system->instance[i];
        uint32_t devices = i == index ? count : other->program->devices;
        for (uint32_t j = 0; j < devices && other->state != INSTANCE_ABSENT; j++)
            if (devices_overlap(device, &other->device[j]))
                return other->program;
    }
    return NULL;
}

/* All registers are addresses that the kernel handed out as a device's. */
static bool device_is_free(struct system *system, const struct device *device)
{
    for (uint32_t i = 0; i < device->ranges; i++)
        if (!boot_range(system->boot, WHIT_BOOT_DEVICE, device->range[i].base,
                        device->range[i].bytes))
            return false;
    for (uint32_t i = 0; i < device->lines; i++)
        if (device->line[i].line >= system->boot->irq_lines)
            return false;
    return true;
}

static bool devices_find(struct system *system, uint32_t index)
{
    struct instance *instance = &system->instance[index];
    const struct program *program = instance->program;
    instance->device = heap_take(system->heap, program->devices, sizeof *instance->device);
    for (uint32_t i = 0; i < program->devices; i++) {
        struct device *device = &instance->device[i];
        const struct device_request *request = &program->device[i];
        if (!device_find(system->board, request, program->path, system->reporter, device))
            return false;
        const struct program *owner = device_owner(system, index, i, device);
        if (owner) {
            report(
                system->reporter,
                "system.dtb: %s/devices: %s is \"%s\"; %s has it, or registers in the same page. "
                "The program is left out.",
                program->path, request->name, request->which, owner->path);
            return false;
        }
        if (!device_is_free(system, device)) {
            report(system->reporter,
                   "system.dtb: %s/devices: %s is \"%s\"; the kernel keeps it, or it is no device. "
                   "The program is left out.",
                   program->path, request->name, request->which);
            return false;
        }
    }
    return true;
}

/* ---- slots of the programs' own tables */

static uint32_t slot_take(struct system *system, int program)
{
    return program == PROGRAM_ROOT ? 0 : system->instance[program].slots++;
}

static bool is_absent(const struct system *system, int program)
{
    return program != PROGRAM_ROOT && system->instance[program].state == INSTANCE_ABSENT;
}

/* Programs may have been left out after the description was read: their channels shrink. */
static uint32_t members_keep(const struct system *system, struct member *member, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!is_absent(system, member[i].program))
            member[kept++] = member[i];
    return kept;
}

static void links_plan(struct system *system)
{
    struct description *d = &system->description;
    for (uint32_t i = 0; i < d->signals; i++) {
        struct signal_channel *signal = &d->signal[i];
        signal->left_out = signal->left_out || is_absent(system, signal->to);
        if (signal->left_out)
            continue;
        signal->sources = members_keep(system, signal->from, signal->sources);
        for (uint32_t j = 0; j < signal->sources; j++)
            signal->from[j].slot = slot_take(system, signal->from[j].program);
    }
    for (uint32_t i = 0; i < d->portals; i++) {
        struct portal_channel *portal = &d->portal[i];
        portal->left_out = portal->left_out || is_absent(system, portal->server);
        if (portal->left_out)
            continue;
        portal->clients = members_keep(system, portal->client, portal->clients);
        system->instance[portal->server].servers = 1;
        for (uint32_t j = 0; j < portal->clients; j++)
            portal->client[j].slot = slot_take(system, portal->client[j].program);
    }
    for (uint32_t i = 0; i < d->shares; i++)
        d->shared[i].members = members_keep(system, d->shared[i].member, d->shared[i].members);
    for (uint32_t i = 0; i < d->duplexes; i++) {
        struct duplex_channel *duplex = &d->duplex[i];
        for (int end = 0; end < 2 && !duplex->left_out; end++)
            duplex->left_out = is_absent(system, duplex->program[end]);
        for (int end = 0; end < 2 && !duplex->left_out; end++)
            duplex->slot[end] = slot_take(system, duplex->program[end]);
    }
}

/* ---- shared memory */

static bool shared_take(struct system *system, const char *path, uint64_t bytes, uint32_t *memory,
                        uint64_t *base)
{
    struct whit_piece piece;
    if (!ram_take(system->means, bytes, WHIT_PAGE, &piece) || !ram_zero(system->means, &piece)) {
        report(system->reporter,
               "system.dtb: %s: there are no %llu KiB of memory for it, only %llu. It is left out.",
               path, (unsigned long long)bytes / 1024,
               (unsigned long long)ram_largest(system->means) / 1024);
        return false;
    }
    *memory = piece.selector;
    *base = piece.base;
    return true;
}

static void shares_take(struct system *system)
{
    struct description *d = &system->description;
    for (uint32_t i = 0; i < d->shares; i++) {
        struct shared_channel *shared = &d->shared[i];
        if (!shared->left_out)
            shared->left_out =
                !shared_take(system, shared->path, shared->bytes, &shared->memory, &shared->base);
    }
    for (uint32_t i = 0; i < d->duplexes; i++) {
        struct duplex_channel *duplex = &d->duplex[i];
        if (!duplex->left_out)
            duplex->left_out =
                !shared_take(system, duplex->path, duplex->bytes, &duplex->memory, &duplex->base);
    }
}

/* ---- memory of programs */

/* Translation tables for a mapping that starts and ends anywhere. */
static uint64_t tables_for(uint64_t bytes)
{
    return bytes / BLOCK_BYTES + bytes / GIGABYTE + TABLES_PER_GRANT;
}

/* Tables for all that is mapped because of channels and devices; *grants counts them. */
static uint64_t tables_for_grants(const struct system *system, uint32_t index, uint32_t *grants)
{
    const struct description *d = &system->description;
    const struct instance *instance = &system->instance[index];
    uint64_t tables = 0;
    for (uint32_t i = 0; i < d->shares; i++)
        for (uint32_t j = 0; j < d->shared[i].members; j++)
            if (d->shared[i].member[j].program == (int)index && ++*grants)
                tables += tables_for(d->shared[i].bytes);
    for (uint32_t i = 0; i < d->duplexes; i++)
        for (int end = 0; end < 2; end++)
            if (d->duplex[i].program[end] == (int)index && ++*grants)
                tables += tables_for(d->duplex[i].bytes);
    for (uint32_t i = 0; i < instance->program->devices; i++) {
        const struct device *device = &instance->device[i];
        *grants += device->lines;
        for (uint32_t j = 0; j < device->ranges && ++*grants; j++)
            tables += tables_for(device->range[j].bytes);
    }
    return tables;
}

static uint32_t portals_of(const struct system *system, uint32_t index)
{
    const struct description *d = &system->description;
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->portals; i++)
        if (!d->portal[i].left_out && d->portal[i].server == (int)index)
            count += d->portal[i].clients;
    return count;
}

/* Bits of the waiting signal for the interrupt lines; returns their number. */
static uint32_t lines_plan(struct instance *instance)
{
    uint32_t lines = 0;
    for (uint32_t i = 0; i < instance->program->devices; i++) {
        struct device *device = &instance->device[i];
        for (uint32_t j = 0; j < device->lines; j++, lines++)
            device->bit[j] = program_take_bit(instance->program);
    }
    return lines;
}

/* Of the virtual CPUs: their own, and those of their interrupts. */
static uint32_t budgets_of(const struct program *program)
{
    uint32_t each = 1;
    for (int line = 0; line < URGENTS; line++)
        each += program->urgent[line].budget_us != 0;
    return each * (uint32_t)program->cpus;
}

static void sizes_plan(struct system *system, uint32_t index, uint64_t *arena_bytes)
{
    struct instance *instance = &system->instance[index];
    const struct program *program = instance->program;
    uint32_t grants = 0;
    uint32_t threads = 1 + instance->servers, budgets = budgets_of(program);
    uint64_t tables = tables_for_grants(system, index, &grants) + TABLES_FIXED;
    uint64_t image = image_space_bytes(instance->image);
    uint64_t own_memory = program->is_vm ? program->objects : program->memory;

    instance->stack_bytes =
        pages_ceiling(program->stack ? program->stack : instance->image->stack_bytes);
    instance->free_slots = own_memory ? LARGE_FREE_SLOTS : SMALL_FREE_SLOTS;
    instance->first_line_slot = instance->slots;
    instance->slots += lines_plan(instance);
    instance->first_machine_slot = instance->slots;
    if (program->is_vm)
        instance->slots += MACHINE_SLOTS_PER_CORE * program->cores + budgets;
    tables += tables_for(image) + tables_for(instance->stack_bytes) +
              tables_for(instance->kernel.bytes) + tables_for(instance->initrd.bytes);
    instance->pool_bytes =
        (tables + (instance->slots + instance->free_slots) / SLOTS_PER_PAGE + 2) * WHIT_PAGE;
    instance->selectors = FIXED_SELECTORS + 3 * grants + portals_of(system, index) +
                          SELECTORS_PER_SERVER * instance->servers + budgets;

    uint64_t small = threads * (WHIT_SIZE_BUDGET + WHIT_SIZE_PORTAL) + WHIT_SIZE_SIGNAL +
                     budgets * (uint64_t)WHIT_SIZE_BUDGET +
                     portals_of(system, index) * (uint64_t)WHIT_SIZE_PORTAL;
    *arena_bytes = WHIT_SIZE_SPACE + instance->pool_bytes +
                   threads * (uint64_t)(WHIT_SIZE_THREAD + WHIT_PAGE) +
                   instance->image->data_bytes + instance->image->bss_bytes + WHIT_PAGE +
                   instance->stack_bytes + own_memory + pages_ceiling(small);
}

static bool guest_ram_take(struct system *system, struct instance *instance)
{
    uint64_t bytes = instance->program->guest_mib << 20;
    return ram_take(system->means, bytes, GIGABYTE, &instance->guest_ram) ||
           ram_take(system->means, bytes, BLOCK_BYTES, &instance->guest_ram);
}

static bool memory_take(struct system *system, struct instance *instance, uint64_t arena_bytes)
{
    const struct program *program = instance->program;
    bool got = ram_take(system->means, arena_bytes, WHIT_PAGE, &instance->arena);
    if (!got)
        report(system->reporter,
               "system.dtb: %s: there are no %llu KiB of memory for it, only %llu. It is left out.",
               program->path, (unsigned long long)arena_bytes / 1024,
               (unsigned long long)ram_largest(system->means) / 1024);
    return got;
}

/* ---- all of it */

static void guests_plan(struct system *system)
{
    for (uint32_t i = 1; i < system->description.programs; i++) {
        struct instance *instance = &system->instance[i];
        if (instance->state == INSTANCE_ABSENT || !instance->program->is_vm ||
            guest_ram_take(system, instance))
            continue;
        report(system->reporter,
               "system.dtb: %s: memory-mib is %llu; expected at most %llu, the largest free range "
               "(aligned to 2 MiB). The VM is left out.",
               instance->program->path, (unsigned long long)instance->program->guest_mib,
               (unsigned long long)ram_largest(system->means) >> 20);
        leave_out(system, i);
    }
}

static void selectors_plan(struct system *system)
{
    for (uint32_t i = 1; i < system->description.programs; i++) {
        struct instance *instance = &system->instance[i];
        uint64_t arena_bytes;
        if (instance->state == INSTANCE_ABSENT)
            continue;
        sizes_plan(system, i, &arena_bytes);
        instance->first_selector = selectors_take(system->means, instance->selectors);
        if (instance->first_selector == 0 || !memory_take(system, instance, arena_bytes))
            leave_out(system, i);
    }
}

void system_plan(struct system *system)
{
    struct description *d = &system->description;
    system->instance = heap_take(system->heap, d->programs, sizeof *system->instance);
    for (uint32_t i = 1; i < d->programs; i++) {
        struct instance *instance = &system->instance[i];
        instance->program = &d->program[i];
        instance->slots = SLOT_LINKS;
        instance->servers = instance->program->is_vm ? instance->program->cores : 0;
        instance->state = INSTANCE_PLANNED;
        if (instance->program->left_out || !files_find(system, instance) ||
            !devices_find(system, i))
            leave_out(system, i);
    }
    guests_plan(system);
    links_plan(system);
    selectors_plan(system);
    shares_take(system);
}
