/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches the control loop in both ways that there are: takes its samples from the channel they
 * share, and asks it through its portal.
 *
 * Arguments: interval-ms (100), report (intervals between reports, 50).  Grants: channel "samples",
 * portal "latest".
 */
#include "../loop/loop.h"
#include "whit/program.h"

#include <stdio.h>

struct seen {
    uint64_t samples, lost, last; /* last: number of the latest sample */
    uint64_t worst;               /* ticks */
};

static void drain(struct whit_channel *channel, struct seen *seen)
{
    struct loop_sample sample;

    while (whit_channel_get(channel, &sample, sizeof sample)) {
        if (seen->samples > 0) {
            seen->lost += sample.number - seen->last - 1;
        }
        seen->last = sample.number;
        seen->samples++;
        if (sample.lateness > seen->worst) {
            seen->worst = sample.lateness;
        }
    }
}

static void report(uint32_t portal, const struct seen *seen)
{
    struct whit_message message = {.word = {0}};
    enum whit_error error = whit_call(portal, &message);

    if (error != WHIT_OK) {
        printf("cannot ask the loop: %s\n", whit_error_text(error));
        return;
    }
    printf("%llu samples, %llu lost, worst %llu ns; the loop itself: %llu periods, worst %llu ns\n",
           (unsigned long long)seen->samples, (unsigned long long)seen->lost,
           (unsigned long long)whit_ticks_to_ns(seen->worst),
           (unsigned long long)message.word[LOOP_COUNT],
           (unsigned long long)message.word[LOOP_WORST]);
}

int main(void)
{
    static struct whit_channel samples;
    static struct seen seen;
    const uint64_t interval =
        whit_ns_to_ticks(whit_argument_number("interval-ms", 100) * UINT64_C(1000000));
    const uint64_t every = whit_argument_number("report", 50);
    uint32_t portal = whit_grant_selector(WHIT_GRANT_PORTAL, "latest");

    if (interval == 0 || every == 0) {
        whit_fail("interval-ms and report must be 1 or more");
    }
    if (!whit_channel_open(&samples, whit_grant(WHIT_GRANT_CHANNEL, "samples")) || portal == 0) {
        whit_fail("needs the channel \"samples\" and the portal \"latest\"");
    }
    uint64_t deadline = whit_ticks() + interval;

    for (uint64_t round = 1;; round++) {
        while (whit_ticks() < deadline) {
            (void)whit_wait_events(deadline);
        }
        deadline += interval;
        drain(&samples, &seen);
        if (round % every == 0) {
            report(portal, &seen);
        }
    }
}
