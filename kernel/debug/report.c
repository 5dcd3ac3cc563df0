/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug kernels, when the machine is switched off: do all invariants hold? */
#include "aarch64/uart.h"
#include "arch.h"
#include "debug/invariant.h"

void arch_check(void)
{
    struct invariant_count count = {0, 0};
    const char *wrong = invariant_check_all(&count);

    if (wrong)
        panic(wrong);
    /* A program that had the UART has said all it will say. */
    uart_take_back();
    uart_print("invariants hold: ");
    uart_print_number(count.capabilities);
    uart_print(" capabilities, ");
    uart_print_number(count.bytes);
    uart_print(" bytes\n");
}
