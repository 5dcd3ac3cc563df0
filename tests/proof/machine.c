/* SPDX-License-Identifier: BSD-2-Clause */
/* A small machine for EVA; see machine.h. */
#include "machine.h"
#include "arch.h"
#include "irq.h"
#include "memory.h"
#include "object.h"
#include "sched.h"
#include "syscall.h"
#include "virq.h"

#include <__fc_builtin.h>
#include <string.h>

enum { LINES_MAX = 40, POOL_BYTES = 8 * WHIT_PAGE, CORE_BYTES = 0x2000 };

/* Where things are; the range is given to EVA as RAM. */
#define AT_CORES  UINT64_C(0x40000000)
#define AT_LINES  UINT64_C(0x40004000)
#define AT_BOOT   UINT64_C(0x40005000)
#define AT_SPACE  UINT64_C(0x40006000)
#define AT_POOL   UINT64_C(0x40008000)
#define AT_PIECES UINT64_C(0x40010000)

bool machine_free;
static uint32_t here;
static struct thread *boot_thread;
static uint64_t next_piece = AT_PIECES;

uint64_t any(void)
{
    return Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
}

/* ---- the architecture: what it is asked for may take any time and have any answer */

uint64_t arch_entry_leaf(uintptr_t physical, unsigned level, unsigned access, bool device)
{
    return physical | (level == 3 ? 3 : 1) | (uint64_t)access << 4 | (uint64_t)device << 8;
}

uint64_t arch_entry_table(uintptr_t table)
{
    return table | 3;
}

void arch_entry_write(uint64_t *entry, uint64_t value)
{
    *entry = value;
}

void arch_entries_publish(void)
{
}

void arch_translation_invalidate(struct space *space, uint64_t ipa, uint64_t bytes)
{
    (void)space;
    (void)ipa;
    (void)bytes;
}

uint64_t arch_vttbr(uintptr_t top_table, uint32_t vmid)
{
    (void)top_table;
    return (uint64_t)vmid << 48;
}

uint32_t arch_vmids(void)
{
    return 256;
}

void arch_vmid_invalidate(uint32_t vmid)
{
    (void)vmid;
}

void arch_scrub(void *start, uint64_t bytes)
{
    memset(start, 0, bytes);
}

void arch_cache_flush(const void *start, uint64_t bytes)
{
    (void)start;
    (void)bytes;
}

void arch_cache_exec(const void *start, uint64_t bytes)
{
    (void)start;
    (void)bytes;
}

bool arch_interrupt_pending(void)
{
    return machine_free && Frama_C_interval(0, 1);
}

uint64_t arch_ticks(void)
{
    return machine_free ? any() : 1;
}

void arch_timer_program(uint64_t deadline)
{
    (void)deadline;
}

void arch_interrupts(struct core *core)
{
    (void)core;
}

void arch_idle(struct core *core)
{
    (void)core;
}

void arch_core_kick(struct core *core)
{
    (void)core;
}

void arch_core_publish(void)
{
}

void arch_pause(void)
{
}

void arch_power(unsigned action)
{
    (void)action;
}

void arch_log(char character)
{
    (void)character;
}

void arch_check(void)
{
}

void arch_device_mapped(uintptr_t physical, uint64_t bytes)
{
    (void)physical;
    (void)bytes;
}

void arch_thread_release(struct core *core, struct thread *thread)
{
    if (thread->type == WHIT_VCPU)
        timer_cancel(core, &thread->vcpu.timer);
}

void arch_vcpu_init(struct thread *thread)
{
    virq_init(&thread->vcpu);
}

/* One list register: there is room for `signal`, or what is shown there makes room, or neither. */
static bool show(struct thread *thread, struct signal *signal)
{
    struct vcpu *vcpu = &thread->vcpu;

    if (Frama_C_interval(0, 1))
        return false;
    if (vcpu->shown[0] != signal)
        virq_retired(vcpu, 0, true);
    virq_shown(signal, 0);
    return true;
}

void arch_virq_refill(struct thread *thread)
{
    struct signal *signal = virq_first(&thread->vcpu);

    if (signal)
        (void)show(thread, signal);
}

bool arch_virq_show(struct thread *thread, struct signal *signal)
{
    return show(thread, signal);
}

