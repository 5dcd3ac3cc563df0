/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds one program from the plan: its space and what is in it.  All that is made lies in the
 * program's arena, cut off piece by piece from the front in an order that is the same at each
 * start; what is derived from elsewhere gets selectors of the same block.  The first call of the
 * kernel that fails ends the build, with a report.
 */
#include "system.h"

#include "whit/op.h"
#include "whit/scale.h"
#include <stdio.h>
#include <string.h>

enum {
    PARAMETERS_ADDRESS = 0x200000,
    STACK_TOP = 0x40000000,
    MICROSECONDS = 1000000,
    CPU_SLICE_US =
        3000 /* a virtual CPU may spin until another one, behind it, has done something */
};

#define GRANTS_ADDRESS UINT64_C(0x100000000)
#define BLOCK_BYTES    (UINT64_C(1) << 21)
#define MEMORY_RIGHTS  (WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE)

struct build {
    struct system *system;
    struct instance *instance;
    uint32_t index;
    bool failed;
    struct whit_parameters parameters;
};

/* ---- steps that may fail: after the first failure the others do nothing */

static bool good(struct build *build, enum whit_error error, const char *what)
{
    if (error != WHIT_OK && !build->failed) {
        report(build->system->reporter, "%s: cannot %s: %s. It is not started.",
               build->instance->program->path, what, whit_error_text(error));
        build->failed = true;
    }
    return error == WHIT_OK;
}

static uint32_t selector_next(struct build *build)
{
    struct instance *instance = build->instance;
    if (instance->next_selector == instance->selectors) {
        good(build, WHIT_E_FUNDS, "be given more selectors");
        return 0;
    }
    return instance->first_selector + instance->next_selector++;
}

/* The next `bytes` of the arena. */
static uint32_t cut(struct build *build, uint64_t bytes)
{
    struct instance *instance = build->instance;
    uint32_t piece = instance->rest;
    if (build->failed || bytes == 0)
        return 0;
    if (bytes > instance->rest_bytes) {
        good(build, WHIT_E_SIZE, "be given more memory");
        return 0;
    }
    if (bytes < instance->rest_bytes) {
        instance->rest = selector_next(build);
        if (build->failed || !good(build, whit_split(piece, instance->rest, bytes), "split memory"))
            return 0;
    }
    instance->rest_base += bytes;
    instance->rest_bytes -= bytes;
    return piece;
}

static uint32_t make(struct build *build, enum whit_kind kind, uint64_t bytes, const char *what,
                     uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint32_t object = cut(build, bytes);
    if (!build->failed)
        good(build, whit_make(object, kind, a, b, c, d), what);
    return object;
}

/* A child in root's own table. */
static uint32_t derive(struct build *build, uint32_t source, uint32_t rights, uint64_t offset,
                       uint64_t bytes, const char *what)
{
    uint32_t child = build->failed ? 0 : selector_next(build);
    if (!build->failed)
        good(build, whit_derive(source, WHIT_SELF, child, rights, offset, bytes), what);
    return child;
}

static void map(struct build *build, uint32_t memory, uint64_t address, uint32_t access,
                const char *what)
{
    if (!build->failed)
        good(build, whit_map(memory, build->instance->space, address, access), what);
}

/* A child in the program's table. */
static void hand_over(struct build *build, uint32_t source, uint32_t slot, uint32_t rights,
                      const char *what)
{
    if (!build->failed)
        good(build, whit_derive(source, build->instance->space, slot, rights, 0, 0), what);
}

/* ---- grants */

static const char *numbered(char *out, size_t bytes, const char *name, uint32_t number)
{
    snprintf(out, bytes, number ? "%s.%u" : "%s", name, (unsigned)number);
    return out;
}

static struct whit_grant *grant(struct build *build, enum whit_grant_kind kind, const char *name,
                                uint32_t slot, uint64_t value)
{
    static struct whit_grant nowhere;
    struct whit_parameters *parameters = &build->parameters;
    if (parameters->grants == WHIT_GRANTS) {
        if (!build->failed)
            report(build->system->reporter,
                   "%s: it would have more than %d grants. "
                   "It is not started.",
                   build->instance->program->path, WHIT_GRANTS);
        build->failed = true;
        return &nowhere;
    }
    struct whit_grant *entry = &parameters->grant[parameters->grants++];
    snprintf(entry->name, sizeof entry->name, "%s", name);
    entry->kind = kind;
    entry->selector = slot;
    entry->value = value;
    return entry;
}

/* An address for `bytes` of memory at `base`; large ranges keep their place within 2 MiB, so that
 * they can be mapped in blocks. */
static uint64_t address_take(struct build *build, uint64_t base, uint64_t bytes)
{
    struct instance *instance = build->instance;
    uint64_t address = instance->next_address;
    if (bytes >= BLOCK_BYTES)
        address = ((address + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1)) + (base & (BLOCK_BYTES - 1));
    instance->next_address = address + bytes + WHIT_PAGE;
    return address;
}

/* Derives a part of `source`, maps it, and returns the address. */
static uint64_t map_part(struct build *build, uint32_t source, uint64_t source_base,
                         uint64_t offset, uint64_t bytes, uint32_t access, const char *what)
{
    uint32_t rights = access & (WHIT_R_READ | WHIT_R_WRITE | WHIT_R_EXEC);
    uint64_t address = address_take(build, source_base + offset, bytes);
    map(build, derive(build, source, rights, offset, bytes, what), address, access, what);
    return address;
}

/* ---- parts of a program */

/* Capability of core `index` of those that the program uses. */
static uint32_t core_of(const struct build *build, uint32_t index)
{
    return build->system->boot->first_core +
           (uint32_t)build->instance->program->machine_core[index];
}

static void open_arena(struct build *build)
{
    struct instance *instance = build->instance;
    instance->next_selector = 0;
    instance->rest = selector_next(build);
    instance->rest_base = instance->arena.base;
    instance->rest_bytes = instance->arena.bytes;
    instance->next_address = GRANTS_ADDRESS;
    good(build, whit_give(instance->arena.selector, WHIT_SELF, instance->rest), "take its memory");
}

static void make_space(struct build *build)
{
    struct instance *instance = build->instance;
    instance->space =
        make(build, WHIT_SPACE, WHIT_SIZE_SPACE, "make its space", WHIT_PROGRAM, 0, 0, 0);
    uint32_t pool = cut(build, instance->pool_bytes);
    if (!build->failed)
        good(build, whit_donate(pool, instance->space), "fill its pool");
}

/* A thread with its state page; budget and fault portal are small and come later. */
static uint32_t make_thread(struct build *build, unsigned thread)
{
    uint32_t object = make(build, WHIT_THREAD, WHIT_SIZE_THREAD, "make a thread",
                           build->instance->space, WHIT_NATIVE, 0, 0);
    uint32_t page = cut(build, WHIT_PAGE);
    /* In this order: memory that is mapped cannot be bound. */
    if (!build->failed &&
        good(build, whit_bind(object, WHIT_ROLE_STATE, page), "bind a state page"))
        good(build, whit_map(page, WHIT_SELF, state_address(build->index, thread), WHIT_MAP_READ),
             "map a state page");
    return object;
}

static uint64_t ticks(const struct build *build, uint64_t microseconds)
{
    return whit_scale_up(microseconds, build->system->boot->frequency, MICROSECONDS);
}

static uint32_t make_budget(struct build *build, uint32_t core, uint64_t unlimited_period)
{
    const struct program *program = build->instance->program;
    const uint64_t period = program->budget_us ? program->period_us : unlimited_period;

    return make(build, WHIT_BUDGET, WHIT_SIZE_BUDGET, "make a budget", core_of(build, core),
                program->priority, ticks(build, program->budget_us), ticks(build, period));
}

/* For a virtual CPU's interrupts or real-time work; it may be more urgent than the VM itself. */
static uint32_t make_urgent(struct build *build, uint32_t cpu, const struct urgent *urgent)
{
    uint32_t budget = urgent->budget_us ? cut(build, WHIT_SIZE_BUDGET) : 0;
    if (budget && !build->failed)
        good(build,
             whit_budget_make(budget, core_of(build, build->instance->program->cpu_core[cpu]),
                              urgent->priority, ticks(build, urgent->budget_us),
                              ticks(build, urgent->period_us), ticks(build, urgent->length_us)),
             "make an urgent budget");
    return budget;
}

