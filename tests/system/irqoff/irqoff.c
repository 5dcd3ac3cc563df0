/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries to make the kernel keep interrupts masked for long: much of everything that is in a list,
 * and the longest operations.  tools/irqoff.sh measures, from outside (tools/masked.c); a phase
 * begins with an instruction without effect, whose number tells its name below.
 */
#include "../check.h"

#include <string.h>

#define PHASE_boot     1  /* what comes before */
#define PHASE_timers   2  /* deadlines are armed behind, then before many others */
#define PHASE_due      3  /* many deadlines that are due at the same time */
#define PHASE_parked   4  /* many threads call a handler that is not there yet */
#define PHASE_unparked 5  /* ... it is */
#define PHASE_inbox    6  /* many signals of another core are notified */
#define PHASE_throttle 7  /* many budgets are used up at a time */
#define PHASE_chain    8  /* the deepest derivation is revoked */
#define PHASE_wide     9  /* many children are revoked */
#define PHASE_calls    10 /* the longest chain of calls */
#define PHASE_map      11 /* large ranges are mapped and unmapped: blocks and pages */
#define PHASE_uncached 12 /* ... uncached */
#define PHASE_execute  13 /* ... executable */
#define PHASE_objects  14 /* objects are made and destroyed: scrubbing */
#define PHASE_space    15 /* a space with full tables ends */
#define PHASE_vmids    16 /* more spaces run, each for a moment, than there are VMIDs */
#define PHASE_virqs    17 /* many virtual interrupts of one guest are pending */
#define PHASE_number   18 /* ... of the same number */
#define PHASE_requests 19 /* many requests to another core */
#define PHASE_end      20 /* all was done */

#define PHASE(name) __asm__ volatile("movz xzr, #%0" : : "i"(0x5a00 + PHASE_##name) : "memory")

enum { MANY = 1000, THREADS = 400, CHILDREN = 2000, DEEPEST = 79, SPACES = 300 };
enum { CHILD = WHIT_R_READ | WHIT_R_WRITE | WHIT_R_DERIVE };

#define WINDOW UINT64_C(0x2000000000)

/* ---- entries.S */

void start_handler(void); /* replies to nobody: is an idle handler from then on */
void start_caller(void);  /* calls the portal x0 */
void start_waiter(void);  /* waits for the signal x0, again and again */
void start_chain(void);   /* calls the portal x0, then is a handler */
void start_spin(void);    /* increments the word at x0 */
void guest_code(void);

static _Alignas(16) char stack[4096]; /* of all: none uses it */
static volatile uint64_t spun;
static uint32_t tick; /* root waits for it */
static uint32_t signals[MANY];
static uint32_t threads[THREADS];

struct rest {
    uint64_t bytes; /* of a piece */
    uint32_t memory;
};

static void pause_us(uint64_t us)
{
    uint64_t bits;

    need("a wait", whit_wait(tick, whit_deadline(us * 1000), &bits));
}

/* Memory of one size, cut from the front of a larger piece: in no gaps between other pieces. */
static uint32_t cut(struct rest *rest)
{
    const uint32_t piece = rest->memory, upper = new_slot();

    if (piece == 0) {
        rest->memory = new_memory(rest->bytes * 8192);
        whit_slots_free(&check_slots, upper, 1);
        return cut(rest);
    }
    need("a cut", whit_split(piece, upper, rest->bytes));
    rest->memory = upper;
    return piece;
}

static uint32_t signal_on(uint32_t core)
{
    static struct rest rest = {WHIT_SIZE_SIGNAL, 0};
    const uint32_t signal = cut(&rest);

    need("a signal", whit_make(signal, WHIT_SIGNAL, whit_boot->first_core + core, 0, 0, 0));
    return signal;
}

