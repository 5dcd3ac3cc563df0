/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of a vmm: its main thread waits, and the thread that handles exits faults. */
#include "whit/program.h"

static _Alignas(16) char stack[4096];

int main(void)
{
    /* At an address where nothing is. */
    if (whit_start(whit_grant_selector(WHIT_GRANT_SERVER, "server.1"), 0xbad000,
                   (uintptr_t)stack + sizeof stack, 0, 0) != WHIT_OK)
        return 2;
    for (;;)
        (void)whit_wait_events(0);
}
