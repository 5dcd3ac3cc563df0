/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call against every error that docs/abi.md lists for it.  The table in pairs.h is
 * compared with the manual by tests/host/tool_conform.sh; each of its pairs has to be seen here.
 */
#include "../check.h"
#include "pairs.h"

#include <string.h>

static bool seen[CALLS][WHIT_E_COUNT];

/* One case: the call has to answer this error, which the table has. */
static void answers(unsigned call, enum whit_error expected, enum whit_error got)
{
    const struct pair *pair = pair_find(call, expected);

    check_error(pair != NULL ? pair->name : "a pair that the table lacks", got, expected);
    if (pair == NULL) {
        check_failures++;
        return;
    }
    seen[call][expected] = true;
}
#define OP(operation, error, got) answers(OPERATION(operation), WHIT_E_##error, got)

/* ---- entries.S */

void conform_idle(void);
void conform_answer(void);
void conform_operate(void);
void conform_reply(void);
void conform_call(void);
void conform_wait(void);
void conform_ask(void);
void conform_spin(void);

/* ---- what cases are made of */

enum { CHILD = WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE };
#define WINDOW    UINT64_C(0x2000000000)
#define COPY      UINT64_C(0x2100000000)
#define LAST_PAGE (WHIT_SLOTS - 64) /* of slots: never filled until the end */

static uint32_t core0, other_core; /* other_core: 0 if there is one core only */
static uint32_t page, core_only;   /* memory, and a capability of another kind */
static uint32_t own_signal;        /* root waits for it */
static uint32_t dying;             /* memory that lost its rights and cannot end */
static uint32_t bare;              /* a space without a pool */

static uint32_t weak(uint32_t capability, uint32_t rights)
{
    const uint32_t slot = new_slot();

    need("a child", whit_derive(capability, WHIT_SELF, slot, rights, 0, 0));
    return slot;
}

/* The deepest child that there can be. */
static uint32_t deepest(uint32_t capability, uint32_t rights)
{
    for (;;) {
        const uint32_t slot = new_slot();
        if (whit_derive(capability, WHIT_SELF, slot, rights, 0, 0) != WHIT_OK) {
            whit_slots_free(&check_slots, slot, 1);
            return capability;
        }
        capability = slot;
    }
}

/* A page that may be pinned: what was given, which all other memory is, may not. */
static uint32_t archive_memory(void)
{
    const uint32_t slot = new_slot();

    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        if (whit_boot->range[i].kind == WHIT_BOOT_INITRD) {
            need("a child", whit_derive(whit_boot->range[i].selector, WHIT_SELF, slot,
                                        CHILD | WHIT_R_PIN, 0, WHIT_PAGE));
            break;
        }
    }
    return slot;
}

static uint32_t inert_memory(void)
{
    const uint32_t memory = new_memory(WHIT_PAGE);

    need("a gift", whit_give(memory, WHIT_SELF, new_slot()));
    return memory;
}

static uint32_t object(enum whit_kind kind, uint64_t bytes, uint64_t a, uint64_t b, uint64_t c)
{
    return new_object(kind, bytes, a, b, c, 0);
}

static uint32_t plain_thread(void)
{
    return object(WHIT_THREAD, WHIT_SIZE_THREAD, WHIT_SELF, WHIT_NATIVE, 0);
}

static uint32_t signal_on(uint32_t core)
{
    return object(WHIT_SIGNAL, WHIT_SIZE_SIGNAL, core, 0, 0);
}

/* A thread of `space` that has become an idle handler. */
static uint32_t new_handler(uint32_t space)
{
    const uint32_t thread = object(WHIT_THREAD, WHIT_SIZE_THREAD, space, WHIT_NATIVE, 0);

    need("a budget", whit_bind(thread, WHIT_ROLE_BUDGET, new_budget(PRIORITY_HIGH)));
    need("a handler", whit_start(thread, (uintptr_t)conform_idle, 0, 0, 0));
    return thread;
}

static enum whit_error call(uint32_t portal, uint64_t pass)
{
    struct whit_message message = {{0}, pass, 0};

    return whit_call(portal, &message);
}

/* Calls a portal that answers a status. */
static enum whit_error asked(uint32_t portal, uint64_t x0)
{
    struct whit_message message = {{x0}, 0, 0};
    const enum whit_error error = whit_call(portal, &message);

    return error != WHIT_OK ? error : (enum whit_error)message.word[0];
}

/* An operation made by the handler of a portal to conform_operate. */
static enum whit_error remote(uint32_t portal, enum whit_op operation, uint64_t a, uint64_t b,
                              uint64_t c)
{
    struct whit_message message = {{a, b, c, 0, 0, 0, operation}, 0, 0};
    const enum whit_error error = whit_call(portal, &message);

    return error != WHIT_OK ? error : (enum whit_error)message.word[0];
}

