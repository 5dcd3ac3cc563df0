/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's virtual CPU, with its MMU off; x0: its page (moves.h).  The background looks whether its
 * registers are its own: floating point, and EL1's that nothing else uses.  x20 stays the page.
 */
#include "moves.h"

    .section .rodata
    .balign 0x800
    .global moves_guest
    .global moves_entry
    .global moves_guest_end
moves_guest:
    .space 0x280                    /* current EL with SP_ELx: interrupt */
    b interrupt
    .balign 0x800
moves_entry:
    mov x20, x0
    adr x1, moves_guest
    msr vbar_el1, x1
    mov x1, #(3 << 20)              /* CPACR_EL1.FPEN */
    msr cpacr_el1, x1
    mov x1, #0xff
    msr s3_0_c4_c6_0, x1            /* ICC_PMR_EL1: all priorities */
    mov x1, #1
    msr s3_0_c12_c12_7, x1          /* ICC_IGRPEN1_EL1 */
    isb
    msr tpidr_el1, x20
    msr ttbr0_el1, x20
    msr far_el1, x20
    fmov d0, x20
    fmov d31, x20
    ldr x3, [x20, #MOVES_PERIOD]
    mrs x4, cntvct_el0
    add x4, x4, x3
    msr cntv_cval_el0, x4
    msr cntv_ctl_el0, x1
    msr daifclr, #2
1:  ldr x1, [x20, #MOVES_PASSES]
    add x1, x1, #1
    str x1, [x20, #MOVES_PASSES]
    mrs x1, tpidr_el1
    mrs x2, ttbr0_el1
    mrs x3, far_el1
    fmov x4, d0
    fmov x5, d31
    cmp x1, x20
    ccmp x2, x20, #0, eq
    ccmp x3, x20, #0, eq
    ccmp x4, x20, #0, eq
    ccmp x5, x20, #0, eq
    b.eq 2f
    ldr x1, [x20, #MOVES_WRONG]
    add x1, x1, #1
    str x1, [x20, #MOVES_WRONG]
2:  ldr x1, [x20, #MOVES_SLEEPS]
    cbz x1, 1b
    wfi
    b 1b

/* x1-x5 are the background's. */
interrupt:
    mrs x19, s3_0_c12_c12_0         /* ICC_IAR1_EL1 */
    mov x11, #MOVES_BELLS
    cmp x19, #MOVES_TIMER
    b.ne 2f
    mov x11, #MOVES_TICKS
    isb
    ldr x10, [x20, #MOVES_PERIOD]
    mrs x8, cntvct_el0
    mrs x9, cntv_cval_el0
1:  add x9, x9, x10                 /* the next one that is not past */
    cmp x9, x8
    b.ls 1b
    msr cntv_cval_el0, x9
    isb                             /* the line is low before the end of interrupt */
2:  ldr x10, [x20, x11]
    add x10, x10, #1
    str x10, [x20, x11]
    msr s3_0_c12_c12_1, x19         /* ICC_EOIR1_EL1 */
    eret
moves_guest_end:
