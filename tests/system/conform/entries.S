/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads and portal entries of conform.c, which touch no memory: another space has copies. */
#include "whit.h"

.macro entry name
    .global \name
    .type \name, %function
\name:
.endm

    .text

/* Replies to nobody: is an idle handler from then on. */
entry conform_idle
    mov x10, xzr
    svc #WHIT_REPLY
    b .

/* Answers at once. */
entry conform_answer
    mov x10, xzr
    svc #WHIT_REPLY
    b .

/* Makes the operation x6 with x0-x5, answers its status. */
entry conform_operate
    mov x10, x6
    svc #WHIT_OP
    mov x0, x10
    mov x10, xzr
    svc #WHIT_REPLY
    b .

/* Replies with x10 = x0; if that fails, answers the status. */
entry conform_reply
    mov x10, x0
    svc #WHIT_REPLY
    mov x0, x10
    mov x10, xzr
    svc #WHIT_REPLY
    b .

/* Calls the portal that its badge names; answers the status, or the answer. */
entry conform_call
    svc #WHIT_CALL
    cmp x10, #0
    csel x0, x10, x0, ne
    mov x10, xzr
    svc #WHIT_REPLY
    b .

/* A thread: waits for signal x0, then sets the bit that is its status in the signal sp. */
entry conform_wait
    mov x10, x0
    mov x0, xzr
    svc #WHIT_WAIT
    mov x0, #1
    lsl x0, x0, x10
    mov x10, sp
    svc #WHIT_NOTIFY
    svc #0 /* a fault: it stops */
    b .

/* A thread: calls portal x0, then sets the bit that is the status in the signal sp. */
entry conform_ask
    mov x10, x0
    svc #WHIT_CALL
    mov x0, #1
    lsl x0, x0, x10
    mov x10, sp
    svc #WHIT_NOTIFY
    svc #0 /* a fault: it stops */
    b .

/* Never answers. */
entry conform_spin
    b .
