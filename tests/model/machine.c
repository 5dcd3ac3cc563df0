/* SPDX-License-Identifier: BSD-2-Clause */
/* The real core beside the model; see machine.h. */
#include "machine.h"
#include "debug/invariant.h"
#include "fake_arch.h"
#include "irq.h"
#include "memory.h"
#include "object.h"
#include "stage2.h"
#include "syscall.h"
#include "teardown.h"

#include <stdio.h>
#include <string.h>

enum { PC = 0x1000, RESTARTS_MAX = 1 << 16, POOL_BYTES = 64 * WHIT_PAGE };

static _Alignas(1 << 21) uint8_t ram[MACHINE_RAM];
static _Alignas(WHIT_PAGE) uint8_t first_space[WHIT_SIZE_SPACE], first_pool[POOL_BYTES];
static _Alignas(WHIT_PAGE) uint8_t first_thread[WHIT_SIZE_THREAD];
static struct irq lines[MODEL_LINES];
static struct cap *ram_root;
static struct object *root_space;

unsigned machine_interrupt_every;
unsigned long machine_restarts;
struct object *machine_root;
const char *machine_wrong;

static void wrong(const char *what)
{
    if (!machine_wrong)
        machine_wrong = what;
}

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            wrong(#condition);                                                                     \
    } while (0)

static struct thread *thread_of(const struct object *object)
{
    return object ? (struct thread *)object->base : NULL;
}

static struct space *space_of(const struct object *object)
{
    return object ? (struct space *)object->base : NULL;
}

/* The second core comes into the kernel, as for an inter-processor interrupt. */
static void others_run(void)
{
    for (uint32_t i = 1; i < MODEL_CORES; i++) {
        if (!fake_kicked[i])
            continue;
        fake_kicked[i] = false;
        fake_here = i;
        core_ipi(&fake_cores[i]);
    }
    fake_here = 0;
}

/* ---- boot, of both */

static void root_add(unsigned selector, enum whit_kind kind, uintptr_t base, uint64_t units,
                     unsigned rights, unsigned flags)
{
    status error = WHIT_OK;
    struct slot *slot = cap_empty_slot(space_of(root_space), selector, &error);
    cap_root(slot, kind, base, units, rights, flags);
}

static struct cap *memory_add(unsigned selector, uintptr_t base, uint64_t bytes, unsigned rights,
                              bool device)
{
    root_add(selector, WHIT_MEMORY, base, bytes / WHIT_UNIT, rights, device ? CAP_DEVICE : 0);
    return model_root(root_space, selector, WHIT_MEMORY, base, bytes, rights, device);
}

static void object_add(unsigned selector, struct object *object, uint64_t bytes)
{
    root_add(selector, object->kind, object->base, bytes / WHIT_UNIT, WHIT_R_ALL, 0);
    object->original =
        model_root(root_space, selector, object->kind, object->base, bytes, WHIT_R_ALL, false);
    object->original->object = object;
}

static void boot_space(void)
{
    static struct slot donor;
    struct space *space = (struct space *)(void *)first_space;
    root_space = model_space((uintptr_t)first_space, false);
    cap_root(&donor, WHIT_MEMORY, (uintptr_t)first_pool, POOL_BYTES / WHIT_UNIT, WHIT_R_ALL, 0);
    space_init(space, WHIT_PROGRAM);
    if (space_donate(space, &donor) != WHIT_OK)
        panic("no first space");
    status error = WHIT_OK;
    cap_move(&donor, cap_empty_slot(space, ROOT_POOL, &error));
    root_space->table->pages = POOL_BYTES / WHIT_PAGE;
    struct cap *pool = model_root(root_space, ROOT_POOL, WHIT_MEMORY, (uintptr_t)first_pool,
                                  POOL_BYTES, WHIT_R_ALL, false);
    root_space->table->pages = 0;
    (void)model_donate(pool, root_space);
    object_add(ROOT_SPACE, root_space, WHIT_SIZE_SPACE);
    space->original = cap_slot(space, ROOT_SPACE);
}

