/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panic: writes what is known into a page of RAM that the next boot leaves alone (struct
 * whit_panic), prints it on the debug UART, and resets the machine.  Relies on nothing but this
 * core's stack.
 */
#include "panic.h"
#include "arch.h"
#include "core_area.h"
#include "sysreg.h"
#include "uart.h"

#include <string.h>

extern char image_start_header[], text_end[];

/* In no section that start.S clears, nor in the Image file, which a loader may load again. */
static union {
    struct whit_panic panic;
    char page[WHIT_PAGE];
} record __attribute__((section(".record"), aligned(WHIT_PAGE)));

/* Of the words from `core` on, which are written once. */
static uint64_t checksum(void)
{
    const uint64_t *word = &record.panic.core, *end = (const uint64_t *)(&record.panic + 1);
    uint64_t sum = WHIT_PANIC_MAGIC;

    for (; word < end; word++)
        sum += *word;
    return sum;
}

struct range panic_record(void)
{
    if (record.panic.magic == WHIT_PANIC_MAGIC && record.panic.checksum == checksum())
        record.panic.boots++;
    else
        memset(&record, 0, sizeof(record));
    /* It has to be in memory when the machine is reset. */
    arch_cache_flush(&record, sizeof(record));
    return (struct range){(uintptr_t)&record, (uintptr_t)(&record + 1)};
}

static uint64_t image_offset(uint64_t address)
{
    return address - (uintptr_t)image_start_header;
}

/* Behind a call in the kernel's text? */
static bool is_return_address(uint64_t value)
{
    const uint64_t text = (uint64_t)(text_end - image_start_header), offset = image_offset(value);

    if (value % 4 != 0 || offset < 4 || offset >= text)
        return false;
    const uint32_t before = *(const uint32_t *)(uintptr_t)(value - 4);
    const bool bl = (before & 0xfc000000) == 0x94000000, blr = (before & 0xfffffc1f) == 0xd63f0000;
    return bl || blr;
}

/*
 * Return addresses on the stack, the innermost first, as offsets into the image: what addr2line
 * wants of whit.elf.  A release kernel keeps no frame pointers, so all words are looked at; some
 * may be left of calls that are over.
 */
static void find_frames(struct whit_panic *panic, uint64_t sp)
{
    const uint64_t block = sp & ~(uint64_t)(CORE_BLOCK - 1), end = block + CORE_OFFSET;
    uint64_t at = sp < block + CORE_GUARD ? block + CORE_GUARD : sp;

    for (at &= ~UINT64_C(7); at < end && panic->frames < WHIT_PANIC_FRAMES; at += 8) {
        const uint64_t value = *(const uint64_t *)(uintptr_t)at;
        if (is_return_address(value))
            panic->frame[panic->frames++] = image_offset(value);
    }
}

static void print_value(const char *name, uint64_t value)
{
    uart_print("  ");
    uart_print(name);
    uart_print(" ");
    uart_print_hex(value);
    uart_print("\n");
}

static void print(const struct whit_panic *panic)
{
    uart_take_back();
    uart_print("\nKernel panic: ");
    uart_print(panic->what);
    uart_print("\n  core ");
    uart_print_number(panic->core);
    uart_print("\n");
    print_value("thread", panic->thread);
    print_value("pc", panic->pc);
    print_value("sp", panic->sp);
    print_value("esr", panic->esr);
    print_value("far", panic->far);
    for (unsigned i = 0; i < 31; i++) {
        uart_print("  x");
        uart_print_number(i);
        print_value("", panic->x[i]);
    }
    for (unsigned i = 0; i < panic->frames; i++)
        print_value("called from", panic->frame[i]);
}

/* One core speaks; another one that panics meanwhile waits for the end. */
static struct whit_panic *begin(const char *what)
{
    static bool taken;
    struct whit_panic *panic = &record.panic;
    const struct core *core = core_here();

    if (__atomic_test_and_set(&taken, __ATOMIC_ACQUIRE))
        for (;;)
            __asm__ volatile("wfe");
    memset(panic, 0, sizeof(*panic));
    for (unsigned i = 0; i < sizeof(panic->what) - 1 && what[i]; i++)
        panic->what[i] = what[i];
    panic->core = core->index;
    panic->thread = core->current;
    return panic;
}

static _Noreturn void end(struct whit_panic *panic, uint64_t sp)
{
    panic->sp = sp;
    find_frames(panic, sp);
    panic->magic = WHIT_PANIC_MAGIC;
    panic->checksum = checksum();
    arch_cache_flush(&record, sizeof(record));
    print(panic);
    arch_power(WHIT_POWER_RESET);
    for (;;)
        __asm__ volatile("wfi");
}

void panic(const char *what)
{
    struct whit_panic *panic = begin(what);

    panic->pc = image_offset((uintptr_t)__builtin_return_address(0));
    end(panic, (uintptr_t)__builtin_frame_address(0));
}

void panic_exception(const char *what, uint64_t sp, const uint64_t *registers)
{
    struct whit_panic *panic = begin(what);

    memcpy(panic->x, registers, sizeof(panic->x));
    panic->pc = image_offset(READ_SYSREG(elr_el2));
    panic->esr = READ_SYSREG(esr_el2);
    panic->far = READ_SYSREG(far_el2);
    end(panic, sp);
}
