/* SPDX-License-Identifier: BSD-2-Clause */
/* The host as an architecture; see fake_arch.h. */
#include "fake_arch.h"
#include "object.h"
#include "virq.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_event fake_history[FAKE_EVENTS];
unsigned fake_events;
const char *fake_violation;
unsigned fake_interrupt_every, fake_interrupt_asked;
uint64_t fake_ticks, fake_ticks_step, fake_timer = UINT64_MAX;
uint32_t fake_vmids = 256;
void (*fake_on_pause)(void);
void (*fake_on_kick)(struct core *core);
void (*fake_on_idle)(struct core *core);
void (*fake_on_step)(struct core *core);
unsigned fake_steps;
void (*fake_on_release)(const struct thread *thread);
bool fake_kicked[CORES_MAX], fake_virq_waiting, fake_vtimer_held;
struct core fake_cores[CORES_MAX];
uint32_t fake_here;

static void record(enum fake_event_kind kind, const void *where, uint64_t value, uint64_t before)
{
    if (fake_events < FAKE_EVENTS)
        fake_history[fake_events] = (struct fake_event){kind, where, value, before};
    fake_events++;
}

static void violation(const char *what)
{
    if (!fake_violation)
        fake_violation = what;
}

unsigned fake_count(enum fake_event_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < fake_events && i < FAKE_EVENTS; i++)
        count += fake_history[i].kind == kind;
    return count;
}

void fake_history_clear(void)
{
    fake_events = 0;
}

/* ---- translation: which pages are tables, of what, and what a walker may have cached of them */

enum { TABLES = 8192, STALE = 1 << 16, LEVEL_PAGE = 3 };

struct table {
    uint64_t *page;
    uint64_t ipa; /* of its first entry */
    unsigned level;
    uint64_t *top; /* the table that it is reached from */
};

struct translation {
    uint32_t vmid;
    uint64_t ipa, bytes;
};

static struct table tables[TABLES];
static unsigned table_count;
static struct translation stale[STALE];
static unsigned stale_count;
static bool vmid_may_cache[1 << 16]; /* since it was last invalidated, entries were valid */
static uint64_t *vmid_top[1 << 16];  /* ... in this table or those behind it */

static unsigned shift(unsigned level)
{
    return 39 - 9 * level;
}

static void table_add(uint64_t *page, uint64_t ipa, unsigned level, uint64_t *top)
{
    if (table_count == TABLES)
        panic("fake_arch: too many tables");
    tables[table_count++] = (struct table){page, ipa, level, top};
}

static struct space *space_of(uint64_t *top)
{
    return (struct space *)(void *)((char *)top - WHIT_PAGE);
}

/* The table of an entry.  The first one that is not known is the top table of a new space. */
static const struct table *table_of(uint64_t *entry)
{
    static unsigned last; /* neighbours are written one after the other */
    for (unsigned i = 0; i < table_count; i++) {
        const struct table *table = &tables[(last + i) % table_count];
        if (entry >= table->page && entry < table->page + 512) {
            last = (unsigned)(table - tables);
            return table;
        }
    }
    uint64_t *page = (uint64_t *)((uintptr_t)entry & ~(uintptr_t)(WHIT_PAGE - 1));
    uintptr_t table = (uintptr_t)space_of(page)->vttbr & ~((uintptr_t)0xffff << 48);
    if (table != (uintptr_t)page && table != (uintptr_t)empty_slots)
        return NULL;
    table_add(page, 0, 1, page);
    return &tables[table_count - 1];
}

/* The VMID under which a table is walked, 0: none. */
static uint32_t vmid_of(const struct table *table)
{
    return space_of(table->top)->vmid;
}

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    return a < b + b_bytes && b < a + a_bytes;
}

static void stale_add(uint32_t vmid, uint64_t ipa, uint64_t bytes)
{
    if (stale_count == STALE)
        panic("fake_arch: too many stale translations");
    stale[stale_count++] = (struct translation){vmid, ipa, bytes};
}

unsigned fake_stale(void)
{
    return stale_count;
}

bool fake_vmid_is_quiet(uint32_t vmid)
{
    return !vmid_may_cache[vmid];
}

unsigned fake_page_tables_other(struct space *space)
{
    unsigned count = 0;
    for (unsigned i = 0; i < table_count; i++)
        count += tables[i].top != space_top_table(space);
    return count;
}

