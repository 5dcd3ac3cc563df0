/* SPDX-License-Identifier: BSD-2-Clause */
/* The same fuzzer as fuzz/, with another seed, until ten million calls were made. */
#define FUZZ_CALLS   UINT64_C(10000000)
#define FUZZ_LEAST   FUZZ_CALLS
#define FUZZ_SECONDS 3000
#define FUZZ_SEED    UINT64_C(0x66757a7a)
#include "../fuzz/fuzz.c"
