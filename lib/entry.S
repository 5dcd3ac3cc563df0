/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The head of every image, the two ways into it, and the ways out to other spaces.  Assumes what
 * the loader gives: sp is the top of the stack, x0 the parameter block.
 */
#include "whit.h"
#include "whit/exit.h"

    .section .image, "ax"
    /* struct whit_image; the sizes come from program.ld. */
    .quad WHIT_IMAGE_MAGIC
    .word WHIT_ABI_VERSION
    .word whit_stack_bytes
    .quad whit_start_program
    .quad whit_text_bytes
    .quad whit_rodata_bytes
    .quad whit_data_bytes
    .quad whit_bss_bytes

    .global whit_start_program
    .type whit_start_program, %function
whit_start_program:
    b start
    /* WHIT_SERVE_OFFSET: where portals made by root enter. */
    b whit_serve_entry

/* The first frame ends the chain of frame pointers. */
start:
    mov x29, xzr
    mov x30, xzr
    b whit_start_c

/*
 * Registers that are no part of a message: another space must not see what they held.  x10 and
 * below are the message.  Writing a d register clears the rest of its v register.
 */
.macro clear_registers
    .irp n, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mov x\n, xzr
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movi d\n, #0
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    movi d\n, #0
    .endr
    msr fpcr, xzr
    msr fpsr, xzr
    cmp xzr, xzr
.endm

/*
 * Entry of a portal: x0-x9 message, x10 badge and WHIT_PASSED, sp the handler's own.  Builds a
 * struct whit_message on the stack, calls whit_serve_message(message, badge), replies with it.
 */
    .text
    .global whit_serve_entry
    .type whit_serve_entry, %function
whit_serve_entry:
    sub sp, sp, #96
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    and x11, x10, #WHIT_PASSED
    stp xzr, x11, [sp, #80]
    mov x0, sp
    bic x1, x10, #WHIT_PASSED
    mov x29, xzr
    mov x30, xzr
    msr fpcr, xzr           /* rounding and traps as the caller liked them */
    bl whit_serve_message
    ldp x0, x1, [sp]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldr x10, [sp, #80]
    clear_registers
    svc #WHIT_REPLY
    /* It returns if the capability could not be passed: then the answer is zeros. */

/* First instruction of a handler thread: the reply to nobody makes it idle, with this sp. */
    .global whit_serve_start
    .type whit_serve_start, %function
whit_serve_start:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    mov x\n, xzr
    .endr
    clear_registers
    svc #WHIT_REPLY

/* First instruction of a further thread: x0 is its argument, its function is on the stack. */
    .global whit_thread_start
    .type whit_thread_start, %function
whit_thread_start:
    ldr x1, [sp], #16
    mov x29, xzr
    mov x30, xzr
    blr x1
    ldr x8, =WHIT_EXIT
    mov x0, #WHIT_EXIT_RETURN
    svc #0
