/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel enters the handler thread, for a guest's exit or the main thread's call.  What is
 * in the registers at the reply goes nowhere after an exit: the guest's are in its state page.
 */
#include "whit.h"

    .text
    .global vmm_entry
    .type vmm_entry, %function
vmm_entry:
    mov x3, x10         /* badge, behind x0 to x2 */
    mov x29, xzr
    mov x30, xzr
    bl vmm_enter
    mov x10, xzr
    svc #WHIT_REPLY

/* The thread's first instructions: the reply to nobody makes it idle, with this stack pointer. */
    .global vmm_start
    .type vmm_start, %function
vmm_start:
    mov x10, xzr
    svc #WHIT_REPLY
