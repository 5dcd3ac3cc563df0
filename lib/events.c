/* SPDX-License-Identifier: BSD-2-Clause */
/* The main thread's wait for whatever comes next. */
#include "whit/program.h"

uint64_t whit_wait_events(uint64_t deadline)
{
    uint32_t signal = whit_grant_selector(WHIT_GRANT_WAIT, "wait");
    uint64_t bits;
    enum whit_error error = whit_wait(signal, deadline, &bits);

    if (error != WHIT_OK) {
        whit_fail("cannot wait: %s", whit_error_text(error));
    }
    return bits;
}
