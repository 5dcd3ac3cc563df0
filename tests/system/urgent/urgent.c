/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest whose interrupts have budgets, below a program that never stops: with them its interrupts
 * are handled in time and its background gets next to nothing, without them it gets nothing at all.
 * Then what ends an activation, the guest's own priority, and sleeping without a trap.
 */
#include "urgent.h"
#include "../check.h"

#include <string.h>

_Static_assert(URGENT_OP_PRIORITY == WHIT_OP_PRIORITY, "as the guest knows it");

enum { PRIORITY_GUEST = 50, PRIORITY_SPIN = 60, PRIORITY_URGENT = 80, STACK_BYTES = 4096 };
enum { RAM_PAGES = 2, POOL_PAGES = 16, SLOT_OWN = 1, SLOT_HIGH = 2 };
enum {
    PERIOD_NS = 1000000,
    RUN_NS = 50000000,
    LENGTH_NS = 20000,
    LATE_NS = 10000,
    OVERRUN_NS = 500
};

#define GUEST_RAM UINT64_C(0x40000000)
#define WINDOW    UINT64_C(0x1000000000)

extern const char urgent_guest[], urgent_guest_end[];

static _Alignas(16) char stack[STACK_BYTES];
static volatile uint64_t spun;
static uint32_t space, guest, own, high, urgent, timer, bell, clock, spinner;

static volatile uint64_t *shared(unsigned offset)
{
    return (volatile uint64_t *)(uintptr_t)(WINDOW + WHIT_PAGE + offset);
}

static void spin(void)
{
    for (;;)
        spun++;
}

static void pause_ns(uint64_t ns)
{
    uint64_t bits;

    need("a wait", whit_wait(clock, whit_deadline(ns), &bits));
}

static void machine_make(void)
{
    const uint32_t access = WHIT_R_READ | WHIT_R_WRITE;
    uint32_t ram = new_memory(RAM_PAGES * WHIT_PAGE);

    space = new_space(WHIT_MACHINE);
    need("a pool", whit_donate(new_memory(POOL_PAGES * WHIT_PAGE), space));
    need("memory here", whit_map(new_child(ram, access), WHIT_SELF, WINDOW, access));
    memcpy((void *)(uintptr_t)WINDOW, urgent_guest, (size_t)(urgent_guest_end - urgent_guest));
    need("memory there", whit_map(new_child(ram, access | WHIT_R_EXEC), space, GUEST_RAM,
                                  WHIT_MAP_READ | WHIT_MAP_WRITE | WHIT_MAP_EXEC));
    guest = new_object(WHIT_THREAD, WHIT_SIZE_THREAD, space, WHIT_VCPU, 0, 0);
    own = new_budget(PRIORITY_GUEST);
    high = new_budget(PRIORITY_URGENT);
    need("its budget", whit_bind(guest, WHIT_ROLE_BUDGET, own));
    need("a grant", whit_derive(own, space, SLOT_OWN, WHIT_R_CONTROL, 0, 0));
    need("a grant", whit_derive(high, space, SLOT_HIGH, WHIT_R_CONTROL, 0, 0));
    timer = new_signal();
    bell = new_signal();
}

/* An urgent budget of a tenth of the time, in pieces of at most LENGTH_NS. */
static uint32_t urgent_make(void)
{
    uint32_t budget = new_memory(WHIT_SIZE_BUDGET);

    need("an urgent budget",
         whit_budget_make(budget, whit_boot->first_core, PRIORITY_URGENT,
                          whit_ns_to_ticks(PERIOD_NS / 10), whit_ns_to_ticks(PERIOD_NS),
                          whit_ns_to_ticks(LENGTH_NS)));
    return budget;
}

