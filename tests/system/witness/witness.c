/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs beside a guest that sets all registers that it reaches, and says whether it noticed.
 * Argument "as": "clock" (wakes every millisecond), "worker" (computes), or the name of something
 * that a program may not do, and that it does: it must end.
 */
#include "witness.h"
#include "whit/program.h"

#include <stdio.h>
#include <string.h>

enum { PERIOD_NS = 1000000, REPORT = 250, LATE_NS = 100000, SPINS = 2000, TRY_NS = 17300000 };

static _Alignas(256) char block[4096];
static uint64_t thread_pointer, frequency;

static uint64_t thread_register(void)
{
    uint64_t value;

    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(value));
    return value;
}

static uint64_t frequency_register(void)
{
    uint64_t value;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

/* Numbers whose arithmetic shows rounding, flushing to zero and default NaNs. */
static bool arithmetic_is_good(void)
{
    static volatile double third = 3.0, tiny = 0x1p-1060, huge = 0x1p1000;
    static volatile float small = 0x1p-140f;

    return 1.0 / third == 0x1.5555555555555p-2 && 2.0 / third == 0x1.5555555555555p-1 &&
           tiny * 0.5 == 0x1p-1061 && small * 0.5f == 0x1p-141f && huge / 0x1p-1000 > huge;
}

static void check_state(const char *who)
{
    const uint64_t wrong = witness_rights(block);

    if (wrong != 0)
        printf("%s: not ok: %llu things that programs may do\n", who, (unsigned long long)wrong);
    if (!arithmetic_is_good())
        printf("%s: not ok: floating point\n", who);
    if (thread_register() != thread_pointer || frequency_register() != frequency)
        printf("%s: not ok: thread register or frequency\n", who);
}

static void check_hold(const char *who, uint64_t wrong)
{
    if (wrong != 0)
        printf("%s: not ok: %llu registers changed\n", who, (unsigned long long)wrong);
}

static void run_clock(void)
{
    const uint32_t signal = whit_grant_selector(WHIT_GRANT_WAIT, "wait");
    const uint64_t period = whit_ns_to_ticks(PERIOD_NS);
    uint64_t deadline = whit_ticks() + period, worst = 0, missed = 0;

    for (uint64_t count = 1;; count++) {
        check_hold("clock", witness_hold(deadline, signal, deadline, 0));
        const uint64_t now = whit_ticks();
        if (now < deadline)
            printf("clock: not ok: woke early\n");
        else if (now - deadline > worst)
            worst = now - deadline;
        check_state("clock");
        deadline += period;
        while (deadline < now) {
            deadline += period;
            missed++;
        }
        if (count % REPORT == 0) {
            printf("%llu periods, %llu missed, %s (%llu ns)\n", (unsigned long long)count,
                   (unsigned long long)missed,
                   whit_ticks_to_ns(worst) < LATE_NS && missed == 0 ? "always in time" : "late",
                   (unsigned long long)whit_ticks_to_ns(worst));
            worst = missed = 0;
        }
    }
}

static void run_worker(void)
{
    for (uint64_t count = 1;; count++) {
        check_hold("worker", witness_hold(count << 32, 0, 0, SPINS));
        check_state("worker");
    }
}

/* ---- what ends a program, whatever a guest would allow it */

static void try_tag(void)
{
    /* The address in a register, or the compiler would drop what it knows to be no address. */
    uint64_t address = (uintptr_t)block | UINT64_C(0xa5) << 56;

    __asm__ volatile("ldr wzr, [%0]" : : "r"(address));
}

static void try_counter(void)
{
    __asm__ volatile("mrs x0, cntvct_el0" : : : "x0");
}

static void try_timer(void)
{
    __asm__ volatile("mrs x0, cntv_ctl_el0" : : : "x0");
}

static void try_mask(void)
{
    __asm__ volatile("msr daifset, #2");
}

static void try_monitor(void)
{
    __asm__ volatile("msr pmcr_el0, xzr");
}

static const struct {
    const char *name;
    void (*run)(void);
} tries[] = {
    {"tag", try_tag},   {"counter", try_counter}, {"timer", try_timer},
    {"mask", try_mask}, {"monitor", try_monitor},
};

int main(void)
{
    const char *as = whit_argument("as");

    thread_pointer = thread_register();
    frequency = frequency_register();
    if (as != NULL && strcmp(as, "clock") == 0)
        run_clock();
    if (as != NULL && strcmp(as, "worker") == 0)
        run_worker();
    for (size_t i = 0; as != NULL && i < sizeof tries / sizeof tries[0]; i++)
        if (strcmp(as, tries[i].name) == 0) {
            (void)whit_wait_events(whit_deadline(TRY_NS));
            tries[i].run();
            printf("not ok: it could\n");
        }
    return 0;
}
