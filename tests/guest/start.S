/* SPDX-License-Identifier: BSD-2-Clause */
/* Header, first instructions and exception vectors of the test guest (EL1, MMU off). */

    .arch_extension simd
    .section .text.start, "ax"
    .global image
image:
    b start
    .word 0
    .quad 0             /* text offset */
    .quad image_bytes
    .quad 0xa           /* little endian, 4 KiB pages */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .word 0
start:
    adr x1, stack_end
    mov sp, x1
    adr x1, vectors
    msr vbar_el1, x1
    mov x1, #3 << 20    /* CPACR_EL1.FPEN */
    msr cpacr_el1, x1
    isb
    bl guest_main
1:  wfi
    b 1b

/* A second CPU: its context is the function that it runs. */
    .global guest_second
guest_second:
    adr x1, second_stack_end
    mov sp, x1
    adr x1, vectors
    msr vbar_el1, x1
    mov x1, #3 << 20
    msr cpacr_el1, x1
    isb
    blr x0
1:  wfi
    b 1b

/* Saves what C may change, calls `handler`(saved registers), restores. */
.macro exception handler
    sub sp, sp, #256
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x30, [sp, #144]
    mov x0, sp
    bl \handler
    ldp x0, x1, [sp]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x30, [sp, #144]
    add sp, sp, #256
    eret
.endm

.macro entry handler
    .balign 0x80
    b \handler
.endm

synchronous:
    exception guest_synchronous
interrupt:
    exception guest_interrupt
unexpected:
    b unexpected

    .balign 0x800
vectors:
    .rept 4
    entry unexpected
    .endr
    entry synchronous
    entry interrupt
    entry unexpected
    entry unexpected
    .rept 8
    entry unexpected
    .endr

    .text
/* uint64_t guest_call(x0 to x3): the hypercall. */
    .global guest_call
guest_call:
    hvc #0
    ret

/* void guest_try(address): executes there; the handler comes back. */
    .global guest_try
guest_try:
    str x30, [sp, #-16]!
    blr x0
    ldr x30, [sp], #16
    ret

/* A load that the syndrome does not describe. */
    .global guest_load_post
guest_load_post:
    ldr x1, [x0], #8
    ret

/* int guest_fp_check(void): all vector registers survive hypercalls. */
    .global guest_fp_check
guest_fp_check:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    mov w9, #\n + 1
    dup v\n\().4s, w9
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    mov w9, #\n + 1
    dup v\n\().4s, w9
    .endr
    mov x9, #1 << 22    /* round towards plus infinity */
    msr fpcr, x9
    movz x0, #0x8400, lsl #16
    hvc #0
    movz x0, #0x8400, lsl #16
    hvc #0
    mov x0, #0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    mov w9, v\n\().s[3]
    cmp w9, #\n + 1
    cinc x0, x0, ne
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    mov w9, v\n\().s[3]
    cmp w9, #\n + 1
    cinc x0, x0, ne
    .endr
    mrs x9, fpcr
    cmp x9, #1 << 22
    cinc x0, x0, ne
    msr fpcr, xzr
    ret

    .bss
    .balign 16
    .space 8192
stack_end:
    .space 4096
second_stack_end:
