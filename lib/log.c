/* SPDX-License-Identifier: BSD-2-Clause */
/* stdout and stderr of picolibc.  One line buffer for the program: its threads share it, so only
 * one of them should print at a time. */
#include "whit/log.h"
#include "whit/channel.h"
#include "whit/op.h"
#include "whit/parameters.h"

#include <stdio.h>

enum { LINE_BYTES = 200 };

static char line[LINE_BYTES];
static uint32_t used;
static uint32_t lost; /* bytes of lines that found no room */
static bool looked;   /* for the channel "log" */
static bool have_channel;
static struct whit_channel channel;

/* The room left for the note about lost lines is part of every test for room. */
enum { NOTE_BYTES = 40 };

static void put_note(void)
{
    char note[NOTE_BYTES];
    int length = snprintf(note, sizeof note, "[... %lu bytes lost]\n", (unsigned long)lost);

    if (whit_channel_put(&channel, note, (uint32_t)length)) {
        lost = 0;
    }
}

static void send_to_channel(void)
{
    if (lost != 0 && whit_ring_room(&channel.out) >= used + NOTE_BYTES) {
        put_note();
    }
    if (lost != 0 || !whit_channel_put(&channel, line, used)) {
        lost += used;
    }
}

static void find_channel(void)
{
    looked = true;
    have_channel = whit_channel_open(&channel, whit_grant(WHIT_GRANT_CHANNEL, "log"));
}

void whit_log_to(const struct whit_grant *grant)
{
    whit_log_flush();
    looked = true;
    have_channel = whit_channel_open(&channel, grant);
}

void whit_log_flush(void)
{
    if (!looked) {
        find_channel();
    }
    if (used == 0) {
        return;
    }
    if (have_channel) {
        send_to_channel();
    } else {
        for (uint32_t i = 0; i < used; i++) {
            (void)whit_log(line[i]);
        }
    }
    used = 0;
}

static int put(char character, FILE *file)
{
    (void)file;
    line[used++] = character;
    if (character == '\n' || used == LINE_BYTES) {
        whit_log_flush();
    }
    return 0;
}

static int flush(FILE *file)
{
    (void)file;
    whit_log_flush();
    return 0;
}

static FILE output = FDEV_SETUP_STREAM(put, NULL, flush, _FDEV_SETUP_WRITE);

FILE *const stdout = &output;
FILE *const stderr = &output;
