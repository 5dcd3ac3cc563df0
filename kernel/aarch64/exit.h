/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way of a guest's exit to its VMM and back: no scheduler, no budget, only the registers.
 * Anything unusual, found before the first store, goes the general way (exception.c).
 */
#ifndef EXIT_H
#define EXIT_H

#include "core.h"

struct exit_entry {
    struct whit_registers *save; /* of the guest: its first words are the message; NULL: general */
    uint64_t badge;
};

/* The virtual CPU `thread` exited; its general registers are saved.  The handler is current now. */
struct exit_entry exit_begin(struct core *core, struct thread *thread);

/* `handler` answers WHIT_CONTINUE.  The virtual CPU that goes on, its system registers set; NULL:
 * the general way. */
struct thread *exit_end(struct core *core, struct thread *handler);

#endif