static uint32_t thread_of(uint32_t space, uint32_t core, unsigned priority, uint64_t budget,
                          uint64_t period)
{
    static struct rest threads_rest = {WHIT_SIZE_THREAD, 0}, budgets_rest = {WHIT_SIZE_BUDGET, 0};
    const uint32_t thread = cut(&threads_rest), own = cut(&budgets_rest);

    need("a thread", whit_make(thread, WHIT_THREAD, space, WHIT_NATIVE, 0, 0));
    need("a budget",
         whit_make(own, WHIT_BUDGET, whit_boot->first_core + core, priority, budget, period));
    need("a budget", whit_bind(thread, WHIT_ROLE_BUDGET, own));
    return thread;
}

static uint32_t thread_on(uint32_t core, unsigned priority, uint64_t budget, uint64_t period)
{
    return thread_of(WHIT_SELF, core, priority, budget, period);
}

static void start(uint32_t thread, void (*code)(void), uint64_t x0)
{
    need("a start", whit_start(thread, (uintptr_t)code, (uintptr_t)stack + sizeof(stack), 0, x0));
}

static void new_signals(uint32_t core)
{
    for (unsigned i = 0; i < MANY; i++) {
        signals[i] = signal_on(core);
    }
}

static void destroy_signals(void)
{
    for (unsigned i = 0; i < MANY; i++) {
        need("an end", whit_destroy(signals[i]));
    }
}

/* ---- lists of the core */

static void stress_timers(void)
{
    const uint64_t far = whit_deadline(UINT64_C(100000000000));

    PHASE(timers);
    new_signals(0);
    for (unsigned i = 0; i < MANY; i++) {
        need("a timer", whit_timer(signals[i], far - i, 1));
    }
    for (unsigned i = 0; i < 10; i++) {
        pause_us(10);
    }
    PHASE(due);
    const uint64_t due = whit_deadline(20000000);
    for (unsigned i = 0; i < MANY; i++) {
        need("a timer", whit_timer(signals[i], due, 1));
    }
    pause_us(30000);
    destroy_signals();
}

static void stress_parked(void)
{
    uint32_t handler, portal;

    PHASE(parked);
    handler = thread_on(0, PRIORITY_HIGH, 0, 0);
    portal = new_portal(handler, start_handler, 0);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = thread_on(0, PRIORITY_HIGH, 0, 0);
        start(threads[i], start_caller, portal);
    }
    PHASE(unparked);
    start(handler, start_handler, 0);
    pause_us(1000);
    for (unsigned i = 0; i < THREADS; i++) {
        need("an end", whit_destroy(threads[i]));
    }
}

static void stress_inbox(void)
{
    uint32_t spinner;

    if (whit_boot->cores == 1) {
        return;
    }
    PHASE(inbox);
    new_signals(1);
    spinner = thread_on(1, PRIORITY_LOW, 0, 0);
    start(spinner, start_spin, (uintptr_t)&spun);
    for (unsigned pass = 0; pass < 4; pass++) {
        for (unsigned i = 0; i < MANY; i++) {
            need("a notification", whit_notify(signals[i], 1));
        }
        pause_us(1000);
    }
    PHASE(requests);
    for (unsigned i = 0; i < MANY; i++) {
        need("an end", whit_destroy(signals[i]));
    }
    need("an end", whit_destroy(spinner));
}

/* Threads whose time is used up are made ready at the same moment. */
static void stress_throttle(void)
{
    const uint64_t second = whit_boot->frequency;

    PHASE(throttle);
    for (unsigned i = 0; i < THREADS; i++) {
        signals[i] = signal_on(0);
        threads[i] = thread_on(0, PRIORITY_HIGH, 16, 100 * second);
        need("a target", whit_target(signals[i], WHIT_TARGET_WAITER, threads[i], 0, 0));
        start(threads[i], start_waiter, signals[i]);
    }
    for (unsigned pass = 0; pass < 4; pass++) {
        const uint64_t due = whit_deadline(20000000);
        for (unsigned i = 0; i < THREADS; i++) {
            need("a timer", whit_timer(signals[i], due, 1));
        }
        pause_us(30000);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        need("an end", whit_destroy(threads[i]));
        need("an end", whit_destroy(signals[i]));
    }
}

