/* SPDX-License-Identifier: BSD-2-Clause */
/* Every register before and after a call: what the functions do is said in secrets.h. */
#include "whit.h"

#define FLAGS 248
#define V     256
#define FPCR  768
#define FPSR  776
#define TLS   784
#define SP    792

#define OP_RECEIVE 18 /* WHIT_OP_RECEIVE: checked in secrets.c */

.macro entry name
    .global \name
    .type \name, %function
\name:
.endm

/* Vector registers to or from the record in x30. */
.macro vectors instruction
    \instruction q0, q1, [x30, #V]
    \instruction q2, q3, [x30, #V + 32]
    \instruction q4, q5, [x30, #V + 64]
    \instruction q6, q7, [x30, #V + 96]
    \instruction q8, q9, [x30, #V + 128]
    \instruction q10, q11, [x30, #V + 160]
    \instruction q12, q13, [x30, #V + 192]
    \instruction q14, q15, [x30, #V + 224]
    \instruction q16, q17, [x30, #V + 256]
    \instruction q18, q19, [x30, #V + 288]
    \instruction q20, q21, [x30, #V + 320]
    \instruction q22, q23, [x30, #V + 352]
    \instruction q24, q25, [x30, #V + 384]
    \instruction q26, q27, [x30, #V + 416]
    \instruction q28, q29, [x30, #V + 448]
    \instruction q30, q31, [x30, #V + 480]
.endm

/* General registers but x30 to or from the record in x30. */
.macro generals instruction
    \instruction x0, x1, [x30]
    \instruction x2, x3, [x30, #16]
    \instruction x4, x5, [x30, #32]
    \instruction x6, x7, [x30, #48]
    \instruction x8, x9, [x30, #64]
    \instruction x10, x11, [x30, #80]
    \instruction x12, x13, [x30, #96]
    \instruction x14, x15, [x30, #112]
    \instruction x16, x17, [x30, #128]
    \instruction x18, x19, [x30, #144]
    \instruction x20, x21, [x30, #160]
    \instruction x22, x23, [x30, #176]
    \instruction x24, x25, [x30, #192]
    \instruction x26, x27, [x30, #208]
    \instruction x28, x29, [x30, #224]
.endm

/* Flags, floating point and TPIDR_EL0 from the record in x30.  x0 changes. */
.macro load_others
    ldr x0, [x30, #FLAGS]
    msr nzcv, x0
    ldr x0, [x30, #FPCR]
    msr fpcr, x0
    ldr x0, [x30, #FPSR]
    msr fpsr, x0
    ldr x0, [x30, #TLS]
    msr tpidr_el0, x0
    vectors ldp
.endm

.macro load_registers
    load_others
    generals ldp
    ldr x30, [x30, #240]
.endm

/* To the record in x30, whose own value is at sp + 8.  x0 changes. */
.macro store_registers
    generals stp
    ldr x0, [sp, #8]
    str x0, [x30, #240]
    mrs x0, nzcv
    str x0, [x30, #FLAGS]
    mrs x0, fpcr
    str x0, [x30, #FPCR]
    mrs x0, fpsr
    str x0, [x30, #FPSR]
    mrs x0, tpidr_el0
    str x0, [x30, #TLS]
    mov x0, sp
    str x0, [x30, #SP]
    vectors stp
.endm

/* What a C function has to keep. */
.macro save_frame
    stp x29, x30, [sp, #-176]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, tpidr_el0
    str x9, [sp, #160]
.endm

.macro restore_frame
    ldr x9, [sp, #160]
    msr tpidr_el0, x9
    msr fpcr, xzr
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #176
.endm

.macro probe name, number
entry \name
    save_frame
    str x1, [sp, #-16]!
    ldr x2, =probe_sp
    mov x3, sp
    str x3, [x2]
    mov x30, x0
    load_registers
    svc #\number
    .global \name\()_end
\name\()_end:
    str x30, [sp, #8]
    ldr x30, [sp]
    store_registers
    add sp, sp, #16
    restore_frame
    ret
.endm

    .text

    probe probe_fault, 0
    probe probe_call, WHIT_CALL
    probe probe_reply, WHIT_REPLY
    probe probe_notify, WHIT_NOTIFY
    probe probe_wait, WHIT_WAIT
    probe probe_yield, WHIT_YIELD
    probe probe_op, WHIT_OP
    probe probe_unknown, 7

entry call_wild
    save_frame
    ldr x3, =wild_sp
    mov x4, sp
    stp x4, x2, [x3]
    mov x10, x0
    msr tpidr_el0, x1
    mov x4, xzr
    mov sp, x4
    svc #WHIT_CALL
    mov x0, sp
    mrs x1, tpidr_el0
    ldr x3, =wild_sp
    ldp x4, x2, [x3]
    mov sp, x4
    stp x0, x1, [x2]
    restore_frame
    ret

entry fill_registers
    str x30, [sp, #-16]!
    ldr x30, =fill_with
    ldr x0, [x30, #FLAGS]
    msr nzcv, x0
    ldr x0, [x30, #FPCR]
    msr fpcr, x0
    ldr x0, [x30, #FPSR]
    msr fpsr, x0
    vectors ldp
    str x29, [sp, #8]
    generals ldp
    ldr x29, [sp, #8]
    ldr x30, [sp], #16
    ret

entry start_receiver
    mov x10, #OP_RECEIVE
    svc #WHIT_OP
entry start_handler
    mov x10, #0
    svc #WHIT_REPLY

entry start_caller
    mov x10, x0
    svc #WHIT_CALL
    svc #0
    b .

entry enter_spy
    sub sp, sp, #16
    str x30, [sp, #8]
    ldr x30, =spy_seen
    store_registers
    add x0, sp, #16         /* what it was at the entry */
    str x0, [x30, #SP]
    ldr x0, =spy_count
    ldr x1, [x0]
    add x1, x1, #1
    str x1, [x0]
    ldr x30, =spy_answer
    ldr x0, [x30, #SP]
    cbz x0, 1f
    mov sp, x0
1:  load_registers
    svc #WHIT_REPLY
    str x30, [sp, #8]
    ldr x30, =spy_failed
    store_registers
    ldr x30, =spy_answer
    load_registers
    mov x10, #0
    svc #WHIT_REPLY

entry enter_wait
    mov x0, #0
    svc #WHIT_WAIT
    mov x10, #0
    svc #WHIT_REPLY

/* For a virtual CPU: position independent. */
entry guest_code
    mov x0, #3 << 20        /* CPACR_EL1.FPEN: floating point does not trap */
    msr cpacr_el1, x0
    isb
    movz x0, #0x6e57, lsl #48
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    dup v\n\().2d, x0
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    dup v\n\().2d, x0
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movz x\n, #0x6e57, lsl #48
    movk x\n, #\n
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    movz x\n, #0x6e57, lsl #48
    movk x\n, #\n
    .endr
    hvc #0
    hvc #0
    b .
    .global guest_code_end
guest_code_end:

    .bss
    .global probe_sp
probe_sp:
    .skip 8
    .balign 16
wild_sp:
    .skip 16
