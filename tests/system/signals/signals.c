/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals and their targets, deadlines, interrupt lines, budgets, and all of them between cores. */
#include "../check.h"

#include <libfdt.h>
#include <string.h>

/* ---- entries.S */

void start_handler(void);      /* replies to nobody: is an idle handler from then on */
void enter_count(void);        /* counts in `entered`, and collects x0 there */
void enter_answer(void);       /* answers 77 */
void start_count(void);        /* increments the word at x0 for ever */
void start_yield(void);        /* the same, and yields each time */
void start_echo_signals(void); /* waits for a signal, notifies another: struct echo at x0 */

struct {
    uint64_t count, bits, badge;
} entered;

struct echo {
    uint32_t waits, notifies;
    uint64_t error; /* of the wait that ended it */
};

static _Alignas(16) char stacks[16][512];
static uint32_t own_signal; /* root waits for it */

static uint64_t new_stack(void)
{
    static unsigned used;

    return (uintptr_t)stacks[used++ % 16] + sizeof stacks[0];
}

static uint32_t new_waited(void)
{
    uint32_t signal = new_signal();

    need("a target", whit_target(signal, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    return signal;
}

/* Waits `us` microseconds; the bits that came. */
static uint64_t wait_us(uint64_t us)
{
    uint64_t bits;

    need("a wait", whit_wait(own_signal, whit_deadline(us * 1000), &bits));
    return bits;
}

static uint32_t core_of(uint32_t index)
{
    return whit_boot->first_core + index;
}

static uint32_t thread_on(uint32_t core, unsigned priority)
{
    uint32_t thread =
        new_object(WHIT_THREAD, WHIT_SIZE_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);
    uint32_t budget = new_object(WHIT_BUDGET, WHIT_SIZE_BUDGET, core_of(core), priority, 0, 0);

    need("a budget for a thread", whit_bind(thread, WHIT_ROLE_BUDGET, budget));
    return thread;
}

static uint32_t new_handler(uint32_t core)
{
    uint32_t thread = thread_on(core, PRIORITY_HIGH);

    need("a handler", whit_start(thread, (uintptr_t)start_handler, new_stack(), 0, 0));
    wait_us(2000);
    return thread;
}

/* ---- waiting */

static void test_wait(void)
{
    uint32_t signal = new_waited(), other = new_signal(), child = new_slot();
    uint64_t bits;

    check_error("notify", whit_notify(signal, 5), WHIT_OK);
    check_error("notify again", whit_notify(signal, 2), WHIT_OK);
    check_error("wait", whit_wait(signal, 0, &bits), WHIT_OK);
    check("... takes all bits", bits == 7);
    check_error("wait with a deadline", whit_wait(signal, whit_deadline(1000000), &bits), WHIT_OK);
    check("... that comes", bits == WHIT_TIMEOUT);
    check_error("wait with a deadline that has passed", whit_wait(signal, 1, &bits), WHIT_OK);
    check("... ends at once", bits == WHIT_TIMEOUT);
    check_error("notify of nothing", whit_notify(empty_slot(), 1), WHIT_E_CAPABILITY);
    check_error("notify of another kind", whit_notify(whit_boot->irq, 1), WHIT_E_CAPABILITY);
    check_error("wait for nothing", whit_wait(empty_slot(), 0, &bits), WHIT_E_CAPABILITY);
    check_error("wait for a signal without target", whit_wait(other, 0, &bits), WHIT_E_STATE);
    need("a child", whit_derive(signal, 0, child, WHIT_R_DERIVE, 0, 0));
    check_error("notify without the right", whit_notify(child, 1), WHIT_E_RIGHTS);
    check_error("wait without the right", whit_wait(child, 0, &bits), WHIT_E_RIGHTS);
    check_error("clear without the right", whit_clear(child, 1, &bits), WHIT_E_RIGHTS);
    need("bits", whit_notify(signal, 6));
    check_error("clear", whit_clear(signal, 3, &bits), WHIT_OK);
    check("... returns what was set", bits == 2);
    check_error("wait for the rest", whit_wait(signal, 0, &bits), WHIT_OK);
    check("... without what was cleared", bits == 4);
    check_error("clear of nothing", whit_clear(empty_slot(), 3, &bits), WHIT_E_CAPABILITY);
}

static void test_timer(void)
{
    uint32_t signal = new_waited();
    uint64_t bits, before = whit_ticks(), deadline = whit_deadline(2000000);

    check_error("timer", whit_timer(signal, deadline, 16), WHIT_OK);
    check_error("wait for it", whit_wait(signal, 0, &bits), WHIT_OK);
    check("... its bits, not before its time",
          bits == 16 && whit_ticks() >= deadline && deadline > before);
    check_error("timer to take back", whit_timer(signal, whit_deadline(100000000), 32), WHIT_OK);
    check_error("... taken back", whit_timer(signal, 0, 0), WHIT_OK);
    check_error("... a wait", whit_wait(signal, whit_deadline(120000000), &bits), WHIT_OK);
    check("... does not see it", bits == WHIT_TIMEOUT);
    check_error("timer of nothing", whit_timer(empty_slot(), deadline, 1), WHIT_E_CAPABILITY);
}

/* ---- targets */

static void test_target(void)
{
    uint32_t signal = new_signal(), handler = new_handler(0), budget = new_budget(PRIORITY_HIGH);
    uint32_t portal = new_portal(handler, enter_count, 0xbad6e), self = whit_boot->self_thread;

    check_error("target of nothing", whit_target(empty_slot(), WHIT_TARGET_NONE, 0, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("target of no kind", whit_target(signal, (enum whit_target)4, self, 0, 0),
                WHIT_E_ARGUMENT);
    check_error("target nothing", whit_target(signal, WHIT_TARGET_WAITER, empty_slot(), 0, 0),
                WHIT_E_CAPABILITY);
    check_error("target of another kind", whit_target(signal, WHIT_TARGET_WAITER, portal, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("target a program by interrupt", whit_target(signal, WHIT_TARGET_VIRQ, self, 32, 0),
                WHIT_E_ARGUMENT);
    check_error("target an entry without budget",
                whit_target(signal, WHIT_TARGET_ENTRY, portal, 0, 0), WHIT_E_ARGUMENT);
    check_error("target an entry with a budget in use",
                whit_target(signal, WHIT_TARGET_ENTRY, portal, 0, whit_boot->self_budget),
                WHIT_E_BUSY);
    check_error("target an entry", whit_target(signal, WHIT_TARGET_ENTRY, portal, 0, budget),
                WHIT_OK);
    memset(&entered, 0, sizeof entered);
    check_error("notify an entry", whit_notify(signal, 9), WHIT_OK);
    wait_us(1000);
    check("... enters it once",
          entered.count == 1 && entered.bits == 9 && entered.badge == 0xbad6e);
    check_error("notify it again", whit_notify(signal, 16), WHIT_OK);
    wait_us(1000);
    check("... enters it again", entered.count == 2 && entered.bits == 25);
    check_error("no target", whit_target(signal, WHIT_TARGET_NONE, 0, 0, 0), WHIT_OK);
    need("bits", whit_notify(signal, 32));
    check("... enters nothing", entered.count == 2);
    check_error("the budget is free again",
                whit_target(signal, WHIT_TARGET_ENTRY, portal, 0, budget), WHIT_OK);
    wait_us(1000);
    check("bits that were set before count", entered.count == 3 && entered.bits == 57);
    check_error("destroy of a signal with an entry", whit_destroy(signal), WHIT_OK);
}

/* ---- interrupts: the PL031 clock of the board fires within a second */

static uint64_t rtc_address(void)
{
    const void *tree = NULL;

    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        if (whit_boot->range[i].kind == WHIT_BOOT_DTB) {
            tree = (const void *)(uintptr_t)whit_boot->range[i].address;
        }
    }
    int node = fdt_node_offset_by_compatible(tree, -1, "arm,pl031");
    const fdt64_t *reg = node < 0 ? NULL : fdt_getprop(tree, node, "reg", NULL);

    return reg == NULL ? 0 : fdt64_to_cpu(*reg);
}

enum { RTC_LINE = 34, RTC_DATA = 0, RTC_MATCH = 1, RTC_MASK = 4, RTC_CLEAR = 7 };

static volatile uint32_t *map_rtc(void)
{
    uint64_t base = rtc_address();
    uint32_t slot = new_slot();

    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        const struct whit_boot_range *range = &whit_boot->range[i];

        if (range->kind == WHIT_BOOT_DEVICE && base - range->base < range->bytes) {
            need("the clock", whit_derive(range->selector, 0, slot, WHIT_R_READ | WHIT_R_WRITE,
                                          base - range->base, WHIT_PAGE));
        }
    }
    need("its registers",
         whit_map(slot, 0, UINT64_C(0x2100000000), WHIT_MAP_READ | WHIT_MAP_WRITE));
    return (volatile uint32_t *)(uintptr_t)UINT64_C(0x2100000000);
}

static void test_irq(void)
{
    uint32_t line = new_slot(), private_line = new_slot();
    volatile uint32_t *rtc = map_rtc();

    check_error("bind of all lines", whit_irq_bind(whit_boot->irq, own_signal, 1, 0),
                WHIT_E_ARGUMENT);
    check_error("acknowledge of all lines", whit_irq_ack(whit_boot->irq), WHIT_E_ARGUMENT);
    check_error("derive of a line that is not there",
                whit_derive(whit_boot->irq, 0, line, WHIT_R_CONTROL, whit_boot->irq_lines, 1),
                WHIT_E_SIZE);
    check_error("derive a line", whit_derive(whit_boot->irq, 0, line, WHIT_R_CONTROL, RTC_LINE, 1),
                WHIT_OK);
    need("a private line", whit_derive(whit_boot->irq, 0, private_line, WHIT_R_CONTROL, 27, 1));
    check_error("bind of a private line", whit_irq_bind(private_line, own_signal, 1, 0),
                WHIT_E_ARGUMENT);
    check_error("bind of nothing", whit_irq_bind(empty_slot(), own_signal, 1, 0),
                WHIT_E_CAPABILITY);
    check_error("bind to nothing", whit_irq_bind(line, empty_slot(), 1, 0), WHIT_E_CAPABILITY);
    check_error("bind without bits", whit_irq_bind(line, own_signal, 0, 0), WHIT_E_ARGUMENT);
    check_error("bind with unknown flags", whit_irq_bind(line, own_signal, 1, 2), WHIT_E_ARGUMENT);
    check_error("bind", whit_irq_bind(line, own_signal, 64, 0), WHIT_OK);
    rtc[RTC_MATCH] = rtc[RTC_DATA] + 1;
    rtc[RTC_MASK] = 1;
    check("an interrupt comes", wait_us(3000000) == 64);
    check("... and only once", wait_us(20000) == WHIT_TIMEOUT);
    check_error("acknowledge without handling", whit_irq_ack(line), WHIT_OK);
    check("... it comes again", wait_us(3000000) == 64);
    rtc[RTC_CLEAR] = 1;
    check_error("acknowledge", whit_irq_ack(line), WHIT_OK);
    check("... it is quiet", wait_us(20000) == WHIT_TIMEOUT);
    check_error("acknowledge again", whit_irq_ack(line), WHIT_OK);
}

/* ---- budgets */

static void test_budget(void)
{
    static volatile uint64_t counter;
    const uint64_t ms = whit_ns_to_ticks(1000000);
    uint32_t thread =
        new_object(WHIT_THREAD, WHIT_SIZE_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);
    uint32_t budget = new_object(WHIT_BUDGET, WHIT_SIZE_BUDGET, whit_boot->first_core,
                                 PRIORITY_HIGH, ms, 10 * ms);
    struct whit_budget_use use;

    check_error("read of nothing", whit_budget_read(empty_slot(), &use), WHIT_E_CAPABILITY);
    check_error("read of the own budget", whit_budget_read(whit_boot->self_budget, &use), WHIT_OK);
    check("... it was used", use.used > 0 && use.priority == PRIORITY_ROOT);
    need("a bind", whit_bind(thread, WHIT_ROLE_BUDGET, budget));
    need("a start",
         whit_start(thread, (uintptr_t)start_count, new_stack(), 0, (uintptr_t)&counter));
    uint64_t start = whit_ticks();

    while (whit_ticks() - start < 50 * ms) {
    }
    check_error("read of a budget that is used up", whit_budget_read(budget, &use), WHIT_OK);
    check("a more urgent thread runs", counter > 0);
    check("... no longer than its budget", use.used >= 3 * ms && use.used <= 8 * ms);
    check("... was stopped each time", use.exhausted >= 3);
    need("a stop", whit_stop(thread));
    check_error("destroy of a throttled thread", whit_destroy(thread), WHIT_OK);
    check_error("destroy of its budget", whit_destroy(budget), WHIT_OK);
}

static void test_yield(void)
{
    static volatile uint64_t counter[2];
    uint32_t thread[2] = {thread_on(0, PRIORITY_LOW), thread_on(0, PRIORITY_LOW)};

    for (unsigned i = 0; i < 2; i++) {
        need("a start",
             whit_start(thread[i], (uintptr_t)start_yield, new_stack(), 0, (uintptr_t)&counter[i]));
    }
    wait_us(5000);
    uint64_t first = counter[0], second = counter[1];

    check("less urgent threads run while root waits", first > 10 && second > 10);
    check("... in turn, since they yield", first - second + 1 <= 2);
    need("a stop", whit_stop(thread[0]));
    need("a stop", whit_stop(thread[1]));
    first = counter[0];
    wait_us(2000);
    check("... no more when stopped", counter[0] == first);
}

/* ---- other cores */

static bool round_trips(const struct echo *echo, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        need("a notify", whit_notify(echo->waits, i));
        if (wait_us(500000) != i) {
            return false;
        }
    }
    return true;
}

static void test_other_core(uint32_t core)
{
    static struct echo echo;
    static volatile uint64_t counter;
    uint32_t thread = thread_on(core, PRIORITY_LOW), handler = new_handler(core);
    uint32_t far = new_object(WHIT_SIGNAL, WHIT_SIZE_SIGNAL, core_of(core), 0, 0, 0);
    struct whit_message message = {.word = {0}};
    uint64_t bits;

    printf("core %u\n", (unsigned)core);
    need("a target", whit_target(far, WHIT_TARGET_WAITER, thread, 0, 0));
    echo = (struct echo){far, own_signal, 0};
    check_error("start on another core",
                whit_start(thread, (uintptr_t)start_echo_signals, new_stack(), 0, (uintptr_t)&echo),
                WHIT_OK);
    check("signals to another core and back", round_trips(&echo, 100));
    check_error("wait at home on another core", whit_wait(far, 0, &bits), WHIT_E_CORE);
    check_error("clear on another core", whit_clear(far, 1, &bits), WHIT_E_CORE);
    check_error("timer on another core", whit_timer(far, 1, 1), WHIT_E_CORE);
    check_error("call to another core", whit_call(new_portal(handler, enter_answer, 0), &message),
                WHIT_E_CORE);
    check_error("destroy of a signal waited for there", whit_destroy(far), WHIT_OK);
    check_error("destroy of the thread", whit_destroy(thread), WHIT_OK);

    thread = thread_on(core, PRIORITY_LOW);
    need("a start",
         whit_start(thread, (uintptr_t)start_count, new_stack(), 0, (uintptr_t)&counter));
    wait_us(5000);
    check("it runs there", counter > 0);
    check_error("stop from another core", whit_stop(thread), WHIT_OK);
    uint64_t then = counter;

    wait_us(5000);
    check("... it has stopped", counter == then);
    check_error("resume from another core", whit_resume(thread), WHIT_OK);
    wait_us(5000);
    check("... it goes on", counter > then);
    check_error("destroy of a thread that runs on another core", whit_destroy(thread), WHIT_OK);
    then = counter;
    wait_us(5000);
    check("... it is gone", counter == then);
    check_error("destroy of a handler there", whit_destroy(handler), WHIT_OK);
}

int main(void)
{
    check_begin();
    own_signal = new_waited();
    test_wait();
    test_timer();
    test_target();
    test_irq();
    /* With several cores the emulator's time is the host's, which may be busy with other things. */
    if (whit_boot->cores == 1) {
        test_budget();
        test_yield();
    }
    for (uint32_t core = 1; core < whit_boot->cores; core++) {
        test_other_core(core);
    }
    check_end();
    return 0;
}