static uint32_t bind_budget(struct build *build, uint32_t thread, uint32_t core)
{
    uint32_t budget = make_budget(build, core, 0);
    if (!build->failed)
        good(build, whit_bind(thread, WHIT_ROLE_BUDGET, budget), "bind a budget");
    return budget;
}

static void make_fault_portal(struct build *build, uint32_t object, unsigned thread, uint32_t core)
{
    uint32_t handler = build->system->fault_thread[build->instance->program->machine_core[core]];
    uint32_t portal = make(build, WHIT_PORTAL, WHIT_SIZE_PORTAL, "make a fault portal", handler,
                           (uintptr_t)fault_entry, fault_badge(build->index, thread), 0);
    if (!build->failed)
        good(build, whit_bind(object, WHIT_ROLE_FAULT, portal), "bind a fault portal");
}

/* Text and read-only data stay in the archive. */
static void map_image(struct build *build)
{
    const struct instance *instance = build->instance;
    const struct whit_image *image = instance->image;
    uint32_t archive = build->system->archive_range->selector;
    uint64_t offset =
        (uint64_t)((uintptr_t)instance->file.start - build->system->archive_range->address);
    if (image->text_bytes)
        map(build,
            derive(build, archive, WHIT_R_READ | WHIT_R_EXEC, offset, image->text_bytes,
                   "derive its text"),
            WHIT_IMAGE_BASE, WHIT_MAP_READ | WHIT_MAP_EXEC, "map its text");
    if (image->rodata_bytes)
        map(build,
            derive(build, archive, WHIT_R_READ, offset + image->text_bytes, image->rodata_bytes,
                   "derive its constants"),
            WHIT_IMAGE_BASE + image->text_bytes, WHIT_MAP_READ, "map its constants");
}

/* Fresh memory in the program, zeroed behind the first bytes, which are copied from `content`. */
static void map_filled(struct build *build, uint64_t bytes, const void *content, uint64_t filled,
                       uint64_t address, uint32_t access, const char *what)
{
    uint32_t memory = cut(build, bytes);
    if (build->failed || bytes == 0)
        return;
    char *window = window_open(build->system->means, memory);
    if (!window) {
        build->failed = true;
        return;
    }
    memcpy(window, content, (size_t)filled);
    memset(window + filled, 0, (size_t)(bytes - filled));
    window_close(memory);
    map(build, memory, address, access, what);
}

static void map_data(struct build *build)
{
    const struct instance *instance = build->instance;
    const struct whit_image *image = instance->image;
    uint64_t before = image->text_bytes + image->rodata_bytes;
    map_filled(build, image->data_bytes + image->bss_bytes, instance->file.start + before,
               image->data_bytes, WHIT_IMAGE_BASE + before, WHIT_MAP_READ | WHIT_MAP_WRITE,
               "map its data");
    map_filled(build, instance->stack_bytes, "", 0, STACK_TOP - instance->stack_bytes,
               WHIT_MAP_READ | WHIT_MAP_WRITE, "map its stack");
}

/* Free memory, given with the right to make. */
static void give_memory(struct build *build, const char *name, uint64_t bytes)
{
    uint64_t base = build->instance->rest_base;
    uint32_t memory = cut(build, bytes);
    if (build->failed || bytes == 0)
        return;
    good(build, whit_give(memory, build->instance->space, SLOT_MEMORY), "give it memory");
    grant(build, WHIT_GRANT_MEMORY, name, SLOT_MEMORY, base)->bytes = bytes;
}

static void give_core(struct build *build, const char *name, uint32_t index, uint32_t slot)
{
    const struct program *program = build->instance->program;
    uint64_t ceiling = program->priority ? program->priority : 1; /* 0 stands for no change */
    if (!build->failed)
        good(build,
             whit_derive(core_of(build, index), build->instance->space, slot,
                         WHIT_R_CONTROL | WHIT_R_DERIVE, ceiling, 0),
             "hand a core over");
    grant(build, WHIT_GRANT_CORE, name, slot, program->machine_core[index]);
}

