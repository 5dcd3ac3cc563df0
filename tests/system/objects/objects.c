/* SPDX-License-Identifier: BSD-2-Clause */
/* What whit/thread.h makes: a thread with a budget of its own, a signal that it rings, and more of
 * them than there is memory for. */
#include "whit/program.h"

#include <errno.h>
#include <stdio.h>

static _Alignas(16) char stack[4096];
static uint32_t rung;
static int error_there;

static void check(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s\n", name);
}

/* The thread: has its own errno, rings, then gets in nobody's way. */
static void ring(void *argument)
{
    errno = 7;
    error_there = errno;
    (void)whit_notify(rung, *(const uint64_t *)argument);
    for (;;) {
        whit_yield();
    }
}

static void make_thread(void)
{
    static const uint64_t bits = UINT64_C(1) << 40;
    uint32_t budget, thread;
    uint64_t got;

    errno = 3;
    check("a signal", whit_make_signal(&rung) == WHIT_OK);
    check("... with a target",
          whit_target(rung, WHIT_TARGET_WAITER, whit_grant_selector(WHIT_GRANT_THREAD, "thread"), 0,
                      0) == WHIT_OK);
    check("a budget above the own priority", whit_make_budget(101, 0, 0, &budget) != WHIT_OK);
    check("a budget below it", whit_make_budget(90, 0, 0, &budget) == WHIT_OK);
    check("a thread", whit_make_thread(budget, stack, sizeof stack, ring, (void *)(uintptr_t)&bits,
                                       &thread) == WHIT_OK);
    check("... rings",
          whit_wait(rung, whit_deadline(UINT64_C(1000000000)), &got) == WHIT_OK && got == bits);
    check("... has local storage of its own", error_there == 7 && errno == 3);
    check("... is destroyed", whit_stop(thread) == WHIT_OK && whit_destroy(thread) == WHIT_OK);
}

static void use_up(void)
{
    uint32_t signal, count = 0;
    enum whit_error error;

    do {
        error = whit_make_signal(&signal);
        count += error == WHIT_OK;
    } while (error == WHIT_OK && count < 1000);
    check("memory comes to an end", error != WHIT_OK && count > 10);
    printf("after %u signals: %s\n", (unsigned)count, whit_error_text(error));
}

int main(void)
{
    make_thread();
    use_up();
    printf("done\n");
    return 0;
}
