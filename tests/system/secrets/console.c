/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output without the kernel's help, so that this test runs on release kernels too: in the place of
 * lib/log.c, straight to the PL011 of QEMU's virt board.
 */
#include "console.h"
#include "whit/log.h"
#include "whit/op.h"
#include "whit/parameters.h"

#include <stdio.h>

enum { UART_BASE = 0x09000000, DATA = 0, FLAGS = 6, FLAGS_FULL = 0x20 }; /* in words */

static volatile uint32_t *uart;

enum whit_error console_open(uint32_t slot)
{
    const uint64_t window = UINT64_C(0x3000000000);
    enum whit_error error = WHIT_E_CAPABILITY;

    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        const struct whit_boot_range *range = &whit_boot->range[i];

        if (range->kind == WHIT_BOOT_DEVICE && UART_BASE - range->base < range->bytes) {
            error = whit_derive(range->selector, WHIT_SELF, slot, WHIT_R_READ | WHIT_R_WRITE,
                                UART_BASE - range->base, WHIT_PAGE);
        }
    }
    if (error == WHIT_OK) {
        error = whit_map(slot, WHIT_SELF, window, WHIT_MAP_READ | WHIT_MAP_WRITE);
    }
    if (error == WHIT_OK) {
        uart = (volatile uint32_t *)(uintptr_t)window;
    }
    return error;
}

static int put(char character, FILE *file)
{
    (void)file;
    while (uart != NULL && (uart[FLAGS] & FLAGS_FULL) != 0) {
    }
    if (uart != NULL) {
        uart[DATA] = (unsigned char)character;
    }
    return 0;
}

static FILE output = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);

FILE *const stdout = &output;
FILE *const stderr = &output;

void whit_log_flush(void)
{
}

void whit_log_to(const struct whit_grant *grant)
{
    (void)grant;
}
