/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first process of a Linux guest: a task of SCHED_FIFO that works for some time in each period,
 * beside a process that computes; how late it is woken, and how late done, without and with the
 * module whit-priority.  No C library: the same few instructions everywhere.  One tick of the
 * virtual counter is one instruction, and one nanosecond.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SYS_MOUNT = 40,
    SYS_OPENAT = 56,
    SYS_CLOSE = 57,
    SYS_READ = 63,
    SYS_WRITE = 64,
    SYS_DELETE_MODULE = 106,
    SYS_CLOCK_GETTIME = 113,
    SYS_CLOCK_NANOSLEEP = 115,
    SYS_SCHED_SETSCHEDULER = 119,
    SYS_REBOOT = 142,
    SYS_CLONE = 220,
    SYS_FINIT_MODULE = 273,
    AT_FDCWD = -100,
    OPEN_READ_WRITE = 2,
    CLOCK_MONOTONIC = 1,
    TIMER_ABSTIME = 1,
    SCHED_FIFO = 1,
    PRIORITY = 80,
    SIGCHLD = 17,
    SAMPLES = 100,
    SECOND = 1000000000,
    PERIOD_NS = 11000000, /* not one of the native program's 10 ms, so that all phases occur */
    WORK_PASSES = 1000000,
    PASS_NS = 2, /* two instructions */
    LATE_NS = 200000,
    WORK_NS = WORK_PASSES * PASS_NS
};

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

static long text_of(const char *text)
{
    return (long)(uintptr_t)text;
}

struct time {
    int64_t seconds, ns;
};

static int64_t now(void)
{
    struct time time;

    (void)call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)(uintptr_t)&time, 0, 0, 0);
    return time.seconds * SECOND + time.ns;
}

static long console;

static void print(const char *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    (void)call(SYS_WRITE, console, text_of(text), (long)length, 0, 0);
}

static void print_number(int64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 : (uint64_t)number;

    *--at = 0;
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    print(" ");
    print(at);
}

static void result(bool good, const char *what)
{
    print(good ? "ok " : "not ok ");
    print(what);
    print("\n");
}

static void print_file(const char *what, const char *name)
{
    char text[32];
    const long file = call(SYS_OPENAT, AT_FDCWD, text_of(name), 0, 0, 0);
    const long bytes = call(SYS_READ, file, (long)(uintptr_t)text, sizeof text - 1, 0, 0);

    text[bytes < 0 ? 0 : bytes] = 0;
    print(what);
    print(text);
    (void)call(SYS_CLOSE, file, 0, 0, 0, 0);
}

static void sort(int64_t *values)
{
    for (size_t i = 1; i < SAMPLES; i++) {
        const int64_t value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* Least, median, greatest. */
static int64_t report(const char *what, int64_t *values)
{
    sort(values);
    print(what);
    print_number(values[0]);
    print_number(values[SAMPLES / 2]);
    print_number(values[SAMPLES - 1]);
    print("\n");
    return values[SAMPLES - 1];
}

static int64_t woken[SAMPLES], done[SAMPLES];

static void measure(void)
{
    int64_t due = now();

    for (size_t i = 0; i < SAMPLES; i++) {
        due += PERIOD_NS;
        const struct time time = {due / SECOND, due % SECOND};
        (void)call(SYS_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, TIMER_ABSTIME, (long)(uintptr_t)&time, 0,
                   0);
        woken[i] = now() - due;
        for (unsigned pass = 0; pass < WORK_PASSES; pass++)
            __asm__ volatile("");
        done[i] = now() - due;
    }
}

static void background(void)
{
    const int none = 0;

    if (call(SYS_CLONE, SIGCHLD, 0, 0, 0, 0) != 0)
        return;
    (void)call(SYS_SCHED_SETSCHEDULER, 0, 0, (long)(uintptr_t)&none, 0, 0);
    for (;;)
        __asm__ volatile("");
}

static void load(void)
{
    const long file = call(SYS_OPENAT, AT_FDCWD, text_of("/whit-priority.ko"), 0, 0, 0);

    result(call(SYS_FINIT_MODULE, file, text_of(""), 0, 0, 0) == 0, "the module loads");
    (void)call(SYS_CLOSE, file, 0, 0, 0, 0);
}

void run(void)
{
    const int priority = PRIORITY;
    int64_t without, with;

    (void)call(SYS_MOUNT, text_of("none"), text_of("/dev"), text_of("devtmpfs"), 0, 0);
    (void)call(SYS_MOUNT, text_of("none"), text_of("/sys"), text_of("sysfs"), 0, 0);
    console = call(SYS_OPENAT, AT_FDCWD, text_of("/dev/console"), OPEN_READ_WRITE, 0, 0);
    (void)call(SYS_SCHED_SETSCHEDULER, 0, SCHED_FIFO, (long)(uintptr_t)&priority, 0, 0);
    background();

    measure();
    (void)report("realtime without woken", woken);
    without = report("realtime without done", done);
    load();
    measure();
    with = report("realtime with woken", woken);
    result(with < LATE_NS, "with the module the task is woken in time");
    with = report("realtime with done", done);
    print_file("realtime switches ", "/sys/module/whit_priority/parameters/switches");
    print_file("realtime refusals ", "/sys/module/whit_priority/parameters/refusals");
    result(call(SYS_DELETE_MODULE, text_of("whit_priority"), 0, 0, 0, 0) == 0,
           "the module unloads");
    result(with < WORK_NS + LATE_NS, "with the module it is done in time");
    result(without > with + LATE_NS, "without it is not");
    print("realtime measured\n");
    (void)call(SYS_REBOOT, 0xfee1dead, 0x28121969, 0x4321fedc, 0, 0);
    for (;;)
        ;
}
