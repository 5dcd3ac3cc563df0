/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL011 output (ARM DDI 0183), as firmware has set it up: the kernel knows neither its clock nor
 * the wanted speed.
 */
#include "uart.h"
#include "arch.h"
#include "mmio.h"

enum {
    UART_DR = 0x00,
    UART_FR = 0x18,
    UART_CR = 0x30,
    UART_FR_TXFF = 1 << 5,
    UART_CR_UARTEN = 1 << 0,
    UART_CR_TXE = 1 << 8,
    UART_PATIENCE = 1000000 /* polls: a UART that is stuck shall not stop the kernel */
};

static uintptr_t uart_base;
static bool uart_owned;

void uart_init(uintptr_t base)
{
    uart_base = base;
    uart_take_back();
}

void uart_take_back(void)
{
    uart_owned = uart_base != 0;
    if (uart_owned)
        mmio_write32(uart_base + UART_CR,
                     mmio_read32(uart_base + UART_CR) | UART_CR_UARTEN | UART_CR_TXE);
}

void uart_put(char character)
{
    if (!uart_owned)
        return;
    for (unsigned i = 0; i < UART_PATIENCE; i++)
        if (!(mmio_read32(uart_base + UART_FR) & UART_FR_TXFF))
            break;
    mmio_write32(uart_base + UART_DR, (uint8_t)character);
}

void uart_print(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            uart_put('\r');
        uart_put(*text);
    }
}

void uart_print_number(uint64_t number)
{
    char digits[21];
    unsigned at = sizeof(digits) - 1;

    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    uart_print(digits + at);
}

void uart_print_hex(uint64_t number)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        uart_put("0123456789abcdef"[number >> shift & 0xf]);
}

void arch_log(char character)
{
    char text[2] = {character, 0};
    if (WHIT_DEBUG)
        uart_print(text);
}

void arch_device_mapped(uintptr_t physical, uint64_t bytes)
{
    if (uart_base >= physical && uart_base - physical < bytes)
        uart_owned = false;
}