static void give_budget(struct build *build, const char *name, uint32_t cpu, uint32_t budget,
                        uint32_t slot)
{
    char full[WHIT_NAME_BYTES];
    hand_over(build, budget, slot, WHIT_R_READ | WHIT_R_CONTROL | WHIT_R_DERIVE,
              "hand a budget over");
    grant(build, WHIT_GRANT_BUDGET, numbered(full, sizeof full, name, cpu), slot,
          build->instance->program->cpu_core[cpu]);
}

/* What the virtual CPUs run on: cores, a thread on each for their exits, and their budgets. */
static void give_processors(struct build *build)
{
    const struct instance *instance = build->instance;
    const struct program *program = instance->program;
    char name[WHIT_NAME_BYTES];
    uint32_t slot = instance->first_machine_slot;
    for (uint32_t i = 0; i < program->cores; i++) {
        if (i > 0)
            give_core(build, numbered(name, sizeof name, "core", i), i, slot++);
        hand_over(build, instance->server[i], slot, WHIT_R_CONTROL | WHIT_R_DERIVE,
                  "hand a handler thread over");
        grant(build, WHIT_GRANT_SERVER, numbered(name, sizeof name, "server", i), slot++, 0);
    }
    for (uint32_t cpu = 0; cpu < program->cpus; cpu++) {
        give_budget(build, "cpu", cpu, instance->cpu_budget[cpu], slot++);
        for (int line = 0; line < URGENTS; line++)
            if (instance->urgent_budget[line][cpu])
                give_budget(build, urgent_name((enum urgent_line)line), cpu,
                            instance->urgent_budget[line][cpu], slot++);
    }
}

static void give_guest(struct build *build)
{
    struct instance *instance = build->instance;
    const struct whit_boot_range *archive = build->system->archive_range;
    const struct file *files[] = {&instance->kernel, &instance->initrd};
    static const char *const names[] = {"kernel", "initrd"};
    if (build->failed)
        return;
    good(build, whit_give(instance->guest_ram.selector, instance->space, SLOT_GUEST_RAM),
         "give it the guest's memory");
    grant(build, WHIT_GRANT_MEMORY, "guest-ram", SLOT_GUEST_RAM, instance->guest_ram.base)->bytes =
        instance->guest_ram.bytes;
    for (int i = 0; i < 2; i++) {
        if (files[i]->bytes == 0)
            continue;
        uint64_t offset = (uint64_t)((uintptr_t)files[i]->start - archive->address);
        uint64_t bytes = (files[i]->bytes + WHIT_PAGE - 1) & ~(uint64_t)(WHIT_PAGE - 1);
        struct whit_grant *entry = grant(build, WHIT_GRANT_SHARED, names[i], 0, 0);
        entry->address = map_part(build, archive->selector, archive->base, offset, bytes,
                                  WHIT_MAP_READ, "map the guest's files");
        entry->bytes = files[i]->bytes;
    }
}

/* ---- devices */

static void give_registers(struct build *build, const struct device *device, uint32_t number)
{
    char name[WHIT_NAME_BYTES];
    const struct device_range *range = &device->range[number];
    uint64_t inside = range->base % WHIT_PAGE, base = range->base - inside;
    uint64_t bytes = (inside + range->bytes + WHIT_PAGE - 1) & ~(uint64_t)(WHIT_PAGE - 1);
    const struct whit_boot_range *boot =
        boot_range(build->system->boot, WHIT_BOOT_DEVICE, range->base, range->bytes);
    struct whit_grant *entry =
        grant(build, WHIT_GRANT_DEVICE, numbered(name, sizeof name, device->name, number), 0,
              range->base);
    entry->address = inside + map_part(build, boot->selector, boot->base, base - boot->base, bytes,
                                       WHIT_MAP_READ | WHIT_MAP_WRITE, "map a device");
    entry->bytes = range->bytes;
}

static void give_line(struct build *build, const struct device *device, uint32_t number,
                      uint32_t *slot)
{
    char name[WHIT_NAME_BYTES];
    struct instance *instance = build->instance;
    const struct device_line *line = &device->line[number];
    uint64_t bits = UINT64_C(1) << device->bit[number];
    uint32_t irq = derive(build, build->system->boot->irq, WHIT_R_CONTROL | WHIT_R_DERIVE,
                          line->line, 1, "derive an interrupt");
    if (!build->failed)
        good(build, whit_irq_bind(irq, instance->signal, bits, line->edge ? WHIT_IRQ_EDGE : 0),
             "bind an interrupt");
    hand_over(build, irq, *slot, WHIT_R_CONTROL | WHIT_R_DERIVE, "hand an interrupt over");
    grant(build, WHIT_GRANT_IRQ, numbered(name, sizeof name, device->name, number), (*slot)++,
          bits);
}

