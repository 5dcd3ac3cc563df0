/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first process of a Linux guest: how late it is woken by a timer, while nothing else runs and
 * while another process computes.  No C library: the same few instructions everywhere.  Counts
 * ticks of the virtual counter, which tools/realtime.sh sets to one for each instruction.
 */
#include <stddef.h>
#include <stdint.h>

enum {
    SYS_MOUNT = 40,
    SYS_OPENAT = 56,
    SYS_WRITE = 64,
    SYS_CLOCK_NANOSLEEP = 115,
    SYS_SCHED_SETSCHEDULER = 119,
    SYS_REBOOT = 142,
    SYS_CLONE = 220,
    AT_FDCWD = -100,
    OPEN_READ_WRITE = 2,
    CLOCK_MONOTONIC = 1,
    SCHED_FIFO = 1,
    PRIORITY = 80,
    SIGCHLD = 17,
    SAMPLES = 1000
};
#define SLEEP_NS UINT64_C(1000000)

/* start.S of the program: here, because there is nothing else. */
__asm__(".global _start\n_start:\n\tbl run\n");
void run(void);

static long call(long number, long a, long b, long c, long d, long e)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x8)
                     : "memory", "cc");
    return x0;
}

static uint64_t ticks(void)
{
    uint64_t value;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
    return value;
}

static long console;

static void print(const char *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    (void)call(SYS_WRITE, console, (long)(uintptr_t)text, (long)length, 0, 0);
}

static void print_number(uint64_t number)
{
    char digits[24], *at = digits + sizeof digits;

    *--at = 0;
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    print(" ");
    print(at);
}

static void sort(uint32_t *values, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < count; i++) {
            const uint32_t value = values[i];
            size_t at = i;
            for (; at >= gap && values[at - gap] > value; at -= gap)
                values[at] = values[at - gap];
            values[at] = value;
        }
}

static void measure(const char *name)
{
    static uint32_t late[SAMPLES];
    const struct {
        int64_t seconds, ns;
    } sleep = {0, SLEEP_NS};

    for (size_t i = 0; i < SAMPLES; i++) {
        const uint64_t start = ticks();
        (void)call(SYS_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, 0, (long)(uintptr_t)&sleep, 0, 0);
        late[i] = (uint32_t)(ticks() - start - SLEEP_NS);
    }
    sort(late, SAMPLES);
    print("wakeup ");
    print(name);
    print_number(late[0]);
    print_number(late[SAMPLES / 2]);
    print_number(late[SAMPLES - 1 - SAMPLES / 1000]);
    print_number(late[SAMPLES - 1]);
    print("\n");
}

void run(void)
{
    const int priority = PRIORITY;

    (void)call(SYS_MOUNT, (long)(uintptr_t) "none", (long)(uintptr_t) "/dev",
               (long)(uintptr_t) "devtmpfs", 0, 0);
    console = call(SYS_OPENAT, AT_FDCWD, (long)(uintptr_t) "/dev/console", OPEN_READ_WRITE, 0, 0);
    (void)call(SYS_SCHED_SETSCHEDULER, 0, SCHED_FIFO, (long)(uintptr_t)&priority, 0, 0);
    measure("idle");
    if (call(SYS_CLONE, SIGCHLD, 0, 0, 0, 0) == 0) {
        const int none = 0;
        (void)call(SYS_SCHED_SETSCHEDULER, 0, 0, (long)(uintptr_t)&none, 0, 0);
        for (;;)
            __asm__ volatile("");
    }
    measure("busy");
    print("measured\n");
    (void)call(SYS_REBOOT, 0xfee1dead, 0x28121969, 0x4321fedc, 0, 0);
    for (;;)
        ;
}
