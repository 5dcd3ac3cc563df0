/* SPDX-License-Identifier: BSD-2-Clause */
/* Lays out thread-local storage as the AArch64 ELF ABI's variant 1 wants it. */
#include "tls.h"

#include <picotls.h>
#include <stdlib.h>

extern char __arm64_tls_tcb_offset[]; /* an absolute symbol of program.ld */

uint64_t whit_tls_init(char *block)
{
    uintptr_t offset = (uintptr_t)__arm64_tls_tcb_offset;

    if (_tls_size() + offset > WHIT_TLS_BYTES || offset > 64) {
        abort();
    }
    _init_tls(block + offset);
    return (uint64_t)(uintptr_t)block;
}
