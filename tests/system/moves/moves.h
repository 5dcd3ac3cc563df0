/* SPDX-License-Identifier: BSD-2-Clause */
/* What each guest and the test share: a page of the guest's, in bytes from its start. */
#ifndef MOVES_H
#define MOVES_H

#define MOVES_TIMER  27 /* INTID of the guest's virtual timer */
#define MOVES_PERIOD 0  /* of the timer, in ticks */
#define MOVES_SLEEPS 8  /* not 0: its background is WFI */
#define MOVES_PASSES 16 /* of the background */
#define MOVES_TICKS  24 /* timer interrupts taken */
#define MOVES_BELLS  32 /* others */
#define MOVES_WRONG  40 /* registers that were not as they had been left */

#endif
