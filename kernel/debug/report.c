/* SPDX-License-Identifier: BSD-2-Clause */
/* What debug kernels say at their start, and when the machine is switched off: whether all
 * invariants hold. */
#include "debug/report.h"
#include "aarch64/uart.h"
#include "arch.h"
#include "debug/invariant.h"

void report_start(const struct ranges *ram)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < ram->count; i++)
        bytes += ram->range[i].end - ram->range[i].base;
    uart_print("Whit, ABI ");
    uart_print_number(WHIT_ABI_VERSION);
    uart_print(": ");
    uart_print_number(cores_online);
    uart_print(cores_online == 1 ? " core, " : " cores, ");
    uart_print_number(bytes >> 20);
    uart_print(" MiB.\n");
}

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
