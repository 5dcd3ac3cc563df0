/* SPDX-License-Identifier: BSD-2-Clause */
/* The C side of exception entry (vectors.S): each returns the thread to resume. */
#ifndef EXCEPTION_H
#define EXCEPTION_H

#include "core.h"

struct thread *exception_synchronous(struct core *core, struct thread *thread);
struct thread *exception_interrupt(struct core *core, struct thread *thread);
struct thread *exception_serror(struct core *core, struct thread *thread);
/* x0: where the arguments and results of the call are; x1: the thread, if another is to run. */
struct call_result {
    struct whit_registers *save;
    struct thread *thread;
};
struct call_result exception_call(struct core *core, struct thread *thread, unsigned call);
struct thread *exception_switch(struct core *core, struct thread *thread);
struct thread *exception_first(struct core *core);
_Noreturn void exception_bad(uint64_t vector, uint64_t sp, uint64_t frame);

/* vectors.S: leaves the boot code for the first thread of this core. */
_Noreturn void core_run(struct core *core);

#endif
