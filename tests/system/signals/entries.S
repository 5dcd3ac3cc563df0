/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads and portal entries of signals.c: what they do is said there. */
#include "whit.h"

.macro entry name
    .global \name
    .type \name, %function
\name:
.endm

    .text

entry start_handler
    mov x10, #0
    svc #WHIT_REPLY

entry enter_count
    ldr x11, =entered
    ldp x12, x13, [x11]
    add x12, x12, #1
    orr x13, x13, x0
    stp x12, x13, [x11]
    str x10, [x11, #16]
    mov x10, #0
    svc #WHIT_REPLY

entry enter_answer
    mov x0, #77
    mov x10, #0
    svc #WHIT_REPLY

entry start_count
    ldr x2, [x0]
    add x2, x2, #1
    str x2, [x0]
    b start_count

entry start_yield
    mov x20, x0
1:  ldr x2, [x20]
    add x2, x2, #1
    str x2, [x20]
    svc #WHIT_YIELD
    b 1b

entry start_echo_signals
    mov x19, x0
1:  ldr w10, [x19]
    mov x0, #0
    svc #WHIT_WAIT
    cbnz x10, 2f
    ldr w10, [x19, #4]
    svc #WHIT_NOTIFY
    b 1b
2:  str x10, [x19, #8]
    svc #0
    b .
