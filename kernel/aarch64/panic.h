/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's last words: see panic() in arch.h. */
#ifndef PANIC_H
#define PANIC_H

#include <stdint.h>

/* As panic(), for an exception taken in the kernel: `frame` is x29 and `sp` SP_EL2 at that time. */
_Noreturn void panic_exception(const char *what, uint64_t sp, uint64_t frame);

#endif
