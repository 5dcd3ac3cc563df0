/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: moves bytes between the channel "terminal", which the UART driver serves, and all
 * its other channels, each of which is a stream of mux.h.  It sleeps in one wait.
 *
 * A channel NAME is a guest's terminal if there is a channel NAME.vmm too, else a program's log.
 * Grants: channel "terminal"; "quit", to be notified when the user leaves.
 */
#include "mux.h"
#include "whit/program.h"

#include <stdio.h>
#include <string.h>

static struct mux mux;
static struct whit_channel terminal;
static struct whit_channel channel[MUX_STREAMS];

static bool is_guest(const struct whit_grant *grant)
{
    char vmm[WHIT_NAME_BYTES + 4];

    snprintf(vmm, sizeof vmm, "%.*s.vmm", WHIT_NAME_BYTES - 1, grant->name);
    return whit_grant(WHIT_GRANT_CHANNEL, vmm) != NULL;
}

static void add_stream(const struct whit_grant *grant, bool guest)
{
    uint32_t index = mux_add(&mux, grant->name, guest);

    if (index == MUX_STREAMS) {
        printf("no stream is left for \"%s\"\n", grant->name);
    } else if (!whit_channel_open(&channel[index], grant)) {
        whit_fail("the channel \"%s\" is too small", grant->name);
    }
}

static void add_streams(bool guests)
{
    for (uint32_t i = 0; i < whit_parameters->grants && i < WHIT_GRANTS; i++) {
        const struct whit_grant *grant = &whit_parameters->grant[i];

        if (grant->kind == WHIT_GRANT_CHANNEL && is_guest(grant) == guests &&
            strcmp(grant->name, "terminal") != 0 && strcmp(grant->name, "log") != 0) {
            add_stream(grant, guests);
        }
    }
}

/* Each of the pump functions moves a bounded number of bytes and says whether there were any. */
enum { CHUNK = 512 };

static bool pump_streams(void)
{
    char bytes[CHUNK];
    bool any = false;

    for (uint32_t i = 0; i < mux.streams; i++) {
        uint32_t room = mux_room(&mux, i);
        uint32_t count = whit_channel_read(&channel[i], bytes, room < CHUNK ? room : CHUNK);

        mux_feed(&mux, i, bytes, count);
        any = any || count > 0;
    }
    return any;
}

static bool pump_terminal(void)
{
    char bytes[CHUNK];
    uint32_t count = mux_peek(&mux, bytes, CHUNK);
    uint32_t sent = whit_channel_write(&terminal, bytes, count);

    mux_drop(&mux, sent);
    return sent > 0 || (count > 0 && whit_ring_want_room(&terminal.out, 1));
}

static void leave(void)
{
    const struct whit_grant *quit = whit_grant(WHIT_GRANT_NOTIFY, "quit");

    if (quit != NULL) {
        (void)whit_notify(quit->selector, quit->value);
    }
}

static bool pump_keys(void)
{
    uint8_t keys[CHUNK];
    uint32_t count = whit_channel_read(&terminal, keys, CHUNK);

    for (uint32_t i = 0; i < count; i++) {
        uint8_t byte;

        switch (mux_key(&mux, keys[i], &byte)) {
        case MUX_NOTHING:
            break;
        case MUX_LEAVE:
            leave();
            break;
        case MUX_TYPE:
            if (mux.streams > 0 && !whit_channel_put(&channel[mux.selected], &byte, 1)) {
                mux_lost_input(&mux);
            }
            break;
        }
    }
    return count > 0;
}

/* When a waiting log line may no longer wait: counted from when it began to. */
static uint64_t patience_end(bool line_waits)
{
    static uint64_t end;

    if (!line_waits) {
        end = 0;
    } else if (end == 0) {
        end = whit_deadline(MUX_PATIENCE_MS * UINT64_C(1000000));
    }
    return end;
}

int main(void)
{
    if (!whit_channel_open(&terminal, whit_grant(WHIT_GRANT_CHANNEL, "terminal"))) {
        whit_fail("needs the channel \"terminal\"");
    }
    mux_init(&mux);
    add_streams(true);
    add_streams(false);
    mux_greet(&mux);
    for (;;) {
        bool any = pump_keys();

        any = pump_streams() || any;
        bool line_waits = mux_pump(&mux);

        any = pump_terminal() || any;
        if (any) {
            continue;
        }
        uint64_t bits = whit_wait_events(patience_end(line_waits));

        if ((bits & WHIT_TIMEOUT) != 0) {
            mux_hurry(&mux);
        }
    }
}
