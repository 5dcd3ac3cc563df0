/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way of a program's fault or a guest's exit to its handler and back: no scheduler, no
 * budget, only the registers.  Anything unusual, found before the first store, goes the general way
 * (exception.c).
 */
#ifndef EXIT_H
#define EXIT_H

#include "core.h"

struct exit_entry {
    struct whit_registers *save; /* of the thread: its last words are the message; NULL: general */
    uint64_t badge;
};

/* `thread` faulted or exited; its general registers are saved.  The handler is current now. */
struct exit_entry exit_begin(struct core *core, struct thread *thread);

/* `handler` answers WHIT_CONTINUE.  The thread that goes on, its system registers set; NULL:
 * the general way. */
struct thread *exit_end(struct core *core, struct thread *handler);

#endif
