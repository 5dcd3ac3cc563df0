/* SPDX-License-Identifier: BSD-2-Clause */
/* Portal calls, capabilities in messages, threads, and the calls that the kernel makes for them. */
#include "../check.h"

#include <string.h>

/* ---- entries.S */

_Static_assert(WHIT_OP_RECEIVE == 18, "start_receiver has this number");

void start_handler(void);   /* replies to nobody: is an idle handler from then on */
void start_receiver(void);  /* the same, but takes a capability into slot x0 first */
void start_spin(void);      /* never ends */
void start_call(void);      /* calls portal x0, then svc #0 with the status in x8 */
void enter_echo(void);      /* answers x0 + 1, and the badge in x1 */
void enter_pass_back(void); /* answers with x0 as x10 */
void enter_look(void);      /* the same; if that fails, answers what is in x11-x17 afterwards */
uint64_t call_and_look(uint64_t x10); /* what is in x11-x17, which were 0, after a failed call */
void enter_chain(void); /* calls portal x0 with x0 + 1 and x1 - 1 unless x1 is 0; x2: an error */
void enter_wait(void);  /* waits for signal x0, answers bits and status */
void enter_die(void);   /* svc #0 */
void enter_fault(void); /* a fault's handler: see fault_record */
void start_read(void);
void start_write(void);
void start_jump(void);
void start_undefined(void);
void start_exit(void);  /* svc #0 with x8 = 0x77 */
void after_fault(void); /* svc #0 with x8 = 0x88 */
void start_fp(void);    /* fills v8, then svc #0 */

struct {
    uint64_t esr, far, ipa, pc, sp, x30, badge;
    uint64_t verdict, count, new_pc;
    struct whit_registers *page;
} fault_record;

static _Alignas(16) char stacks[16][512];

static uint64_t new_stack(void)
{
    static unsigned used;

    return (uintptr_t)stacks[used++ % 16] + sizeof stacks[0];
}