/* The guest may be handling it, or not have seen it yet. */
bool arch_virq_retract(struct thread *thread, struct signal *signal)
{
    if (Frama_C_interval(0, 1))
        virq_unshown(&thread->vcpu, signal->listed - 1u);
    return Frama_C_interval(0, 1);
}

uint64_t arch_vtimer_deadline(struct thread *thread)
{
    (void)thread;
    return any();
}

bool arch_vtimer_held(struct thread *thread)
{
    (void)thread;
    return Frama_C_interval(0, 1);
}

bool arch_virq_waiting(struct thread *thread)
{
    (void)thread;
    return Frama_C_interval(0, 1);
}

void vcpu_timer_due(struct thread *thread)
{
    thread->vcpu.timer_held = 1;
    if (thread->vcpu.timer_signal)
        signal_notify(thread->core, thread->vcpu.timer_signal, 1);
}

void arch_irq_enable(uint32_t line, bool edge, struct core *target)
{
    (void)line;
    (void)edge;
    (void)target;
}

void arch_irq_disable(uint32_t line)
{
    (void)line;
}

void arch_irq_deactivate(uint32_t line)
{
    (void)line;
}

/* The kernel is never inconsistent. */
void panic(const char *what)
{
    (void)what;
    /*@ assert \false; */
    for (;;)
        ;
}

struct core *core_here(void)
{
    return cores[here];
}

void machine_go(uint32_t core)
{
    here = core;
}

/* ---- what dialect.h declares, for numbers that are known */

unsigned dialect_clzll(unsigned long long value)
{
    unsigned zeros = 0;

    for (; !(value >> 63); value <<= 1)
        zeros++;
    return zeros;
}

int dialect_ctzll(unsigned long long value)
{
    int zeros = 0;

    for (; !(value & 1); value >>= 1)
        zeros++;
    return zeros;
}

/* ---- booting, by the kernel's own functions */

static struct slot *slot_at(uint64_t selector)
{
    return cap_slot((struct space *)AT_SPACE, selector);
}

static struct slot *fill(uint64_t selector, enum whit_kind kind, uint64_t base, uint64_t units)
{
    status error = WHIT_OK;
    struct slot *slot = cap_empty_slot((struct space *)AT_SPACE, selector, &error);

    cap_root(slot, kind, base, units, WHIT_R_ALL, 0);
    return slot;
}

/* Memory at `selector`, given by a root of its own; from a page on. */
static void piece(uint64_t selector, uint64_t bytes)
{
    struct slot *root =
        fill(ROOTS + selector - MACHINE, WHIT_MEMORY, next_piece, bytes / WHIT_UNIT);
    status error = WHIT_OK;
    struct slot *slot = cap_empty_slot((struct space *)AT_SPACE, selector, &error);

    (void)cap_derive(root, slot, cap_base(root), cap_units(root), WHIT_R_ALL, CAP_GIVEN);
    next_piece += (bytes + WHIT_PAGE - 1) & ~(uint64_t)(WHIT_PAGE - 1);
}

status machine_operate(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                       uint64_t f)
{
    uint64_t x[7] = {a, b, c, d, e, f, 0};
    const uintptr_t current = cores[here]->current;
    status result;

    /* Who asks for something is what runs. */
    cores[here]->current = (uintptr_t)boot_thread;
    result = syscall_operate(boot_thread, number, x);
    cores[here]->current = current;
    return result;
}

static void make(uint64_t selector, enum whit_kind kind, uint64_t bytes, uint64_t a, uint64_t b,
                 uint64_t c, uint64_t d)
{
    piece(selector, bytes);
    (void)machine_operate(WHIT_OP_MAKE, selector, kind, a, b, c, d);
}

static void make_budget(uint64_t selector, uint64_t core, uint64_t priority, uint64_t ticks,
                        uint64_t period)
{
    make(selector, WHIT_BUDGET, WHIT_SIZE_BUDGET, core, priority, ticks, period);
}

static void make_thread(uint64_t selector, uint64_t space, uint64_t type, uint64_t budget)
{
    make(selector, WHIT_THREAD, WHIT_SIZE_THREAD, space, type, 0, 0);
    (void)machine_operate(WHIT_OP_BIND, selector, WHIT_ROLE_BUDGET, budget, 0, 0, 0);
    machine_thread(selector)->save->pc = 0x400000;
    thread_resume_here(machine_thread(selector));
}

