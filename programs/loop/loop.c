/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control loop: wakes at a fixed rate by the deadline of its wait, measures how late it was,
 * tells it to whoever wants to know.
 *
 * Arguments: period-us (1000), report (periods between reports, 5000; 0: none), periods (0: for
 * ever).  Grants, both optional: channel "samples"; server and portal "latest" (loop.h).
 */
#include "loop.h"
#include "histogram.h"
#include "whit/program.h"

#include <stdio.h>
#include <string.h>

/*
 * What the portal answers, twice: the loop fills the copy that is not published, then publishes it.
 * So the server thread never waits for the loop, which may be less urgent than the server's caller.
 */
static struct {
    uint64_t words[2][LOOP_WORDS];
    uint32_t version; /* words[version % 2] is valid */
} summary;

static void summary_publish(const struct histogram *lateness)
{
    uint32_t next = summary.version + 1;
    uint64_t *words = summary.words[next % 2];

    words[LOOP_COUNT] = lateness->count;
    words[LOOP_MISSED] = lateness->missed;
    words[LOOP_BEST] = whit_ticks_to_ns(lateness->best);
    words[LOOP_WORST] = whit_ticks_to_ns(lateness->worst);
    words[LOOP_MEAN] = whit_ticks_to_ns(histogram_mean(lateness));
    /* Release: the words are there before their version. */
    __atomic_store_n(&summary.version, next, __ATOMIC_RELEASE);
}

/* Server thread.  If the loop ran twice meanwhile, the copy may be mixed: then take it again. */
static void answer(struct whit_message *message, uint64_t badge)
{
    uint32_t version;

    (void)badge;
    memset(message->word, 0, sizeof message->word);
    do {
        /* Acquire: the words are read after their version, and the version again after them. */
        version = __atomic_load_n(&summary.version, __ATOMIC_ACQUIRE);
        memcpy(message->word, summary.words[version % 2], sizeof summary.words[0]);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&summary.version, __ATOMIC_RELAXED) - version > 1);
}

static void report(const struct histogram *lateness)
{
    printf("%llu periods, %llu missed, lateness: worst %llu ns, mean %llu ns, best %llu ns\n",
           (unsigned long long)lateness->count, (unsigned long long)lateness->missed,
           (unsigned long long)whit_ticks_to_ns(lateness->worst),
           (unsigned long long)whit_ticks_to_ns(histogram_mean(lateness)),
           (unsigned long long)whit_ticks_to_ns(lateness->best));
}

static void report_histogram(const struct histogram *lateness)
{
    for (unsigned i = 0; i < HISTOGRAM_BINS; i++) {
        if (lateness->bin[i] != 0) {
            printf("  below %llu ns: %llu\n",
                   (unsigned long long)whit_ticks_to_ns(UINT64_C(1) << i),
                   (unsigned long long)lateness->bin[i]);
        }
    }
}

/* Sleeps until `deadline`; returns how late it is then, in ticks. */
static uint64_t sleep_until(uint64_t deadline)
{
    uint64_t now = whit_ticks();

    while (now < deadline) {
        (void)whit_wait_events(deadline);
        now = whit_ticks();
    }
    return now - deadline;
}

int main(void)
{
    static struct whit_channel samples;
    static struct histogram lateness;
    const uint64_t period = whit_ns_to_ticks(whit_argument_number("period-us", 1000) * 1000);
    const uint64_t every = whit_argument_number("report", 5000);
    const uint64_t periods = whit_argument_number("periods", 0);
    bool have_samples = whit_channel_open(&samples, whit_grant(WHIT_GRANT_CHANNEL, "samples"));

    if (period == 0) {
        whit_fail("period-us is 0; expected 1 or more");
    }
    if (whit_grant(WHIT_GRANT_SERVER, "server") != NULL && whit_serve(answer) != WHIT_OK) {
        whit_fail("cannot serve the portal \"latest\"");
    }
    printf("wakes every %llu us\n", (unsigned long long)whit_ticks_to_ns(period) / 1000);

    uint64_t deadline = whit_ticks() + period;
    while (periods == 0 || lateness.count < periods) {
        uint64_t late = sleep_until(deadline);

        histogram_add(&lateness, late);
        summary_publish(&lateness);
        if (have_samples) {
            struct loop_sample sample = {lateness.count, deadline, late};

            (void)whit_channel_put(&samples, &sample, sizeof sample);
        }
        if (every != 0 && lateness.count % every == 0) {
            report(&lateness);
        }
        deadline += period;
        uint64_t now = whit_ticks();

        if (now > deadline) {
            uint64_t missed = (now - deadline) / period + 1;

            lateness.missed += missed;
            deadline += missed * period;
        }
    }
    report(&lateness);
    report_histogram(&lateness);
    return 0;
}
