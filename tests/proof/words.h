/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For WP: the kernel copies and clears whole words, which the C library's contracts of memcpy and
 * memset, about bytes, say nothing of.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*@
  requires \valid(to + (0 .. words - 1)) && \valid_read(from + (0 .. words - 1));
  requires \separated(to + (0 .. words - 1), from + (0 .. words - 1));
  assigns to[0 .. words - 1] \from from[0 .. words - 1];
  ensures \forall integer i; 0 <= i < words ==> to[i] == from[i];
*/
void words_copy(uint64_t *to, const uint64_t *from, size_t words);
#define memcpy(to, from, bytes) words_copy((to), (from), (bytes) / sizeof(uint64_t))

/*@
  requires value == 0 && \valid(to + (0 .. words - 1));
  assigns to[0 .. words - 1] \from value;
  ensures \forall integer i; 0 <= i < words ==> to[i] == 0;
*/
void words_set(uint64_t *to, int value, size_t words);
#define memset(to, value, bytes) words_set((to), (value), (bytes) / sizeof(uint64_t))

#endif