/* Delete of what cannot be taken from root's own pool leaves it dying. */
static void prepare(void)
{
    core0 = whit_boot->first_core;
    other_core = whit_boot->cores > 1 ? core0 + 1 : 0;
    core_only = core0;
    page = new_memory(WHIT_PAGE);
    bare = new_space(WHIT_PROGRAM);
    own_signal = new_signal();
    need("a target", whit_target(own_signal, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    dying = new_slot();
    const uint32_t pool = new_memory(WHIT_PAGE);
    need("a gift", whit_give(pool, WHIT_SELF, dying));
    need("a pool", whit_donate(dying, WHIT_SELF));
    OP(REVOKE, BUSY, whit_revoke(dying));
    OP(DELETE, BUSY, whit_delete(dying));
}

/* ---- capabilities and memory */

static void test_derive(void)
{
    const uint32_t slot = new_slot(), reader = weak(page, WHIT_R_READ);

    OP(DERIVE, CAPABILITY, whit_derive(empty_slot(), 0, slot, 0, 0, 0));
    OP(DERIVE, CAPABILITY, whit_derive(page, page, slot, 0, 0, 0));
    OP(DERIVE, CAPABILITY, whit_derive(page, 0, 0, 0, 0, 0));
    OP(DERIVE, RIGHTS, whit_derive(dying, 0, slot, 0, 0, 0));
    OP(DERIVE, RIGHTS, whit_derive(reader, 0, slot, WHIT_R_READ, 0, 0));
    OP(DERIVE, BUSY, whit_derive(inert_memory(), 0, slot, CHILD, 0, 0));
    OP(DERIVE, RIGHTS, whit_derive(page, 0, slot, 0x100, 0, 0));
    OP(DERIVE, ALIGNMENT, whit_derive(page, 0, slot, CHILD, 1, 0));
    OP(DERIVE, SIZE, whit_derive(page, 0, slot, CHILD, 0, 2 * WHIT_PAGE));
    OP(DERIVE, SIZE, whit_derive(whit_boot->irq, 0, slot, 0, UINT64_MAX, 2));
    OP(DERIVE, ARGUMENT, whit_derive(core0, 0, slot, 0, 256, 0));
    OP(DERIVE, ARGUMENT, whit_derive(own_signal, 0, slot, 0, 1, 0));
    OP(DERIVE, OCCUPIED, whit_derive(page, 0, page, CHILD, 0, 0));
    OP(DERIVE, FUNDS, whit_derive(page, bare, 1, CHILD, 0, 0));
    OP(DERIVE, DEPTH, whit_derive(deepest(page, CHILD), 0, slot, CHILD, 0, 0));
    need("a revoke", whit_revoke(page));
}

static void test_give(void)
{
    const uint32_t slot = new_slot(), memory = new_memory(WHIT_PAGE);

    OP(GIVE, CAPABILITY, whit_give(empty_slot(), 0, slot));
    OP(GIVE, CAPABILITY, whit_give(core_only, 0, slot));
    OP(GIVE, RIGHTS, whit_give(dying, 0, slot));
    OP(GIVE, RIGHTS, whit_give(weak(page, WHIT_R_READ), 0, slot));
    OP(GIVE, BUSY, whit_give(page, 0, slot));
    OP(GIVE, CAPABILITY, whit_give(memory, core_only, slot));
    OP(GIVE, OCCUPIED, whit_give(memory, 0, page));
    OP(GIVE, FUNDS, whit_give(memory, bare, 1));
    OP(GIVE, DEPTH, whit_give(deepest(page, CHILD), 0, slot));
    need("a revoke", whit_revoke(page));
}

static void test_transfer(void)
{
    const uint32_t slot = new_slot(), reader = weak(page, WHIT_R_READ), child = weak(page, CHILD);

    OP(TRANSFER, CAPABILITY, whit_transfer(child, core_only, slot));
    OP(TRANSFER, RIGHTS, whit_transfer(child, weak(bare, 0), slot));
    OP(TRANSFER, CAPABILITY, whit_transfer(empty_slot(), 0, slot));
    OP(TRANSFER, RIGHTS, whit_transfer(dying, 0, slot));
    OP(TRANSFER, ORIGINAL, whit_transfer(core0, bare, 1));
    OP(TRANSFER, RIGHTS, whit_transfer(reader, bare, 1));
    OP(TRANSFER, OCCUPIED, whit_transfer(child, 0, page));
    OP(TRANSFER, FUNDS, whit_transfer(child, bare, 1));
    need("a revoke", whit_revoke(page));
}

static void test_end(void)
{
    const uint32_t child = archive_memory(), pinned = weak(child, WHIT_R_PIN);

    need("a pin", whit_map(pinned, 0, 0, WHIT_MAP_PIN));
    OP(REVOKE, PINNED, whit_revoke(child));
    OP(DELETE, PINNED, whit_delete(child));
    need("to let go", whit_unmap(pinned));
    need("a delete", whit_delete(child));
    OP(REVOKE, CAPABILITY, whit_revoke(empty_slot()));
    OP(REVOKE, CAPABILITY, whit_revoke(WHIT_SLOTS));
    OP(DELETE, CAPABILITY, whit_delete(empty_slot()));
    OP(DELETE, ORIGINAL, whit_delete(core0));
    OP(DESTROY, CAPABILITY, whit_destroy(empty_slot()));
    OP(DESTROY, ORIGINAL, whit_destroy(page));
    OP(DESTROY, ORIGINAL, whit_destroy(weak(own_signal, WHIT_R_CONTROL)));
    OP(DESTROY, ORIGINAL, whit_destroy(whit_boot->self_space));
}

static void test_split(void)
{
    const uint32_t memory = new_memory(2 * WHIT_PAGE), upper = new_slot(), slot = new_slot();
    const uint32_t other = new_memory(WHIT_PAGE), reader = weak(other, WHIT_R_READ);

    OP(SPLIT, CAPABILITY, whit_split(core_only, slot, WHIT_UNIT));
    OP(SPLIT, CAPABILITY, whit_split(memory, 0, WHIT_UNIT));
    OP(SPLIT, RIGHTS, whit_split(dying, slot, WHIT_UNIT));
    OP(SPLIT, OCCUPIED, whit_split(memory, page, WHIT_UNIT));
    OP(SPLIT, BUSY, whit_split(other, slot, WHIT_UNIT));
    OP(SPLIT, ALIGNMENT, whit_split(memory, slot, 1));
    OP(SPLIT, SIZE, whit_split(memory, slot, 2 * WHIT_PAGE));
    need("a split", whit_split(memory, upper, WHIT_PAGE));
    OP(JOIN, CAPABILITY, whit_join(core_only, upper));
    OP(JOIN, CAPABILITY, whit_join(memory, core_only));
    OP(JOIN, RIGHTS, whit_join(memory, dying));
    OP(JOIN, BUSY, whit_join(memory, other));
    OP(JOIN, ARGUMENT, whit_join(upper, memory));
    need("a join", whit_join(memory, upper));
    /* Neighbours with one parent and other rights. */
    need("a child", whit_derive(memory, 0, slot, WHIT_R_READ, WHIT_PAGE, WHIT_PAGE));
    need("a child", whit_derive(memory, 0, upper, CHILD, 0, WHIT_PAGE));
    OP(JOIN, RIGHTS, whit_join(upper, slot));
    need("a delete", whit_delete(reader));
    need("a revoke", whit_revoke(memory));
}

static void test_map(void)
{
    const uint32_t memory = new_memory(WHIT_PAGE), other = new_memory(WHIT_PAGE);
    const uint32_t both = WHIT_MAP_READ | WHIT_MAP_WRITE;

    OP(MAP, CAPABILITY, whit_map(core_only, 0, WINDOW, both));
    OP(MAP, RIGHTS, whit_map(dying, 0, WINDOW, both));
    OP(MAP, CAPABILITY, whit_map(memory, core_only, WINDOW, both));
    OP(MAP, RIGHTS, whit_map(memory, weak(bare, 0), WINDOW, both));
    OP(MAP, ARGUMENT, whit_map(memory, 0, WINDOW, 0));
    OP(MAP, ARGUMENT, whit_map(memory, 0, WINDOW, WHIT_MAP_PIN | WHIT_MAP_READ));
    OP(MAP, RIGHTS, whit_map(memory, 0, 0, WHIT_MAP_PIN));
    OP(MAP, RIGHTS, whit_map(weak(page, WHIT_R_READ), 0, WINDOW, both));
    OP(MAP, ALIGNMENT, whit_map(memory, 0, WINDOW + WHIT_UNIT, both));
    OP(MAP, ARGUMENT, whit_map(memory, 0, UINT64_C(1) << WHIT_ADDRESS_BITS, both));
    OP(MAP, BUSY, whit_map(inert_memory(), 0, WINDOW, both));
    OP(MAP, FUNDS, whit_map(memory, bare, WINDOW, both));
    OP(MAP, BUSY, whit_map(memory, 0, WINDOW, both));
    need("an unmap", whit_unmap(memory));
    need("a map", whit_map(memory, 0, WINDOW, both));
    OP(MAP, OCCUPIED, whit_map(other, 0, WINDOW, both));
    OP(UNMAP, CAPABILITY, whit_unmap(core_only));
    OP(UNMAP, STATE, whit_unmap(other));
    need("an unmap", whit_unmap(memory));
    need("a revoke", whit_revoke(page));
}

static void test_donate(void)
{
    enum { RANGES = 24 };
    const uint32_t space = new_space(WHIT_PROGRAM), memory = new_memory(WHIT_PAGE);

    OP(DONATE, CAPABILITY, whit_donate(core_only, space));
    OP(DONATE, RIGHTS, whit_donate(weak(page, CHILD), space));
    OP(DONATE, CAPABILITY, whit_donate(memory, core_only));
    OP(DONATE, RIGHTS, whit_donate(memory, weak(space, 0)));
    OP(DONATE, BUSY, whit_donate(page, space));
    OP(DONATE, ALIGNMENT, whit_donate(new_memory(WHIT_UNIT), space));
    for (unsigned i = 0; i < RANGES; i++) {
        need("a pool", whit_donate(new_memory(WHIT_PAGE), space));
    }
    OP(DONATE, DEPTH, whit_donate(memory, space));
    need("a revoke", whit_revoke(page));
    need("an end", whit_destroy(space));
}

static uint32_t device_memory(void)
{
    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        if (whit_boot->range[i].kind == WHIT_BOOT_DEVICE) {
            return whit_boot->range[i].selector;
        }
    }
    return 0;
}

static void test_make(void)
{
    const uint32_t small = new_memory(WHIT_SIZE_SIGNAL), large = new_memory(WHIT_SIZE_SPACE * 2);
    const uint32_t budget = new_memory(WHIT_SIZE_BUDGET), odd = new_slot();

    OP(MAKE, ARGUMENT, whit_make(small, WHIT_MEMORY, core0, 0, 0, 0));
    OP(MAKE, ARGUMENT, whit_make(small, WHIT_KINDS, core0, 0, 0, 0));
    OP(MAKE, CAPABILITY, whit_make(core_only, WHIT_SIGNAL, core0, 0, 0, 0));
    OP(MAKE, RIGHTS, whit_make(weak(page, CHILD), WHIT_SIGNAL, core0, 0, 0, 0));
    OP(MAKE, RIGHTS, whit_make(device_memory(), WHIT_SIGNAL, core0, 0, 0, 0));
    OP(MAKE, BUSY, whit_make(page, WHIT_THREAD, WHIT_SELF, 0, 0, 0));
    need("a revoke", whit_revoke(page));
    OP(MAKE, SIZE, whit_make(page, WHIT_SIGNAL, core0, 0, 0, 0));
    need("an odd end", whit_split(large, odd, WHIT_UNIT));
    need("an odd end", whit_split(odd, new_slot(), WHIT_SIZE_SPACE));
    OP(MAKE, ALIGNMENT, whit_make(odd, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0));
    OP(MAKE, CAPABILITY, whit_make(small, WHIT_SIGNAL, page, 0, 0, 0));
    OP(MAKE, RIGHTS, whit_make(small, WHIT_SIGNAL, weak(core0, 0), 0, 0, 0));
    OP(MAKE, ARGUMENT, whit_make(page, WHIT_THREAD, WHIT_SELF, WHIT_VCPU, 0, 0));
    OP(MAKE, ARGUMENT, whit_make(budget, WHIT_BUDGET, core0, 256, 0, 0));
    OP(MAKE, ARGUMENT, whit_make(budget, WHIT_BUDGET, core0, 1, 2, 1));
    OP(MAKE, DEPTH, whit_make(page, WHIT_THREAD, deepest(bare, WHIT_R_ALL), 0, 0, 0));
    need("a revoke", whit_revoke(bare));
}

/* ---- threads */

static void test_bind(void)
{
    const uint32_t thread = plain_thread(), budget = new_budget(PRIORITY_LOW);
    const uint32_t handler = new_handler(WHIT_SELF), space = new_space(WHIT_PROGRAM);

    OP(BIND, CAPABILITY, whit_bind(core_only, WHIT_ROLE_BUDGET, budget));
    OP(BIND, RIGHTS, whit_bind(weak(thread, 0), WHIT_ROLE_BUDGET, budget));
    OP(BIND, ARGUMENT, whit_bind(thread, WHIT_ROLES, budget));
    OP(BIND, CAPABILITY, whit_bind(thread, WHIT_ROLE_BUDGET, core_only));
    OP(BIND, RIGHTS, whit_bind(thread, WHIT_ROLE_BUDGET, weak(budget, 0)));
    OP(BIND, STATE, whit_bind(handler, WHIT_ROLE_STATE, page));
    OP(BIND, BUSY, whit_bind(thread, WHIT_ROLE_BUDGET, whit_boot->self_budget));
    OP(BIND, SIZE, whit_bind(thread, WHIT_ROLE_STATE, new_memory(2 * WHIT_PAGE)));
    OP(BIND, BUSY, whit_bind(thread, WHIT_ROLE_STATE, inert_memory()));
    OP(BIND, DEPTH, whit_bind(thread, WHIT_ROLE_STATE, deepest(page, CHILD)));
    if (other_core != 0) {
        OP(BIND, STATE,
           whit_bind(handler, WHIT_ROLE_BUDGET,
                     object(WHIT_BUDGET, WHIT_SIZE_BUDGET, other_core, 1, 0)));
    }
    OP(START, CAPABILITY, whit_start(core_only, 0, 0, 0, 0));
    OP(START, RIGHTS, whit_start(weak(thread, 0), 0, 0, 0, 0));
    OP(START, STATE, whit_start(thread, 0, 0, 0, 0));
    OP(START, STATE, whit_start(handler, 0, 0, 0, 0));
    OP(STOP, CAPABILITY, whit_stop(core_only));
    OP(STOP, RIGHTS, whit_stop(weak(thread, 0)));
    OP(RESUME, CAPABILITY, whit_resume(core_only));
    OP(RESUME, RIGHTS, whit_resume(weak(thread, 0)));
    OP(RESUME, STATE, whit_resume(thread));
    OP(SYNC, CAPABILITY, whit_sync(core_only, WHIT_SYNC_TO_PAGE));
    OP(SYNC, RIGHTS, whit_sync(weak(thread, 0), WHIT_SYNC_TO_PAGE));
    OP(SYNC, ARGUMENT, whit_sync(thread, (enum whit_direction)2));
    OP(SYNC, STATE, whit_sync(thread, WHIT_SYNC_TO_PAGE));
    OP(RECEIVE, ARGUMENT, whit_receive(WHIT_SLOTS));
    need("a revoke", whit_revoke(page));
    need("an end", whit_destroy(space));
}

/* ---- signals, lines, budgets, cores */

static void test_signal(void)
{
    const uint32_t signal = new_signal(), watched = new_signal(),
                   thread = new_thread(PRIORITY_HIGH);
    uint64_t bits;

    answers(CALL(NOTIFY), WHIT_E_CAPABILITY, whit_notify(core_only, 1));
    answers(CALL(NOTIFY), WHIT_E_RIGHTS, whit_notify(weak(signal, WHIT_R_CONTROL), 1));
    answers(CALL(WAIT), WHIT_E_CAPABILITY, whit_wait(core_only, 0, &bits));
    answers(CALL(WAIT), WHIT_E_RIGHTS, whit_wait(weak(signal, WHIT_R_NOTIFY), 0, &bits));
    answers(CALL(WAIT), WHIT_E_STATE, whit_wait(signal, 0, &bits));
    need("a target", whit_target(watched, WHIT_TARGET_WAITER, thread, 0, 0));
    need("a start", whit_start(thread, (uintptr_t)conform_wait, own_signal, 0, watched));
    need("no target", whit_target(watched, WHIT_TARGET_NONE, 0, 0, 0));
    need("a wait", whit_wait(own_signal, whit_deadline(1000000000), &bits));
    answers(CALL(WAIT), WHIT_E_DEAD, bits == 1 << WHIT_E_DEAD ? WHIT_E_DEAD : WHIT_OK);
    OP(CLEAR, CAPABILITY, whit_clear(core_only, 1, &bits));
    OP(CLEAR, RIGHTS, whit_clear(weak(signal, WHIT_R_NOTIFY), 1, &bits));
    OP(TIMER, CAPABILITY, whit_timer(core_only, 1, 1));
    OP(TIMER, RIGHTS, whit_timer(weak(signal, WHIT_R_NOTIFY), 1, 1));
    if (other_core != 0) {
        const uint32_t far = signal_on(other_core);
        answers(CALL(WAIT), WHIT_E_CORE, whit_wait(far, 0, &bits));
        OP(CLEAR, CORE, whit_clear(far, 1, &bits));
        OP(TIMER, CORE, whit_timer(far, 1, 1));
    }
}

static void test_target(void)
{
    const uint32_t signal = new_signal(), thread = plain_thread();
    const uint32_t portal = new_portal(thread, conform_answer, 0);

    OP(TARGET, CAPABILITY, whit_target(core_only, WHIT_TARGET_WAITER, thread, 0, 0));
    OP(TARGET, RIGHTS, whit_target(weak(signal, 0), WHIT_TARGET_WAITER, thread, 0, 0));
    OP(TARGET, ARGUMENT, whit_target(signal, (enum whit_target)4, thread, 0, 0));
    OP(TARGET, CAPABILITY, whit_target(signal, WHIT_TARGET_WAITER, core_only, 0, 0));
    OP(TARGET, RIGHTS, whit_target(signal, WHIT_TARGET_WAITER, weak(thread, 0), 0, 0));
    OP(TARGET, ARGUMENT, whit_target(signal, WHIT_TARGET_VIRQ, thread, 0, 0));
    OP(TARGET, CORE, whit_target(signal, WHIT_TARGET_ENTRY, portal, 0, 0));
    OP(TARGET, DEPTH, whit_target(signal, WHIT_TARGET_WAITER, deepest(thread, WHIT_R_ALL), 0, 0));
    OP(TARGET, CAPABILITY, whit_target(signal, WHIT_TARGET_WAITER, thread, 0, core_only));
    OP(TARGET, BUSY, whit_target(signal, WHIT_TARGET_WAITER, thread, 0, whit_boot->self_budget));
    need("a revoke", whit_revoke(thread));
}

static void test_irq(void)
{
    const uint32_t signal = new_signal(), line = new_slot();

    need("a line", whit_derive(whit_boot->irq, 0, line, WHIT_R_CONTROL | WHIT_R_DERIVE, 100, 1));
    OP(IRQ_BIND, CAPABILITY, whit_irq_bind(core_only, signal, 1, 0));
    OP(IRQ_BIND, RIGHTS, whit_irq_bind(weak(line, 0), signal, 1, 0));
    OP(IRQ_BIND, ARGUMENT, whit_irq_bind(whit_boot->irq, signal, 1, 0));
    OP(IRQ_BIND, CAPABILITY, whit_irq_bind(line, core_only, 1, 0));
    OP(IRQ_BIND, RIGHTS, whit_irq_bind(line, weak(signal, WHIT_R_CONTROL), 1, 0));
    OP(IRQ_BIND, ARGUMENT, whit_irq_bind(line, signal, 0, 0));
    OP(IRQ_BIND, ARGUMENT, whit_irq_bind(line, signal, 1, 2));
    OP(IRQ_BIND, DEPTH, whit_irq_bind(line, deepest(signal, WHIT_R_ALL), 1, 0));
    OP(IRQ_ACK, CAPABILITY, whit_irq_ack(core_only));
    OP(IRQ_ACK, RIGHTS, whit_irq_ack(weak(line, 0)));
    OP(IRQ_ACK, ARGUMENT, whit_irq_ack(whit_boot->irq));
    need("a revoke", whit_revoke(signal));
}

static void test_core(void)
{
    struct whit_budget_use use;
    struct whit_arguments none = {{0}};

    OP(BUDGET_READ, CAPABILITY, whit_budget_read(core_only, &use));
    OP(BUDGET_READ, RIGHTS, whit_budget_read(weak(whit_boot->self_budget, WHIT_R_CONTROL), &use));
    OP(POWER, CAPABILITY, whit_power(page, WHIT_POWER_OFF));
    OP(POWER, RIGHTS, whit_power(weak(core0, WHIT_R_CONTROL), WHIT_POWER_OFF));
    OP(POWER, ARGUMENT, whit_power(core0, (enum whit_power)2));
    answers(CALL(OP), WHIT_E_OPERATION, whit_operate(WHIT_OP_COUNT, &none));
}

static void test_priority(void)
{
    const uint32_t budget = new_budget(PRIORITY_ROOT), borrower = new_handler(WHIT_SELF);
    const uint32_t operate = new_portal(borrower, conform_operate, 0);

    OP(PRIORITY, CAPABILITY, whit_priority(core_only));
    OP(PRIORITY, RIGHTS, whit_priority(weak(budget, WHIT_R_READ)));
    need("no budget", whit_bind(borrower, WHIT_ROLE_BUDGET, 0));
    OP(PRIORITY, STATE, remote(operate, WHIT_OP_PRIORITY, budget, 0, 0));
    need("a thread", whit_bind(plain_thread(), WHIT_ROLE_BUDGET, budget));
    OP(PRIORITY, BUSY, whit_priority(budget));
    OP(PRIORITY, DEPTH, whit_priority(deepest(new_budget(PRIORITY_ROOT), WHIT_R_ALL)));
    if (other_core != 0) {
        OP(PRIORITY, CORE, whit_priority(object(WHIT_BUDGET, WHIT_SIZE_BUDGET, other_core, 1, 0)));
    }
}

/* ---- calls and replies */

static void test_call(void)
{
    const uint32_t handler = new_handler(WHIT_SELF), gone = new_handler(WHIT_SELF);
    const uint32_t portal = new_portal(handler, conform_answer, 0);
    const uint32_t orphan = new_portal(gone, conform_answer, 0);
    const uint32_t first = new_memory(WHIT_SIZE_PORTAL), second = new_memory(WHIT_SIZE_PORTAL);

    answers(CALL(CALL), WHIT_E_ARGUMENT, call(portal, UINT64_C(1) << 40));
    answers(CALL(CALL), WHIT_E_CAPABILITY, call(core_only, 0));
    answers(CALL(CALL), WHIT_E_RIGHTS, call(weak(portal, WHIT_R_DERIVE), 0));
    need("an end", whit_destroy(gone));
    answers(CALL(CALL), WHIT_E_DEAD, call(orphan, 0));
    /* Each of two handlers calls the other one. */
    need("a portal", whit_make(first, WHIT_PORTAL, handler, (uintptr_t)conform_call, second, 0));
    need("a portal",
         whit_make(second, WHIT_PORTAL, new_handler(WHIT_SELF), (uintptr_t)conform_call, first, 0));
    answers(CALL(CALL), WHIT_E_DEADLOCK, asked(first, 0));
    if (other_core != 0) {
        const uint32_t far = plain_thread();
        need("a budget", whit_bind(far, WHIT_ROLE_BUDGET,
                                   object(WHIT_BUDGET, WHIT_SIZE_BUDGET, other_core, 1, 0)));
        answers(CALL(CALL), WHIT_E_CORE, call(new_portal(far, conform_answer, 0), 0));
    }
}

/* A handler that never answers uses up the time of its caller. */
static void test_timeout(void)
{
    const uint32_t handler = new_handler(WHIT_SELF), caller = plain_thread();
    const uint32_t portal = new_portal(handler, conform_spin, 0);
    const uint64_t ticks = whit_boot->frequency / 10000;
    uint64_t bits;

    need("a budget", whit_bind(handler, WHIT_ROLE_BUDGET, new_budget(PRIORITY_LOW)));
    need("a budget", whit_bind(caller, WHIT_ROLE_BUDGET,
                               new_object(WHIT_BUDGET, WHIT_SIZE_BUDGET, core0,
                                          PRIORITY_HIGH | WHIT_BUDGET_TIMEOUT, ticks, 2 * ticks)));
    need("a start", whit_start(caller, (uintptr_t)conform_ask, own_signal, 0, portal));
    need("a wait", whit_wait(own_signal, whit_deadline(1000000000), &bits));
    answers(CALL(CALL), WHIT_E_TIMEOUT, bits == 1 << WHIT_E_TIMEOUT ? WHIT_E_TIMEOUT : WHIT_OK);
    need("an end", whit_destroy(handler));
}

/* Another space, with a copy of this program and one handler; its pool is used up at the end. */
static uint32_t other_space(uint32_t *handler)
{
    const struct whit_image *image = (const struct whit_image *)(uintptr_t)WHIT_IMAGE_BASE;
    const uint32_t space = new_space(WHIT_PROGRAM), text = new_memory(image->text_bytes);
    const uint32_t view = weak(text, CHILD), code = weak(text, CHILD | WHIT_R_EXEC);

    need("a pool", whit_donate(new_memory(4 * WHIT_PAGE), space));
    need("a view", whit_map(view, 0, COPY, WHIT_MAP_READ | WHIT_MAP_WRITE));
    memcpy((void *)(uintptr_t)COPY, image, image->text_bytes);
    need("code", whit_map(code, space, WHIT_IMAGE_BASE, WHIT_MAP_READ | WHIT_MAP_EXEC));
    *handler = new_handler(space);
    return space;
}

/* A capability with a message, from root to the other space and back. */
static void test_pass(void)
{
    uint32_t handler;
    const uint32_t space = other_space(&handler), taken = 20, empty = 21;
    const uint32_t answer = new_portal(handler, conform_answer, 0);
    const uint32_t operate = new_portal(handler, conform_operate, 0);
    const uint32_t reply = new_portal(handler, conform_reply, 0);
    const uint32_t near = new_portal(new_handler(WHIT_SELF), conform_reply, 0);
    const uint32_t child = weak(page, CHILD), slot = new_slot();

    /* To the other space. */
    answers(CALL(CALL), WHIT_E_OCCUPIED, call(answer, WHIT_PASS((uint64_t)child)));
    need("a child", whit_derive(page, space, taken, WHIT_R_READ, 0, 0));
    need("a slot", remote(operate, WHIT_OP_RECEIVE, taken, 0, 0));
    answers(CALL(CALL), WHIT_E_OCCUPIED, call(answer, WHIT_PASS((uint64_t)child)));
    need("a slot", remote(operate, WHIT_OP_RECEIVE, empty, 0, 0));
    answers(CALL(CALL), WHIT_E_CAPABILITY, call(answer, WHIT_PASS((uint64_t)empty_slot())));
    answers(CALL(CALL), WHIT_E_RIGHTS, call(answer, WHIT_PASS((uint64_t)dying)));
    answers(CALL(CALL), WHIT_E_RIGHTS, call(answer, WHIT_MOVE((uint64_t)weak(page, WHIT_R_READ))));
    answers(CALL(CALL), WHIT_E_BUSY, call(answer, WHIT_PASS((uint64_t)inert_memory())));
    answers(CALL(CALL), WHIT_E_ORIGINAL, call(answer, WHIT_MOVE((uint64_t)core0)));
    answers(CALL(CALL), WHIT_E_DEPTH, call(answer, WHIT_PASS((uint64_t)deepest(page, CHILD))));
    for (uint32_t at = 64; whit_derive(page, space, at, WHIT_R_READ, 0, 0) == WHIT_OK; at += 64) {
    }
    need("a slot", remote(operate, WHIT_OP_RECEIVE, LAST_PAGE, 0, 0));
    answers(CALL(CALL), WHIT_E_FUNDS, call(answer, WHIT_PASS((uint64_t)child)));

    /* And back: what the other space has, then what root's own has. */
    answers(CALL(REPLY), WHIT_E_OCCUPIED, asked(reply, WHIT_PASS((uint64_t)taken)));
    need("a slot", whit_receive(page));
    answers(CALL(REPLY), WHIT_E_OCCUPIED, asked(near, WHIT_MOVE((uint64_t)child)));
    need("a slot", whit_receive(slot));
    answers(CALL(REPLY), WHIT_E_CAPABILITY, asked(reply, WHIT_PASS((uint64_t)empty)));
    answers(CALL(REPLY), WHIT_E_RIGHTS, asked(reply, WHIT_PASS((uint64_t)taken)));
    answers(CALL(REPLY), WHIT_E_BUSY, asked(near, WHIT_PASS((uint64_t)inert_memory())));
    answers(CALL(REPLY), WHIT_E_DEPTH, asked(near, WHIT_PASS((uint64_t)deepest(page, CHILD))));
    /* An object that the other space made itself. */
    need("memory", whit_give(new_memory(WHIT_SIZE_SIGNAL), space, empty));
    need("a core", whit_derive(core0, space, empty + 1, WHIT_R_CONTROL, 0, 0));
    struct whit_message make = {{empty, WHIT_SIGNAL, empty + 1, 0, 0, 0, WHIT_OP_MAKE}, 0, 0};
    need("a signal", whit_call(operate, &make));
    answers(CALL(REPLY), WHIT_E_ORIGINAL, asked(reply, WHIT_MOVE((uint64_t)empty)));
    need("a revoke", whit_revoke(page));
}

/* Root's own pool is used up: nothing can follow but the end. */
static void test_funds(void)
{
    const uint32_t memory = new_memory(WHIT_PAGE);
    const uint32_t near = new_portal(new_handler(WHIT_SELF), conform_reply, 0);
    uint32_t at = LAST_PAGE;

    while (at > 64 && whit_derive(page, 0, at, WHIT_R_READ, 0, 0) != WHIT_E_FUNDS) {
        at -= 64;
    }
    OP(SPLIT, FUNDS, whit_split(memory, at, WHIT_UNIT));
    need("a slot", whit_receive(at));
    answers(CALL(REPLY), WHIT_E_FUNDS, asked(near, WHIT_PASS((uint64_t)weak(memory, CHILD))));
}

static void test_table(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PAIRS; i++) {
        const bool possible = pairs[i].cores != 0 && pairs[i].cores <= whit_boot->cores;
        count += seen[pairs[i].call][pairs[i].error];
        if (possible && !seen[pairs[i].call][pairs[i].error]) {
            check(pairs[i].name, false);
        }
    }
    printf("# %u of %u pairs of call and error seen, %u cores\n", count, (unsigned)PAIRS,
           (unsigned)whit_boot->cores);
}

int main(void)
{
    check_begin();
    prepare();
    test_derive();
    test_give();
    test_transfer();
    test_end();
    test_split();
    test_map();
    test_donate();
    test_make();
    test_bind();
    test_signal();
    test_target();
    test_irq();
    test_core();
    test_priority();
    test_call();
    test_timeout();
    test_pass();
    test_funds();
    test_table();
    check_end();
    return 0;
}
