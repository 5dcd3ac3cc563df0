/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of libFuzzer are a sequence of calls on the core and on the model. */
#include "sequence.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *wrong = sequence_run(bytes, size, 1, CHECK_AT_END);
    if (!wrong)
        return 0;
    fprintf(stderr, "%s\n", wrong);
    abort();
}
