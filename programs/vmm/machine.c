/* SPDX-License-Identifier: BSD-2-Clause */
/* Making the machine, with the raw calls. */
#include "machine.h"
#include "layout.h"
#include "tls.h"
#include "whit/program.h"
#include "whit/splitter.h"

#include <stdio.h>

enum {
    POOL_PAGES = 16,    /* tables of the machine's space */
    OWN_POOL_PAGES = 8, /* tables for the view of the guest's RAM */
    STACK_BYTES = 8192,
    SIZE_1G = 1 << 30
};

/* Own addresses beyond what root maps. */
#define STATE_PAGES UINT64_C(0x1f00000000)
#define OWN_RAM     UINT64_C(0x2000000000)
#define MPIDR_RES1  (UINT64_C(1) << 31)

void vmm_entry(void); /* entry.S */
void vmm_start(void);

struct machine machine;

static struct whit_slots slots;
static struct whit_splitter objects;
static uint32_t ram, own_ram; /* the grant; its child that is mapped here */
static _Alignas(64) char stack[MACHINE_CORES][STACK_BYTES];
static _Alignas(64) char stack_tls[MACHINE_CORES][WHIT_TLS_BYTES];

static void need(enum whit_error error, const char *what)
{
    if (error != WHIT_OK)
        whit_fail("cannot %s: %s", what, whit_error_text(error));
}

static uint32_t take_slot(void)
{
    uint32_t slot = whit_slots_take(&slots, 1);

    if (slot == 0)
        whit_fail("has no empty capability slot left");
    return slot;
}

static const struct whit_grant *need_grant(enum whit_grant_kind kind, const char *name)
{
    const struct whit_grant *grant = whit_grant(kind, name);

    if (grant == NULL)
        whit_fail("has not been given \"%s\"", name);
    return grant;
}

static uint32_t take(uint64_t bytes)
{
    struct whit_piece piece;
    const uint64_t alignment = bytes < WHIT_PAGE ? WHIT_UNIT : WHIT_PAGE;

    need(whit_splitter_take(&objects, bytes, alignment, &piece),
         "take from \"objects\" (its size is a property of the VM)");
    return piece.selector;
}

static uint32_t make(enum whit_kind kind, uint64_t bytes, uint64_t a, uint64_t b, uint64_t c,
                     uint64_t d, const char *what)
{
    uint32_t object = take(bytes);

    need(whit_make(object, kind, a, b, c, d), what);
    return object;
}

static uint32_t derive(uint32_t source, uint32_t rights, const char *what)
{
    uint32_t slot = take_slot();

    need(whit_derive(source, WHIT_SELF, slot, rights, 0, 0), what);
    return slot;
}

static void find_means(void)
{
    const struct whit_grant *grant = need_grant(WHIT_GRANT_MEMORY, "objects");

    whit_slots_init(&slots, whit_parameters->first_free, whit_parameters->end_free);
    objects = (struct whit_splitter){.split = whit_split, .join = whit_join, .slots = &slots};
    need(whit_splitter_add(&objects,
                           &(struct whit_piece){grant->value, grant->bytes, grant->selector}),
         "use \"objects\"");
}

static void make_space(void)
{
    machine.space =
        make(WHIT_SPACE, WHIT_SIZE_SPACE, WHIT_MACHINE, 0, 0, 0, "make the machine's space");
    need(whit_donate(take(POOL_PAGES * WHIT_PAGE), machine.space), "fill the machine's pool");
    need(whit_donate(take(OWN_POOL_PAGES * WHIT_PAGE), WHIT_SELF), "fill the own pool");
}

/* The RAM's view here has the same offset in 1 GiB as its memory: so large blocks fit. */
static void map_ram(void)
{
    const struct whit_grant *grant = need_grant(WHIT_GRANT_MEMORY, "guest-ram");
    const uint64_t address = OWN_RAM + grant->value % SIZE_1G;

    ram = grant->selector;
    own_ram = derive(ram, WHIT_R_READ | WHIT_R_WRITE, "derive the guest's memory");
    need(whit_map(own_ram, WHIT_SELF, address, WHIT_MAP_READ | WHIT_MAP_WRITE),
         "map the guest's memory here");
    machine.ram = (uint8_t *)(uintptr_t)address;
    machine.ram_bytes = grant->bytes;
}