static void make_space(void)
{
    struct space *space = (struct space *)AT_SPACE;
    static struct slot pool;
    status error = WHIT_OK;

    cap_root(&pool, WHIT_MEMORY, AT_POOL, POOL_BYTES / WHIT_UNIT, WHIT_R_ALL, 0);
    space_init(space, WHIT_PROGRAM);
    (void)space_donate(space, &pool);
    cap_move(&pool, cap_empty_slot(space, POOL, &error));
    space->original = fill(SPACE, WHIT_SPACE, AT_SPACE, WHIT_SIZE_SPACE / WHIT_UNIT);
    boot_thread = (struct thread *)AT_BOOT;
    (void)thread_make(boot_thread, slot_at(SPACE), WHIT_NATIVE);
}

struct thread *machine_thread(uint64_t selector)
{
    return cap_object(slot_at(selector));
}

struct signal *machine_signal(uint64_t selector)
{
    return cap_object(slot_at(selector));
}

struct budget *machine_budget(uint64_t selector)
{
    return cap_object(slot_at(selector));
}

static void boot_cores(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        core_init((struct core *)(AT_CORES + i * CORE_BYTES), i, i);
        cores[i]->online = 1;
    }
    cores_online = 2;
}

void machine_boot(void)
{
    memset((void *)AT_CORES, 0, 0x40000);
    boot_cores();
    irq_init((struct irq *)AT_LINES, LINES_MAX);
    make_space();
    fill(LINES, WHIT_IRQ, AT_LINES, LINES_MAX);
    fill(LINE, WHIT_IRQ, (uintptr_t)&irqs[33], 1);
    fill(CORE_0, WHIT_CORE, (uintptr_t)cores[0], 1);
    fill(CORE_1, WHIT_CORE, (uintptr_t)cores[1], 1);
    make(MACHINE, WHIT_SPACE, WHIT_SIZE_SPACE, WHIT_MACHINE, 0, 0, 0);
    make_budget(BUDGET_CALLER, CORE_0, 10, 0, 0);
    make_budget(BUDGET_SERVER, CORE_0, 10, 0, 0);
    make_budget(BUDGET_VCPU, CORE_0, 5, 1000, 4000);
    make_budget(BUDGET_FREE, CORE_0, 200, 1000, 4000);
    make_thread(CALLER, WHIT_SELF, WHIT_NATIVE, BUDGET_CALLER);
    make_thread(SERVER, WHIT_SELF, WHIT_NATIVE, BUDGET_SERVER);
    make_thread(VCPU, MACHINE, WHIT_VCPU, BUDGET_VCPU);
    make(PORTAL, WHIT_PORTAL, WHIT_SIZE_PORTAL, SERVER, 0x400100, 7, 0);
    make(SIGNAL, WHIT_SIGNAL, WHIT_SIZE_SIGNAL, CORE_0, 0, 0, 0);
    make(SIGNAL_AWAY, WHIT_SIGNAL, WHIT_SIZE_SIGNAL, CORE_1, 0, 0, 0);
    machine_go(1);
    make_budget(BUDGET_AWAY, CORE_1, 10, 0, 0);
    make_thread(AWAY, WHIT_SELF, WHIT_NATIVE, BUDGET_AWAY);
    machine_go(0);
    piece(MEMORY_SPACE, WHIT_SIZE_SPACE);
    piece(MEMORY_PAGE, WHIT_PAGE);
    piece(MEMORY_PORTAL, WHIT_SIZE_PORTAL);
    piece(MEMORY_SIGNAL, WHIT_SIZE_SIGNAL);
    piece(MEMORY_BUDGET, WHIT_SIZE_BUDGET);
    piece(MEMORY_MAPPED, WHIT_PAGE);
    piece(MEMORY_PARENT, 2 * WHIT_PAGE);
    (void)machine_operate(WHIT_OP_DERIVE, MEMORY_PARENT, WHIT_SELF, MEMORY_CHILD,
                          WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE, 0, WHIT_PAGE);
}
