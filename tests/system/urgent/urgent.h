/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest and the test share: the guest's second page, in bytes from its start. */
#ifndef URGENT_H
#define URGENT_H

#define URGENT_DATA       0x40001000
#define URGENT_TIMER      27 /* INTID of the guest's virtual timer */
#define URGENT_BELL       40 /* and of a device */
#define URGENT_PERIOD     0  /* of the timer, in ticks; 0: off */
#define URGENT_MODE       8
#define URGENT_BACKGROUND 16 /* passes of the background */
#define URGENT_TICKS      24 /* timer interrupts taken */
#define URGENT_BELLS      32 /* others */
#define URGENT_BELL_AT    40 /* when the last one was taken */
#define URGENT_BUDGET     48 /* selector for the hypercall at the end of each interrupt */
#define URGENT_ANSWER     56 /* its status */
#define URGENT_EARLY      64 /* timer interrupts before their time */
#define URGENT_RECORD     72 /* lateness of timer interrupts, in ticks; a ring: */
#define URGENT_RECORDS    256

/* Bits of the mode: the background counts, else it sleeps; each interrupt ends with a hypercall. */
#define URGENT_SPIN_BIT 0
#define URGENT_SAY_BIT  1

#define URGENT_OP_PRIORITY 27 /* WHIT_OP_PRIORITY, for the assembler */

#endif
