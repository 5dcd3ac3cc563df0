/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Frama-C does not know of the compilers' dialect, said in plain C; included before every file
 * of the kernel that it reads (tests/proof/prove.sh).  Atomic accesses are plain ones: the analysis
 * is of one core; what others may do between two accesses is in tests/models.
 */
#ifndef DIALECT_H
#define DIALECT_H

#include <stdbool.h>
#include <stdint.h>

#define _Alignas(bytes)

/* It only hides a value from the compiler. */
#define __asm__                                                                                    \
    if (0)                                                                                         \
    __asm__

#define __atomic_load_n(from, order)       (*(from))
#define __atomic_store_n(to, value, order) ((void)(*(to) = (value)))
#define __atomic_test_and_set(flag, order) (*(flag) ? true : !(*(flag) = true))
#define __atomic_clear(flag, order)        ((void)(*(flag) = false))
#define __atomic_exchange_n(at, value, order)                                                      \
    __extension__({                                                                                \
        __typeof__(*(at)) before_ = *(at);                                                         \
        *(at) = (value);                                                                           \
        before_;                                                                                   \
    })
#define __atomic_fetch_or(at, value, order)                                                        \
    __extension__({                                                                                \
        __typeof__(*(at)) before_ = *(at);                                                         \
        *(at) |= (value);                                                                          \
        before_;                                                                                   \
    })
#define __atomic_compare_exchange_n(at, expected, value, weak, success, failure)                   \
    (*(at) == *(expected) ? (*(at) = (value), true) : (*(expected) = *(at), false))

/*@ predicate bit_is_set(integer word, integer bit) = (word & (1 << bit)) != 0; */

/*@
  requires value != 0;
  assigns \nothing;
  ensures 0 <= \result <= 63;
  ensures bit_is_set(value, 63 - \result);
  ensures \forall integer bit; 63 - \result < bit < 64 ==> !bit_is_set(value, bit);
*/
unsigned dialect_clzll(unsigned long long value);
#define __builtin_clzll(value) dialect_clzll(value)

/*@
  requires value != 0;
  assigns \nothing;
  ensures 0 <= \result <= 63;
*/
int dialect_ctzll(unsigned long long value);
#define __builtin_ctzll(value) dialect_ctzll(value)

/*@
  requires \valid(sum);
  assigns *sum, \result \from a, b;
  ensures \result == 0 || \result == 1;
  ensures \initialized(sum);
  ensures \result == 0 <==> a + b <= 0xffffffffffffffff;
  ensures \result == 0 ==> *sum == a + b;
*/
int dialect_add(uint64_t a, uint64_t b, uint64_t *sum);
#define __builtin_add_overflow(a, b, sum) dialect_add((a), (b), (sum))

/*@
  requires \valid(product);
  assigns *product, \result \from a, b;
  ensures \result == 0 || \result == 1;
  ensures \initialized(product);
  ensures \result == 0 <==> a * b <= 0xffffffffffffffff;
  ensures \result == 0 ==> *product == a * b;
*/
int dialect_mul(uint64_t a, uint64_t b, uint64_t *product);
#define __builtin_mul_overflow(a, b, product) dialect_mul((a), (b), (product))

#endif
