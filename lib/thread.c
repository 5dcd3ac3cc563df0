/* SPDX-License-Identifier: BSD-2-Clause */
/* The server thread, and objects made from the granted memory. */
#include "whit/thread.h"
#include "tls.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/splitter.h"

#include <stddef.h>

enum { SERVER_STACK_BYTES = 8192 };

/* In entry.S. */
void whit_serve_entry(void);
void whit_serve_start(void);
void whit_thread_start(void);

void whit_serve_message(struct whit_message *message, uint64_t badge);

static whit_handler *server;
static _Alignas(64) char server_stack[SERVER_STACK_BYTES];

/* Called by whit_serve_entry. */
void whit_serve_message(struct whit_message *message, uint64_t badge)
{
    server(message, badge);
}

/* Takes local storage from the top of a stack: *top is what remains. */
static uint64_t carve_tls(char *stack, size_t bytes, char **top)
{
    uintptr_t end = (uintptr_t)stack + bytes;

    *top = stack + (((end - WHIT_TLS_BYTES) & ~(uintptr_t)63) - (uintptr_t)stack);
    return whit_tls_init(*top);
}

enum whit_error whit_serve(whit_handler *handler)
{
    uint32_t thread = whit_grant_selector(WHIT_GRANT_SERVER, "server");
    char *top;
    uint64_t tls = carve_tls(server_stack, sizeof server_stack, &top);

    server = handler;
    return whit_start(thread, (uintptr_t)whit_serve_start, (uintptr_t)top, tls, 0);
}

/* ---- objects */

static struct whit_slots slots;
static struct whit_splitter memory;

static enum whit_error split(uint32_t piece, uint32_t upper, uint64_t bytes)
{
    return whit_split(piece, upper, bytes);
}

static enum whit_error join(uint32_t piece, uint32_t upper)
{
    return whit_join(piece, upper);
}

/* At the first use: the free selectors and memory of the parameter block. */
static void find_means(void)
{
    const struct whit_grant *grant = whit_grant(WHIT_GRANT_MEMORY, "memory");

    if (memory.slots != NULL || grant == NULL) {
        return;
    }
    whit_slots_init(&slots, whit_parameters->first_free, whit_parameters->end_free);
    memory = (struct whit_splitter){.split = split, .join = join, .slots = &slots};
    (void)whit_splitter_add(&memory,
                            &(struct whit_piece){grant->value, grant->bytes, grant->selector});
}

/* Takes memory and makes an object of it; only spaces have to be aligned to more than a unit. */
static enum whit_error make(enum whit_kind kind, uint64_t bytes, const uint64_t arguments[4],
                            uint32_t *object)
{
    struct whit_piece piece;

    find_means();
    if (memory.slots == NULL) {
        return WHIT_E_CAPABILITY;
    }
    enum whit_error error = whit_splitter_take(&memory, bytes, WHIT_UNIT, &piece);
    if (error != WHIT_OK) {
        return error;
    }
    error = whit_make(piece.selector, kind, arguments[0], arguments[1], arguments[2], arguments[3]);
    if (error != WHIT_OK) {
        (void)whit_splitter_give_back(&memory, &piece);
        return error;
    }
    *object = piece.selector;
    return WHIT_OK;
}

/* An object that could not be set up becomes memory again; its range is not reused. */
static enum whit_error undo(uint32_t object, enum whit_error error)
{
    (void)whit_destroy(object);
    return error;
}

enum whit_error whit_make_signal(uint32_t *signal)
{
    const uint64_t arguments[4] = {whit_grant_selector(WHIT_GRANT_CORE, "core")};

    return make(WHIT_SIGNAL, WHIT_SIZE_SIGNAL, arguments, signal);
}

enum whit_error whit_make_portal(uint32_t thread, uint64_t badge, uint32_t *portal)
{
    const uint64_t arguments[4] = {thread, (uintptr_t)whit_serve_entry, badge};

    return make(WHIT_PORTAL, WHIT_SIZE_PORTAL, arguments, portal);
}

enum whit_error whit_make_budget(unsigned priority, uint64_t capacity, uint64_t period,
                                 uint32_t *budget)
{
    const uint64_t arguments[4] = {whit_grant_selector(WHIT_GRANT_CORE, "core"), priority, capacity,
                                   period};

    return make(WHIT_BUDGET, WHIT_SIZE_BUDGET, arguments, budget);
}

enum whit_error whit_make_thread(uint32_t budget, void *stack, size_t stack_bytes,
                                 whit_function *function, void *argument, uint32_t *thread)
{
    const uint64_t arguments[4] = {WHIT_SELF, WHIT_NATIVE};
    char *top;

    if (stack_bytes < 2 * (size_t)WHIT_TLS_BYTES) {
        return WHIT_E_SIZE;
    }
    enum whit_error error = make(WHIT_THREAD, WHIT_SIZE_THREAD, arguments, thread);
    if (error != WHIT_OK) {
        return error;
    }
    error = whit_bind(*thread, WHIT_ROLE_BUDGET, budget);
    if (error != WHIT_OK) {
        return undo(*thread, error);
    }
    uint64_t tls = carve_tls(stack, stack_bytes, &top);

    /* whit_thread_start finds the function where its first stack frame would be. */
    top -= 16;
    *(whit_function **)(void *)top = function;
    error =
        whit_start(*thread, (uintptr_t)whit_thread_start, (uintptr_t)top, tls, (uintptr_t)argument);
    return error == WHIT_OK ? WHIT_OK : undo(*thread, error);
}
