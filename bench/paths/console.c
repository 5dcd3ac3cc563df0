/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes to the PL011 of QEMU's virt board, by polling. */
#include "console.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PL011_DR = 0, PL011_FR = 6, PL011_FR_FULL = 0x20 }; /* in words */

static volatile uint32_t *uart;

void console_open(void)
{
    uart = world_device(UART_BASE, UART_WINDOW);
}

void console_print(const char *format, ...)
{
    char line[160];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (const char *c = line; uart != NULL && *c != 0; c++) {
        while ((uart[PL011_FR] & PL011_FR_FULL) != 0) {
        }
        uart[PL011_DR] = (unsigned char)*c;
    }
}

_Noreturn void console_stop(const char *why, const char *what)
{
    console_print("bench: failed: %s: %s\n", why, what);
    (void)whit_power(whit_boot->first_core, WHIT_POWER_OFF);
    abort();
}
