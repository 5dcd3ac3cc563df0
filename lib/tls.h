/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread-local storage: errno and what else picolibc or a program keeps for each thread. */
#ifndef TLS_H
#define TLS_H

#include <stdint.h>

/* Bytes of a block, with the two words that precede it; whit_tls_init stops a program that has
 * more thread-local data. */
enum { WHIT_TLS_BYTES = 512 };

/* Initialises the block (WHIT_TLS_BYTES, aligned to 64); returns the value for TPIDR_EL0. */
uint64_t whit_tls_init(char *block);

#endif
