/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of programs and guests. */
#ifndef SYSCALL_H
#define SYSCALL_H

#include "core.h"

/* Carries out `call` (WHIT_CALL ...) for the current thread, whose registers are saved with the pc
 * behind the call instruction; its pc is set back if it is to be executed again. */
void syscall_handle(struct core *core, struct thread *thread, unsigned call);

/* The operation `number` (enum whit_op) of `thread`, with its arguments in x[0..6], where the
 * results come to be. */
status syscall_operate(struct thread *thread, uint64_t number, uint64_t *x);

#endif
