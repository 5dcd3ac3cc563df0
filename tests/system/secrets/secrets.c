/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register contract of calls (docs/abi.md, "What happens to registers"): each register is
 * filled before a call and looked at after it, on both sides.  Secrets do not cross, the kernel
 * tells none of its addresses, and whoever breaks the contract gains nothing.
 */
#include "secrets.h"
#include "../check.h"
#include "console.h"
#include "whit/reply.h"

#include <string.h>

_Static_assert(WHIT_OP_RECEIVE == 18, "registers.S has this number");

enum { MESSAGE = 10, GENERAL = 31, VECTORS = 64 };

struct registers spy_seen, spy_answer, spy_failed, fill_with;
uint64_t spy_count;

/* ---- registers: what they are filled with, and what may be found in them */

#define FLAGS_ALL UINT64_C(0xf0000000)
#define FPCR_ALL  UINT64_C(0x07c00000) /* AHP, DN, FZ, both bits of RMode */
#define FPSR_ALL  UINT64_C(0x0800009f) /* QC and the cumulative flags */

/* A value that is nobody else's: seeds differ between parties. */
static uint64_t secret(uint64_t seed, unsigned index)
{
    return UINT64_C(0x5ec0000000000000) | seed << 32 | index << 8 | 1;
}

static void fill(struct registers *registers, uint64_t seed)
{
    for (unsigned i = 0; i < GENERAL; i++) {
        registers->x[i] = secret(seed, i);
    }
    for (unsigned i = 0; i < VECTORS; i++) {
        registers->v[i] = secret(seed, 0x80 + i);
    }
    registers->flags = FLAGS_ALL;
    registers->fpcr = FPCR_ALL;
    registers->fpsr = FPSR_ALL;
    registers->tls = secret(seed, 0x70);
    registers->sp = 0;
}

/* The kernel's addresses are those of memory; its capabilities and VTTBRs have tags above them. */
static bool is_kernel(uint64_t value)
{
    const uint64_t address = value & UINT64_C(0xffffffffffff);

    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        const struct whit_boot_range *range = &whit_boot->range[i];

        if (range->kind == WHIT_BOOT_RAM && address >> 30 == range->base >> 30) {
            return true;
        }
    }
    return false;
}

static bool is_wrong(const char *what, unsigned index, uint64_t value)
{
    printf("# %s%u is 0x%llx\n", what, index, (unsigned long long)value);
    return false;
}

static bool hides_kernel(const uint64_t *x)
{
    bool good = true;

    for (unsigned i = 0; i < GENERAL; i++) {
        good = (!is_kernel(x[i]) || is_wrong("x", i, x[i])) && good;
    }
    return good;
}

/* x[first] to x[last - 1] are those of `as`, or zeros if there is none. */
static bool are(const struct registers *found, unsigned first, unsigned last,
                const struct registers *as)
{
    bool good = true;

    for (unsigned i = first; i < last; i++) {
        good = (found->x[i] == (as ? as->x[i] : 0) || is_wrong("x", i, found->x[i])) && good;
    }
    return good;
}

/* ... or either. */
static bool are_or_zero(const struct registers *found, unsigned first, unsigned last,
                        const struct registers *as)
{
    bool good = true;

    for (unsigned i = first; i < last; i++) {
        good =
            (found->x[i] == as->x[i] || found->x[i] == 0 || is_wrong("x", i, found->x[i])) && good;
    }
    return good;
}

/* Nothing of the other party: the thread's own of some time, or nothing. */
static bool are_dead(const struct registers *found, unsigned first, unsigned last,
                     const struct registers *other)
{
    bool good = true;

    for (unsigned i = first; i < last; i++) {
        good = (found->x[i] >> 32 != other->x[i] >> 32 || is_wrong("x", i, found->x[i])) && good;
    }
    return good;
}

static bool float_is(const struct registers *found, const struct registers *as)
{
    static const struct registers zeros;
    bool good = true;

    as = as ? as : &zeros;
    for (unsigned i = 0; i < VECTORS; i++) {
        good = (found->v[i] == as->v[i] || is_wrong("half v", i, found->v[i])) && good;
    }
    good = (found->fpcr == as->fpcr || is_wrong("fpcr", 0, found->fpcr)) && good;
    return (found->fpsr == as->fpsr || is_wrong("fpsr", 0, found->fpsr)) && good;
}

/* ---- handlers */

static _Alignas(16) char stacks[32][4096];

static uint64_t new_stack(void)
{
    static unsigned used;

    need("a stack", used < sizeof stacks / sizeof stacks[0] ? WHIT_OK : WHIT_E_FUNDS);
    return (uintptr_t)stacks[used++] + sizeof stacks[0];
}

