/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends in the way that its argument "how" says, to see what root makes of it. */
#include "whit/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int constant = 1;

/* Uses the stack up, into the unmapped page below it. */
static unsigned overflow(unsigned depth)
{
    volatile char block[512];
    block[0] = (char)depth;
    return depth == 0 ? 0 : overflow(depth - 1) + (unsigned char)block[0];
}

static void poke(const volatile void *address)
{
    *(volatile int *)(uintptr_t)address = 1;
}

/* Addresses where nothing is, out of the compiler's sight. */
static volatile uintptr_t nothing = 16, nowhere = 8, null = 0;

static void crash_read(void)
{
    (void)*(volatile int *)nothing;
}

static void crash_write(void)
{
    poke((void *)null);
}

static void crash_constant(void)
{
    poke(&constant);
}

static void crash_text(void)
{
    poke((void *)WHIT_IMAGE_BASE);
}

static void crash_jump(void)
{
    ((void (*)(void))nowhere)();
}

static void crash_data(void)
{
    static uint32_t code = 0xd65f03c0; /* ret: data is not executable */
    ((void (*)(void))(uintptr_t)&code)();
}

static void crash_undefined(void)
{
    __asm__ volatile("udf #0");
}

static void crash_svc(void)
{
    __asm__ volatile("svc #0" : : : "x0", "memory");
}

static void crash_break(void)
{
    __asm__ volatile("brk #7");
}

static void crash_register(void)
{
    __asm__ volatile("msr sctlr_el1, xzr");
}

static void crash_stack(void)
{
    printf("%u\n", overflow(100000));
}

static void crash_exit(void)
{
    exit(5);
}

static const struct {
    const char *how;
    void (*run)(void);
} ways[] = {
    {"read", crash_read},
    {"write", crash_write},
    {"constant", crash_constant},
    {"text", crash_text},
    {"jump", crash_jump},
    {"data", crash_data},
    {"undefined", crash_undefined},
    {"svc", crash_svc},
    {"break", crash_break},
    {"register", crash_register},
    {"stack", crash_stack},
    {"exit", crash_exit},
    {"abort", abort},
};

int main(void)
{
    const char *how = whit_argument("how");
    for (size_t i = 0; how && i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].how, how) == 0)
            ways[i].run();
    return 0;
}
