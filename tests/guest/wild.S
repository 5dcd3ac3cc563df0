/* SPDX-License-Identifier: BSD-2-Clause */
/* What the wild guest cannot say in C. */

    .arch_extension simd
    .text
/* void wild_registers(const uint64_t x[29], function): calls it with these registers. */
    .global wild_registers
wild_registers:
    stp x29, x30, [sp, #-96]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    mov x30, x1
    mov x29, x0
    .irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26
    ldp x\n, x28, [x29, #8 * \n]
    .endr
    .irp n, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 28
    ldr x\n, [x29, #8 * \n]
    .endr
    blr x30
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #96
    ret

/* void wild_fp(value): in all vector registers, status and control. */
    .global wild_fp
wild_fp:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    dup v\n\().2d, x0
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    dup v\n\().2d, x0
    .endr
    msr fpcr, x0
    msr fpsr, x0
    ret

/* CPU: turns translation on with tables at x0, and nothing can be fetched any more. */
    .global wild_rubbish
wild_rubbish:
    mov x1, #-1
    msr vbar_el1, x1
    msr mair_el1, x1
    msr ttbr0_el1, x0
    msr ttbr1_el1, x0
    ldr x2, =0x0000006595193519
    msr tcr_el1, x2
    mrs x2, sctlr_el1
    orr x2, x2, #0x1000         /* instruction cache */
    orr x2, x2, #1              /* translation */
    orr x2, x2, #4              /* data cache */
    msr sctlr_el1, x2
    isb
1:  b 1b

/* CPU: a program below its kernel, with all interrupts masked. */
    .global wild_user
wild_user:
    mov x1, #3 << 20            /* CPACR_EL1.FPEN */
    msr cpacr_el1, x1
    mov x1, #0x3c0
    msr spsr_el1, x1
    adr x1, 1f
    msr elr_el1, x1
    msr cntkctl_el1, xzr
    mov x0, #-1
    msr sp_el0, x0
    eret
1:  mov x0, #-1
    bl wild_fp
    msr tpidr_el0, x0
    mov sp, x0
    mov x2, #2000
2:  subs x2, x2, #1
    b.ne 2b
    wfe
    b 1b

/* CPU: says that it has handled a call. */
    .global wild_reply
wild_reply:
    mov x10, xzr
    hvc #2
    b wild_reply
