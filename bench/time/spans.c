/* SPDX-License-Identifier: BSD-2-Clause */
/* When a thread ran, and how much of it was in any window. */
#include "time.h"

enum { BYTES = 16 << 20, ALIGNMENT = 2 << 20 };

static uint64_t used_bytes = BYTES;

struct spans spans_new(uint32_t room)
{
    struct spans spans = {.room = room};

    if (used_bytes + room * sizeof(struct span) > BYTES)
        console_stop("spans", "no room");
    spans.at = (struct span *)(uintptr_t)(LARGE_WINDOW + used_bytes);
    used_bytes += room * sizeof(struct span);
    return spans;
}

void spans_reset(void)
{
    static uint32_t memory;

    if (memory == 0) {
        memory = new_memory(BYTES, ALIGNMENT);
        (void)map_child(memory, WHIT_SELF, LARGE_WINDOW, WHIT_MAP_READ | WHIT_MAP_WRITE);
    }
    used_bytes = 0;
}

static void span_add(struct spans *spans, uint64_t from, uint64_t to)
{
    if (spans->count < spans->room)
        spans->at[spans->count++] = (struct span){from, to};
}

void spans_record(struct spans *spans, const volatile uint32_t *stop, uint64_t amount)
{
    const uint64_t gap = whit_ns_to_ticks(GAP_NS);
    uint64_t from = whit_ticks(), last = from, run = 0, now;

    while (!*stop && (amount == 0 || run < amount)) {
        now = whit_ticks();
        if (now - last > gap) {
            span_add(spans, from, last);
            from = now;
        } else {
            run += now - last;
        }
        last = now;
    }
    span_add(spans, from, last);
}

/* `sum` is what was run from span `first` on, which is the first that ends behind `start`. */
static uint64_t run_since(const struct span *first, uint64_t sum, uint64_t start)
{
    return first->from < start ? sum - (start - first->from) : sum;
}

void spans_windows(const struct spans *spans, uint64_t window, void (*see)(uint64_t run))
{
    uint32_t first = 0, first_begin = 0;
    uint64_t sum = 0, sum_begin = 0;

    for (uint32_t n = 0; n < spans->count; n++) {
        const struct span *span = &spans->at[n];
        const uint64_t begin = span->from - window, end = span->to - window;
        /* The window that ends where the span begins: the emptiest ones are among these. */
        for (; first_begin < n && spans->at[first_begin].to + window <= span->from; first_begin++)
            sum_begin -= spans->at[first_begin].to - spans->at[first_begin].from;
        if (n > 0 && spans->at[0].from + window <= span->from)
            see(run_since(&spans->at[first_begin], sum_begin, begin));
        sum_begin += span->to - span->from;
        /* The one that ends where it ends: the fullest ones are among these. */
        sum += span->to - span->from;
        for (; first < n && spans->at[first].to + window <= span->to; first++)
            sum -= spans->at[first].to - spans->at[first].from;
        if (spans->at[0].from + window <= span->to)
            see(run_since(&spans->at[first], sum, end));
    }
}