uint64_t arch_entry_leaf(uintptr_t physical, unsigned level, unsigned access, bool device)
{
    uint64_t mask = ((uint64_t)1 << shift(level)) - 1;
    if ((physical & mask) != 0)
        violation("a block entry with an unaligned address");
    return physical | (level == LEVEL_PAGE ? 3 : 1) | (uint64_t)access << 4 | (uint64_t)device << 8;
}

uint64_t arch_entry_table(uintptr_t table)
{
    if ((table & (WHIT_PAGE - 1)) != 0)
        violation("an unaligned table");
    return table | 3;
}

/* A new leaf must not meet what may still be cached of an old one (break before make). */
static void leaf_written(const struct table *table, uint64_t ipa)
{
    uint64_t bytes = (uint64_t)1 << shift(table->level);
    uint32_t vmid = vmid_of(table);
    if (vmid == 0)
        return;
    vmid_may_cache[vmid] = true;
    for (unsigned i = 0; i < stale_count; i++)
        if (stale[i].vmid == vmid && overlap(stale[i].ipa, stale[i].bytes, ipa, bytes))
            violation("a new entry while the old one may be cached");
}

static bool page_is_zero(const uint64_t *page)
{
    for (unsigned i = 0; i < 512; i++)
        if (page[i] != 0)
            return false;
    return true;
}

static bool last_event_is(enum fake_event_kind kind)
{
    return fake_events > 0 && fake_events <= FAKE_EVENTS &&
           fake_history[fake_events - 1].kind == kind;
}

void arch_entry_write(uint64_t *entry, uint64_t value)
{
    uint64_t before = *entry;
    const struct table *table = table_of(entry);
    if (!table) {
        violation("an entry outside of all tables");
        return;
    }
    uint64_t ipa = table->ipa + ((uint64_t)(entry - table->page) << shift(table->level));
    bool value_is_table = table->level < LEVEL_PAGE && arch_entry_is_table(value);
    bool before_is_table = table->level < LEVEL_PAGE && arch_entry_is_table(before);
    if (arch_entry_is_valid(before) && arch_entry_is_valid(value))
        violation("a valid entry is replaced");
    if (before_is_table)
        violation("a table is unhooked");
    if (value_is_table) {
        uint64_t *page = (uint64_t *)arch_entry_address(value);
        if (!page_is_zero(page))
            violation("a table that is not empty");
        if (!last_event_is(FAKE_PUBLISH) && fake_events <= FAKE_EVENTS)
            violation("a table whose zeros are not published");
        table_add(page, ipa, table->level + 1, table->top);
    } else if (arch_entry_is_valid(value)) {
        leaf_written(table, ipa);
    } else if (arch_entry_is_valid(before) && vmid_of(table) != 0) {
        stale_add(vmid_of(table), ipa, (uint64_t)1 << shift(table->level));
    }
    record(FAKE_ENTRY_WRITE, entry, value, before);
    *entry = value;
}

void arch_entries_publish(void)
{
    record(FAKE_PUBLISH, NULL, 0, 0);
}

void arch_translation_invalidate(struct space *space, uint64_t ipa, uint64_t bytes)
{
    record(FAKE_INVALIDATE, space, ipa, bytes);
    if (space->vmid == 0)
        violation("an invalidation for a space without a VMID");
    /* While it is done, the core has the space's tables, and may walk them. */
    vmid_may_cache[space->vmid] = true;
    unsigned left = 0;
    for (unsigned i = 0; i < stale_count; i++) {
        struct translation t = stale[i];
        bool covered = t.vmid == space->vmid && t.ipa >= ipa && t.ipa + t.bytes <= ipa + bytes;
        if (!covered)
            stale[left++] = t;
    }
    stale_count = left;
}

uint64_t arch_vttbr(uintptr_t top_table, uint32_t vmid)
{
    uint64_t *top = (uint64_t *)top_table;
    if (top_table == (uintptr_t)empty_slots) {
        if (vmid != 0)
            violation("a VMID with the empty table");
        return top_table;
    }
    if (vmid == 0 || vmid >= fake_vmids)
        violation("a table under a VMID that is none");
    /* A space that was to lose its VMID may keep it. */
    if (vmid_may_cache[vmid] && space_of(top)->vmid != vmid)
        violation("a VMID that was not invalidated is used again");
    vmid_may_cache[vmid] = true;
    vmid_top[vmid] = top;
    return top_table | (uint64_t)vmid << 48;
}

uint32_t arch_vmids(void)
{
    return fake_vmids;
}

void arch_vmid_invalidate(uint32_t vmid)
{
    record(FAKE_VMID_INVALIDATE, NULL, vmid, 0);
    vmid_may_cache[vmid] = false;
    unsigned left = 0;
    for (unsigned i = 0; i < stale_count; i++)
        if (stale[i].vmid != vmid)
            stale[left++] = stale[i];
    stale_count = left;
}

/* ---- memory */

static char *cached; /* the attached range */
static uint64_t cached_bytes;
static uint8_t *behind, *fetched;

void fake_cache_attach(void *start, uint64_t bytes)
{
    fake_cache_detach();
    cached = start;
    cached_bytes = bytes;
    behind = malloc(bytes);
    fetched = malloc(bytes);
    memcpy(behind, start, bytes);
    memcpy(fetched, start, bytes);
}

void fake_cache_detach(void)
{
    free(behind);
    free(fetched);
    behind = fetched = NULL;
    cached_bytes = 0;
}

static bool is_cached(const void *address, uint64_t bytes)
{
    uintptr_t start = (uintptr_t)cached, at = (uintptr_t)address;
    return cached_bytes != 0 && at >= start && at - start + bytes <= cached_bytes;
}

uint8_t fake_ram_byte(const void *address)
{
    return behind[(const char *)address - cached];
}

uint8_t fake_fetch_byte(const void *address)
{
    return fetched[(const char *)address - cached];
}

static void write_back(const void *start, uint64_t bytes, uint8_t *to)
{
    if (is_cached(start, bytes))
        memcpy(to + ((const char *)start - cached), start, bytes);
}

static bool may_be_walked(const uint64_t *top)
{
    for (uint32_t vmid = 0; vmid < fake_vmids; vmid++)
        if (vmid_may_cache[vmid] && vmid_top[vmid] == top)
            return true;
    return false;
}

/* A table may become something else only when no walker can use it. */
static void tables_forget(const char *start, uint64_t bytes)
{
    unsigned left = 0;
    for (unsigned i = 0; i < table_count; i++) {
        const char *page = (const char *)tables[i].page;
        if (page < start || page >= start + bytes) {
            tables[left++] = tables[i];
            continue;
        }
        if (!page_is_zero(tables[i].page) && may_be_walked(tables[i].top))
            violation("a table in use is scrubbed");
    }
    table_count = left;
}

void arch_scrub(void *start, uint64_t bytes)
{
    record(FAKE_SCRUB, start, bytes, 0);
    if (bytes > 4 * WHIT_PAGE)
        violation("an unbounded scrub");
    tables_forget(start, bytes);
    memset(start, 0, bytes);
    write_back(start, bytes, behind);
}

void arch_cache_flush(const void *start, uint64_t bytes)
{
    record(FAKE_FLUSH, start, bytes, 0);
    if (bytes > 64 * WHIT_PAGE)
        violation("an unbounded flush");
    write_back(start, bytes, behind);
}

void arch_cache_exec(const void *start, uint64_t bytes)
{
    record(FAKE_EXEC_SYNC, start, bytes, 0);
    if (bytes > 64 * WHIT_PAGE)
        violation("an unbounded cache operation");
    write_back(start, bytes, fetched);
}

/* ---- processor */

bool arch_interrupt_pending(void)
{
    fake_interrupt_asked++;
    return fake_interrupt_every != 0 && fake_interrupt_asked % fake_interrupt_every == 0;
}

uint64_t arch_ticks(void)
{
    fake_ticks += fake_ticks_step;
    return fake_ticks;
}

void arch_timer_program(uint64_t deadline)
{
    record(FAKE_TIMER, NULL, deadline, 0);
    fake_timer = deadline;
}

void arch_interrupts(struct core *core)
{
    fake_steps++;
    if (fake_on_step)
        fake_on_step(core);
}

void arch_idle(struct core *core)
{
    if (fake_on_idle)
        fake_on_idle(core);
    arch_pause();
}

