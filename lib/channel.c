/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings and doorbell of a channel. */
#include "whit/channel.h"
#include "whit/call.h"
#include "whit/parameters.h"

#include <stddef.h>

bool whit_channel_open(struct whit_channel *channel, const struct whit_grant *grant)
{
    if (grant == NULL || grant->kind != WHIT_GRANT_CHANNEL) {
        return false;
    }
    uint64_t half = grant->bytes / 2 & ~UINT64_C(63);
    char *lower = (char *)(uintptr_t)grant->address;
    char *upper = lower + half;
    bool first = WHIT_CHANNEL_END(grant->value) == 0;

    channel->signal = grant->selector;
    channel->ring = WHIT_CHANNEL_RING(grant->value);
    channel->event = WHIT_CHANNEL_EVENT(grant->value);
    return whit_ring_open_producer(&channel->out, first ? lower : upper, half) &&
           whit_ring_open_consumer(&channel->in, first ? upper : lower, half);
}

/* The notification fails only if the peer is gone: then there is nobody to wake. */
static void ring_bell(const struct whit_channel *channel, bool bell)
{
    if (bell) {
        (void)whit_notify(channel->signal, channel->ring);
    }
}

uint32_t whit_channel_write(struct whit_channel *channel, const void *bytes, uint32_t count)
{
    bool bell;
    uint32_t written = whit_ring_write(&channel->out, bytes, count, &bell);

    ring_bell(channel, bell);
    return written;
}

bool whit_channel_put(struct whit_channel *channel, const void *record, uint32_t count)
{
    bool bell;
    bool done = whit_ring_put(&channel->out, record, count, &bell);

    ring_bell(channel, bell);
    return done;
}

uint32_t whit_channel_read(struct whit_channel *channel, void *bytes, uint32_t count)
{
    bool bell;
    uint32_t taken = whit_ring_read(&channel->in, bytes, count, &bell);

    ring_bell(channel, bell);
    return taken;
}

bool whit_channel_get(struct whit_channel *channel, void *record, uint32_t count)
{
    bool bell;
    bool done = whit_ring_get(&channel->in, record, count, &bell);

    ring_bell(channel, bell);
    return done;
}
