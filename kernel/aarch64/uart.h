/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug UART: a PL011, polled.  The kernel stops using it when a program maps it; a panic takes
 * it back.
 */
#ifndef UART_H
#define UART_H

#include <stdint.h>

void uart_init(uintptr_t base); /* 0: there is none, and output goes nowhere */
void uart_take_back(void);
void uart_put(char character);
void uart_print(const char *text);
void uart_print_number(uint64_t number);
void uart_print_hex(uint64_t number);

#endif
