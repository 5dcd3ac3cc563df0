/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reference model of one core's schedule, to be compared with the kernel's at each choice: who
 * may run, who pays, whose turn it is among equals, and what a budget may use.  It says what is
 * right, in lists that are searched from one end to the other, and shares no code with the kernel.
 *
 * Two things are taken from the kernel and judged, not predicted: that a budget is throttled (it
 * must have been used up, and must have its time back soon enough), and that a server's own budget
 * rests while others pay.
 */
#ifndef MODEL_SCHEDULE_H
#define MODEL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_THREADS = 16, MODEL_BUDGETS = 24, MODEL_LINKS = 16, MODEL_USES = 4096, NOBODY = -1 };

struct model_thread {
    bool exists, stopped, waiting;
    bool server, idle;  /* has replied once; waits for calls */
    int callee, caller; /* threads, or NOBODY */
    int signal;         /* budget of the signal that it serves, or NOBODY */
    int wants;          /* the server that it is about to call, or NOBODY */
    bool helps;         /* it found that server busy */
    uint64_t deadline;  /* of a wait */
    bool bits;          /* its signal was notified while it did not wait */
};

struct model_budget {
    bool exists, throttled, expires; /* expires: a call fails when it is used up */
    unsigned priority;
    int thread;                                /* whose own it is, or that its signal enters */
    bool signal, bits, entered;                /* it is a signal's; has something to do; does it */
    uint64_t capacity, period, length, active; /* active: used by the present activation */
    bool rests;                                /* a server's own, told by the kernel: others pay */
    /* What was used: from, ticks; the newest at (uses - 1) % MODEL_USES. */
    struct {
        uint64_t from, ticks;
    } use[MODEL_USES];
    uint64_t uses;
    unsigned passed[MODEL_BUDGETS]; /* turns of an equal while this one could have had one */
};

struct model {
    struct model_thread thread[MODEL_THREADS];
    struct model_budget budget[MODEL_BUDGETS];
    int last[256];     /* budget that had the last turn at a priority, or NOBODY */
    bool rotated[256]; /* which is over */
};

void model_init(struct model *model);

/* The thread at the end of the calls from a budget, or NOBODY if it drives none. */
int model_end(const struct model *model, int budget);
bool model_thread_runs(const struct model *model, int thread);
/* May the budget run now? */
bool model_eligible(const struct model *model, int budget);
/* Would a call of `thread` to `server` close a cycle? */
bool model_closes(const struct model *model, int thread, int server);

/* What threads do. */
void model_call(struct model *model, int thread, int server);
void model_reply(struct model *model, int thread);
void model_notify(struct model *model, int thread);
/* `thread`, which waits for an answer or helps, does so no more. */
void model_call_ends(struct model *model, int thread);
void model_wake_due(struct model *model, uint64_t now);

/* Who cannot run at this moment has no claim to a turn from before. */
void model_forget_turns(struct model *model);
/* The kernel chose: `budget` pays (or NOBODY), `thread` runs.  NULL, or what is wrong with it. */
const char *model_judge(struct model *model, int budget, int thread);
/* `budget` paid for [from, to).  NULL, or the rule that it broke. */
const char *model_charge(struct model *model, int budget, uint64_t from, uint64_t to);
/* Is it right that `budget` is throttled at `now`? */
const char *model_throttled(const struct model *model, int budget, uint64_t now);

#endif
