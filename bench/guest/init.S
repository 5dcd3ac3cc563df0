/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's first process when its boot is measured: a mark that tools/count.c knows, then
 * reboot(LINUX_REBOOT_CMD_POWER_OFF).
 */
    .global _start
_start:
    movz    xzr, #0x496f
    movz    x0, #0xdead
    movk    x0, #0xfee1, lsl #16
    movz    x1, #0x1969
    movk    x1, #0x2812, lsl #16
    movz    x2, #0xfedc
    movk    x2, #0x4321, lsl #16
    mov     x8, #142                /* reboot */
    svc     #0
1:  b       1b
