/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program says about itself, and the whole library in one include. */
#ifndef WHIT_PROGRAM_H
#define WHIT_PROGRAM_H

#include "whit/call.h"
#include "whit/channel.h"
#include "whit/log.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/thread.h"
#include "whit/time.h"

/* The size of the main thread's stack, if 16 KiB are not enough.  Once, outside of functions. */
#define WHIT_STACK_BYTES(bytes)                                                                    \
    __asm__(".global whit_stack_bytes\n\t.set whit_stack_bytes, " #bytes)

/* Waits on "wait" until one of its bits is set or `deadline` (ticks, 0: none) has come; returns the
 * bits.  A program that has no such signal ends here. */
uint64_t whit_wait_events(uint64_t deadline);

/* Prints "NAME: message" and ends the program with exit code 1. */
_Noreturn void whit_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
