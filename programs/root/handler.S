/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads that answer the calls which the kernel makes for faults: one on each core, entered
 * on its own stack, with the badge in x10.  They are idle handlers from their first reply on.
 */
#include "whit.h"

    .text
    .global fault_start
    .type fault_start, %function
fault_start:
    mov x10, xzr
    svc #WHIT_REPLY

    /* The answer is a verdict (enum whit_verdict) in x0. */
    .global fault_entry
    .type fault_entry, %function
fault_entry:
    mov x0, x10
    mov x29, xzr
    mov x30, xzr
    bl fault_seen
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    mov x\n, xzr
    .endr
    svc #WHIT_REPLY
