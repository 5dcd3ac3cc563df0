/* SPDX-License-Identifier: BSD-2-Clause */
/* The board's UART: release kernels print nothing for programs. */
#ifndef CONSOLE_H
#define CONSOLE_H

/* Maps the UART; before it, nothing is printed. */
void console_open(void);
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints why, and switches the machine off. */
_Noreturn void console_stop(const char *why, const char *what);

#endif
