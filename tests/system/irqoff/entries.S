/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of irqoff.c: what they do is said there. */
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
    b .

entry start_caller
    mov x10, x0
    svc #WHIT_CALL
    svc #0 /* a fault: it stops */
    b .

entry start_waiter
    mov x19, x0
1:  mov x10, x19
    mov x0, #0
    svc #WHIT_WAIT
    cbz x10, 1b
    svc #0
    b .

entry start_chain
    mov x10, x0
    svc #WHIT_CALL
    mov x10, #0
    svc #WHIT_REPLY

entry start_spin
1:  ldr x1, [x0]
    add x1, x1, #1
    str x1, [x0]
    yield /* an emulator with one thread turns to the other cores */
    b 1b

/* A guest, copied from here. */
entry guest_code
    wfi
    b guest_code
