/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversions between ticks and nanoseconds. */
#include "whit/time.h"
#include "whit/parameters.h"
#include "whit/scale.h"

#include <stddef.h>

enum { NS_PER_SECOND = 1000000000 };

uint64_t whit_frequency(void)
{
    if (whit_parameters != NULL) {
        return whit_parameters->frequency;
    }
    return whit_boot->frequency;
}

uint64_t whit_ns_to_ticks(uint64_t ns)
{
    return whit_scale_up(ns, whit_frequency(), NS_PER_SECOND);
}

uint64_t whit_ticks_to_ns(uint64_t ticks)
{
    return whit_scale_down(ticks, NS_PER_SECOND, whit_frequency());
}

uint64_t whit_deadline(uint64_t ns)
{
    uint64_t now = whit_ticks();
    uint64_t ticks = whit_ns_to_ticks(ns);

    return ticks > UINT64_MAX - now ? UINT64_MAX : now + ticks;
}
