/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a core's structure and stack lie: in a block of CORE_BLOCK bytes, aligned to its size.
 *
 *   +0            guard page, not mapped: a stack that is too deep faults
 *   +GUARD        stack, grows down from the structure
 *   +CORE_OFFSET  struct core; SP_EL2 points here while the core is outside the kernel
 *
 * So the structure is found from the stack pointer alone, and needs no register.
 * Usable from C and from assembly.
 */
#ifndef CORE_AREA_H
#define CORE_AREA_H

#define CORE_BLOCK  16384
#define CORE_GUARD  4096
#define CORE_OFFSET 11264
#define CORE_PANIC  1536 /* bytes of stack that a panic needs */

#ifndef __ASSEMBLER__
#include "core.h"

_Static_assert(CORE_OFFSET + sizeof(struct core) <= CORE_BLOCK, "the structure fits its block");
_Static_assert(CORE_OFFSET % 64 == 0, "the first line of the structure is a cache line");
#endif

#endif