/* The guest from its beginning.  Its timer goes on meanwhile, so one interrupt may be of before. */
static void guest_start(uint64_t period_ns, uint64_t mode, uint32_t timer_budget,
                        uint32_t bell_budget)
{
    const uint64_t enabled = WHIT_VIRQ_ENABLED;

    (void)whit_stop(guest);
    need("no timer", whit_target(timer, WHIT_TARGET_NONE, 0, 0, 0));
    need("no bell", whit_target(bell, WHIT_TARGET_NONE, 0, 0, 0));
    memset((void *)(uintptr_t)(WINDOW + WHIT_PAGE), 0, WHIT_PAGE);
    *shared(URGENT_PERIOD) = whit_ns_to_ticks(period_ns);
    *shared(URGENT_MODE) = mode;
    need("a timer", whit_target(timer, WHIT_TARGET_VIRQ, guest,
                                WHIT_VIRQ(UINT64_C(27), UINT64_C(0x80), enabled | WHIT_VIRQ_TIMER),
                                timer_budget));
    need("a bell",
         whit_target(bell, WHIT_TARGET_VIRQ, guest,
                     WHIT_VIRQ((uint64_t)URGENT_BELL, UINT64_C(0x80), enabled), bell_budget));
    need("a start", whit_start(guest, GUEST_RAM, 0, 0, 0));
    pause_ns(PERIOD_NS); /* it has set up its interrupts, if it is let */
}

static void spinner_set(bool on)
{
    need("the program", on ? whit_resume(spinner) : whit_stop(spinner));
}

static uint64_t worst_late(void)
{
    uint64_t worst = 0;

    for (unsigned i = 0; i < URGENT_RECORDS; i++)
        if (shared(URGENT_RECORD)[i] > worst)
            worst = shared(URGENT_RECORD)[i];
    return whit_ticks_to_ns(worst);
}

static struct whit_budget_use use_of(uint32_t budget)
{
    struct whit_budget_use use;

    need("accounting", whit_budget_read(budget, &use));
    return use;
}

static void report(const char *what, const struct whit_budget_use *use)
{
    printf("# %s: %llu interrupts, %llu ns late at most, background %llu, urgent %llu ns\n", what,
           (unsigned long long)*shared(URGENT_TICKS), (unsigned long long)worst_late(),
           (unsigned long long)*shared(URGENT_BACKGROUND),
           (unsigned long long)(use ? whit_ticks_to_ns(use->used) : 0));
}

static void test_timer(void)
{
    struct whit_budget_use use;
    uint64_t before, background;

    guest_start(PERIOD_NS, 1 << URGENT_SPIN_BIT, 0, 0);
    spinner_set(true);
    pause_ns(RUN_NS);
    before = *shared(URGENT_TICKS);
    pause_ns(RUN_NS);
    report("no budget", NULL);
    check("without a budget a busy program keeps the guest's timer waiting",
          *shared(URGENT_TICKS) == before);
    spinner_set(false);

    guest_start(PERIOD_NS, 1 << URGENT_SPIN_BIT, urgent, 0);
    spinner_set(true);
    before = *shared(URGENT_TICKS);
    background = *shared(URGENT_BACKGROUND);
    pause_ns(RUN_NS);
    use = use_of(urgent);
    report("urgent", &use);
    check("with one it is on time",
          *shared(URGENT_TICKS) - before >= RUN_NS / PERIOD_NS - 1 && worst_late() < LATE_NS);
    /* A pass of the background is four instructions, a nanosecond each: it could have had 50 ms. */
    check("and not before its time", *shared(URGENT_EARLY) <= 1);
    check("and its background gets no more than an activation's length",
          (*shared(URGENT_BACKGROUND) - background) * 4 <= (RUN_NS / PERIOD_NS + 1) * LENGTH_NS);
    check("which is never idle, so each activation is used up",
          whit_ticks_to_ns(use.used) <= (RUN_NS / PERIOD_NS + 2) * (LENGTH_NS + OVERRUN_NS));
    check("none was late", use.late == 0);
}

static void test_idle(void)
{
    struct whit_budget_use before = use_of(urgent), after;

    spinner_set(false);
    guest_start(PERIOD_NS, 0, urgent, 0);
    spinner_set(true);
    before = use_of(urgent);
    pause_ns(RUN_NS);
    after = use_of(urgent);
    after.used -= before.used;
    report("idle", &after);
    check("a guest that goes idle is on time",
          *shared(URGENT_TICKS) >= RUN_NS / PERIOD_NS - 1 && worst_late() < LATE_NS);
    check("and gives back what its activation does not need",
          whit_ticks_to_ns(after.used) < RUN_NS / PERIOD_NS * LENGTH_NS / 4);
}