/* ---- the derivation tree */

static void stress_tree(void)
{
    const uint32_t page = new_memory(WHIT_PAGE), first = whit_slots_take(&check_slots, CHILDREN);
    uint32_t above = page;

    PHASE(chain);
    for (unsigned i = 0; i < DEEPEST; i++) {
        if (whit_derive(above, 0, first + i, CHILD, 0, 0) != WHIT_OK) {
            break;
        }
        above = first + i;
    }
    need("a revoke", whit_revoke(page));
    PHASE(wide);
    for (unsigned i = 0; i < CHILDREN; i++) {
        need("a child", whit_derive(page, 0, first + i, CHILD, 0, 0));
    }
    need("a revoke", whit_revoke(page));
    whit_slots_free(&check_slots, first, CHILDREN);
}

static void stress_calls(void)
{
    enum { LINKS = 18 };
    uint32_t portal = 0;

    PHASE(calls);
    for (unsigned i = 0; i < LINKS; i++) {
        uint32_t thread = thread_on(0, PRIORITY_HIGH, 0, 0);
        if (i == 0) {
            portal = new_portal(thread, start_handler, 0);
            continue;
        }
        start(thread, start_chain, portal);
        portal = new_portal(thread, start_handler, 0);
    }
    pause_us(1000);
}

/* ---- memory */

static void map_all(uint32_t memory, uint32_t space, uint64_t address, uint32_t access)
{
    const uint32_t child = new_slot();

    need("a child", whit_derive(memory, 0, child, CHILD | WHIT_R_EXEC, 0, 0));
    need("a map", whit_map(child, space, address, access));
    need("an unmap", whit_unmap(child));
    need("a map", whit_map(child, space, address, access));
    need("a delete", whit_delete(child));
}

static void stress_map(void)
{
    enum { BYTES = 16 << 20 };
    const uint32_t memory = new_memory(BYTES), space = new_space(WHIT_PROGRAM);

    need("a pool", whit_donate(new_memory(64 * WHIT_PAGE), space));
    PHASE(map);
    map_all(memory, space, WINDOW, WHIT_MAP_READ);
    map_all(memory, space, WINDOW + WHIT_PAGE, WHIT_MAP_READ);
    PHASE(uncached);
    map_all(memory, space, WINDOW, WHIT_MAP_READ | WHIT_MAP_UNCACHED);
    map_all(memory, space, WINDOW + 3 * WHIT_PAGE, WHIT_MAP_READ | WHIT_MAP_UNCACHED);
    PHASE(execute);
    map_all(memory, space, WINDOW, WHIT_MAP_READ | WHIT_MAP_EXEC);
    map_all(memory, space, WINDOW, WHIT_MAP_READ | WHIT_MAP_EXEC | WHIT_MAP_UNCACHED);
}

static void stress_objects(void)
{
    const uint32_t pages = new_memory(2 * WHIT_PAGE), page = new_memory(WHIT_PAGE);

    PHASE(objects);
    for (unsigned i = 0; i < 4; i++) {
        need("a space", whit_make(pages, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0));
        need("a thread", whit_make(page, WHIT_THREAD, pages, WHIT_NATIVE, 0, 0));
        need("an end", whit_destroy(page));
        need("an end", whit_destroy(pages));
    }
}

