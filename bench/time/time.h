/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the benchmark of time share. */
#ifndef TIME_H
#define TIME_H

#include "../paths/console.h"
#include "../paths/world.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/time.h"

/* Stretches of time in which a thread ran, as it saw them itself: a gap between two readings of
 * the counter is longer than its loop takes only if something else ran. */
struct span {
    uint64_t from, to; /* ticks */
};
struct spans {
    struct span *at;
    uint32_t count, room;
};
enum { GAP_NS = 60 };

/* `value` was seen so many times. */
void sample(const char *row, uint64_t value, uint64_t times);

/* Runs until *stop is not 0, or it has run for `amount` ticks (0: no limit), and writes down when.
 */
void spans_record(struct spans *spans, const volatile uint32_t *stop, uint64_t amount);
/* Room for spans in memory of their own; all are forgotten at the next spans_reset. */
struct spans spans_new(uint32_t room);
void spans_reset(void);

/* Calls `see` with the time run within each window that ends where a span does (or begins). */
void spans_windows(const struct spans *spans, uint64_t window, void (*see)(uint64_t run));

/* Ticks until root goes on; others run. */
void rest_ns(uint64_t ns);

/* ---- load.c: programs that never stop by themselves */
enum load { LOAD_SPIN, LOAD_CALLS, LOAD_TIMERS, LOAD_NOTIFY, LOAD_REMAKE, LOAD_PRIORITY, LOADS };
extern const char *const load_names[LOADS];
/* Its thread, stopped; it drives itself by `budget`, and LOAD_PRIORITY by `second` too. */
uint32_t load_make(enum load load, uint32_t budget, uint32_t second);

/* ---- guest.c: guests that do so */
enum guest {
    GUEST_SPIN,
    GUEST_EXITS,
    GUEST_CALLS,
    GUEST_TIMERS,
    GUEST_SLEEPS,
    GUEST_NOTIFY,
    GUEST_PRIORITY,
    GUESTS
};
/* Its virtual CPU, stopped; it may drive itself by `second`, too. */
uint32_t guest_make(enum guest guest, uint32_t budget, uint32_t second);

void rows_crowd(void);    /* crowd.c */
void draw_schedule(void); /* draw.c */

#endif
