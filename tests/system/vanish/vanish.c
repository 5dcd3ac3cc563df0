/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another core takes the handler away from a portal, and the portal itself, at any moment of calls
 * that pass a capability: each call is answered as if it had been before or after that.
 */
#include "../check.h"
#include "whit/reply.h"

#define RUN_NS UINT64_C(2000000000)
enum { STACK_BYTES = 4096, ANSWER = 7 };

static _Alignas(16) char stacks[2][STACK_BYTES];
static uint32_t handler, handler_child, portal, taken, killer;
static uint32_t portals, done;

static _Noreturn void enter(void)
{
    const enum whit_error error = whit_delete(taken);

    whit_reply(&(struct whit_message){.word = {ANSWER, error}});
}

static _Noreturn void handle(void)
{
    need("a slot", whit_receive(taken));
    whit_reply(&(struct whit_message){.pass = 0});
}

/* On the other core: a portal comes, loses its handler, and goes. */
static _Noreturn void vanish(void)
{
    const uint64_t end = whit_deadline(RUN_NS);

    while (whit_ticks() < end) {
        need("a child", whit_derive(handler, WHIT_SELF, handler_child, WHIT_R_CONTROL, 0, 0));
        need("a portal", whit_make(portal, WHIT_PORTAL, handler_child, (uintptr_t)enter, 0, 0));
        need("no handler", whit_delete(handler_child));
        need("no portal", whit_destroy(portal));
        portals++;
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
    (void)whit_stop(killer);
    abort();
}

static uint32_t start(unsigned index, void (*function)(void), uint32_t core)
{
    const uint32_t thread =
        new_object(WHIT_THREAD, WHIT_SIZE_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);
    const uint32_t budget = new_object(WHIT_BUDGET, WHIT_SIZE_BUDGET, core, PRIORITY_HIGH, 0, 0);

    need("a budget for a thread", whit_bind(thread, WHIT_ROLE_BUDGET, budget));
    need("a start",
         whit_start(thread, (uintptr_t)function, (uintptr_t)stacks[index] + STACK_BYTES, 0, 0));
    return thread;
}

int main(void)
{
    unsigned answered = 0, dead = 0, gone = 0, wrong = 0;

    check_begin();
    taken = new_slot();
    handler_child = new_slot();
    portal = new_memory(WHIT_SIZE_PORTAL);
    const uint32_t memory = new_memory(WHIT_PAGE);
    handler = start(0, handle, whit_boot->first_core);
    killer = start(1, vanish, whit_boot->first_core + whit_boot->cores - 1);
    while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
        struct whit_message message = {.pass = WHIT_PASS((uint64_t)memory)};
        const enum whit_error error = whit_call(portal, &message);

        answered += error == WHIT_OK && message.word[0] == ANSWER && message.word[1] == WHIT_OK;
        dead += error == WHIT_E_DEAD;
        gone += error == WHIT_E_CAPABILITY || error == WHIT_E_RIGHTS;
        wrong += error == WHIT_OK && (message.word[0] != ANSWER || message.word[1] != WHIT_OK);
    }
    printf("# %u portals; calls answered: %u, dead: %u, gone: %u\n", (unsigned)portals, answered,
           dead, gone);
    check("a call finds its handler or is refused", wrong == 0 && portals != 0);
    check_end();
    return 0;
}