static void boot_thread(void)
{
    struct thread *thread = (struct thread *)(void *)first_thread;
    memset(first_thread, 0, sizeof(first_thread));
    if (thread_make(thread, cap_slot(space_of(root_space), ROOT_SPACE), WHIT_NATIVE) != WHIT_OK)
        panic("no first thread");
    thread->stopped = 0;
    thread->core = &fake_cores[0];
    machine_root = model_object(WHIT_THREAD, (uintptr_t)first_thread);
    machine_root->space = root_space;
    machine_root->core = 0;
    model_hold(root_space->original, machine_root, ROLE_SPACE);
    object_add(ROOT_THREAD, machine_root, WHIT_SIZE_THREAD);
}

/* Once: the fake architecture. */
static void machine_init(void)
{
    fake_reset();
    fake_cores_init(MODEL_CORES);
    irq_init(lines, MODEL_LINES);
}

void machine_boot(void)
{
    static bool initialised;
    if (!initialised)
        machine_init();
    initialised = true;
    fake_history_clear();
    fake_on_pause = others_run;
    fake_interrupt_every = 0;
    fake_interrupt_asked = 0;
    model_reset();
    boot_space();
    ram_root = memory_add(ROOT_RAM, (uintptr_t)ram, MACHINE_RAM, WHIT_R_ALL, false);
    memory_add(ROOT_DEVICE, MACHINE_DEVICE_BASE, MACHINE_DEVICE_BYTES,
               WHIT_R_READ | WHIT_R_WRITE | WHIT_R_PIN | WHIT_R_DERIVE, true);
    root_add(ROOT_IRQ, WHIT_IRQ, (uintptr_t)lines, MODEL_LINES, WHIT_R_ALL, 0);
    model_root(root_space, ROOT_IRQ, WHIT_IRQ, 0, MODEL_LINES, WHIT_R_ALL, false);
    for (unsigned i = 0; i < MODEL_CORES; i++) {
        root_add(ROOT_CORE + i, WHIT_CORE, (uintptr_t)&fake_cores[i], 1, WHIT_R_ALL, 0);
        model_root(root_space, ROOT_CORE + i, WHIT_CORE, i, 1, WHIT_R_ALL, false);
    }
    boot_thread();
}

/* ---- where the model's capabilities are in the core */

static struct slot *held_slot(const struct object *holder, enum model_role role)
{
    struct thread *thread = (struct thread *)holder->base;
    struct portal *portal = (struct portal *)holder->base;
    struct signal *signal = (struct signal *)holder->base;
    switch (role) {
    case ROLE_SPACE:
        return &thread->space_slot;
    case ROLE_BUDGET:
        return &thread->budget_slot;
    case ROLE_FAULT:
        return &thread->fault_slot;
    case ROLE_STATE:
        return &thread->state_slot;
    case ROLE_HANDLER:
        return &portal->thread_slot;
    case ROLE_TARGET:
        return &signal->target_slot;
    case ROLE_PAYER:
        return &signal->budget_slot;
    case ROLES:
        break;
    }
    return NULL;
}

static struct slot *slot_of(const struct cap *cap)
{
    switch (cap->where) {
    case IN_SLOT:
        return cap_slot(space_of(cap->holder), cap->index);
    case IN_POOL:
        return &space_of(cap->holder)->pool[cap->index];
    case HELD:
        return held_slot(cap->holder, (enum model_role)cap->index);
    case OF_LINE:
        return &lines[cap->index].signal_slot;
    case OF_DYING:
        break;
    }
    return NULL;
}

/* ---- comparing states */

static uintptr_t base_of(const struct cap *cap)
{
    if (cap->kind == WHIT_IRQ)
        return (uintptr_t)&lines[cap->base];
    return cap->kind == WHIT_CORE ? (uintptr_t)&fake_cores[cap->base] : cap->base;
}