static void stress_space(void)
{
    enum { POOL = 512, FILL = WHIT_SLOTS - 1 };
    const uint32_t space = new_space(WHIT_PROGRAM), memory = new_memory(4 << 20);
    const uint32_t first = whit_slots_take(&check_slots, 64);

    PHASE(space);
    need("a pool", whit_donate(new_memory(POOL * WHIT_PAGE), space));
    for (unsigned i = 1; i <= FILL; i++) {
        need("a child", whit_derive(memory, space, i, WHIT_R_READ, 0, 0));
    }
    for (unsigned i = 0; i < 64; i++) {
        need("a child", whit_derive(memory, 0, first + i, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
        need("a map", whit_map(first + i, space, WINDOW + i * UINT64_C(0x40000000) + WHIT_PAGE,
                               WHIT_MAP_READ | (i % 2 ? WHIT_MAP_UNCACHED : 0)));
    }
    need("an end", whit_destroy(space));
    need("a revoke", whit_revoke(memory));
}

static void stress_vmids(void)
{
    static uint32_t spaces[SPACES];
    static struct rest rest = {WHIT_SIZE_SPACE, 0};

    PHASE(vmids);
    for (unsigned i = 0; i < SPACES; i++) {
        spaces[i] = cut(&rest);
        need("a space", whit_make(spaces[i], WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0));
        threads[i] = thread_of(spaces[i], 0, PRIORITY_HIGH, 0, 0);
        start(threads[i], start_spin, 0); /* where nothing is mapped: a fault, it stops */
    }
    for (unsigned i = 0; i < SPACES; i++) {
        start(threads[i], start_spin, 0);
    }
    for (unsigned i = 0; i < SPACES; i++) {
        need("an end", whit_destroy(threads[i]));
    }
    for (unsigned i = 0; i < SPACES; i++) {
        need("an end", whit_destroy(spaces[i]));
    }
}

/* ---- a guest */

static void stress_guest(void)
{
    const uint32_t space = new_space(WHIT_MACHINE), page = new_memory(WHIT_PAGE);
    uint32_t vcpu, code = new_slot();

    need("a pool", whit_donate(new_memory(8 * WHIT_PAGE), space));
    need("a view", whit_derive(page, 0, code, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    need("a view", whit_map(code, 0, WINDOW, WHIT_MAP_READ | WHIT_MAP_WRITE));
    memcpy((void *)(uintptr_t)WINDOW, (const void *)(uintptr_t)guest_code, 64);
    code = new_slot();
    need("code", whit_derive(page, 0, code, WHIT_R_READ | WHIT_R_EXEC, 0, 0));
    need("code", whit_map(code, space, 0, WHIT_MAP_READ | WHIT_MAP_EXEC));
    vcpu = new_object(WHIT_THREAD, WHIT_SIZE_THREAD, space, WHIT_VCPU, 0, 0);
    need("a budget", whit_bind(vcpu, WHIT_ROLE_BUDGET, new_budget(PRIORITY_LOW)));
    need("a start", whit_start(vcpu, 0, 0, 0, 0));
    for (unsigned same = 0; same < 2; same++) {
        if (same) {
            PHASE(number);
        } else {
            PHASE(virqs);
        }
        new_signals(0);
        for (unsigned i = 0; i < MANY; i++) {
            const uint64_t number = same ? 40 : i % 900 + 32;
            need("a target", whit_target(signals[i], WHIT_TARGET_VIRQ, vcpu,
                                         WHIT_VIRQ(number, 8 * (i % 32), WHIT_VIRQ_ENABLED), 0));
            need("a notification", whit_notify(signals[i], 1));
        }
        pause_us(1000);
        destroy_signals();
    }
    need("an end", whit_destroy(vcpu));
    need("an end", whit_destroy(space));
}

int main(void)
{
    PHASE(boot);
    check_begin();
    need("a pool", whit_donate(new_memory(512 * WHIT_PAGE), WHIT_SELF));
    tick = new_signal();
    need("a target", whit_target(tick, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    stress_timers();
    stress_parked();
    stress_inbox();
    stress_throttle();
    stress_tree();
    stress_calls();
    stress_map();
    stress_objects();
    stress_space();
    stress_vmids();
    stress_guest();
    PHASE(end);
    check_end();
    return 0;
}
