/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest, which is copied to its memory, and the entry of its exits' handler. */
#include "whit.h"

    .section .rodata
    .balign 64
    .global armed_guest
    .global armed_guest_end
/*
 * Calls with random arguments, for ever.  x0: seed.  x19 is the random number's state; a portal call
 * leaves no register as it was, so it is kept in memory.
 */
armed_guest:
    adr x18, kept
    str x0, [x18]
    /* Any exception at this level: go on. */
    adr x1, vectors
    msr vbar_el1, x1
1:  adr x18, kept
    ldr x19, [x18]
    adr x17, arguments
    mov x16, #0
2:  bl random
    and x2, x19, #7
    lsr x3, x19, #20
    cmp x2, #3
    b.hs 3f
    and x3, x3, #0xf                /* a selector, a kind, a small number */
    b 5f
3:  cmp x2, #5
    b.hs 4f
    and x3, x3, #0x1f               /* a size or an address */
    lsl x3, x3, #12
    b 5f
4:  b.hi 4f
    and x3, x3, #0xff               /* rights */
    b 5f
4:  cmp x2, #7
    b.eq 5f
    and x3, x3, #0x3f
    mov x4, #1
    lsl x3, x4, x3
5:  str x3, [x17, x16, lsl #3]
    add x16, x16, #1
    cmp x16, #16
    b.lo 2b
    bl random
    str x19, [x18]
    lsr x16, x19, #40
    and x16, x16, #0x3f
    ldp x0, x1, [x17]
    ldp x2, x3, [x17, #16]
    ldp x4, x5, [x17, #32]
    ldp x6, x7, [x17, #48]
    ldp x8, x9, [x17, #64]
    ldr x10, [x17, #80]
    cmp x16, #1
    b.lo call_reply
    cmp x16, #6
    b.lo call_portal
    cmp x16, #10
    b.lo call_notify
    cmp x16, #12
    b.lo call_wait
    cmp x16, #13
    b.lo call_yield
    lsr x10, x19, #24
    and x10, x10, #0x1f             /* an operation; there are 27, and LOG prints */
    cmp x10, #26
    b.eq call_monitor
    hvc #WHIT_OP
    b 1b
call_reply:
    hvc #WHIT_REPLY
    b 1b
call_portal:
    hvc #WHIT_CALL
    b 1b
call_notify:
    hvc #WHIT_NOTIFY
    b 1b
call_wait:
    mov x0, #1                      /* due already */
    hvc #WHIT_WAIT
    b 1b
call_yield:
    hvc #WHIT_YIELD
    b 1b
call_monitor:
    smc #0
    b 1b
random:
    eor x19, x19, x19, lsl #13
    eor x19, x19, x19, lsr #7
    eor x19, x19, x19, lsl #17
    ret
    .balign 8
kept:
    .quad 0
arguments:
    .space 128
    .balign 0x800
vectors:
    .rept 16
    .balign 0x80
    b 1b
    .endr
armed_guest_end:

/* Whatever it was, the guest goes on behind it.  x0: syndrome; the pc of calls is behind them. */
    .text
    .global armed_exit
    .type armed_exit, %function
armed_exit:
    ldr x1, =armed_exits
    ldr x2, [x1]
    add x2, x2, #1
    str x2, [x1]
    ldr x1, =armed_state
    ldr x1, [x1]
    lsr x0, x0, #26
    cmp x0, #0x16                   /* HVC */
    b.eq 1f
    ldr x2, [x1, #32 * 8]           /* struct whit_registers: pc */
    add x2, x2, #4
    str x2, [x1, #32 * 8]
1:  mov x0, #0                       /* WHIT_CONTINUE */
    mov x10, xzr
    svc #WHIT_REPLY

/* A portal that the guest may call: the answer is the message. */
    .global armed_answer
    .type armed_answer, %function
armed_answer:
    ldr x11, =armed_answers
    ldr x12, [x11]
    add x12, x12, #1
    str x12, [x11]
    mov x10, xzr
    svc #WHIT_REPLY

/* A handler thread's first instructions. */
    .global armed_idle
    .type armed_idle, %function
armed_idle:
    mov x10, xzr
    svc #WHIT_REPLY