static void compare_mapping(const struct cap *cap, const struct slot *slot)
{
    EXPECT((cap_use(slot) == USE_MAPPED) == (cap->mapped != NULL));
    EXPECT((cap_use(slot) == USE_PINNED) == cap->pinned);
    if (cap_use(slot) != USE_MAPPED || !cap->mapped)
        return;
    EXPECT(cap_holder(slot) == space_of(cap->mapped));
    EXPECT(mapping_start(slot) == cap->address && mapping_access(slot) == cap->access);
    EXPECT(mapping_position(slot) == cap->address + cap->done);
    EXPECT((mapping_phase(slot) == MAPPING_COMPLETE) == (cap->done == cap->size));
}

static void compare_cap(const struct cap *cap, const struct slot *slot, unsigned depth)
{
    bool counted = cap->kind == WHIT_IRQ || cap->kind == WHIT_CORE;
    EXPECT(cap_kind(slot) == cap->kind && cap_base(slot) == base_of(cap));
    EXPECT(cap_units(slot) == (counted ? cap->size : cap->size / WHIT_UNIT));
    EXPECT(cap_rights(slot) == cap->rights);
    EXPECT(cap_depth(slot) == depth);
    EXPECT(cap_flag(slot, CAP_ORIGINAL) == cap->original);
    EXPECT(cap_flag(slot, CAP_GIVEN) == cap->given);
    EXPECT(cap_flag(slot, CAP_DEVICE) == cap->device);
    EXPECT(cap_flag(slot, CAP_DYING) == cap->dying);
    EXPECT(cap->kind != WHIT_CORE || slot->address == cap->ceiling);
    if (cap->where == IN_SLOT)
        compare_mapping(cap, slot);
}

/* The same nodes in the same order. */
static void compare_tree(const struct cap *root)
{
    unsigned depth = 0;
    const struct slot *first = slot_of(root);
    for (const struct cap *cap = root; cap && !machine_wrong;) {
        const struct slot *slot = slot_of(cap);
        const struct cap *next = model_next(cap);
        compare_cap(cap, slot, depth);
        EXPECT(slot->next == (next ? slot_of(next) : first));
        if (next && next->parent == cap)
            depth++;
        for (const struct cap *at = cap; next && next->parent != cap && at->parent != next->parent;
             at = at->parent)
            depth--;
        cap = next;
    }
}

static uint64_t leaves_bytes(uint64_t *table, unsigned level)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 512; i++) {
        if (table[i] == 0)
            continue;
        if (level < 3 && arch_entry_is_table(table[i]))
            bytes += leaves_bytes((uint64_t *)arch_entry_address(table[i]), level + 1);
        else
            bytes += UINT64_C(1) << (39 - 9 * level);
    }
    return bytes;
}

/* The leaf entry that translates an address. */
static uint64_t translate(struct space *space, uint64_t address, unsigned *level)
{
    uint64_t *table = space_top_table(space);
    for (*level = 1;; ++*level) {
        uint64_t entry = table[address >> (39 - 9 * *level) & 511];
        if (*level == 3 || !arch_entry_is_table(entry))
            return entry;
        table = (uint64_t *)arch_entry_address(entry);
    }
}

static void compare_translation(struct space *space, const struct cap *cap)
{
    for (uint64_t done = 0; done < cap->done;) {
        unsigned level;
        uint64_t entry = translate(space, cap->address + done, &level);
        uint64_t bytes = UINT64_C(1) << (39 - 9 * level);
        if (((cap->base + done) & (bytes - 1)) != 0) {
            wrong("a block that begins before the mapping");
            return;
        }
        EXPECT(entry ==
               arch_entry_leaf(cap->base + done, level, (unsigned)cap->access, cap->device));
        done += bytes;
    }
}

