/* SPDX-License-Identifier: BSD-2-Clause */
/* What runs in the spaces of spaces.c: it is copied into a page of theirs. */
#include "whit.h"

    .text
    .balign 8
    .global space_code, space_start, space_enter, machine_start, space_code_end
space_code:

/* An idle handler from its first reply on. */
space_start:
    mov x10, #0
    svc #WHIT_REPLY

/* x1 not 0: calls the neighbour with x1 = 0 first.  Answers x0 + its own number and, if asked, its
 * neighbour's; status of the call in x2. */
space_enter:
    mov x2, #0
    cbz x1, 1f
    mov x1, #0
    mov x10, #1
    svc #WHIT_CALL
    mov x2, x10
1:  mov x3, #0x500000
    ldr x3, [x3]
    add x0, x0, x3
    mov x10, #0
    svc #WHIT_REPLY

/* A machine tells signal 1 that it runs, and exits. */
machine_start:
    mov x10, #1
    mov x0, #1
    hvc #WHIT_NOTIFY
    hvc #0
    b machine_start
space_code_end:
