/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest runs: it is copied to the guest's memory. */
#include "marks.h"

    .section .rodata.guest_code, "a"
    .balign 8
    .global guest_code
guest_code:
    mov x1, #4
1:  movz xzr, #(MARK_BEGIN + MARK_hvc)
    hvc #0
    movz xzr, #(MARK_END + MARK_hvc)
    subs x1, x1, #1
    b.ne 1b
2:  wfi
    b 2b
    .global guest_code_end
guest_code_end:
