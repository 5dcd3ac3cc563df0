/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads and portal entries of calls.c: what they do is said there, at their declarations. */
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

entry start_receiver
    mov x10, #18 /* WHIT_OP_RECEIVE: checked in calls.c */
    svc #WHIT_OP
    b start_handler

entry start_spin
    b .

entry start_call
    mov x10, x0
    mov x0, #0
    svc #WHIT_CALL
    mov x8, x10
    svc #0
    b .

entry enter_echo
    add x0, x0, #1
    mov x1, x10
    mov x10, #0
    svc #WHIT_REPLY

entry enter_pass_back
    mov x10, x0
    svc #WHIT_REPLY
    /* It failed: the caller learns the error. */
    mov x0, x10
    mov x10, #0
    svc #WHIT_REPLY

entry enter_look
    .irp n, 11, 12, 13, 14, 15, 16, 17
    mov x\n, #0
    .endr
    mov x10, x0
    svc #WHIT_REPLY
    mov x0, #0
    .irp n, 11, 12, 13, 14, 15, 16, 17
    orr x0, x0, x\n
    .endr
    mov x10, #0
    svc #WHIT_REPLY

/* uint64_t call_and_look(uint64_t x10): see calls.c.  A call keeps sp only. */
entry call_and_look
    stp x29, x30, [sp, #-96]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    mov x10, x0
    .irp n, 11, 12, 13, 14, 15, 16, 17
    mov x\n, #0
    .endr
    svc #WHIT_CALL
    mov x0, #0
    .irp n, 11, 12, 13, 14, 15, 16, 17
    orr x0, x0, x\n
    .endr
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #96
    ret

entry enter_chain
    cbz x1, 1f
    mov x10, x0
    add x0, x0, #1
    sub x1, x1, #1
    svc #WHIT_CALL
    cbz x10, 1f
    mov x2, x10
1:  mov x10, #0
    svc #WHIT_REPLY

entry enter_wait
    mov x10, x0
    mov x0, #0
    svc #WHIT_WAIT
    mov x1, x10
    mov x10, #0
    svc #WHIT_REPLY

entry enter_die
    svc #0
    b .

entry enter_fault
    ldr x11, =fault_record
    stp x0, x1, [x11]
    stp x2, x3, [x11, #16]
    stp x4, x5, [x11, #32]
    str x10, [x11, #48]
    ldr x0, [x11, #56] /* the verdict */
    ldr x12, [x11, #64]
    add x12, x12, #1
    str x12, [x11, #64]
    ldr x13, [x11, #72] /* pc to go on at, if not 0 */
    cbz x13, 1f
    ldr x14, [x11, #80]
    str x13, [x14, #256] /* of the state page */
1:  mov x10, #0
    svc #WHIT_REPLY

/* Threads that fault: x0 is the address. */
entry start_read
    ldr x1, [x0]
entry start_write
    str x1, [x0]
entry start_jump
    br x0
entry start_undefined
    udf #7
entry start_exit
    mov x8, #0x77
    svc #0
entry after_fault
    mov x8, #0x88
    svc #0
    b .

entry start_fp
    movi v8.16b, #0x5a
    svc #0
    b .
