/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Debian's libfdt.a was compiled to expect: a guard word that functions put above their
 * arrays, and where they go when it has changed.
 */
#include <stdint.h>
#include <stdlib.h>

extern const uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* The zero byte in it stops overflows by strings (little-endian: the lowest byte comes first). */
const uintptr_t __stack_chk_guard = 0x7768697420677500;

_Noreturn void __stack_chk_fail(void)
{
    abort();
}
