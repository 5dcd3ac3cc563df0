/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that counts what its virtual machine costs: with a counter of 1 GHz and exact counting a
 * tick is an instruction, of whomever.  Averages with the loop's own few, in the way of
 * kvm-unit-tests.  The same image runs on bare QEMU.
 */
#include "machine.h"

enum { ROUNDS = 200, TIMERS = 16, SGI = 3, SPURIOUS = 1023 };
#define TIMER_TICKS UINT64_C(1000000) /* one millisecond */

/* Of each CPU. */
static volatile uint64_t received[2];
static volatile uint64_t interrupt_time;
static volatile uint64_t second_is_up;

static void relax(void)
{
    __asm__ volatile("yield" : : : "memory"); /* the emulator runs the other CPU */
}

static void wait_for_interrupt(void)
{
    __asm__ volatile("wfi" : : : "memory");
}

void guest_synchronous(uint64_t *saved)
{
    (void)saved;
    print("bench: a fault in the guest\n");
    guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void guest_interrupt(uint64_t *saved)
{
    uint64_t number = READ("S3_0_C12_C12_0"); /* ICC_IAR1_EL1 */

    (void)saved;
    interrupt_time = READ("cntvct_el0");
    if (number == TIMER)
        WRITE("cntv_ctl_el0", 2);
    WRITE("S3_0_C12_C12_1", number); /* ICC_EOIR1_EL1 */
    received[READ("mpidr_el1") & 1]++;
}

static void row(const char *name, uint64_t value)
{
    print("row ");
    print(name);
    print(" ");
    print_number(value);
}

typedef void operation(void);

static inline __attribute__((always_inline)) void measure(const char *name, operation *once)
{
    once(); /* what is done only the first time */
    uint64_t start = ticks();
    for (int i = 0; i < ROUNDS; i++)
        once();
    row(name, (ticks() - start) / ROUNDS);
}

static inline void hypercall(void)
{
    guest_call(PSCI_VERSION, 0, 0, 0);
}

static inline void device_read(void)
{
    (void)load(DISTRIBUTOR + 8);
}

static inline void register_read(void)
{
    (void)READ("id_aa64mmfr0_el1");
}

static inline void end_of_interrupt(void)
{
    WRITE("S3_0_C12_C12_1", SPURIOUS); /* ICC_EOIR1_EL1 */
}

static inline void interrupt_oneself(void)
{
    const uint64_t before = received[0];

    interrupt_send(SGI, 1);
    while (received[0] == before)
        relax();
}

static inline void interrupt_other(void)
{
    const uint64_t before = received[1];

    interrupt_send(SGI, 2);
    while (received[1] == before)
        relax();
}

/* From arming the timer until its interrupt was handled, beyond the time that it was set to. */
static uint64_t timer_lateness(operation *wait)
{
    uint64_t sum = 0;

    for (int i = 0; i < TIMERS; i++) {
        const uint64_t before = received[0], start = ticks();
        WRITE("cntv_cval_el0", start + TIMER_TICKS);
        WRITE("cntv_ctl_el0", 1);
        while (received[0] == before)
            wait();
        sum += ticks() - start - TIMER_TICKS;
    }
    return sum / TIMERS;
}

static void second(void)
{
    interrupts_start(1, UINT32_C(1) << SGI);
    interrupts_open();
    second_is_up = 1;
    for (;;)
        wait_for_interrupt();
}

void guest_main(void)
{
    interrupts_start(0, UINT32_C(1) << SGI | UINT32_C(1) << TIMER);
    measure("vm.hypercall", hypercall);
    measure("vm.mmio", device_read);
    measure("vm.idreg", register_read);
    measure("vm.eoi", end_of_interrupt);
    interrupts_open();
    measure("vm.sgi", interrupt_oneself);
    row("vm.timer", timer_lateness(relax));
    row("vm.timer.idle", timer_lateness(wait_for_interrupt));
    if (guest_call(PSCI_ON, 1, (uintptr_t)guest_second, (uintptr_t)second) == 0) {
        while (!second_is_up)
            relax();
        measure("vm.ipi", interrupt_other);
    }
    print("bench: done\n");
    guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}
