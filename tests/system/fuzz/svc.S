/* SPDX-License-Identifier: BSD-2-Clause */
/* Any call with any registers; the entry of portals; the first code of a thread. */
#include "whit.h"

    .text
/* void fuzz_svc(uint64_t call, uint64_t x[11]): x0-x10 before and after.  A call leaves only sp. */
    .global fuzz_svc
fuzz_svc:
    stp x29, x30, [sp, #-112]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp x1, x18, [sp, #96]
    mov x16, x0
    mov x17, x1
    ldp x0, x1, [x17]
    ldp x2, x3, [x17, #16]
    ldp x4, x5, [x17, #32]
    ldp x6, x7, [x17, #48]
    ldp x8, x9, [x17, #64]
    ldr x10, [x17, #80]
    adr x17, 1f
    add x17, x17, x16, lsl #3
    br x17
    /* The calls, then others: near them, with the same low bits, at the ends. */
1:
    .irp immediate, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x56, 0x80, 0x100, 0x101, 0x106, 0x4000, 0x7fff, \
                    0x8000, 0x8001, 0xfffe, 0xffff
    svc #\immediate
    b 2f
    .endr
2:  ldr x17, [sp, #96]
    stp x0, x1, [x17]
    stp x2, x3, [x17, #16]
    stp x4, x5, [x17, #32]
    stp x6, x7, [x17, #48]
    stp x8, x9, [x17, #64]
    str x10, [x17, #80]
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldr x18, [sp, #104]
    ldp x29, x30, [sp], #112
    ret

/* A thread is told by TPIDR_EL0, and its stack follows from that; what programs start themselves
 * has none there. */
    .global fuzz_enter
fuzz_enter:
    mrs x1, tpidr_el0
    cmp x1, #4
    b.hs lone_reply
    bl own_stack
    b fuzz_serve

    .global fuzz_start
fuzz_start:
    bl own_stack
    b fuzz_work

own_stack:
    mrs x1, tpidr_el0
    and x1, x1, #3
    adrp x2, fuzz_stacks
    add x2, x2, :lo12:fuzz_stacks
    add x1, x1, #1
    add x2, x2, x1, lsl #12
    mov sp, x2
    ret

/*
 * Calls with random arguments, by \call (svc or hvc), with the time in \counter.  A call leaves no
 * register, so all begins anew each time, from time and number of calls.  Two words at \count: all
 * calls, those that succeeded.
 */
.macro lone call, counter, count
1:  adr x20, \count
    ldr x18, [x20]
    mrs x19, \counter
    eor x19, x19, x18, lsl #32
    movz x18, #0x7f4a
    movk x18, #0x7c15, lsl #16
    movk x18, #0x79b9, lsl #32
    movk x18, #0x9e37, lsl #48
    mul x19, x19, x18
    eor x19, x19, x19, lsr #29
    mul x19, x19, x18
    eor x19, x19, x19, lsr #32
    ubfx x0, x19, #0, #8
    ubfx x1, x19, #8, #8
    ubfx x2, x19, #16, #8
    ubfx x3, x19, #24, #8
    ubfx x4, x19, #32, #8
    mov x5, xzr
    mov x6, x19
    ubfx x10, x19, #40, #8
    ubfx x9, x19, #48, #5
    cmp x9, #5
    b.hi 7f
    adr x17, 2f
    add x17, x17, x9, lsl #3
    br x17
2:  \call #WHIT_CALL
    b 9f
    b 3f
    nop
    \call #WHIT_NOTIFY
    b 9f
    b 4f
    nop
    \call #WHIT_YIELD
    b 9f
    \call #0xffff
    b 9f
3:  mov x10, xzr
    tbz x19, #60, 1b /* rarely */
    tbz x19, #61, 1b
    \call #WHIT_REPLY
    b 9f
4:  mrs x0, \counter
    add x0, x0, #1024
    \call #WHIT_WAIT
    b 9f
7:  and x10, x10, #31
    cmp x10, #26 /* WHIT_OP_LOG: the console is the test's own */
    csel x10, xzr, x10, eq
    \call #WHIT_OP
9:  adr x20, \count
    ldp x18, x19, [x20]
    add x18, x18, #1
    cmp x10, #0
    cinc x19, x19, eq
    stp x18, x19, [x20]
    tst x18, #0x7ff
    b.ne 1b
    \call #0 /* a fault: stops it, unless a handler says otherwise */
    b 1b
.endm

    .global fuzz_lone
fuzz_lone:
    lone svc, cntpct_el0, fuzz_lone_count
lone_reply:
    mov x10, xzr
    svc #WHIT_REPLY
    b fuzz_lone

    .balign 16
    .global fuzz_lone_count
fuzz_lone_count:
    .quad 0, 0

/* A guest, copied to address 0 of its machine: one page, with its counts. */
    .global fuzz_guest, fuzz_guest_end
fuzz_guest:
    b 8f
    .balign 16
guest_count:
    .quad 0, 0
8:  lone hvc, cntvct_el0, guest_count
fuzz_guest_end:

/* Two fresh programs, at the end. */
    .global fuzz_idle, fuzz_answer, fuzz_ask
fuzz_idle:
    mov x10, xzr
    svc #WHIT_REPLY
    b .
fuzz_answer:
    add x0, x0, #1
    mov x10, xzr
    svc #WHIT_REPLY
    b .
fuzz_ask:
    mov x10, x0
    mov x0, #41
    svc #WHIT_CALL
    cbnz x10, .
    mov x10, sp /* which a call leaves */
    svc #WHIT_NOTIFY
    svc #0 /* a fault: it stops */
    b .
