/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a program tells its supervisor that it has ended: exit and abort end in `svc #0`, a fault
 * like any other, with the magic number below in x8 and the exit code in x0.  The fault portal's
 * server finds both in the state page and answers WHIT_STAY.
 */
#ifndef WHIT_EXIT_H
#define WHIT_EXIT_H

#define WHIT_EXIT 0x7469786574696857 /* x8: "Whitexit" */

#define WHIT_EXIT_CODES  256 /* exit: 0 .. 255 */
#define WHIT_EXIT_ABORT  256 /* abort, or an assertion that does not hold */
#define WHIT_EXIT_RETURN 257 /* a thread that must not return did */

#endif
