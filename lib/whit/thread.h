/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serving portals, and objects that a program makes for itself from what it was granted ("memory",
 * "core").  All but whit_serve need these two grants; without them the error is CAPABILITY.
 */
#ifndef WHIT_THREAD_H
#define WHIT_THREAD_H

#include "whit/call.h"

#include <stddef.h>

/*
 * Called for each message, on the server thread: reads the message, writes the answer over it.
 * `badge` says which portal was used.  Words that it leaves alone go back as they came.
 */
typedef void whit_handler(struct whit_message *message, uint64_t badge);

/*
 * Starts the server thread that root made for this program's portals ("server"); from now on calls
 * arrive at `handler`.  Once in a program.  Errors: CAPABILITY (the description offers no portal),
 * STATE.
 */
enum whit_error whit_serve(whit_handler *handler);

/* A new signal, at home on the program's core, without a target; its selector in *signal. */
enum whit_error whit_make_signal(uint32_t *signal);

/* A new portal into this program: calls enter `thread` at whit_serve's handler with `badge`. */
enum whit_error whit_make_portal(uint32_t thread, uint64_t badge, uint32_t *portal);

/*
 * A new thread of this program on the caller's `stack`, driven by `budget`, which must not drive
 * another one.  It runs function(argument), which must not return.  A part of the stack becomes the
 * thread's local storage.
 */
typedef void whit_function(void *argument);
enum whit_error whit_make_thread(uint32_t budget, void *stack, size_t stack_bytes,
                                 whit_function *function, void *argument, uint32_t *thread);

/* A new budget on the program's core: capacity and period in ticks; capacity 0: no limit. */
enum whit_error whit_make_budget(unsigned priority, uint64_t capacity, uint64_t period,
                                 uint32_t *budget);

#endif
