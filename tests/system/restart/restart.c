/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that dies in a call, and its client, which finds it again: argument "role".  The portal
 * "ask" tells how often the server was restarted, or crashes it; the signal "kick" ends it.
 */
#include "whit/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_RESTARTS, ASK_CRASH };

static volatile uintptr_t nowhere = 16;

static void answer(struct whit_message *message, uint64_t badge)
{
    (void)badge;
    if (message->word[0] == ASK_CRASH)
        *(volatile int *)nowhere = 1;
    message->word[0] = whit_parameters->restarts;
}

static void serve(void)
{
    const struct whit_grant *kick = whit_grant(WHIT_GRANT_WAIT, "kick");
    if (!kick || whit_serve(answer) != WHIT_OK)
        whit_fail("cannot serve");
    printf("serves, start %u\n", (unsigned)whit_parameters->restarts);
    while ((whit_wait_events(0) & kick->value) == 0)
        ;
    printf("was kicked\n");
}

/* Calls until the server is there. */
static uint64_t ask(uint32_t portal)
{
    for (;;) {
        struct whit_message message = {.word = {ASK_RESTARTS}};
        if (whit_call(portal, &message) == WHIT_OK)
            return message.word[0];
        (void)whit_wait_events(whit_deadline(1000000));
    }
}

static void use(void)
{
    const struct whit_grant *kick = whit_grant(WHIT_GRANT_NOTIFY, "kick");
    uint32_t portal = whit_grant_selector(WHIT_GRANT_PORTAL, "ask");
    struct whit_message crash = {.word = {ASK_CRASH}};
    printf("the server was restarted %u times\n", (unsigned)ask(portal));
    printf("a call that it dies in: %s\n", whit_error_text(whit_call(portal, &crash)));
    printf("the server was restarted %u times\n", (unsigned)ask(portal));
    if (!kick || whit_notify(kick->selector, kick->value) != WHIT_OK)
        whit_fail("cannot kick");
}

int main(void)
{
    const char *role = whit_argument("role");
    if (role && strcmp(role, "server") == 0)
        serve();
    else
        use();
    return 0;
}