/* The tables of a space translate exactly what the model has mapped there. */
static void compare_space(const struct object *object)
{
    struct space *space = space_of(object);
    const struct space_state *state = object->table;
    uint64_t mapped = 0, pages = 0, used = space->pool_offset / WHIT_PAGE;
    unsigned filled = 0, expected = 0;
    EXPECT(space->phase == SPACE_ALIVE && space->machine == state->machine);
    EXPECT(space->pool_count == state->pool_ranges && space->original == slot_of(object->original));
    for (unsigned i = 0; i < space->pool_count; i++) {
        pages += cap_bytes(&space->pool[i]) / WHIT_PAGE;
        used += i < space->pool_current ? cap_bytes(&space->pool[i]) / WHIT_PAGE : 0;
    }
    EXPECT(pages == state->pages && used == state->pages_used);
    for (unsigned i = 0; i < SPACE_DIRECTORY; i++) {
        const struct slot *page = space->directory[i];
        bool present = page != empty_slots;
        EXPECT(present == (i < MODEL_SLOTS / MODEL_SLOTS_A_PAGE && state->slot_page[i]));
        for (unsigned n = 0; present && n < SLOTS_PER_PAGE; n++)
            filled += page[n].word != 0;
    }
    for (unsigned i = 0; i < MODEL_SLOTS; i++)
        expected += state->slot[i] != NULL;
    EXPECT(filled == expected);
    for (unsigned i = 0; i < model.caps && !machine_wrong; i++) {
        const struct cap *cap = &model.cap[i];
        if (cap->kind == WHIT_NONE || cap->mapped != object)
            continue;
        compare_translation(space, cap);
        mapped += cap->done;
    }
    EXPECT(leaves_bytes(space_top_table(space), 1) == mapped);
}

static void compare_link(const struct object *object)
{
    const struct thread *thread = thread_of(object);
    void *served = (void *)(thread->link & ~(uintptr_t)LINK_MASK);
    EXPECT(thread_is_idle(thread) == (object->serves == SERVES_IDLE));
    if (object->serves == SERVES_CALLER)
        EXPECT(served == thread_of(object->caller) && (thread->link & LINK_KERNEL) == 0);
    else if (object->serves != SERVES_IDLE)
        EXPECT(!served);
    if (object->serves == SERVES_NOBODY && object->space)
        EXPECT(thread->link == LINK_NONE);
    if (object->serves == SERVES_VANISHED)
        EXPECT(thread->link == LINK_GONE);
}

static void compare_thread(const struct object *object)
{
    const struct thread *thread = thread_of(object);
    struct core *core = object->core >= 0 ? &fake_cores[object->core] : NULL;
    EXPECT(thread->space == space_of(object->space) && thread->core == core);
    EXPECT(!thread->stopped == !object->stopped);
    EXPECT((thread->type == WHIT_VCPU) == object->vcpu);
    EXPECT(thread->callee == thread_of(object->callee) && thread->receive == object->receive);
    EXPECT((uintptr_t)thread->budget == (object->budget ? object->budget->base : 0));
    EXPECT((uintptr_t)thread->fault == (object->fault ? object->fault->base : 0));
    EXPECT((uintptr_t)thread->waits == (object->waits ? object->waits->base : 0));
    EXPECT((thread->state == THREAD_WAITING) == (object->waits != NULL));
    EXPECT(!object->told || thread->save->x[10] == object->x10);
    EXPECT(!object->told_bits || thread->save->x[0] == object->x0);
    EXPECT(!thread->helping && !thread->ended);
    compare_link(object);
}

static void compare_signal(const struct object *object)
{
    const struct signal *signal = (const struct signal *)object->base;
    uintptr_t target =
        signal->target == WHIT_TARGET_ENTRY ? (uintptr_t)signal->portal : (uintptr_t)signal->thread;
    EXPECT(signal->target == object->target && signal->home == &fake_cores[object->home]);
    EXPECT(target == (object->target_object ? object->target_object->base : 0));
    EXPECT(signal->bits == object->bits && signal->remote == 0);
    EXPECT(list_empty(&signal->pending) == !object->pending);
    EXPECT((uintptr_t)signal->budget == (object->payer ? object->payer->base : 0));
}

static void compare_object(const struct object *object)
{
    const struct portal *portal = (const struct portal *)object->base;
    const struct budget *budget = (const struct budget *)object->base;
    if (object->kind == WHIT_SPACE)
        compare_space(object);
    if (object->kind == WHIT_THREAD)
        compare_thread(object);
    if (object->kind == WHIT_SIGNAL)
        compare_signal(object);
    if (object->kind == WHIT_PORTAL)
        EXPECT(portal->badge == object->badge &&
               portal->handler == (object->handler ? thread_of(object->handler) : &thread_nobody));
    if (object->kind == WHIT_BUDGET) {
        uintptr_t drives = budget->signal ? (uintptr_t)budget->signal : (uintptr_t)budget->thread;
        EXPECT(drives == (object->drives ? object->drives->base : 0));
        EXPECT(budget->core == &fake_cores[object->core]);
    }
}

