/* SPDX-License-Identifier: BSD-2-Clause */
/* value * multiplier / divisor without overflow on the way; results that do not fit saturate. */
#ifndef WHIT_SCALE_H
#define WHIT_SCALE_H

#include <stdint.h>

__extension__ typedef unsigned __int128 whit_uint128;

static inline uint64_t whit_scale_down(uint64_t value, uint64_t multiplier, uint64_t divisor)
{
    whit_uint128 result = (whit_uint128)value * multiplier / divisor;

    return result > UINT64_MAX ? UINT64_MAX : (uint64_t)result;
}

static inline uint64_t whit_scale_up(uint64_t value, uint64_t multiplier, uint64_t divisor)
{
    whit_uint128 result = ((whit_uint128)value * multiplier + divisor - 1) / divisor;

    return result > UINT64_MAX ? UINT64_MAX : (uint64_t)result;
}

#endif
