/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panic: prints what is known on the debug UART, in release builds too, and switches the machine
 * off.  Relies on nothing but the UART and this core's stack.
 */
#include "panic.h"
#include "arch.h"
#include "core_area.h"
#include "sysreg.h"
#include "uart.h"

enum { FRAMES_MAX = 16 };

extern char image_start_header[], text_end[];

static void print_value(const char *name, uint64_t value)
{
    uart_print(name);
    uart_print_hex(value);
    uart_print("\n");
}

/* Return addresses, as offsets into the image: what addr2line wants of whit.elf. */
static void print_frames(uint64_t frame)
{
    const uint64_t low = (frame & ~(uint64_t)(CORE_BLOCK - 1)) + CORE_GUARD;
    const uint64_t text = (uint64_t)(text_end - image_start_header);

    /* Frame records (AAPCS64 6.4.6) lie on this core's stack, each above the one before. */
    for (unsigned i = 0; i < FRAMES_MAX; i++) {
        if (frame < low || frame % 16 != 0 || frame > low - CORE_GUARD + CORE_OFFSET - 16)
            return;
        const uint64_t *record = (const uint64_t *)frame;
        uint64_t offset = record[1] - (uintptr_t)image_start_header;
        if (offset >= text)
            return;
        print_value("  called from ", offset);
        if (record[0] <= frame)
            return;
        frame = record[0];
    }
}

/* One core speaks; another one that panics meanwhile waits for the end. */
static void start_dump(const char *what)
{
    static bool dumping;

    if (__atomic_test_and_set(&dumping, __ATOMIC_ACQUIRE))
        for (;;)
            __asm__ volatile("wfe");
    uart_take_back();
    uart_print("\nKernel panic: ");
    uart_print(what);
    uart_print("\n");
}

static _Noreturn void end_dump(uint64_t frame)
{
    const struct core *core = core_here();

    uart_print("  core ");
    uart_print_number(core->index);
    uart_print("\n");
    if (WHIT_DEBUG) {
        print_value("  thread ", core->current);
        print_frames(frame);
    }
    arch_power(WHIT_POWER_OFF);
    for (;;)
        __asm__ volatile("wfi");
}

void panic(const char *what)
{
    start_dump(what);
    end_dump((uintptr_t)__builtin_frame_address(0));
}

void panic_exception(const char *what, uint64_t sp, uint64_t frame)
{
    start_dump(what);
    print_value("  esr ", READ_SYSREG(esr_el2));
    print_value("  far ", READ_SYSREG(far_el2));
    print_value("  pc  ", READ_SYSREG(elr_el2) - (uintptr_t)image_start_header);
    print_value("  sp  ", sp);
    end_dump(frame);
}