static void test_say(void)
{
    struct whit_budget_use before, after;
    uint64_t background;

    spinner_set(false);
    guest_start(PERIOD_NS, 1 << URGENT_SPIN_BIT | 1 << URGENT_SAY_BIT, urgent, 0);
    spinner_set(true);
    before = use_of(urgent);
    background = *shared(URGENT_BACKGROUND);
    pause_ns(RUN_NS);
    after = use_of(urgent);
    after.used -= before.used;
    report("says so", &after);
    check("a guest that ends its activations itself is on time",
          *shared(URGENT_TICKS) >= RUN_NS / PERIOD_NS - 1 && worst_late() < LATE_NS);
    check("the call succeeds", *shared(URGENT_ANSWER) == WHIT_OK);
    check("and steals nothing",
          (*shared(URGENT_BACKGROUND) - background) * 4 <= RUN_NS / PERIOD_NS * LENGTH_NS / 4 &&
              whit_ticks_to_ns(after.used) < RUN_NS / PERIOD_NS * LENGTH_NS / 4);

    /* It takes its own higher budget for good; whether the program goes on shows it. */
    *shared(URGENT_BUDGET) = SLOT_HIGH;
    pause_ns(2 * PERIOD_NS);
    background = spun;
    pause_ns(PERIOD_NS);
    check("a guest raises its own priority", spun == background);
    *shared(URGENT_BUDGET) = SLOT_OWN;
    pause_ns(2 * PERIOD_NS);
    check("and lowers it", spun != background);
    *shared(URGENT_BUDGET) = SLOT_OWN + 10;
    pause_ns(2 * PERIOD_NS);
    check("but not to what it was not given", *shared(URGENT_ANSWER) == WHIT_E_CAPABILITY);
}

static void test_bell(void)
{
    uint64_t sent, worst = 0;

    spinner_set(false);
    guest_start(0, 1 << URGENT_SPIN_BIT, 0, urgent);
    spinner_set(true);
    for (unsigned i = 0; i < 20; i++) {
        sent = whit_ticks();
        need("a device", whit_notify(bell, 1));
        pause_ns(PERIOD_NS);
        sent = whit_ticks_to_ns(*shared(URGENT_BELL_AT) - sent);
        worst = sent > worst ? sent : worst;
    }
    printf("# device: %llu interrupts, %llu ns at most\n",
           (unsigned long long)*shared(URGENT_BELLS), (unsigned long long)worst);
    check("a device's interrupt with a budget is on time",
          *shared(URGENT_BELLS) == 20 && worst < LATE_NS);
}

/* Nothing else is ready: the guest's WFI is not trapped, so its time counts as used. */
static void test_alone(void)
{
    struct whit_budget_use before, after;
    uint64_t slept;

    spinner_set(false);
    guest_start(PERIOD_NS, 0, 0, 0);
    before = use_of(own);
    pause_ns(RUN_NS);
    after = use_of(own);
    slept = whit_ticks_to_ns(after.used - before.used);
    printf("# alone: %llu ns late at most, %llu ns used\n", (unsigned long long)worst_late(),
           (unsigned long long)slept);
    check("an idle guest alone sleeps without a trap", slept > RUN_NS / 10 * 9);
    check("and is on time",
          *shared(URGENT_TICKS) >= RUN_NS / PERIOD_NS - 1 && worst_late() < LATE_NS);
    spinner_set(true);
    before = use_of(own);
    pause_ns(PERIOD_NS);
    slept = spun;
    pause_ns(RUN_NS);
    after = use_of(own);
    check("but not when somebody else wants the core, however unimportant",
          spun != slept && whit_ticks_to_ns(after.used - before.used) < RUN_NS / 10);
}

int main(void)
{
    check_begin();
    clock = new_signal();
    need("a clock", whit_target(clock, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    machine_make();
    urgent = urgent_make();
    spinner = new_thread(PRIORITY_SPIN);
    need("a program", whit_start(spinner, (uintptr_t)spin, (uintptr_t)stack + STACK_BYTES, 0, 0));
    spinner_set(false);
    test_timer();
    test_idle();
    test_say();
    test_bell();
    spinner_set(false);
    need("less urgent", whit_bind(spinner, WHIT_ROLE_BUDGET, new_budget(PRIORITY_GUEST - 10)));
    test_alone();
    check_end();
    return 0;
}