static void invariants(void)
{
    const char *broken = fake_violation;
    if (!broken && fake_stale() != 0)
        broken = "translations that are gone may still be cached";
    if (!broken)
        broken = invariant_check_space(space_of(root_space));
    for (unsigned i = ROOT_POOL; i < ROOT_FREE && !broken; i++)
        broken = invariant_check(cap_slot(space_of(root_space), i));
    if (broken)
        wrong(broken);
}

void machine_compare(bool thorough)
{
    for (unsigned i = ROOT_POOL; i < ROOT_FREE; i++)
        compare_tree(root_space->table->slot[i]);
    for (unsigned i = 0; i < model.objects && !machine_wrong; i++)
        if (model.object[i].kind != WHIT_NONE)
            compare_object(&model.object[i]);
    if (fake_violation)
        wrong(fake_violation);
    if (thorough && !machine_wrong)
        invariants();
}

/* ---- calls */

/* A call of the real core, restarted until it is done. */
static int real_call(struct thread *thread, unsigned call, const uint64_t x[11])
{
    struct core *core = core_here();
    uint64_t registers[11];
    memcpy(registers, x, sizeof(registers));
    for (unsigned n = 0; n < RESTARTS_MAX; n++) {
        struct whit_registers *save = thread->save;
        core->current = (uintptr_t)thread;
        memcpy(save->x, registers, sizeof(registers));
        save->pc = PC + 4;
        syscall_handle(core, thread, call);
        others_run();
        if (thread->helping) {
            thread->helping = HELP_NONE; /* as the dispatcher does */
            return MODEL_HELPS;
        }
        if (thread->callee || thread_is_idle(thread))
            return MODEL_ENTERED;
        if (thread->waits)
            return MODEL_WAITS;
        if (save->pc != PC)
            return (int)save->x[10];
        if (thread->stopped)
            return MODEL_GONE;
        machine_restarts++;
        memcpy(registers, save->x, 7 * sizeof(registers[0]));
    }
    panic("a call is restarted for ever");
}

/* Nobody of the model works on capabilities. */
static void work_as_outsider(void)
{
    static struct thread outsider;

    memset(&outsider, 0, sizeof(outsider));
    core_here()->current = (uintptr_t)&outsider;
}

/*
 * A thread that ends itself leaves its operation to whoever works on the same capabilities next.
 * Here nobody does it, step by step, for the capability may vanish on the way.
 */
static void finish(struct slot *slot, unsigned number)
{
    status result = RESTART;
    work_as_outsider();
    fake_interrupt_every = 1;
    for (unsigned n = 0; n < RESTARTS_MAX && result == RESTART; n++) {
        if (slot->word == 0 || (number == WHIT_OP_DESTROY && cap_kind(slot) == WHIT_MEMORY))
            result = teardown_settle();
        else if (number == WHIT_OP_REVOKE)
            result = teardown_revoke(slot);
        else
            result = number == WHIT_OP_DELETE ? teardown_delete(slot) : teardown_destroy(slot);
        others_run();
    }
    fake_interrupt_every = 0;
}

/* Results, and the arguments, which are kept but for x1 of some. */
static void compare_registers(const struct thread *thread, unsigned call, const uint64_t x[11],
                              int result)
{
    bool progress = x[10] == WHIT_OP_UNMAP || x[10] == WHIT_OP_DESTROY;
    if (call != WHIT_OP || result > WHIT_E_COUNT)
        return;
    for (unsigned i = 0; i < 7; i++)
        if (i < model.results)
            EXPECT(thread->save->x[i] == model.result[i]);
        else if (i != 1 || !progress)
            EXPECT(thread->save->x[i] == x[i]);
}