/* Lets less urgent threads run: they are all done, or blocked, after it. */
static void let_others_run(void)
{
    static uint32_t signal;
    uint64_t bits;

    if (signal == 0) {
        signal = new_signal();
        need("a signal", whit_target(signal, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    }
    need("a wait", whit_wait(signal, whit_deadline(3000000), &bits));
}

static uint32_t new_handler(void (*start)(void), uint64_t x0)
{
    uint32_t thread = new_thread(PRIORITY_HIGH);

    need("a handler", whit_start(thread, (uintptr_t)start, new_stack(), 0, x0));
    let_others_run();
    return thread;
}

/* ---- messages */

static bool echoes(enum whit_error (*call)(uint32_t, struct whit_message *), uint32_t portal,
                   uint64_t badge)
{
    struct whit_message message = {.word = {41, 0, 2, 3, 4, 5, 6, 7, 8, 9}};
    bool good = call(portal, &message) == WHIT_OK && message.word[0] == 42 &&
                message.word[1] == badge && message.passed == 0;

    for (uint64_t i = 2; i < WHIT_WORDS; i++) {
        good = good && message.word[i] == i;
    }
    return good;
}

static enum whit_error trusting(uint32_t portal, struct whit_message *message)
{
    return whit_call(portal, message);
}

static bool zeros = true; /* the answers of failed calls */

static enum whit_error call_of(uint32_t portal)
{
    struct whit_message message = {.word = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    enum whit_error error = whit_call(portal, &message);

    for (unsigned i = 0; error != WHIT_OK && i < WHIT_WORDS; i++) {
        zeros = zeros && message.word[i] == 0;
    }
    return error;
}

static void test_call(void)
{
    uint32_t handler = new_handler(start_handler, 0);
    uint32_t portal = new_portal(handler, enter_echo, 0x1234567);
    uint32_t second = new_portal(handler, enter_echo, (UINT64_C(1) << 63) - 1);
    uint32_t child = new_slot();

    check("call", echoes(trusting, portal, 0x1234567));
    check("call by the other portal", echoes(trusting, second, (UINT64_C(1) << 63) - 1));
    check("distrusting call", echoes(whit_call_distrusting, portal, 0x1234567));
    check_error("call of nothing", call_of(empty_slot()), WHIT_E_CAPABILITY);
    check_error("call of slot 0", call_of(0), WHIT_E_CAPABILITY);
    check_error("call of another kind", call_of(handler), WHIT_E_CAPABILITY);
    check_error("call of a selector out of range", call_of(0x8000), WHIT_E_ARGUMENT);
    need("a child", whit_derive(portal, 0, child, WHIT_R_DERIVE, 0, 0));
    check_error("call without the right", call_of(child), WHIT_E_RIGHTS);
    need("no child", whit_delete(child));
    need("a child", whit_derive(portal, 0, child, WHIT_R_CALL, 0, 0));
    check("call by a child", echoes(trusting, child, 0x1234567));
    need("its end", whit_revoke(portal));
    check_error("call of a revoked capability", call_of(child), WHIT_E_CAPABILITY);
    check_error("destroy of a handler", whit_destroy(handler), WHIT_OK);
    check_error("call of a portal without handler", call_of(portal), WHIT_E_DEAD);
    check_error("destroy of a portal", whit_destroy(portal), WHIT_OK);
    check("failed calls answer zeros", zeros);
    check_error("call of a destroyed portal", call_of(portal), WHIT_E_CAPABILITY);
}

/* Registers that were zeros hold nothing of the kernel's after a call or a reply that failed. */
static void test_leaks(void)
{
    uint32_t handler = new_handler(start_handler, 0), other = new_handler(start_handler, 0);
    uint32_t portal = new_portal(handler, enter_look, 0), dead = new_portal(other, enter_echo, 0);
    struct whit_message message = {.word = {WHIT_PASS(empty_slot())}};

    need("no handler", whit_destroy(other));
    check("a call of nothing leaves no address behind", call_and_look(empty_slot()) == 0);
    check("... nor a call of another kind", call_and_look(handler) == 0);
    check("... nor one out of range", call_and_look(0x8000) == 0);
    check("... nor one of a portal without handler", call_and_look(dead) == 0);
    check_error("a reply that fails first", whit_call(portal, &message), WHIT_OK);
    check("... neither", message.word[0] == 0);
}

static void test_dead(void)
{
    uint32_t lazy =
        new_object(WHIT_THREAD, WHIT_SIZE_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);
    uint32_t dying = new_handler(start_handler, 0);
    uint32_t victim = new_thread(PRIORITY_HIGH);

    check_error("call of a handler without core", call_of(new_portal(lazy, enter_echo, 0)),
                WHIT_E_DEAD);
    /* The caller is stuck behind a handler that faulted without a fault portal. */
    need("a caller", whit_start(victim, (uintptr_t)start_call, new_stack(), 0,
                                new_portal(dying, enter_die, 0)));
    let_others_run();
    check_error("destroy of a handler that serves", whit_destroy(dying), WHIT_OK);
    check_error("... its caller goes on, and ends", whit_stop(victim), WHIT_OK);
}

static void test_chain(void)
{
    enum { LENGTH = 6 };
    uint32_t first = whit_slots_take(&check_slots, LENGTH + 1);
    struct whit_message message = {.word = {first + 1, LENGTH - 1}};

    for (uint32_t i = 0; i < LENGTH; i++) {
        uint32_t portal = new_portal(new_handler(start_handler, 0), enter_chain, 0);

        need("a portal", whit_derive(portal, 0, first + i, WHIT_R_CALL, 0, 0));
    }
    check_error("calls within calls", whit_call(first, &message), WHIT_OK);
    check("... all answered", message.word[2] == 0 && message.word[1] == 0);
    message = (struct whit_message){.word = {first, 1}};
    check_error("call of oneself", whit_call(first, &message), WHIT_OK);
    check_error("... is a deadlock", (enum whit_error)message.word[2], WHIT_E_DEADLOCK);
}

/* ---- capabilities */

static void test_pass(void)
{
    uint32_t slot = new_slot(), page = new_memory(WHIT_PAGE), child = new_slot();
    uint32_t handler = new_handler(start_receiver, slot);
    uint32_t echo = new_portal(handler, enter_echo, 5),
             back = new_portal(handler, enter_pass_back, 0);
    struct whit_message message = {.pass = WHIT_PASS(empty_slot())};

    check_error("pass of nothing", whit_call(echo, &message), WHIT_E_CAPABILITY);
    message = (struct whit_message){.pass = WHIT_PASS(page)};
    check_error("pass", whit_call(echo, &message), WHIT_OK);
    check("... the receiver is told", message.word[1] == (WHIT_PASSED | 5));
    check_error("... it has it", whit_derive(slot, 0, child, WHIT_R_READ, 0, 0), WHIT_OK);
    check_error("... without the right to make",
                whit_make(slot, WHIT_SIGNAL, whit_boot->first_core, 0, 0, 0), WHIT_E_RIGHTS);
    message = (struct whit_message){.pass = WHIT_PASS(page)};
    check_error("pass to one that takes nothing", whit_call(echo, &message), WHIT_E_OCCUPIED);
    need("no child", whit_delete(child));

    check_error("receive into no slot", whit_receive(WHIT_SLOTS), WHIT_E_ARGUMENT);
    check_error("receive", whit_receive(child), WHIT_OK);
    message = (struct whit_message){.word = {WHIT_PASS(slot)}};
    check_error("an answer with a capability", whit_call(back, &message), WHIT_OK);
    check("... is told", message.passed != 0);
    check_error("... is there", whit_delete(child), WHIT_OK);
    message = (struct whit_message){.word = {WHIT_MOVE(slot)}};
    check_error("an answer that moves, into the same slot", whit_call(back, &message), WHIT_OK);
    check_error("... leaves the sender nothing", whit_delete(slot), WHIT_E_CAPABILITY);
    check_error("... is there too", whit_delete(child), WHIT_OK);
    need("receive no more", whit_receive(0));
    message = (struct whit_message){.word = {WHIT_PASS(page)}};
    check_error("an answer to one that takes nothing", whit_call(back, &message), WHIT_OK);
    check_error("... is an error for the server", (enum whit_error)message.word[0],
                WHIT_E_OCCUPIED);
}

/* ---- busy handlers */

static void test_busy(void)
{
    uint32_t handler = new_handler(start_handler, 0), signal = new_signal();
    uint32_t portal = new_portal(handler, enter_wait, 0), other = new_thread(PRIORITY_HIGH);
    struct whit_message message = {.word = {signal}};

    need("a target", whit_target(signal, WHIT_TARGET_WAITER, handler, 0, 0));
    check_error("a timer", whit_timer(signal, whit_deadline(2000000), 4), WHIT_OK);
    check_error("a call whose handler waits", whit_call(portal, &message), WHIT_OK);
    check("... gets the bits", message.word[0] == 4 && message.word[1] == WHIT_OK);

    /* A second caller while the handler waits for the first: it helps, and is served afterwards. */
    uint32_t echo = new_portal(handler, enter_echo, 9);
    struct whit_message first = {.word = {1}};

    need("a caller", whit_start(other, (uintptr_t)start_call, new_stack(), 0,
                                new_portal(handler, enter_wait, 0)));
    let_others_run();
    need("a timer", whit_timer(signal, whit_deadline(2000000), 8));
    check_error("a call of a busy handler", whit_call(echo, &first), WHIT_OK);
    check("... is served at last", first.word[0] == 2 && first.word[1] == 9);
}

/* ---- faults */

static struct whit_registers *map_page(uint32_t page)
{
    static uint64_t address = UINT64_C(0x2000000000);
    uint32_t window = new_slot();

    need("a child", whit_derive(page, 0, window, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    need("a mapping", whit_map(window, 0, address, WHIT_MAP_READ | WHIT_MAP_WRITE));
    address += WHIT_PAGE;
    return (struct whit_registers *)(uintptr_t)(address - WHIT_PAGE);
}

struct faulty {
    uint32_t thread;
    struct whit_registers *page;
};

static struct faulty new_faulty(void)
{
    uint32_t page = new_memory(WHIT_PAGE), child = new_slot();
    uint32_t handler = new_handler(start_handler, 0);
    struct faulty faulty = {new_thread(PRIORITY_HIGH), map_page(page)};

    need("a child", whit_derive(page, 0, child, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    need("a state page", whit_bind(faulty.thread, WHIT_ROLE_STATE, child));
    need("a fault portal",
         whit_bind(faulty.thread, WHIT_ROLE_FAULT, new_portal(handler, enter_fault, 0xfa)));
    return faulty;
}

/* Starts a thread that faults and stays stopped. */
static void fault_at(const struct faulty *faulty, void (*start)(void), uint64_t x0)
{
    memset(&fault_record, 0, sizeof fault_record);
    fault_record.verdict = WHIT_STAY;
    need("a faulting thread",
         whit_start(faulty->thread, (uintptr_t)start, new_stack(), 0x7157, x0));
    let_others_run();
}

static bool is_fault(unsigned class, void (*pc)(void))
{
    return fault_record.count == 1 && fault_record.esr >> 26 == class &&
           fault_record.pc == (uintptr_t)pc && fault_record.badge == 0xfa;
}

enum { CLASS_UNKNOWN = 0x00, CLASS_SVC = 0x15, CLASS_FETCH = 0x20, CLASS_ACCESS = 0x24 };

static void test_faults(void)
{
    const uint64_t nowhere = UINT64_C(0x3000000000);
    struct faulty faulty = new_faulty();
    struct whit_registers *page = faulty.page;

    fault_at(&faulty, start_read, nowhere + 8);
    check("a read of nothing", is_fault(CLASS_ACCESS, start_read));
    check("... with the address",
          fault_record.far == nowhere + 8 && fault_record.ipa >> 12 == nowhere >> 12);
    check("... and all registers", page->x[0] == nowhere + 8 && page->tls == 0x7157 &&
                                       page->sp == fault_record.sp &&
                                       page->esr == fault_record.esr);
    fault_at(&faulty, start_read, 0);
    check("a read of null", is_fault(CLASS_ACCESS, start_read) && fault_record.far == 0);
    fault_at(&faulty, start_read, UINT64_C(1) << 45);
    check("a read beyond the space", is_fault(CLASS_ACCESS, start_read));
    fault_at(&faulty, start_write, (uintptr_t)start_write);
    check("a write to text",
          is_fault(CLASS_ACCESS, start_write) && fault_record.far == (uintptr_t)start_write);
    fault_at(&faulty, start_jump, (uintptr_t)stacks);
    check("a jump into data", fault_record.count == 1 && fault_record.esr >> 26 == CLASS_FETCH &&
                                  fault_record.pc == (uintptr_t)stacks);
    fault_at(&faulty, start_jump, nowhere);
    check("a jump into nothing",
          fault_record.esr >> 26 == CLASS_FETCH && fault_record.pc == nowhere);
    fault_at(&faulty, start_undefined, 0);
    check("an undefined instruction", is_fault(CLASS_UNKNOWN, start_undefined));
    fault_at(&faulty, start_exit, 0x99);
    check("svc #0",
          fault_record.esr >> 26 == CLASS_SVC && page->x[8] == 0x77 && page->x[0] == 0x99);

    page->pc = (uintptr_t)after_fault;
    fault_record.count = 0;
    check_error("resume at another place", whit_resume(faulty.thread), WHIT_OK);
    let_others_run();
    check("... goes on there", fault_record.count == 1 && page->x[8] == 0x88);

    memset(&fault_record, 0, sizeof fault_record);
    fault_record.verdict = WHIT_STAY;
    fault_at(&faulty, start_fp, 0);
    struct whit_state *state = (struct whit_state *)(void *)page;

    check_error("sync to the page", whit_sync(faulty.thread, WHIT_SYNC_TO_PAGE), WHIT_OK);
    check("... has the vector registers", state->fp[16] == UINT64_C(0x5a5a5a5a5a5a5a5a));
    check_error("sync from the page", whit_sync(faulty.thread, WHIT_SYNC_FROM_PAGE), WHIT_OK);
    check_error("sync in no direction", whit_sync(faulty.thread, (enum whit_direction)2),
                WHIT_E_ARGUMENT);
    check_error("destroy of a stopped thread", whit_destroy(faulty.thread), WHIT_OK);
}

/* The handler answers CONTINUE, after it changed pc in the state page. */
static void test_continue(void)
{
    struct faulty faulty = new_faulty();
    uint32_t pager = new_thread(PRIORITY_HIGH);

    memset(&fault_record, 0, sizeof fault_record);
    fault_record.verdict = WHIT_CONTINUE;
    fault_record.page = faulty.page;
    fault_record.new_pc = (uintptr_t)start_handler;
    need("a faulting thread",
         whit_start(faulty.thread, (uintptr_t)start_undefined, new_stack(), 0, 0));
    let_others_run();
    check("a handler that repairs", fault_record.count == 1);
    check("... lets the thread go on",
          echoes(trusting, new_portal(faulty.thread, enter_echo, 3), 3));
    check_error("destroy of a thread that never ran", whit_destroy(pager), WHIT_OK);
}

static void test_no_handler(void)
{
    uint32_t thread = new_thread(PRIORITY_HIGH);

    need("a faulting thread", whit_start(thread, (uintptr_t)start_undefined, new_stack(), 0, 0));
    let_others_run();
    check_error("a fault without handler stops the thread",
                whit_start(thread, (uintptr_t)start_undefined, new_stack(), 0, 0), WHIT_OK);
    let_others_run();
    check_error("... which can be destroyed", whit_destroy(thread), WHIT_OK);
}

/* ---- threads */

static void test_threads(void)
{
    uint32_t thread = new_thread(PRIORITY_LOW), signal = new_signal();
    uint32_t bare =
        new_object(WHIT_THREAD, WHIT_SIZE_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);
    uint32_t page = new_memory(WHIT_PAGE), child = new_slot(), budget = new_budget(PRIORITY_LOW);
    const uint64_t spin = (uintptr_t)start_spin;

    check_error("start of nothing", whit_start(empty_slot(), spin, 0, 0, 0), WHIT_E_CAPABILITY);
    check_error("start of another kind", whit_start(signal, spin, 0, 0, 0), WHIT_E_CAPABILITY);
    check_error("start without budget", whit_start(bare, spin, 0, 0, 0), WHIT_E_STATE);
    check_error("resume without budget", whit_resume(bare), WHIT_E_STATE);
    check_error("start", whit_start(thread, spin, 0, 0, 0), WHIT_OK);
    check_error("start of a running thread", whit_start(thread, spin, 0, 0, 0), WHIT_E_STATE);
    check_error("sync of a running thread", whit_sync(thread, WHIT_SYNC_TO_PAGE), WHIT_E_STATE);
    check_error("stop", whit_stop(thread), WHIT_OK);
    check_error("stop again", whit_stop(thread), WHIT_OK);
    check_error("sync without a page", whit_sync(thread, WHIT_SYNC_TO_PAGE), WHIT_E_STATE);
    check_error("resume", whit_resume(thread), WHIT_OK);
    check_error("stop of nothing", whit_stop(empty_slot()), WHIT_E_CAPABILITY);
    check_error("resume of nothing", whit_resume(empty_slot()), WHIT_E_CAPABILITY);
    need("a stop", whit_stop(thread));
    need("a child", whit_derive(thread, 0, child, WHIT_R_DERIVE, 0, 0));
    check_error("start without the right", whit_start(child, spin, 0, 0, 0), WHIT_E_RIGHTS);
    check_error("stop without the right", whit_stop(child), WHIT_E_RIGHTS);
    need("no child", whit_delete(child));

    check_error("bind to nothing", whit_bind(empty_slot(), WHIT_ROLE_BUDGET, budget),
                WHIT_E_CAPABILITY);
    check_error("bind in no role", whit_bind(thread, WHIT_ROLES, budget), WHIT_E_ARGUMENT);
    check_error("bind of another kind", whit_bind(thread, WHIT_ROLE_BUDGET, page),
                WHIT_E_CAPABILITY);
    check_error("bind of a state page of the wrong kind",
                whit_bind(thread, WHIT_ROLE_STATE, budget), WHIT_E_CAPABILITY);
    check_error("bind of a state page that is none",
                whit_bind(thread, WHIT_ROLE_STATE, new_memory(2 * WHIT_PAGE)), WHIT_E_SIZE);
    need("a child", whit_derive(page, 0, child, WHIT_R_READ, 0, 0));
    check_error("bind of a state page without the right", whit_bind(thread, WHIT_ROLE_STATE, child),
                WHIT_E_RIGHTS);
    check_error("bind of a state page", whit_bind(thread, WHIT_ROLE_STATE, page), WHIT_OK);
    check_error("unbind of it", whit_bind(thread, WHIT_ROLE_STATE, 0), WHIT_OK);
    check_error("bind of another budget", whit_bind(thread, WHIT_ROLE_BUDGET, budget), WHIT_OK);
    check_error("bind of a budget that is in use", whit_bind(bare, WHIT_ROLE_BUDGET, budget),
                WHIT_E_BUSY);
    check_error("unbind of a budget", whit_bind(thread, WHIT_ROLE_BUDGET, 0), WHIT_OK);
    check_error("bind of a budget that is free again", whit_bind(bare, WHIT_ROLE_BUDGET, budget),
                WHIT_OK);
    check_error("destroy of a budget in use", whit_destroy(budget), WHIT_OK);
    check_error("destroy of a thread", whit_destroy(thread), WHIT_OK);
}

int main(void)
{
    check_begin();
    test_call();
    test_leaks();
    test_dead();
    test_chain();
    test_pass();
    test_busy();
    test_faults();
    test_continue();
    test_no_handler();
    test_threads();
    check_end();
    return 0;
}
