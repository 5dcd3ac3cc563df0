/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's clock and alarm: physical counter and EL2 physical timer (ARM ARM D11). */
#include "arch.h"
#include "sysreg.h"

uint64_t arch_ticks(void)
{
    /* No barrier: a value read a little early, out of program order, does not matter here. */
    return READ_SYSREG(cntpct_el0);
}

void arch_timer_program(uint64_t deadline)
{
    if (deadline == UINT64_MAX) {
        WRITE_SYSREG(cnthp_ctl_el2, 0);
    } else {
        WRITE_SYSREG(cnthp_cval_el2, deadline);
        WRITE_SYSREG(cnthp_ctl_el2, CNT_CTL_ENABLE);
    }
    /* The line has its new level before the kernel looks for pending interrupts or leaves. */
    isb();
}