/* Slots for interrupt lines come behind those of channels; sizes_plan left room. */
static void give_devices(struct build *build)
{
    const struct instance *instance = build->instance;
    uint32_t slot = instance->first_line_slot;
    for (uint32_t i = 0; i < instance->program->devices; i++) {
        const struct device *device = &instance->device[i];
        for (uint32_t j = 0; j < device->ranges; j++)
            give_registers(build, device, j);
        for (uint32_t j = 0; j < device->lines; j++)
            give_line(build, device, j, &slot);
    }
}

/* ---- channels: the grants; instance_connect fills the slots */

static void give_signals(struct build *build)
{
    const struct description *d = &build->system->description;
    for (uint32_t i = 0; i < d->signals; i++) {
        const struct signal_channel *signal = &d->signal[i];
        uint64_t bit = UINT64_C(1) << signal->bit;
        if (signal->left_out)
            continue;
        for (uint32_t j = 0; j < signal->sources; j++)
            if (signal->from[j].program == (int)build->index)
                grant(build, WHIT_GRANT_NOTIFY, signal->name, signal->from[j].slot, bit);
        if (signal->to == (int)build->index)
            grant(build, WHIT_GRANT_WAIT, signal->name, SLOT_WAIT, bit);
    }
}

static void give_portals(struct build *build)
{
    struct description *d = &build->system->description;
    const struct instance *instance = build->instance;
    for (uint32_t i = 0; i < d->portals; i++) {
        struct portal_channel *portal = &d->portal[i];
        for (uint32_t j = 0; j < portal->clients && !portal->left_out; j++) {
            struct member *client = &portal->client[j];
            if (client->program == (int)build->index)
                grant(build, WHIT_GRANT_PORTAL, portal->name, client->slot, 0);
            if (portal->server != (int)build->index)
                continue;
            uint64_t badge = (uint64_t)i << 32 | (j + 1);
            client->portal =
                make(build, WHIT_PORTAL, WHIT_SIZE_PORTAL, "make a portal", instance->server[0],
                     instance->image->entry + WHIT_SERVE_OFFSET, badge, 0);
            grant(build, WHIT_GRANT_OFFER, portal->name, 0, badge);
        }
    }
}

static void give_shared(struct build *build)
{
    const struct description *d = &build->system->description;
    for (uint32_t i = 0; i < d->shares; i++) {
        const struct shared_channel *shared = &d->shared[i];
        for (uint32_t j = 0; j < shared->members && !shared->left_out; j++) {
            const struct member *member = &shared->member[j];
            if (member->program != (int)build->index)
                continue;
            struct whit_grant *entry =
                grant(build, WHIT_GRANT_SHARED, shared->name, 0, member->writes);
            entry->address = map_part(build, shared->memory, shared->base, 0, shared->bytes,
                                      WHIT_MAP_READ | (member->writes ? WHIT_MAP_WRITE : 0),
                                      "map shared memory");
            entry->bytes = shared->bytes;
        }
    }
}

static void give_duplexes(struct build *build)
{
    const struct description *d = &build->system->description;
    for (uint32_t i = 0; i < d->duplexes; i++) {
        const struct duplex_channel *duplex = &d->duplex[i];
        for (unsigned end = 0; end < 2 && !duplex->left_out; end++) {
            if (duplex->program[end] != (int)build->index)
                continue;
            uint64_t value = WHIT_CHANNEL(end, duplex->bit[1 - end], duplex->bit[end]);
            struct whit_grant *entry =
                grant(build, WHIT_GRANT_CHANNEL, duplex->name[end], duplex->slot[end], value);
            entry->address = map_part(build, duplex->memory, duplex->base, 0, duplex->bytes,
                                      WHIT_MAP_READ | WHIT_MAP_WRITE, "map a channel");
            entry->bytes = duplex->bytes;
        }
    }
}

/* ---- one program */

static void make_events(struct build *build)
{
    struct instance *instance = build->instance;
    instance->signal =
        make(build, WHIT_SIGNAL, WHIT_SIZE_SIGNAL, "make its signal", core_of(build, 0), 0, 0, 0);
    if (!build->failed)
        good(build, whit_target(instance->signal, WHIT_TARGET_WAITER, instance->thread, 0, 0),
             "make its signal wake it");
}

/* What a program may do with itself. */
static void give_self(struct build *build)
{
    const struct instance *instance = build->instance;
    const struct program *program = instance->program;
    hand_over(build, instance->thread, SLOT_THREAD, WHIT_R_CONTROL | WHIT_R_DERIVE,
              "hand its thread over");
    grant(build, WHIT_GRANT_THREAD, "thread", SLOT_THREAD, 0);
    hand_over(build, instance->space, SLOT_SPACE, WHIT_R_CONTROL | WHIT_R_DERIVE,
              "hand its space over");
    grant(build, WHIT_GRANT_SPACE, "space", SLOT_SPACE, 0);
    hand_over(build, instance->budget, SLOT_BUDGET, WHIT_R_READ, "hand its budget over");
    grant(build, WHIT_GRANT_BUDGET, "budget", SLOT_BUDGET, 0);
    hand_over(build, instance->signal, SLOT_WAIT, WHIT_R_NOTIFY | WHIT_R_CONTROL | WHIT_R_DERIVE,
              "hand its signal over");
    grant(build, WHIT_GRANT_WAIT, "wait", SLOT_WAIT, program->bits_taken);
    if (program->memory || program->is_vm)
        give_core(build, "core", 0, SLOT_CORE);
    if (instance->servers == 1 && !program->is_vm) {
        hand_over(build, instance->server[0], SLOT_SERVER, WHIT_R_CONTROL | WHIT_R_DERIVE,
                  "hand its server thread over");
        grant(build, WHIT_GRANT_SERVER, "server", SLOT_SERVER, 0);
    }
}

static void parameters_head(struct build *build)
{
    struct whit_parameters *parameters = &build->parameters;
    const struct instance *instance = build->instance;
    const struct program *program = instance->program;
    parameters->magic = WHIT_PARAMETERS_MAGIC;
    parameters->abi = WHIT_ABI_VERSION;
    parameters->frequency = build->system->boot->frequency;
    parameters->first_free = instance->slots;
    parameters->end_free = instance->slots + instance->free_slots;
    parameters->restarts = instance->starts;
    parameters->argument_bytes = program->argument_bytes;
    snprintf(parameters->name, sizeof parameters->name, "%s", program->name);
    if (program->argument_bytes)
        memcpy(parameters->arguments, program->arguments, program->argument_bytes);
}

/* Large pieces first: they must be aligned to pages. */
static void build_pages(struct build *build)
{
    struct instance *instance = build->instance;
    const struct program *program = instance->program;
    make_space(build);
    instance->thread = make_thread(build, 0);
    for (uint32_t i = 0; i < instance->servers; i++)
        instance->server[i] = make_thread(build, 1 + i);
    map_image(build);
    map_data(build);
    if (program->is_vm)
        give_memory(build, "objects", program->objects);
    else
        give_memory(build, "memory", program->memory);
}

static void build_small(struct build *build)
{
    struct instance *instance = build->instance;
    instance->budget = bind_budget(build, instance->thread, 0);
    make_fault_portal(build, instance->thread, 0, 0);
    for (uint32_t i = 0; i < instance->servers; i++) {
        bind_budget(build, instance->server[i], i);
        make_fault_portal(build, instance->server[i], 1 + i, i);
    }
    for (uint32_t cpu = 0; cpu < instance->program->cpus; cpu++) {
        instance->cpu_budget[cpu] =
            make_budget(build, instance->program->cpu_core[cpu], CPU_SLICE_US);
        for (int line = 0; line < URGENTS; line++)
            instance->urgent_budget[line][cpu] =
                make_urgent(build, cpu, &instance->program->urgent[line]);
    }
    make_events(build);
}

/* ---- connections */

