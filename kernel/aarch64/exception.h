/* SPDX-License-Identifier: BSD-2-Clause */
/* The C side of exception entry (vectors.S): each returns the thread to resume. */
#ifndef EXCEPTION_H
#define EXCEPTION_H

#include "signal.h"

struct thread *exception_synchronous(struct core *core, struct thread *thread);
struct thread *exception_interrupt(struct core *core, struct thread *thread);
struct thread *exception_serror(struct core *core, struct thread *thread);
struct thread *exception_call(struct core *core, struct thread *thread);
struct thread *exception_reply(struct core *core, struct thread *thread);
/*
 * Calls of programs of which only what C changes was saved.  If core.reschedule is set afterwards
 * the rest is saved too, and exception_switch chooses another thread.
 */
struct event_result exception_event(struct core *core, unsigned call, uint64_t selector,
                                    uint64_t argument);
uint64_t exception_operate(struct core *core, uint64_t *x, uint64_t number);
struct thread *exception_switch(struct core *core, struct thread *thread);
struct thread *exception_yield(struct core *core, struct thread *thread);
struct thread *exception_first(struct core *core);
_Noreturn void exception_bad(uint64_t vector, uint64_t sp, const uint64_t *registers);

/* vectors.S: leaves the boot code for the first thread of this core. */
_Noreturn void core_run(struct core *core);

#endif