void machine_clean(uint64_t start, uint64_t end)
{
    uint64_t type, line;

    /* CTR_EL0: lines of the data caches, in words, as a power of two in bits 19:16. */
    __asm__("mrs %0, ctr_el0" : "=r"(type));
    line = UINT64_C(4) << (type >> 16 & 0xf);
    for (uint64_t at = start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvac, %0" : : "r"(machine.ram + at) : "memory");
    /* Done before anything starts that reads behind the caches. */
    __asm__ volatile("dsb sy" : : : "memory");
}

void machine_hand_over(void)
{
    uint32_t guest_ram;

    need(whit_delete(own_ram), "unmap the guest's memory here");
    machine.ram = NULL;
    /* The kernel makes what is mapped executable visible to instruction fetches. */
    guest_ram = derive(ram, WHIT_R_READ | WHIT_R_WRITE | WHIT_R_EXEC, "derive the guest's memory");
    need(whit_map(guest_ram, machine.space, GUEST_RAM,
                  WHIT_MAP_READ | WHIT_MAP_WRITE | WHIT_MAP_EXEC),
         "map the guest's memory for it");
}

/* ---- the handler threads */

static uint32_t make_signal(unsigned core)
{
    return make(WHIT_SIGNAL, WHIT_SIZE_SIGNAL, machine.core[core].core, 0, 0, 0, "make a signal");
}

static uint32_t make_portal(unsigned core, uint64_t badge)
{
    return make(WHIT_PORTAL, WHIT_SIZE_PORTAL, machine.core[core].handler, (uintptr_t)vmm_entry,
                badge, 0, "make a portal");
}

static const struct whit_grant *find_part(enum whit_grant_kind kind, const char *name,
                                          unsigned number)
{
    char full[WHIT_NAME_BYTES];

    snprintf(full, sizeof full, number ? "%s.%u" : "%s", name, number);
    return whit_grant(kind, full);
}

/* The main thread's budget and that for work which no exit pays are alike: equals of the CPUs. */
static void make_core(unsigned index, uint64_t priority)
{
    struct machine_core *core = &machine.core[index];
    const struct whit_grant *server = find_part(WHIT_GRANT_SERVER, "server", index);

    if (server == NULL)
        whit_fail("has not been given a handler thread for its core %u", index);
    core->handler = server->selector;
    core->lock = make_signal(index);
    need(whit_target(core->lock, WHIT_TARGET_WAITER, core->handler, 0, 0),
         "make a signal wake a handler");
    need(whit_start(core->handler, (uintptr_t)vmm_start, (uintptr_t)stack[index] + STACK_BYTES,
                    whit_tls_init(stack_tls[index]), 0),
         "start a thread");
    core->work = make_signal(index);
    need(whit_target(
             core->work, WHIT_TARGET_ENTRY, make_portal(index, BADGE_FIRST_CORE + index), 0,
             make(WHIT_BUDGET, WHIT_SIZE_BUDGET, core->core, priority, 0, 0, "make a budget")),
         "make a signal enter a handler");
}

static void make_cores(void)
{
    const struct whit_grant *core;
    struct whit_budget_use own;

    need(whit_budget_read(whit_grant_selector(WHIT_GRANT_BUDGET, "budget"), &own),
         "read its budget");
    while (machine.cores < MACHINE_CORES &&
           (core = find_part(WHIT_GRANT_CORE, "core", machine.cores)) != NULL) {
        machine.core[machine.cores].core = core->selector;
        make_core(machine.cores++, own.priority);
    }
    machine.events = make_portal(0, BADGE_EVENTS);
}

/* ---- virtual CPUs */

/* With a budget the CPU runs urgently when the interrupt comes. */
static void make_line(struct machine_cpu *cpu, unsigned line, unsigned flags,
                      const struct whit_grant *budget)
{
    cpu->signal[line] = make_signal(cpu->core);
    need(whit_target(cpu->signal[line], WHIT_TARGET_VIRQ, cpu->thread,
                     WHIT_VIRQ((uint64_t)line, UINT64_C(0), flags), budget ? budget->selector : 0),
         "bind an interrupt");
}

static void make_state(unsigned index)
{
    struct machine_cpu *cpu = &machine.cpu[index];
    const uint64_t address = STATE_PAGES + (uint64_t)index * WHIT_PAGE;
    const uint32_t rights = WHIT_R_READ | WHIT_R_WRITE, page = take(WHIT_PAGE);

    need(whit_bind(cpu->thread, WHIT_ROLE_STATE, derive(page, rights, "derive a state page")),
         "bind a state page");
    need(whit_map(derive(page, rights, "derive a state page"), WHIT_SELF, address,
                  WHIT_MAP_READ | WHIT_MAP_WRITE),
         "map a state page");
    cpu->state = (struct whit_state *)(uintptr_t)address;
    need(whit_sync(cpu->thread, WHIT_SYNC_TO_PAGE), "read a virtual CPU");
    for (unsigned i = 0; i < WHIT_EL1_COUNT; i++)
        cpu->el1[i] = cpu->state->el1[i];
    cpu->el1[WHIT_VMPIDR_EL2] = MPIDR_RES1 | vgic_affinity(index);
    /* The guest's time starts with the machine, for all its CPUs alike. */
    cpu->el1[WHIT_CNTVOFF_EL2] = index == 0 ? whit_ticks() : machine.cpu[0].el1[WHIT_CNTVOFF_EL2];
}

/* The guest may choose between its budget and the real-time one, by WHIT_OP_PRIORITY. */
static void grant_budgets(unsigned index, const struct whit_grant *ordinary,
                          const struct whit_grant *realtime)
{
    const struct whit_grant *const grants[MACHINE_BUDGETS] = {ordinary, realtime};

    for (unsigned i = 0; i < MACHINE_BUDGETS; i++) {
        uint32_t *slot = &machine.budget[MACHINE_BUDGETS * index + i];
        *slot = 1 + MACHINE_BUDGETS * index + i;
        need(whit_derive(grants[i]->selector, machine.space, *slot, WHIT_R_CONTROL, 0, 0),
             "grant the guest a budget");
    }
}

static void make_cpu(unsigned index, const struct whit_grant *budget)
{
    const struct whit_grant *realtime = find_part(WHIT_GRANT_BUDGET, "realtime", index);
    struct machine_cpu *cpu = &machine.cpu[index];

    cpu->core = (unsigned)budget->value;
    cpu->thread =
        make(WHIT_THREAD, WHIT_SIZE_THREAD, machine.space, WHIT_VCPU, 0, 0, "make a virtual CPU");
    need(whit_bind(cpu->thread, WHIT_ROLE_BUDGET, budget->selector), "bind a budget");
    need(whit_bind(cpu->thread, WHIT_ROLE_FAULT, make_portal(cpu->core, BADGE_FIRST_CPU + index)),
         "bind a portal for exits");
    if (realtime != NULL)
        grant_budgets(index, budget, realtime);
    machine.realtime = realtime != NULL;
    make_state(index);
    for (unsigned line = 0; line < VGIC_SGIS; line++)
        make_line(cpu, line, 0, NULL);
    make_line(cpu, GUEST_TIMER_LINE, WHIT_VIRQ_TIMER, find_part(WHIT_GRANT_BUDGET, "timer", index));
    make_line(cpu, GUEST_UART_LINE, WHIT_VIRQ_LEVEL,
              find_part(WHIT_GRANT_BUDGET, "console", index));
}

void machine_make(void)
{
    const struct whit_grant *budget;

    find_means();
    make_space();
    map_ram();
    make_cores();
    while (machine.cpus < VGIC_CPUS &&
           (budget = find_part(WHIT_GRANT_BUDGET, "cpu", machine.cpus)) != NULL)
        make_cpu(machine.cpus++, budget);
    if (machine.cpus == 0)
        whit_fail("has not been given a budget for a CPU");
}

enum whit_error machine_cpu_start(unsigned index, uint64_t entry, uint64_t context)
{
    struct machine_cpu *cpu = &machine.cpu[index];
    enum whit_error error;

    for (unsigned i = 0; i < WHIT_EL1_COUNT; i++)
        cpu->state->el1[i] = cpu->el1[i];
    error = whit_sync(cpu->thread, WHIT_SYNC_FROM_PAGE);
    if (error == WHIT_OK)
        error = whit_start(cpu->thread, entry, 0, 0, context);
    cpu->on = error == WHIT_OK;
    return error;
}

enum whit_error machine_line_set(unsigned cpu, unsigned line, struct vgic_setting setting)
{
    const uint32_t signal = machine_signal(cpu, line);
    unsigned flags = 0;

    if (signal == 0)
        return WHIT_OK;
    if (setting.enabled)
        flags |= WHIT_VIRQ_ENABLED;
    if (setting.level)
        flags |= WHIT_VIRQ_LEVEL;
    if (line == GUEST_TIMER_LINE)
        flags |= WHIT_VIRQ_TIMER;
    return whit_target(signal, WHIT_TARGET_VIRQ, machine.cpu[cpu].thread,
                       WHIT_VIRQ((uint64_t)line, (uint64_t)setting.priority, flags), 0);
}
