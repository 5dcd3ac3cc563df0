/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exception entry and return, and the fast call and reply.
 *
 * While a core is outside the kernel SP_EL2 is the address of its struct core, whose first word is
 * the current thread; the kernel's stack is below.  Interrupts stay masked in the kernel.
 *
 * Contract of `svc #WHIT_CALL` and `svc #WHIT_REPLY` (docs/abi.md): x0-x9 are message, x10 says on
 * what and returns the status, all other registers are dead.  So the fast paths leave x0-x9 and
 * x18-x30 where they are and work in x10-x16, which end as zeros or as values of the receiver's own.
 */
#include "core_area.h"
#include "sysreg.h"
#include "whit.h"
#include "offsets.h"

#define ESR_SVC 0x5600 /* upper half of ESR_EL2 for svc from AArch64, 32-bit instruction */

/* A vector of the kernel itself, or of AArch32: nothing that should happen. */
.macro bad_vector number
    .balign 0x80
    msr     tpidr_el2, x0
    mov     x0, #\number
    b       vector_bad
.endm

/* Saves all registers of the current thread.  x0: thread; x1: its save area. */
.macro save_registers
    stp     x0, x1, [sp, #CORE_SCRATCH]
    ldr     x0, [sp, #CORE_CURRENT]
    and     x0, x0, #~1
    ldr     x1, [x0, #THREAD_SAVE]
    stp     x2, x3, [x1, #16 * 1]
    stp     x4, x5, [x1, #16 * 2]
    stp     x6, x7, [x1, #16 * 3]
    stp     x8, x9, [x1, #16 * 4]
    stp     x10, x11, [x1, #16 * 5]
    stp     x12, x13, [x1, #16 * 6]
    stp     x14, x15, [x1, #16 * 7]
    stp     x16, x17, [x1, #16 * 8]
    stp     x18, x19, [x1, #16 * 9]
    stp     x20, x21, [x1, #16 * 10]
    stp     x22, x23, [x1, #16 * 11]
    stp     x24, x25, [x1, #16 * 12]
    stp     x26, x27, [x1, #16 * 13]
    stp     x28, x29, [x1, #16 * 14]
    str     x30, [x1, #16 * 15]
    ldp     x2, x3, [sp, #CORE_SCRATCH]
    stp     x2, x3, [x1]
.endm

/*
 * The same after a call that keeps these; its dead registers will be what they were some time ago.
 * \status: for x10.  x0: core; x1: thread; x12: its save area.
 */
.macro save_kept status
    ldr     x1, [sp, #CORE_CURRENT]
    mov     x0, sp
    and     x1, x1, #~1
    ldr     x12, [x1, #THREAD_SAVE]
    str     \status, [x12, #16 * 5]
    stp     x18, x19, [x12, #16 * 9]
    stp     x20, x21, [x12, #16 * 10]
    stp     x22, x23, [x12, #16 * 11]
    stp     x24, x25, [x12, #16 * 12]
    stp     x26, x27, [x12, #16 * 13]
    stp     x28, x29, [x12, #16 * 14]
    str     x30, [x12, #16 * 15]
.endm

/* The same after CALL or REPLY.  x0: core; x1: thread. */
.macro save_message
    ldr     x12, [sp, #CORE_CURRENT]
    and     x12, x12, #~1
    ldr     x11, [x12, #THREAD_SAVE]
    stp     x0, x1, [x11]
    stp     x2, x3, [x11, #16 * 1]
    stp     x4, x5, [x11, #16 * 2]
    stp     x6, x7, [x11, #16 * 3]
    stp     x8, x9, [x11, #16 * 4]
    str     x10, [x11, #16 * 5]
    mov     x0, sp
    mov     x1, x12
.endm

    .section .text.vectors, "ax"
    .balign 0x800
    .globl vectors
vectors:
    bad_vector 0
    bad_vector 1
    bad_vector 2
    bad_vector 3
    bad_vector 4
    bad_vector 5
    bad_vector 6
    bad_vector 7

    /* Synchronous, from a program or a guest. */
    .balign 0x80
entry:
    stp     x11, x12, [sp, #CORE_SCRATCH]
    mrs     x11, esr_el2
    movz    x12, #ESR_SVC, lsl #16
    sub     x11, x11, x12           /* the immediate, if it is a call; else more */
    cmp     x11, #WHIT_REPLY
    b.eq    reply
    cmp     x11, #WHIT_CALL
    b.eq    call
    cmp     x11, #WHIT_NOTIFY
    b.eq    notify
    cmp     x11, #WHIT_OP
    b.eq    operate
    b.hi    1f
    cbnz    x11, wait_or_yield
1:  ldp     x11, x12, [sp, #CORE_SCRATCH]
    b       synchronous

    /* Interrupt. */
    .balign 0x80
    b       interrupt
    .balign 0x80
    b       interrupt /* FIQ: no source is configured as one */
    .balign 0x80
    b       serror

    /* The same from AArch32 at EL0 of a guest: never a call. */
    .balign 0x80
    b       synchronous
    .balign 0x80
    b       interrupt
    .balign 0x80
    b       interrupt
    .balign 0x80
    b       serror

/*
 * The same for cores whose firmware has to clean up branch prediction before the kernel, or another
 * program, may run: what jumps indirectly comes after it.  The call keeps all but x0-x3 (SMC calling
 * convention 1.1).  TPIDR_EL2 is nobody's.
 */
.macro guarded target
    .balign 0x80
    stp     x0, x1, [sp, #CORE_SCRATCH]
    str     x2, [sp, #CORE_SCRATCH + 16]
    msr     tpidr_el2, x3
    ldr     w0, [sp, #CORE_GUARD_CALL]
    smc     #0
    ldp     x0, x1, [sp, #CORE_SCRATCH]
    ldr     x2, [sp, #CORE_SCRATCH + 16]
    mrs     x3, tpidr_el2
    b       \target
.endm

    .balign 0x800
    .globl vectors_guarded
vectors_guarded:
    bad_vector 0
    bad_vector 1
    bad_vector 2
    bad_vector 3
    bad_vector 4
    bad_vector 5
    bad_vector 6
    bad_vector 7
    guarded entry
    guarded interrupt
    guarded interrupt
    guarded serror
    guarded synchronous
    guarded interrupt
    guarded interrupt
    guarded serror

    .section .text.entry, "ax"

/* From the thread x11 by the portal x12 to its handler x13, whose entry is x14.  Nothing can fail. */
.macro enter_handler
    str     x11, [x13, #THREAD_LINK]
    mrs     x10, elr_el2
    str     x13, [x11, #THREAD_CALLEE]
    mrs     x16, sp_el0
    stp     x10, x16, [x11, #THREAD_FRAME_PC]
    mrs     x10, tpidr_el0
    str     x10, [x11, #THREAD_FRAME_TLS]
    ldp     x11, x16, [x13, #THREAD_ENTRY_SP]
    msr     elr_el2, x14
    msr     sp_el0, x11
    msr     tpidr_el0, x16
    ldr     x10, [x13, #THREAD_SPACE]
    msr     spsr_el2, xzr                   /* EL0t, nothing masked, no flags */
    ldr     x10, [x10, #SPACE_VTTBR]
    str     x13, [sp, #CORE_CURRENT]
    msr     vttbr_el2, x10                  /* synchronised by the eret: EL2 does not use it */
    ldr     x10, [x12, #PORTAL_BADGE]
    mov     x12, xzr                        /* x11, x14 and x16 are the handler's own values */
    mov     x13, xzr
.endm

/*
 * call: the portal of x10's selector is entered if its handler is idle on this core.
 * Everything is checked before the first store, so the slow path finds nothing changed.
 */
call:
    ldr     x11, [sp, #CORE_CURRENT]
    tbnz    x11, #0, call_other             /* CURRENT_SLOW */
    cmp     x10, #WHIT_SLOTS >> 12, lsl #12 /* in range, and nothing is passed */
    b.hs    call_pass
    ldr     x12, [x11, #THREAD_SPACE]
    ubfx    x13, x10, #6, #8                /* page of slots: masked, so safe under speculation */
    add     x12, x12, x13, lsl #3
    ldr     x12, [x12, #SPACE_DIRECTORY_OFFSET]
    and     x13, x10, #63
    add     x12, x12, x13, lsl #6
    ldr     x12, [x12]                      /* the capability: one load decides */
    eor     x12, x12, #CAP_PORTAL   /* a wrong kind leaves a non-canonical address */
    tst     x12, #0x00ff000000000000
    b.ne    call_other
    tbz     x12, #56, call_other            /* WHIT_R_CALL */
    ldp     x13, x14, [x12, #PORTAL_HANDLER] /* handler, entry */
    ldr     x16, [x13, #THREAD_LINK]
    cmp     sp, x16                         /* idle, and on this core */
    b.ne    call_other
    enter_handler
    eret

/* The same with a capability: C finds the portal and passes it, or does nothing. */
call_pass:
    stp     x0, x1, [sp, #-96]!
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x30, [sp, #80]
    mov     x2, x10
    mov     x1, x11
    add     x0, sp, #96
    bl      portal_call_pass
    mov     x12, x0
    mov     x13, x1                         /* the portal may have lost it since */
    mov     x15, xzr
    mov     x17, xzr
    ldp     x10, x30, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp], #96
    cbz     x13, call_other
    ldr     x11, [sp, #CORE_CURRENT]
    ldr     x14, [x12, #PORTAL_ENTRY]
    enter_handler
    orr     x10, x10, #WHIT_PASSED
    eret

/* reply: back to a caller that came by a plain call. */
reply:
    ldr     x11, [sp, #CORE_CURRENT]
    tbnz    x11, #0, reply_other
    cbnz    x10, reply_other                /* a capability is passed */
    ldr     x12, [x11, #THREAD_LINK]
    tbnz    x12, #0, exit_reply             /* LINK_SLOW */
    mov     x13, sp
    str     x13, [x11, #THREAD_LINK]        /* idle again */
    ldr     x11, [x12, #THREAD_SPACE]
    ldp     x13, x14, [x12, #THREAD_FRAME_PC]
    ldr     x11, [x11, #SPACE_VTTBR]
    str     xzr, [x12, #THREAD_CALLEE]
    msr     vttbr_el2, x11
    ldr     x11, [x12, #THREAD_FRAME_TLS]
    msr     elr_el2, x13
    msr     sp_el0, x14
    msr     tpidr_el0, x11
    msr     spsr_el2, xzr
    str     x12, [sp, #CORE_CURRENT]
    mov     x12, xzr                        /* x11, x13 and x14 are the caller's own values */
    eret

/*
 * notify: a signal of this core that has no target, or a waiter that does something else now.  The
 * bits stick, and that is all.  Else C tells the target; or it looks why the signal was not found.
 */
notify:
    cmp     x10, #WHIT_SLOTS >> 12, lsl #12
    b.hs    event
    ldr     x12, [sp, #CORE_CURRENT]
    and     x12, x12, #~1
    ldr     x12, [x12, #THREAD_SPACE]
    ubfx    x13, x10, #6, #8
    add     x12, x12, x13, lsl #3
    ldr     x12, [x12, #SPACE_DIRECTORY_OFFSET]
    and     x13, x10, #63
    add     x12, x12, x13, lsl #6
    ldr     x12, [x12]
    eor     x12, x12, #CAP_SIGNAL
    tst     x12, #0x00ff000000000000
    b.ne    event
    tbz     x12, #56, event                 /* WHIT_R_NOTIFY */
    ldar    x13, [x12]                      /* signal_home */
    cmp     sp, x13
    b.ne    1f
    ldrb    w13, [x12, #SIGNAL_TARGET]
    ldr     x14, [x12, #SIGNAL_BITS]
    cbz     w13, 2f                         /* WHIT_TARGET_NONE */
    cmp     w13, #TARGET_WAITER
    b.ne    1f
    ldr     x13, [x12, #SIGNAL_THREAD]
    ldrb    w13, [x13, #THREAD_STATE]
    cbnz    w13, 1f                         /* THREAD_WAITING: it may be for this signal */
2:  orr     x14, x14, x0
    str     x14, [x12, #SIGNAL_BITS]
    mov     x10, xzr
    mov     x11, xzr
    mov     x12, xzr
    mov     x13, xzr
    mov     x14, xzr
    eret

1:  str     x30, [sp, #-16]!
    mov     x2, x0
    and     x1, x12, #0x00ffffffffffffff    /* without the rights */
    add     x0, sp, #16
    bl      signal_notify
    mov     x0, xzr
    mov     x1, xzr
    b       event_end

/*
 * The other calls of programs.  C keeps x19-x30 (and x18, which it does not know); all else but
 * arguments and results is dead by contract.  So the registers are saved only if another thread is
 * to run, and after C.  x11: number of the call.
 */
wait_or_yield:
    tbnz    x11, #0, yield
event:
    str     x30, [sp, #-16]!
    mov     x3, x0
    mov     x2, x10
    mov     w1, w11
    add     x0, sp, #16
    bl      exception_event
event_end:                                  /* x0: result; x1: status */
    ldr     x30, [sp], #16
    mov     x10, x1
    ldrb    w11, [sp, #CORE_RESCHEDULE]
    cbnz    w11, event_switch
    .irp n, 1, 2, 3, 4, 5, 6
    mov     x\n, xzr
    .endr
call_end:
    .irp n, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17
    mov     x\n, xzr
    .endr
    eret

operate:
    cbz     x10, 1f                         /* WHIT_OP_NULL */
    stp     x0, x1, [sp, #-64]!
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x30, [sp, #48]
    mov     x2, x10
    mov     x1, sp
    add     x0, sp, #64
    bl      exception_operate
    mov     x10, x0
    ldp     x6, x30, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp], #64
    ldrb    w11, [sp, #CORE_RESCHEDULE]
    cbz     w11, call_end
    b       switch
1:  mov     x11, xzr
    mov     x12, xzr
    eret

yield:
    save_kept xzr
    bl      exception_yield
    b       thread_resume

event_switch:
    mov     x13, x0
    save_kept x10
    str     x13, [x12]
    bl      exception_switch
    b       thread_resume

switch:
    mov     x13, x0
    mov     x14, x1
    save_kept x10
    stp     x13, x14, [x12]
    stp     x2, x3, [x12, #16 * 1]
    stp     x4, x5, [x12, #16 * 2]
    str     x6, [x12, #16 * 3]
    bl      exception_switch
    b       thread_resume

/* The general paths: all registers saved, then C decides which thread to resume. */
synchronous:
    save_registers
    mov     x19, x0
    mov     x1, x0
    mov     x0, sp
    bl      exit_begin
    cbz     x0, 1f
    mov     x10, x1
    ldp     x4, x3, [x0, #REGISTERS_SP]     /* sp, pc */
    ldr     x5, [x0, #8 * 30]
    ldr     x2, [x0, #REGISTERS_IPA]
    ldp     x0, x1, [x0, #REGISTERS_ESR]    /* syndrome, address */
    .irp n, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mov     x\n, xzr
    .endr
    eret
1:  mov     x0, sp
    mov     x1, x19
    bl      exception_synchronous
    b       thread_resume

/* reply to a call that the kernel made: back to the guest, if its verdict is to go on. */
exit_reply:
    tbz     x12, #1, reply_other            /* LINK_KERNEL */
    cbnz    x0, reply_other                 /* WHIT_CONTINUE */
    mov     x0, sp
    mov     x1, x11
    bl      exit_end
    cbnz    x0, thread_resume
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    mov     x\n, xzr                        /* as x0 and x10 were; the others are dead */
    .endr
/* What goes the general way: the message is saved, all else is dead. */
reply_other:
    save_message
    bl      exception_reply
    b       thread_resume

call_other:
    save_message
    bl      exception_call
    b       thread_resume

interrupt:
    save_registers
    mov     x1, x0
    mov     x0, sp
    bl      exception_interrupt
    b       thread_resume

serror:
    save_registers
    mov     x1, x0
    mov     x0, sp
    bl      exception_serror
    b       thread_resume

/* x0: the thread; its system registers are set already. */
    .globl thread_resume
thread_resume:
    ldr     x0, [x0, #THREAD_SAVE]
    ldp     x2, x3, [x0, #16 * 1]
    ldp     x4, x5, [x0, #16 * 2]
    ldp     x6, x7, [x0, #16 * 3]
    ldp     x8, x9, [x0, #16 * 4]
    ldp     x10, x11, [x0, #16 * 5]
    ldp     x12, x13, [x0, #16 * 6]
    ldp     x14, x15, [x0, #16 * 7]
    ldp     x16, x17, [x0, #16 * 8]
    ldp     x18, x19, [x0, #16 * 9]
    ldp     x20, x21, [x0, #16 * 10]
    ldp     x22, x23, [x0, #16 * 11]
    ldp     x24, x25, [x0, #16 * 12]
    ldp     x26, x27, [x0, #16 * 13]
    ldp     x28, x29, [x0, #16 * 14]
    ldr     x30, [x0, #16 * 15]
    ldp     x0, x1, [x0]
    eret

/* The kernel itself faulted: its registers go on the stack; on its top, if it has reached the guard
 * page, or nearly.  Nothing runs any more: registers of guests are free to work with. */
vector_bad:
    msr     elr_el1, x1
    msr     sp_el1, x2
    msr     tpidr_el1, x3
    mov     x1, sp
    and     x2, x1, #(CORE_BLOCK - 1)
    mov     x3, #(CORE_GUARD + CORE_PANIC)
    cmp     x2, x3
    b.hs    1f
    and     x2, x1, #~(CORE_BLOCK - 1)
    mov     x3, #CORE_OFFSET
    add     x2, x2, x3
    mov     sp, x2
1:  sub     sp, sp, #256
    stp     x4, x5, [sp, #16 * 2]
    stp     x6, x7, [sp, #16 * 3]
    stp     x8, x9, [sp, #16 * 4]
    stp     x10, x11, [sp, #16 * 5]
    stp     x12, x13, [sp, #16 * 6]
    stp     x14, x15, [sp, #16 * 7]
    stp     x16, x17, [sp, #16 * 8]
    stp     x18, x19, [sp, #16 * 9]
    stp     x20, x21, [sp, #16 * 10]
    stp     x22, x23, [sp, #16 * 11]
    stp     x24, x25, [sp, #16 * 12]
    stp     x26, x27, [sp, #16 * 13]
    stp     x28, x29, [sp, #16 * 14]
    str     x30, [sp, #16 * 15]
    mrs     x2, tpidr_el2
    mrs     x3, elr_el1
    stp     x2, x3, [sp]
    mrs     x2, sp_el1
    mrs     x3, tpidr_el1
    stp     x2, x3, [sp, #16]
    mov     x2, sp
    b       exception_bad

/* void core_run(struct core *core): the first thread of this core, or idling until there is one. */
    .globl core_run
core_run:
    mov     sp, x0
    bl      exception_first
    b       thread_resume
