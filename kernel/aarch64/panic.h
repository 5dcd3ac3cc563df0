/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's last words: see panic() in arch.h. */
#ifndef PANIC_H
#define PANIC_H

#include "board.h"

/* As panic(), for an exception taken in the kernel: SP_EL2 and x0-x30 at that time. */
_Noreturn void panic_exception(const char *what, uint64_t sp, const uint64_t *registers);

/* Once at boot, after the translation is on: counts the boots since the record was written, or
 * clears it if it holds none.  The page that it is in. */
struct range panic_record(void);

#endif
