/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A channel: shared memory with one ring in each direction, and a doorbell to the other program.
 * End 0 writes the ring in the first half of the memory, end 1 that in the second.
 */
#ifndef WHIT_CHANNEL_H
#define WHIT_CHANNEL_H

#include "whit/ring.h"

struct whit_grant;

struct whit_channel {
    struct whit_ring in, out;
    uint32_t signal; /* of the peer */
    uint64_t ring;   /* bits to set there */
    uint64_t event;  /* bits that the peer sets in "wait" */
};

/* Opens the channel behind a grant; false if it is NULL, no channel, or too small. */
bool whit_channel_open(struct whit_channel *channel, const struct whit_grant *grant);

/* As whit_ring_*, and rings the peer's doorbell when it may be waiting. */
uint32_t whit_channel_write(struct whit_channel *channel, const void *bytes, uint32_t count);
bool whit_channel_put(struct whit_channel *channel, const void *record, uint32_t count);
uint32_t whit_channel_read(struct whit_channel *channel, void *bytes, uint32_t count);
bool whit_channel_get(struct whit_channel *channel, void *record, uint32_t count);

#endif