static void compare_message(const struct object *receiver, const uint64_t x[11])
{
    if (receiver && receiver->told)
        EXPECT(memcmp(thread_of(receiver)->save->x, x, 10 * sizeof(x[0])) == 0 &&
               thread_of(receiver)->save->x[10] == receiver->x10);
}

int machine_call(struct object *self, unsigned call, const uint64_t x[11])
{
    struct object *caller = self->caller;
    struct thread *thread = thread_of(self);
    struct slot *slot = cap_slot(space_of(self->space), x[0]);
    int expected = model_call(self, call, x);
    fake_interrupt_every = machine_interrupt_every;
    int result = real_call(thread, call, x);
    fake_interrupt_every = 0;
    if (result == MODEL_GONE)
        finish(slot, (unsigned)x[10]);
    /* "The answer after a restart is CAPABILITY." */
    if (model.vanished && expected == WHIT_OK && result == WHIT_E_CAPABILITY)
        result = x[10] == WHIT_OP_DESTROY ? result : WHIT_OK;
    if (result != expected) {
        static char what[100];
        snprintf(what, sizeof(what), "call %u, operation %u: the core answers %d, the model %d",
                 call, (unsigned)x[10], result, expected);
        wrong(what);
    } else if (result == MODEL_ENTERED) {
        compare_message(call == WHIT_CALL ? self->callee : caller, x);
    } else if (call == WHIT_CALL && result != MODEL_HELPS) {
        for (unsigned i = 0; i < 10; i++)
            EXPECT(thread->save->x[i] == 0);
    }
    compare_registers(thread, call, x, result);
    if (fake_violation)
        wrong(fake_violation);
    return result;
}

/* ---- the end */

/* All that is below a root capability, or the object that was made of it. */
static void take_back(struct slot *slot)
{
    status result = RESTART;
    for (unsigned n = 0; n < RESTARTS_MAX && result == RESTART; n++) {
        result = cap_kind(slot) == WHIT_MEMORY ? teardown_revoke(slot) : teardown_destroy(slot);
        others_run();
    }
    EXPECT(result == WHIT_OK && !cap_has_child(slot) && cap_kind(slot) == WHIT_MEMORY);
}

/* Pages of the first space's pool that were used, when nothing translates by them any more. */
static void pool_scrub(const struct space *space, const uintptr_t *base, const uint64_t *bytes)
{
    for (unsigned i = 0; i <= space->pool_current && i < SPACE_POOL_RANGES; i++) {
        uint64_t used = i < space->pool_current ? bytes[i] : space->pool_offset;
        for (uint64_t at = 0; at < used; at += WHIT_PAGE)
            arch_scrub((void *)(base[i] + at), WHIT_PAGE);
    }
}

/* The first space never ends; what was donated to it later is taken out by hand. */
static void pool_empty(struct space *space, uintptr_t *base, uint64_t *bytes)
{
    for (unsigned i = space->pool_count; i-- > 0;) {
        base[i] = cap_base(&space->pool[i]);
        bytes[i] = cap_bytes(&space->pool[i]);
        if (i != 0)
            cap_remove(&space->pool[i]);
    }
    space->pool_count = 1;
}

void machine_end(void)
{
    struct space *space = space_of(root_space);
    struct slot *root = slot_of(ram_root), *piece = root;
    uintptr_t pool_base[SPACE_POOL_RANGES];
    uint64_t pool_bytes[SPACE_POOL_RANGES], bytes = 0;
    if (machine_wrong)
        return; /* nothing can be relied on */
    for (struct slot *slot = root->next; slot != root; slot = slot->next)
        if (cap_use(slot) == USE_PINNED)
            slot->use = USE_NONE;
    work_as_outsider();
    pool_empty(space, pool_base, pool_bytes);
    do {
        take_back(piece);
        bytes += cap_bytes(piece);
        piece = piece->next;
    } while (piece != root && !machine_wrong);
    EXPECT(bytes == MACHINE_RAM);
    EXPECT(fake_page_tables_other(space) == 0);
    space_leave(space);
    pool_scrub(space, pool_base, pool_bytes);
    arch_scrub(first_space, sizeof(first_space));
}
