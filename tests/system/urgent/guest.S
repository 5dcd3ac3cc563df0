/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest, copied to its memory: a background that counts or sleeps, and interrupts whose lateness
 * it writes down.  It runs with its MMU off; urgent.h says what is in its second page.
 */
#include "urgent.h"
#include "whit.h"

    .section .rodata
    .balign 64
    .global urgent_guest
    .global urgent_guest_end
urgent_guest:
    adr x1, vectors
    msr vbar_el1, x1
    movz x20, #URGENT_DATA >> 16, lsl #16
    movk x20, #URGENT_DATA & 0xffff
    mov x1, #0xff
    msr s3_0_c4_c6_0, x1            /* ICC_PMR_EL1: all priorities */
    mov x1, #1
    msr s3_0_c12_c12_7, x1          /* ICC_IGRPEN1_EL1 */
    isb
    msr cntv_ctl_el0, xzr
    ldr x3, [x20, #URGENT_PERIOD]
    cbz x3, 1f
    mrs x4, cntvct_el0
    add x4, x4, x3
    msr cntv_cval_el0, x4
    msr cntv_ctl_el0, x1
1:  msr daifclr, #2
2:  ldr x5, [x20, #URGENT_MODE]
    tbz x5, #URGENT_SPIN_BIT, 3f
    ldr x6, [x20, #URGENT_BACKGROUND]
    add x6, x6, #1
    str x6, [x20, #URGENT_BACKGROUND]
    b 2b
3:  wfi
    b 2b

/* x5 and x6 are the background's; hypercalls leave x0-x6, x10 and x18-x30 only. */
interrupt:
    mrs x19, s3_0_c12_c12_0         /* ICC_IAR1_EL1 */
    cmp x19, #URGENT_TIMER
    b.ne 2f
    isb
    ldr x10, [x20, #URGENT_PERIOD]
    cbz x10, 5f
    mrs x8, cntvct_el0
    mrs x9, cntv_cval_el0
    subs x10, x8, x9
    b.mi 5f
    ldr x11, [x20, #URGENT_TICKS]
    and x12, x11, #URGENT_RECORDS - 1
    add x13, x20, #URGENT_RECORD
    str x10, [x13, x12, lsl #3]
    add x11, x11, #1
    str x11, [x20, #URGENT_TICKS]
    ldr x10, [x20, #URGENT_PERIOD]
1:  add x9, x9, x10                 /* the next one that is not past */
    cmp x9, x8
    b.ls 1b
    msr cntv_cval_el0, x9
    isb                             /* the line is low before the end of interrupt */
    b 3f
2:  isb
    mrs x8, cntvct_el0
    str x8, [x20, #URGENT_BELL_AT]
    ldr x11, [x20, #URGENT_BELLS]
    add x11, x11, #1
    str x11, [x20, #URGENT_BELLS]
3:  msr s3_0_c12_c12_1, x19         /* ICC_EOIR1_EL1 */
    ldr x10, [x20, #URGENT_MODE]
    tbz x10, #URGENT_SAY_BIT, 4f
    ldr x0, [x20, #URGENT_BUDGET]
    mov x10, #URGENT_OP_PRIORITY
    hvc #WHIT_OP
    str x10, [x20, #URGENT_ANSWER]
4:  eret
5:  ldr x11, [x20, #URGENT_EARLY]
    add x11, x11, #1
    str x11, [x20, #URGENT_EARLY]
    b 3b

    .balign 0x800
vectors:
    .space 0x280
    b interrupt
    .balign 0x800
urgent_guest_end:
