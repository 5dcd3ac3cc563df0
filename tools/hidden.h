// SPDX-License-Identifier: BSD-2-Clause
//
// Included before every kernel source (gcc -include): nothing outside the kernel resolves its
// symbols, so declarations are hidden too and the compiler addresses them without a table
// (-fvisibility=hidden covers definitions only).

#pragma GCC visibility push(hidden)