/* Lets the others run until they are done, or blocked. */
static void rest(uint64_t ns)
{
    static uint32_t signal;
    uint64_t bits;

    if (signal == 0) {
        signal = new_signal();
        need("a signal", whit_target(signal, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    }
    need("a wait", whit_wait(signal, whit_deadline(ns), &bits));
}

enum { LONG = 3000000, HANDLER_TLS = 0x7157000 };

struct handler {
    uint32_t thread;
    uint64_t sp;
};

static struct handler new_handler(void (*start)(void), uint64_t x0)
{
    struct handler handler = {new_thread(PRIORITY_HIGH), new_stack()};

    need("a handler", whit_start(handler.thread, (uintptr_t)start, handler.sp, HANDLER_TLS, x0));
    rest(LONG);
    return handler;
}

static struct registers in, out;

static void begin(uint64_t seed)
{
    fill(&in, seed);
    fill(&spy_answer, 0x5b5b);
    spy_answer.x[10] = 0;
    memset(&out, 0, sizeof out);
    memset(&spy_seen, 0, sizeof spy_seen);
    memset(&spy_failed, 0, sizeof spy_failed);
    spy_count = 0;
}

static struct handler spy;
static uint32_t spy_portal;
enum { SPY_BADGE = 0x1234 };

/* The handler has its own, whatever the caller had. */
static bool is_entered(const struct handler *handler)
{
    return spy_count == 1 && spy_seen.sp == handler->sp && spy_seen.tls == HANDLER_TLS &&
           spy_seen.flags == 0;
}

/* The caller has its own again. */
static bool is_returned(void)
{
    return out.sp == probe_sp && out.tls == in.tls;
}

/* ---- state pages */

static struct whit_registers *map_page(uint32_t page)
{
    static uint64_t address = UINT64_C(0x2100000000);
    uint32_t window = new_slot();

    need("a child", whit_derive(page, 0, window, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    need("a mapping", whit_map(window, 0, address, WHIT_MAP_READ | WHIT_MAP_WRITE));
    address += WHIT_PAGE;
    return (struct whit_registers *)(uintptr_t)(address - WHIT_PAGE);
}

static struct whit_registers *new_state_page(uint32_t thread)
{
    uint32_t page = new_memory(WHIT_PAGE), child = new_slot();

    need("a child", whit_derive(page, 0, child, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    need("a state page", whit_bind(thread, WHIT_ROLE_STATE, child));
    return map_page(page);
}

/* ---- the kernel's own ways: raw calls, which clear nothing */

/* Not a line more and not a line less than the manual says. */
static void test_fast(void)
{
    begin(0xa1);
    in.x[10] = spy_portal;
    probe_call(&in, &out);
    check("fast call: the handler's own sp, tls and flags", is_entered(&spy));
    check("fast call: message and badge",
          are(&spy_seen, 0, MESSAGE, &in) && spy_seen.x[10] == SPY_BADGE);
    check("fast call: x11, x14 and x16 are the handler's own",
          spy_seen.x[11] == spy.sp && spy_seen.x[14] == (uintptr_t)enter_spy &&
              spy_seen.x[16] == HANDLER_TLS);
    check("fast call: x12 and x13 are zeros", are(&spy_seen, 12, 14, NULL));
    check("fast call: x15 and x17 to x30 are as they were",
          are(&spy_seen, 15, 16, &in) && are(&spy_seen, 17, GENERAL, &in));
    check("fast call: no address of the kernel", hides_kernel(spy_seen.x));
    check("fast reply: the caller's own sp and tls", is_returned() && out.flags == 0);
    check("fast reply: answer and status", are(&out, 0, MESSAGE, &spy_answer) && out.x[10] == 0);
    check("fast reply: x11, x13 and x14 are the caller's own",
          out.x[11] == in.tls && out.x[13] == (uintptr_t)probe_call_end && out.x[14] == probe_sp);
    check("fast reply: x12 is zero", out.x[12] == 0);
    check("fast reply: x15 to x30 are as they were", are(&out, 15, GENERAL, &spy_answer));
    check("fast reply: no address of the kernel", hides_kernel(out.x));
}

static void test_slow(void)
{
    uint32_t slot = new_slot(), page = new_memory(WHIT_PAGE);
    struct handler receiver = new_handler(start_receiver, slot);
    uint32_t portal = new_portal(receiver.thread, enter_spy, 7);

    begin(0xa2);
    in.x[10] = portal | WHIT_PASS(page);
    spy_answer.x[10] = WHIT_PASS(empty_slot());
    probe_call(&in, &out);
    check("passing call: the handler's own sp, tls and flags", is_entered(&receiver));
    check("passing call: message and badge",
          are(&spy_seen, 0, MESSAGE, &in) && spy_seen.x[10] == (WHIT_PASSED | 7));
    check("passing call: x11, x14 and x16 are the handler's own",
          spy_seen.x[11] == receiver.sp && spy_seen.x[14] == (uintptr_t)enter_spy &&
              spy_seen.x[16] == HANDLER_TLS);
    check("passing call: x12, x13, x15 and x17 are zeros",
          are(&spy_seen, 12, 14, NULL) && spy_seen.x[15] == 0 && spy_seen.x[17] == 0);
    check("passing call: x18 to x30 are as they were", are(&spy_seen, 18, GENERAL, &in));
    check("passing call: no address of the kernel", hides_kernel(spy_seen.x));
    check("failed reply: an error",
          are(&spy_failed, 0, MESSAGE, &spy_answer) && spy_failed.x[10] == WHIT_E_OCCUPIED);
    check("failed reply: nothing of the caller in the others",
          are_dead(&spy_failed, 11, GENERAL, &in));
    check("failed reply: no address of the kernel", hides_kernel(spy_failed.x));
    check("reply after it: the caller's own sp and tls", is_returned());
    check("reply after it: no address of the kernel", hides_kernel(out.x));

    begin(0xa3);
    in.x[10] = portal;
    spy_answer.x[10] = WHIT_PASSED | 0x1234;
    probe_call(&in, &out);
    check("slow reply: the caller's own sp and tls", is_returned() && out.flags == 0);
    check("slow reply: answer, and nothing came with it",
          are(&out, 0, MESSAGE, &spy_answer) && out.x[10] == 0);
    check("slow reply: nothing of the handler elsewhere",
          are_dead(&out, 11, GENERAL, &spy_answer) && hides_kernel(out.x));
}

static void try_call(const char *name, uint64_t x10, enum whit_error error)
{
    begin(0xa4);
    in.x[10] = x10;
    probe_call(&in, &out);
    check_error(name, (enum whit_error)out.x[10], error);
    check("... zeros for an answer", are(&out, 0, MESSAGE, NULL));
    check("... nothing of the handler in the others", are_dead(&out, 11, GENERAL, &spy_answer));
    check("... no address of the kernel", hides_kernel(out.x));
}

static void test_failed_calls(void)
{
    uint32_t child = new_slot(), bare = new_object(WHIT_THREAD, WHIT_SIZE_THREAD,
                                                   whit_boot->self_space, WHIT_NATIVE, 0, 0);

    need("a child", whit_derive(spy_portal, 0, child, WHIT_R_DERIVE, 0, 0));
    try_call("call of nothing", empty_slot(), WHIT_E_CAPABILITY);
    try_call("call of slot 0", 0, WHIT_E_CAPABILITY);
    try_call("call of another kind", spy.thread, WHIT_E_CAPABILITY);
    try_call("call out of range", WHIT_SLOTS, WHIT_E_ARGUMENT);
    try_call("call with a bit too many", spy_portal | WHIT_PASSED, WHIT_E_ARGUMENT);
    try_call("call without the right", child, WHIT_E_RIGHTS);
    try_call("call of a thread without core", new_portal(bare, enter_spy, 0), WHIT_E_DEAD);
    try_call("call that passes nothing", spy_portal | WHIT_PASS(empty_slot()), WHIT_E_OCCUPIED);
    check("... none of them arrived", spy_count == 0);
}

/* ---- the other calls */

/* What the manual says is kept: after `results` registers those before `dead`. */
static bool is_kept(unsigned results, unsigned dead)
{
    return are(&out, results, dead, &in) && are(&out, 18, GENERAL, &in) &&
           are_dead(&out, dead, MESSAGE, &spy_answer) && are_dead(&out, 11, 18, &spy_answer) &&
           out.tls == in.tls && float_is(&out, &in) && hides_kernel(out.x);
}

static void try_other(const char *name, probe_function *probe, uint64_t x10, uint64_t x0,
                      unsigned results, unsigned dead)
{
    begin(0xa5);
    in.x[10] = x10;
    in.x[0] = x0;
    probe(&in, &out);
    check(name, is_kept(results, dead));
}

static void test_others(void)
{
    uint32_t signal = new_signal(), waited = new_signal();

    need("a target", whit_target(waited, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    try_other("notify", probe_notify, signal, 6, 0, 0);
    check("... succeeds", out.x[10] == WHIT_OK);
    try_other("notify that takes the longer way", probe_notify, waited, 6, 0, 0);
    try_other("notify of nothing", probe_notify, empty_slot(), 6, 0, 0);
    try_other("notify out of range", probe_notify, UINT64_MAX, 6, 0, 0);
    try_other("wait for what is there", probe_wait, waited, 0, 1, 1);
    check("... which it gets", out.x[0] == 6 && out.x[10] == WHIT_OK);
    try_other("wait that blocks", probe_wait, waited, whit_deadline(100000), 1, 1);
    check("... until its deadline", out.x[0] == WHIT_TIMEOUT);
    try_other("wait for nothing", probe_wait, empty_slot(), 0, 1, 1);
    try_other("yield", probe_yield, 1, 2, 0, 0);
    try_other("no call", probe_unknown, 1, 2, 0, 7);
    check("... is an error", out.x[10] == WHIT_E_OPERATION);
    try_other("no operation", probe_op, WHIT_OP_COUNT, 2, 0, 7);
    try_other("the empty operation", probe_op, WHIT_OP_NULL, 2, 0, 7);
    for (unsigned i = 1; i < WHIT_OP_COUNT; i++) {
        if (i != WHIT_OP_LOG) {
            try_other("an operation on what is no argument", probe_op, i, UINT64_MAX, 4, 7);
            /* With x1, DESTROY has begun before, and what it destroyed is gone. */
            check("... fails", out.x[10] != WHIT_OK || i == WHIT_OP_DESTROY);
        }
    }
}

/* An operation that succeeds, with everything else full of secrets. */
static void operate(const char *name, enum whit_op operation, const struct whit_arguments *with)
{
    begin(0xa6);
    memcpy(in.x, with->x, sizeof with->x);
    in.x[10] = operation;
    probe_op(&in, &out);
    check_error(name, (enum whit_error)out.x[10], WHIT_OK);
    check("... keeps and hides", is_kept(4, 7));
}

#define OPERATE(operation, ...)                                                                    \
    operate(#operation, operation, &(struct whit_arguments){{__VA_ARGS__}})

static void test_operations(void)
{
    const uint64_t window = UINT64_C(0x2000000000);
    uint32_t page = new_memory(WHIT_PAGE), pages = new_memory(2 * WHIT_PAGE), free = new_slot();
    uint32_t other = new_slot(), thread = new_memory(WHIT_SIZE_THREAD);
    uint32_t portal = new_memory(WHIT_SIZE_PORTAL), signal = new_memory(WHIT_SIZE_SIGNAL);
    uint32_t budget = new_memory(WHIT_SIZE_BUDGET), space = new_memory(WHIT_SIZE_SPACE);

    OPERATE(WHIT_OP_DERIVE, page, 0, free, WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE, 0, 0);
    OPERATE(WHIT_OP_TRANSFER, free, 0, other);
    OPERATE(WHIT_OP_MAP, other, 0, window, WHIT_MAP_READ);
    OPERATE(WHIT_OP_UNMAP, other, 0);
    OPERATE(WHIT_OP_REVOKE, page);
    OPERATE(WHIT_OP_GIVE, page, 0, free);
    OPERATE(WHIT_OP_DELETE, free);
    OPERATE(WHIT_OP_SPLIT, pages, free, WHIT_PAGE);
    OPERATE(WHIT_OP_JOIN, pages, free);
    OPERATE(WHIT_OP_MAKE, space, WHIT_SPACE, WHIT_PROGRAM);
    OPERATE(WHIT_OP_DONATE, pages, space);
    OPERATE(WHIT_OP_MAKE, thread, WHIT_THREAD, whit_boot->self_space, WHIT_NATIVE);
    OPERATE(WHIT_OP_MAKE, budget, WHIT_BUDGET, whit_boot->first_core, PRIORITY_LOW, 0, 0);
    OPERATE(WHIT_OP_MAKE, signal, WHIT_SIGNAL, whit_boot->first_core);
    OPERATE(WHIT_OP_MAKE, portal, WHIT_PORTAL, thread, (uintptr_t)enter_spy, 1);
    OPERATE(WHIT_OP_BIND, thread, WHIT_ROLE_BUDGET, budget);
    OPERATE(WHIT_OP_BIND, thread, WHIT_ROLE_STATE, page);
    OPERATE(WHIT_OP_BIND, thread, WHIT_ROLE_FAULT, spy_portal);
    OPERATE(WHIT_OP_START, thread, (uintptr_t)start_handler, new_stack(), 0, 0);
    OPERATE(WHIT_OP_STOP, thread);
    OPERATE(WHIT_OP_SYNC, thread, WHIT_SYNC_TO_PAGE);
    OPERATE(WHIT_OP_RESUME, thread);
    OPERATE(WHIT_OP_RECEIVE, 0);
    OPERATE(WHIT_OP_TARGET, signal, WHIT_TARGET_WAITER, thread);
    OPERATE(WHIT_OP_TIMER, signal, 0, 1);
    OPERATE(WHIT_OP_CLEAR, signal, 1);
    OPERATE(WHIT_OP_DERIVE, whit_boot->irq, 0, other, WHIT_R_CONTROL, 40, 1);
    OPERATE(WHIT_OP_IRQ_BIND, other, signal, 1, 0);
    OPERATE(WHIT_OP_IRQ_ACK, other);
    OPERATE(WHIT_OP_BUDGET_READ, budget);
    OPERATE(WHIT_OP_DESTROY, portal, 0);
    OPERATE(WHIT_OP_DESTROY, signal, 0);
    OPERATE(WHIT_OP_DESTROY, thread, 0);
    OPERATE(WHIT_OP_DESTROY, budget, 0);
    OPERATE(WHIT_OP_DESTROY, space, 0);
}

/* ---- the standard stubs */

#define FILL(seed)                                                                                 \
    do {                                                                                           \
        fill(&fill_with, seed);                                                                    \
        __asm__ volatile("bl fill_registers"                                                       \
                         :                                                                         \
                         :                                                                         \
                         : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",      \
                           "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20",   \
                           "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0",    \
                           "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11",     \
                           "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",   \
                           "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31",   \
                           "cc", "memory");                                                        \
    } while (0)

static uint64_t read_fpcr(void)
{
    uint64_t fpcr;

    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr) : : "memory");
    return fpcr;
}

static void reset_float(void)
{
    __asm__ volatile("msr fpcr, xzr\n\tmsr fpsr, xzr" : : : "memory");
}

/* Registers that hold secrets of the party `seed`. */
static unsigned count_secrets(const struct registers *found, uint64_t seed)
{
    unsigned count = 0;

    for (unsigned i = MESSAGE; i < GENERAL; i++) {
        count += found->x[i] >> 32 == secret(seed, 0) >> 32;
    }
    for (unsigned i = 0; i < VECTORS; i++) {
        count += found->v[i] != 0 && found->v[i] != spy_answer.v[i];
    }
    return count;
}

/* The caller's side: what a hostile handler sees. */
static void test_call_stubs(void)
{
    struct whit_message message = {.word = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
    uint64_t fpcr;
    bool good;

    begin(0);
    FILL(0xb1);
    (void)whit_call(spy_portal, &message);
    reset_float();
    check("trusting call: secrets do cross, so they were there",
          count_secrets(&spy_seen, 0xb1) > 20);

    message = (struct whit_message){.word = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
    begin(0);
    FILL(0xb2);
    enum whit_error error = whit_call_distrusting(spy_portal, &message);
    fpcr = read_fpcr();
    reset_float();
    good = error == WHIT_OK;
    for (unsigned i = 0; i < MESSAGE; i++) {
        good = good && spy_seen.x[i] == i + 1;
    }
    check("distrusting call: the message", good && spy_seen.x[10] == SPY_BADGE);
    check("distrusting call: only the handler's own in x11 to x16",
          spy_seen.x[11] == spy.sp && are(&spy_seen, 12, 14, NULL) &&
              spy_seen.x[14] == (uintptr_t)enter_spy && spy_seen.x[15] == 0 &&
              spy_seen.x[16] == HANDLER_TLS);
    check("distrusting call: zeros in x17 to x30", are(&spy_seen, 17, GENERAL, NULL));
    check("distrusting call: zeros in floating point", float_is(&spy_seen, NULL));
    check("distrusting call: no flags", spy_seen.flags == 0);
    check("distrusting call: FPCR comes back", fpcr == FPCR_ALL);
}

/* The handler's side: a handler full of secrets, and a hostile caller. */
static _Noreturn void enter_trusting(uint64_t word)
{
    FILL(0xc1);
    whit_reply(&(struct whit_message){.word = {word}});
}

static volatile uint64_t entered_fpcr;

static _Noreturn void enter_guarded(uint64_t word)
{
    whit_enter_distrusting();
    entered_fpcr = read_fpcr();
    FILL(0xc2);
    whit_reply_distrusting(&(struct whit_message){.word = {word}});
}

void whit_serve_entry(void);
void whit_serve_message(struct whit_message *message, uint64_t badge);

/* In the place of the library's: what whit_serve would call. */
void whit_serve_message(struct whit_message *message, uint64_t badge)
{
    entered_fpcr = read_fpcr();
    FILL(0xc3);
    *message = (struct whit_message){.word = {badge}};
}

static void call_raw(uint32_t portal)
{
    begin(0xa7);
    in.x[10] = portal;
    entered_fpcr = FPCR_ALL;
    probe_call(&in, &out);
}

static void check_reply(const char *stub)
{
    printf("# %s\n", stub);
    check("distrusting reply: the answer's other words are zeros", are(&out, 1, 11, NULL));
    check("distrusting reply: only the caller's own in x11 to x14",
          out.x[11] == in.tls && out.x[12] == 0 && out.x[13] == (uintptr_t)probe_call_end &&
              out.x[14] == probe_sp);
    check("distrusting reply: zeros in x15 to x30", are(&out, 15, GENERAL, NULL));
    check("distrusting reply: zeros in floating point", float_is(&out, NULL));
    check("distrusting reply: no flags", out.flags == 0);
    check("distrusting entry: FPCR is not the caller's", entered_fpcr == 0);
}

static void test_reply_stubs(void)
{
    struct handler handler = new_handler(start_handler, 0);

    call_raw(new_portal(handler.thread, (void (*)(void))enter_trusting, 0));
    check("trusting reply: secrets do cross, so they were there", count_secrets(&out, 0xc1) > 20);
    call_raw(new_portal(handler.thread, (void (*)(void))enter_guarded, 0));
    check_reply("whit_reply_distrusting");
    call_raw(new_portal(handler.thread, whit_serve_entry, 0x99));
    check("whit_serve: the answer", out.x[0] == 0x99);
    check_reply("whit_serve");
}

/* ---- calls that the kernel makes */

static void test_fault(void)
{
    struct handler handler = {new_thread(PRIORITY_HIGH), new_stack()};
    const struct whit_registers *page = new_state_page(handler.thread);
    uint32_t portal = new_portal(handler.thread, enter_spy, 0xfa);

    need("a handler",
         whit_start(handler.thread, (uintptr_t)start_handler, handler.sp, HANDLER_TLS, 0));
    rest(LONG);

    need("a fault portal", whit_bind(whit_boot->self_thread, WHIT_ROLE_FAULT, portal));
    for (unsigned round = 0; round < 2; round++) {
        begin(0xd1);
        spy_answer.x[0] = WHIT_CONTINUE;
        probe_fault(&in, &out);
        check("fault: the handler's own sp, tls and flags", is_entered(&handler));
        check("fault: sp, x30 and badge by the manual",
              spy_seen.x[1] == 0 && spy_seen.x[2] == 0 && spy_seen.x[4] == probe_sp &&
                  spy_seen.x[5] == in.x[30] && spy_seen.x[10] == 0xfa);
        check("fault: zeros elsewhere",
              are(&spy_seen, 6, 10, NULL) && are(&spy_seen, 11, GENERAL, NULL));
        /* The handler finds what it left there itself, or nothing. */
        check("fault: nothing of the thread in floating point",
              float_is(&spy_seen, NULL) || (round != 0 && float_is(&spy_seen, &spy_answer)));
        check("fault: the thread keeps all", are(&out, 0, GENERAL, &in) && float_is(&out, &in) &&
                                                 out.flags == in.flags && out.tls == in.tls);
        check("fault: the handler's page afterwards", hides_kernel(page->x));
    }
    need("no fault portal", whit_bind(whit_boot->self_thread, WHIT_ROLE_FAULT, 0));
}

static void test_signal_entry(void)
{
    struct handler handler = new_handler(start_handler, 0);
    uint32_t portal = new_portal(handler.thread, enter_spy, 0x51), signal = new_signal();

    need("an entry",
         whit_target(signal, WHIT_TARGET_ENTRY, portal, 0, new_budget(PRIORITY_HIGH + 1)));
    for (unsigned round = 0; round < 2; round++) {
        begin(0xd2);
        in.x[10] = signal;
        in.x[0] = 0x17;
        probe_notify(&in, &out);
        check("signal entry: the handler's own sp, tls and flags", is_entered(&handler));
        check("signal entry: bits and badge", spy_seen.x[0] == 0x17 && spy_seen.x[10] == 0x51);
        check("signal entry: zeros elsewhere",
              are(&spy_seen, 1, 10, NULL) && are(&spy_seen, 11, GENERAL, NULL));
        check("signal entry: nothing of others in floating point",
              float_is(&spy_seen, round == 0 ? NULL : &spy_answer));
        check("signal entry: the notifier keeps what it should", is_kept(0, 0));
        check("... and its flags are dead, not the handler's",
              out.flags == 0 || out.flags == in.flags);
    }
    need("no target", whit_target(signal, WHIT_TARGET_NONE, 0, 0, 0));
}

enum { GUEST_START = 0x100000 }; /* no address that the kernel could have */

/* An exit of a guest is such a call too, on a way of its own. */
static uint32_t new_guest(void)
{
    const uint64_t window = UINT64_C(0x2000000000);
    uint32_t machine = new_space(WHIT_MACHINE), memory = new_memory(WHIT_PAGE);
    uint32_t child = new_slot();
    uint32_t cpu = new_object(WHIT_THREAD, WHIT_SIZE_THREAD, machine, WHIT_VCPU, 0, 0);

    need("a pool", whit_donate(new_memory(16 * (uint64_t)WHIT_PAGE), machine));
    need("a child", whit_derive(memory, 0, child, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    need("a window", whit_map(child, 0, window, WHIT_MAP_READ | WHIT_MAP_WRITE));
    memcpy((void *)(uintptr_t)window, guest_code, (size_t)(guest_code_end - guest_code));
    need("no window", whit_delete(child));
    need("its memory", whit_map(memory, machine, GUEST_START, WHIT_MAP_READ | WHIT_MAP_EXEC));
    need("its budget", whit_bind(cpu, WHIT_ROLE_BUDGET, new_budget(PRIORITY_LOW)));
    return cpu;
}

static void test_exit(void)
{
    struct handler handler = {new_thread(PRIORITY_HIGH), new_stack()};
    const struct whit_registers *page = new_state_page(handler.thread);
    uint32_t cpu = new_guest();
    const struct whit_state *state = (const struct whit_state *)(const void *)new_state_page(cpu);
    bool good = true;

    need("a handler",
         whit_start(handler.thread, (uintptr_t)start_handler, handler.sp, HANDLER_TLS, 0));
    rest(LONG);
    need("its VMM", whit_bind(cpu, WHIT_ROLE_FAULT, new_portal(handler.thread, enter_spy, 0xe1)));
    begin(0xd3);
    spy_answer.x[0] = WHIT_CONTINUE;
    need("a guest", whit_start(cpu, GUEST_START, 0, 0, 0));
    rest(LONG);
    check("exit: both arrived", spy_count == 2);
    spy_count = 1;
    check("exit: the handler's own sp, tls and flags", is_entered(&handler));
    check("exit: x30 and badge by the manual",
          spy_seen.x[5] == GUEST_SECRET + 30 && spy_seen.x[10] == 0xe1);
    check("exit: zeros elsewhere",
          are(&spy_seen, 6, 10, NULL) && are(&spy_seen, 11, GENERAL, NULL));
    check("exit: nothing of the guest in floating point",
          float_is(&spy_seen, NULL) || float_is(&spy_seen, &spy_answer));
    check("exit: the handler's page afterwards", hides_kernel(page->x));
    need("an end", whit_stop(cpu));
    need("all registers", whit_sync(cpu, WHIT_SYNC_TO_PAGE));
    for (unsigned i = 0; i < GENERAL; i++) {
        good = (state->r.x[i] == GUEST_SECRET + i || is_wrong("x", i, state->r.x[i])) && good;
    }
    for (unsigned i = 0; i < VECTORS; i++) {
        good = (state->fp[i] == GUEST_SECRET || is_wrong("half v", i, state->fp[i])) && good;
    }
    check("exit: the guest keeps all", good);
}

/* ---- what is saved while a thread does not run is nothing of the kernel's */

static void test_pages(void)
{
    struct handler waiter = new_handler(start_handler, 0);
    uint32_t idle = new_thread(PRIORITY_HIGH), caller = new_thread(PRIORITY_HIGH);
    uint32_t second = new_thread(PRIORITY_HIGH), never = new_signal();
    uint32_t portal = new_portal(waiter.thread, enter_wait, never);
    const struct whit_registers *idle_page = new_state_page(idle);
    const struct whit_registers *caller_page = new_state_page(caller);
    const struct whit_registers *second_page = new_state_page(second);

    need("a start", whit_start(idle, (uintptr_t)start_handler, new_stack(), 0, 0));
    rest(LONG);
    check("page of an idle handler", hides_kernel(idle_page->x));

    need("a target", whit_target(never, WHIT_TARGET_WAITER, waiter.thread, 0, 0));
    need("a start", whit_start(caller, (uintptr_t)start_caller, new_stack(), 0, portal));
    need("a start", whit_start(second, (uintptr_t)start_caller, new_stack(), 0, portal));
    rest(LONG);
    check("page of a caller", hides_kernel(caller_page->x));
    check("page of a caller that helps", hides_kernel(second_page->x));
    need("an end", whit_stop(second));
    need("an end", whit_destroy(waiter.thread));
    rest(LONG);
    check("page of a caller whose handler ended", hides_kernel(caller_page->x));
    check_error("... with its error", (enum whit_error)caller_page->x[10], WHIT_E_DEAD);
}

/* Operations that are restarted, on a thread whose page tells what is in its registers then. */
static uint32_t big;
static volatile uint64_t maps, broken_maps;

static void map_for_ever(void)
{
    static struct registers before, after;

    for (;;) {
        fill(&before, 0xe1);
        before.x[0] = big;
        before.x[1] = 0;
        before.x[2] = UINT64_C(0x2200000000);
        before.x[3] = WHIT_MAP_READ;
        before.x[10] = WHIT_OP_MAP;
        probe_op(&before, &after);
        broken_maps += after.x[10] != WHIT_OK || !are(&after, 18, GENERAL, &before) ||
                       !are_or_zero(&after, 11, 18, &before) || !hides_kernel(after.x);
        before.x[10] = WHIT_OP_UNMAP;
        probe_op(&before, &after);
        broken_maps += after.x[10] != WHIT_OK || !are(&after, 18, GENERAL, &before) ||
                       !are_or_zero(&after, 11, 18, &before) || !hides_kernel(after.x);
        maps++;
    }
}

static void test_restart(void)
{
    enum { SAMPLES = 300, BYTES = 1 << 20 };
    uint32_t mapper = new_thread(PRIORITY_LOW), memory = new_memory(BYTES);
    const struct whit_registers *page = new_state_page(mapper);
    const uint64_t call = (uintptr_t)probe_op_end - 4;
    unsigned restarts = 0;
    bool good = true;

    big = new_slot();
    need("a child", whit_derive(memory, 0, big, WHIT_R_READ, 0, 0));
    need("a start", whit_start(mapper, (uintptr_t)map_for_ever, new_stack(), 0, 0));
    for (unsigned i = 0; i < SAMPLES; i++) {
        rest(5000);
        if (page->pc == call) {
            restarts++;
            good = good && hides_kernel(page->x) && page->x[30] == secret(0xe1, 30) &&
                   page->x[18] == secret(0xe1, 18);
        }
    }
    need("an end", whit_stop(mapper));
    printf("# %u of %u samples at a restarted call, %llu passes\n", restarts, (unsigned)SAMPLES,
           (unsigned long long)maps);
    check("operations are restarted", restarts > 0 && maps > 0);
    check("... keep and hide meanwhile", good);
    check("... and afterwards", broken_maps == 0);
}

/* ---- whoever breaks the contract */

static void test_hostile(void)
{
    struct wild wild = {0};

    begin(0xf1);
    in.x[10] = spy_portal;
    spy_answer.sp = UINT64_C(0xdeaddeaddeaddea3);
    spy_answer.tls = UINT64_C(0xfeedfeedfeedfeed);
    probe_call(&in, &out);
    check("a reply with a wild sp and tls", is_returned());
    begin(0xf2);
    in.x[10] = spy_portal;
    probe_call(&in, &out);
    check("... changes nothing for the next entry", is_entered(&spy) && is_returned());

    begin(0xf3);
    call_wild(spy_portal, UINT64_MAX, &wild);
    check("a caller with sp 0 and a wild tls: the handler has its own", is_entered(&spy));
    check("... and the caller gets them back", wild.sp == 0 && wild.tls == UINT64_MAX);

    begin(0xf4);
    in.x[10] = spy_portal;
    in.tls = 0;
    spy_answer.x[10] = WHIT_PASSED;
    probe_call(&in, &out);
    check("a reply that pretends to pass a capability", out.x[10] == 0 && is_returned());
    begin(0xf5);
    in.x[10] = spy_portal;
    spy_answer.x[10] = UINT64_MAX;
    probe_call(&in, &out);
    check("a reply that passes what cannot be", spy_failed.x[10] != 0 && out.x[10] == 0 &&
                                                    is_returned() && hides_kernel(out.x) &&
                                                    hides_kernel(spy_failed.x));
    /* Nobody called: the reply serves nobody, and the thread is idle, not somebody's caller. */
    struct handler other = new_handler(start_handler, 0);
    uint32_t thread = new_thread(PRIORITY_HIGH);

    need("a start", whit_start(thread, (uintptr_t)enter_spy, new_stack(), 0, 0));
    rest(LONG);
    begin(0xf6);
    in.x[10] = new_portal(other.thread, enter_spy, 0);
    probe_call(&in, &out);
    check("a reply to nobody disturbs nobody", is_entered(&other) && is_returned());
    begin(0xf7);
    in.x[10] = spy_portal;
    probe_call(&in, &out);
    check("x18 is the caller's until the handler sets it",
          spy_seen.x[18] == in.x[18] && out.x[18] == spy_answer.x[18]);
}

int main(void)
{
    check_begin();
    need("the console", console_open(new_slot()));
    spy = new_handler(start_handler, 0);
    spy_portal = new_portal(spy.thread, enter_spy, SPY_BADGE);
    test_fast();
    test_slow();
    test_failed_calls();
    test_others();
    test_operations();
    test_call_stubs();
    test_reply_stubs();
    test_fault();
    test_signal_entry();
    test_exit();
    test_pages();
    test_restart();
    test_hostile();
    check_end();
    return 0;
}