void arch_core_kick(struct core *core)
{
    record(FAKE_KICK, core, 0, 0);
    fake_kicked[core->index] = true;
    if (fake_on_kick)
        fake_on_kick(core);
}

void arch_core_publish(void)
{
}

void arch_pause(void)
{
    if (fake_on_pause)
        fake_on_pause();
}

void arch_power(unsigned action)
{
    record(FAKE_POWER, NULL, action, 0);
}

void arch_log(char character)
{
    record(FAKE_LOG, NULL, (uint64_t)character, 0);
}

/* The tests look at the invariants after every operation. */
void arch_check(void)
{
}

void arch_device_mapped(uintptr_t physical, uint64_t bytes)
{
    record(FAKE_DEVICE_MAPPED, (const void *)physical, bytes, 0);
}

struct core *core_here(void)
{
    return &fake_cores[fake_here];
}

/* ---- virtual CPUs: nothing is ever loaded */

void arch_thread_release(struct core *core, struct thread *thread)
{
    record(FAKE_RELEASE, thread, 0, 0);
    if (thread->type == WHIT_VCPU)
        timer_cancel(core, &thread->vcpu.timer);
    if (fake_on_release)
        fake_on_release(thread);
}

void arch_vcpu_init(struct thread *thread)
{
    virq_init(&thread->vcpu);
}

void arch_virq_refill(struct thread *thread)
{
    (void)thread;
}

bool arch_virq_show(struct thread *thread, struct signal *signal)
{
    (void)thread;
    (void)signal;
    return false;
}

bool arch_virq_retract(struct thread *thread, struct signal *signal)
{
    (void)thread;
    signal->listed = 0;
    return true;
}

uint64_t arch_vtimer_deadline(struct thread *thread)
{
    (void)thread;
    return UINT64_MAX;
}

void vcpu_timer_due(struct thread *thread)
{
    record(FAKE_VTIMER_DUE, thread, 0, 0);
}

bool arch_vtimer_held(struct thread *thread)
{
    (void)thread;
    return fake_vtimer_held;
}

bool arch_virq_waiting(struct thread *thread)
{
    (void)thread;
    return fake_virq_waiting;
}

/* ---- interrupt lines */

void arch_irq_enable(uint32_t line, bool edge, struct core *target)
{
    record(FAKE_IRQ_ENABLE, target, line, edge);
}

void arch_irq_disable(uint32_t line)
{
    record(FAKE_IRQ_DISABLE, NULL, line, 0);
}

void arch_irq_deactivate(uint32_t line)
{
    record(FAKE_IRQ_DEACTIVATE, NULL, line, 0);
}

static jmp_buf *panic_caught;
static const char *panic_what;

_Noreturn void panic(const char *what)
{
    panic_what = what;
    if (panic_caught)
        longjmp(*panic_caught, 1);
    printf("not ok - kernel panic: %s\n", what);
    fflush(stdout);
    abort();
}

bool fake_panics(void (*act)(void), const char *what)
{
    jmp_buf here;

    panic_what = NULL;
    panic_caught = &here;
    if (setjmp(here) == 0)
        act();
    panic_caught = NULL;
    return panic_what && strcmp(panic_what, what) == 0;
}

/* ---- power-on */

void fake_cores_init(uint32_t count)
{
    for (uint32_t i = 0; i < CORES_MAX; i++)
        cores[i] = NULL;
    memset(fake_cores, 0, sizeof(fake_cores));
    for (uint32_t i = 0; i < count; i++) {
        core_init(&fake_cores[i], i, i);
        fake_cores[i].online = 1;
    }
    cores_online = count;
    fake_here = 0;
}

void fake_reset(void)
{
    fake_history_clear();
    fake_violation = NULL;
    fake_interrupt_every = fake_interrupt_asked = 0;
    fake_ticks = fake_ticks_step = 0;
    fake_timer = UINT64_MAX;
    fake_vmids = 256;
    fake_on_pause = NULL;
    fake_on_kick = NULL;
    fake_on_idle = NULL;
    fake_on_step = NULL;
    fake_steps = 0;
    memset(fake_kicked, 0, sizeof(fake_kicked));
    fake_virq_waiting = fake_vtimer_held = false;
    table_count = stale_count = 0;
    memset(vmid_may_cache, 0, sizeof(vmid_may_cache));
    fake_cache_detach();
    fake_cores_init(1);
}
