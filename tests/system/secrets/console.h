/* SPDX-License-Identifier: BSD-2-Clause */
/* Standard output on the board's UART, whatever the kernel does with it. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "whit.h"

/* Maps the UART by a capability in `slot`. */
enum whit_error console_open(uint32_t slot);

#endif