/* A child of the target's capability in the source's table.  Both ends may not be there (yet). */
static void connect(struct system *system, int from, uint32_t slot, uint32_t target,
                    uint32_t rights)
{
    if (from == PROGRAM_ROOT || target == 0 || system->instance[from].state != INSTANCE_RUNNING)
        return;
    (void)whit_derive(target, system->instance[from].space, slot, rights | WHIT_R_DERIVE, 0, 0);
}

static uint32_t signal_of(const struct system *system, int program)
{
    if (program == PROGRAM_ROOT)
        return system->wait;
    const struct instance *instance = &system->instance[program];
    return instance->state == INSTANCE_RUNNING ? instance->signal : 0;
}

/* Fills all slots of links between programs that exist; those that are filled stay. */
static void connect_all(struct system *system)
{
    const struct description *d = &system->description;
    for (uint32_t i = 0; i < d->signals; i++)
        for (uint32_t j = 0; j < d->signal[i].sources && !d->signal[i].left_out; j++)
            connect(system, d->signal[i].from[j].program, d->signal[i].from[j].slot,
                    signal_of(system, d->signal[i].to), WHIT_R_NOTIFY);
    for (uint32_t i = 0; i < d->duplexes; i++)
        for (int end = 0; end < 2 && !d->duplex[i].left_out; end++)
            connect(system, d->duplex[i].program[end], d->duplex[i].slot[end],
                    signal_of(system, d->duplex[i].program[1 - end]), WHIT_R_NOTIFY);
    for (uint32_t i = 0; i < d->portals; i++) {
        const struct portal_channel *portal = &d->portal[i];
        if (portal->left_out || system->instance[portal->server].state != INSTANCE_RUNNING)
            continue;
        for (uint32_t j = 0; j < portal->clients; j++)
            connect(system, portal->client[j].program, portal->client[j].slot,
                    portal->client[j].portal, WHIT_R_CALL);
    }
}

/* ---- the whole */

bool instance_build(struct system *system, uint32_t index)
{
    static struct build build; /* with a page of parameters: too large for the stack */
    struct instance *instance = &system->instance[index];
    build = (struct build){.system = system, .instance = instance, .index = index};
    parameters_head(&build);
    open_arena(&build);
    build_pages(&build);
    uint32_t page = cut(&build, WHIT_PAGE);
    build_small(&build);
    give_self(&build);
    if (instance->program->is_vm) {
        give_processors(&build);
        give_guest(&build);
    }
    give_devices(&build);
    give_signals(&build);
    give_portals(&build);
    give_shared(&build);
    give_duplexes(&build);
    if (!build.failed) {
        char *window = window_open(system->means, page);
        build.failed = !window;
        if (window) {
            memset(window, 0, WHIT_PAGE);
            memcpy(window, &build.parameters, sizeof build.parameters);
            window_close(page);
        }
        map(&build, page, PARAMETERS_ADDRESS, WHIT_MAP_READ, "map its parameters");
    }
    instance->starts++;
    if (build.failed) {
        instance_demolish(system, index);
        return false;
    }
    instance->state = INSTANCE_RUNNING;
    connect_all(system);
    return true;
}

bool instance_start(struct system *system, uint32_t index)
{
    struct instance *instance = &system->instance[index];
    enum whit_error error =
        whit_start(instance->thread, instance->image->entry, STACK_TOP, 0, PARAMETERS_ADDRESS);
    if (error != WHIT_OK)
        report(system->reporter, "%s: cannot start its thread: %s", instance->program->path,
               whit_error_text(error));
    return error == WHIT_OK;
}

void instance_demolish(struct system *system, uint32_t index)
{
    struct instance *instance = &system->instance[index];
    instance->state = INSTANCE_PLANNED;
    enum whit_error error = whit_revoke(instance->arena.selector);
    if (error != WHIT_OK)
        report(system->reporter, "%s: cannot take its memory back: %s", instance->program->path,
               whit_error_text(error));
    if (instance->guest_ram.bytes)
        (void)whit_revoke(instance->guest_ram.selector);
    /* What came from elsewhere; the arena's selectors are empty by now. */
    for (uint32_t i = 0; i < instance->next_selector; i++)
        (void)whit_delete(instance->first_selector + i);
    for (unsigned i = 0; i < THREADS_MAX; i++)
        __atomic_store_n(&instance->faulted[i], false, __ATOMIC_RELAXED);
}
