/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that take all the time they get, each in another way: copied to their memory, entered with
 * the MMU off at one of the entries.  Each interrupt is ended at once; x19 is its number.
 */
#include "attack.h"
#include "whit.h"

    .section .rodata.attack, "a"
    .balign 0x800
    .global attack_code
attack_code:
    .space 0x280                    /* current EL with SP_ELx: interrupt */
    mrs x19, s3_0_c12_c12_0         /* ICC_IAR1_EL1 */
    msr s3_0_c12_c12_1, x19         /* ICC_EOIR1_EL1: a timer that is past fires again */
    eret

    .balign 0x800
setup:
    adr x1, attack_code
    msr vbar_el1, x1
    mov x1, #0xff
    msr s3_0_c4_c6_0, x1            /* ICC_PMR_EL1: all priorities */
    mov x1, #1
    msr s3_0_c12_c12_7, x1          /* ICC_IGRPEN1_EL1 */
    msr cntv_ctl_el0, xzr
    isb
    msr daifclr, #2
    ret

    .global attack_busy
attack_busy:
    b .

    .global attack_exits
attack_exits:
    hvc #0
    b attack_exits

    .global attack_calls
attack_calls:
    mov x10, #ATTACK_PORTAL
    hvc #WHIT_CALL
    hvc #WHIT_YIELD
    b attack_calls

/* A timer that is always past: an interrupt after each end of interrupt. */
    .global attack_timers
attack_timers:
    bl setup
    mov x1, #1
    msr cntv_cval_el0, xzr
    msr cntv_ctl_el0, x1
    b .

/* Sleeps for moments: the timer fires when others run. */
    .global attack_sleeps
attack_sleeps:
    bl setup
    msr daifset, #2
    mov x1, #1
    msr cntv_ctl_el0, x1
1:  mrs x2, cntvct_el0
    add x2, x2, #ATTACK_SLEEP
    msr cntv_cval_el0, x2
    isb
    wfi
    msr daifclr, #2
    isb
    msr daifset, #2
    b 1b

    .global attack_notify
attack_notify:
    bl setup
1:  mov x10, #ATTACK_SIGNAL
    mov x0, #1
    hvc #WHIT_NOTIFY
    b 1b

/* x0: WHIT_OP_PRIORITY. */
    .global attack_priority
attack_priority:
    mov x20, x0
1:  mov x10, x20
    mov x0, #ATTACK_SECOND
    hvc #WHIT_OP
    mov x10, x20
    mov x0, #ATTACK_FIRST
    hvc #WHIT_OP
    b 1b
    .balign 8
    .global attack_end
attack_end:
