/* SPDX-License-Identifier: BSD-2-Clause */
/* What the witness cannot say in C: all registers at once, and single instructions. */
#include "whit.h"

    .arch_extension simd
    .text

.macro differ a, b
    cmp \a, \b
    cinc x0, x0, ne
.endm

/* uint64_t witness_hold(seed, signal, deadline, spins) */
    .global witness_hold
    .type witness_hold, %function
witness_hold:
    stp x29, x30, [sp, #-192]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    str x0, [sp, #160]
    mrs x9, tpidr_el0
    str x9, [sp, #168]
    mov x9, sp
    str x9, [sp, #176]

    .irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    add x\n, x0, #\n
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    add x9, x0, #\n
    dup v\n\().2d, x9
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    add x9, x0, #\n
    dup v\n\().2d, x9
    .endr
    mov x9, #3 << 22            /* FPCR.RMode: towards zero */
    msr fpcr, x9
    mov x9, #0x15
    msr fpsr, x9

    cbz x2, 2f
    mov x10, x1
    mov x0, x2
    svc #WHIT_WAIT
    ldr x1, [sp, #160]
    mov x0, #0
    b 5f

2:  .irp n, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17
    add x\n, x0, #\n
    .endr
    mov x1, x0
    mov x0, #0
3:  subs x3, x3, #1
    b.ne 3b
    mov x2, #0x60000000         /* as the last SUBS left them: Z and C */
    mrs x9, nzcv
    differ x9, x2
    .irp n, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17
    add x9, x1, #\n
    differ x9, x\n
    .endr

5:  .irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    add x9, x1, #\n
    differ x9, x\n
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    add x9, x1, #\n
    mov x10, v\n\().d[0]
    differ x9, x10
    mov x10, v\n\().d[1]
    differ x9, x10
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    add x9, x1, #\n
    mov x10, v\n\().d[0]
    differ x9, x10
    mov x10, v\n\().d[1]
    differ x9, x10
    .endr
    mrs x9, fpcr
    mov x10, #3 << 22
    differ x9, x10
    mrs x9, fpsr
    mov x10, #0x15
    differ x9, x10
    msr fpcr, xzr
    msr fpsr, xzr
    ldr x10, [sp, #168]
    mrs x9, tpidr_el0
    differ x9, x10
    ldr x10, [sp, #176]
    mov x9, sp
    differ x9, x10

    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #192
    ret

/* uint64_t witness_rights(block) */
    .global witness_rights
    .type witness_rights, %function
witness_rights:
    mov x1, x0
    mov x0, #0
    /* Byte order, and accesses that are not aligned. */
    movz x2, #0x0201
    movk x2, #0x0403, lsl #16
    str w2, [x1, #1]
    ldrb w3, [x1, #1]
    cmp w3, #1
    cinc x0, x0, ne
    ldr w3, [x1, #1]
    cmp w3, w2
    cinc x0, x0, ne
    /* Cache maintenance, of what programs load themselves. */
    mrs x3, ctr_el0
    mrs x3, dczid_el0
    dc cvau, x1
    dc cvac, x1
    dc civac, x1
    ic ivau, x1
    dsb ish
    isb
    tbnz x3, #4, 1f             /* DZP: no zeroing */
    dc zva, x1
    ldr w3, [x1, #1]
    cmp w3, #0
    cinc x0, x0, ne
1:  /* Waiting for an event, which is there. */
    sevl
    wfe
    /* Authentication of pointers is off: no key is kept for programs. */
    mov x4, x30
    hint #25                    /* PACIASP */
    cmp x4, x30
    cinc x0, x0, ne
    mov x30, x4
    /* Counters; that of cycles moves. */
    mrs x3, cntpct_el0
    mrs x2, pmccntr_el0
    mov x4, #200
2:  subs x4, x4, #1
    b.ne 2b
    isb
    mrs x3, pmccntr_el0
    cmp x3, x2
    cinc x0, x0, eq
    mrs x3, tpidrro_el0
    ret
