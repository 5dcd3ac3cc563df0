/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's multiplexer: what reaches the terminal, and what keys do. */
#include "../../programs/console/mux.h"

#include <stdio.h>
#include <string.h>

static struct mux mux;
static char shown[1 << 17];
static uint32_t length;

static void result(const char *name, bool good)
{
    if (good) {
        printf("ok %s\n", name);
        return;
    }
    printf("not ok %s - shown:\n", name);
    for (uint32_t i = 0; i < length && i < 2000; i++) {
        printf(shown[i] == '\r' ? "\\r" : "%c", shown[i]);
    }
    printf("\n");
}

/* Streams 0: linux (guest), 1: other (guest), 2: root, 3: loop. */
static void fresh(void)
{
    mux_init(&mux);
    mux_add(&mux, "linux", true);
    mux_add(&mux, "other", true);
    mux_add(&mux, "root", false);
    mux_add(&mux, "loop", false);
    length = 0;
}

/* All that the terminal gets now. */
static bool pump(void)
{
    bool waits = mux_pump(&mux);
    uint32_t count;

    while ((count = mux_peek(&mux, shown + length, 100)) > 0) {
        mux_drop(&mux, count);
        length += count;
        waits = mux_pump(&mux);
    }
    shown[length] = 0;
    return waits;
}

static void feed(uint32_t stream, const char *text)
{
    mux_feed(&mux, stream, text, (uint32_t)strlen(text));
    pump();
}

static bool shows(const char *text)
{
    return strcmp(shown, text) == 0;
}

static enum mux_action type(const char *keys)
{
    enum mux_action action = MUX_NOTHING;
    uint8_t byte;

    for (; *keys != 0; keys++) {
        action = mux_key(&mux, (uint8_t)*keys, &byte);
    }
    pump();
    return action;
}

static bool selected_guest_is_raw(void)
{
    fresh();
    feed(0, "\033[1mboot\r\n# ");
    return shows("\033[1mboot\r\n# ");
}

static bool log_lines_are_whole(void)
{
    fresh();
    feed(3, "late");
    bool nothing = length == 0;

    feed(2, "started\n");
    feed(3, "ness\nx");
    return nothing && shows("[root] started\r\n[loop] lateness\r\n");
}

static bool log_waits_for_guest_line(void)
{
    fresh();
    feed(0, "Linux ver");
    mux_feed(&mux, 3, "tick\n", 5);
    bool waits = pump();

    feed(0, "sion\r\n# ");
    return waits && shows("Linux version\r\n[loop] tick\r\n# ");
}

static bool log_breaks_in_at_last(void)
{
    fresh();
    feed(0, "# ");
    feed(3, "tick\n");
    bool held = shows("# ");

    mux_hurry(&mux);
    pump();
    feed(0, "ls\r\n");
    return held && shows("# \r\n[loop] tick\r\nls\r\n");
}

static bool unselected_guest_is_replayed(void)
{
    fresh();
    feed(1, "hidden\r\n");
    bool hidden = length == 0;

    type("\0352");
    return hidden && shows("[console] other\r\nhidden\r\n");
}

static bool long_backlog_is_announced(void)
{
    static char block[1000];
    static const char note[] = "[console] other\r\n[... 3616 bytes lost]\r\n";

    fresh();
    memset(block, 'x', sizeof block);
    for (unsigned i = 0; i < 20; i++) {
        mux_feed(&mux, 1, block, sizeof block);
    }
    pump();
    type("\0352");
    return memcmp(shown, note, sizeof note - 1) == 0 && length == sizeof note - 1 + MUX_BACKLOG;
}

static bool selected_guest_is_held_back(void)
{
    static char block[MUX_BACKLOG];

    fresh();
    memset(block, 'y', sizeof block);
    mux_feed(&mux, 0, block, MUX_BACKLOG);
    bool full = mux_room(&mux, 0) == 0 && mux_room(&mux, 1) == MUX_BACKLOG;

    pump();
    return full && length == MUX_BACKLOG && mux_room(&mux, 0) == MUX_BACKLOG;
}

static bool log_selected_hides_guests(void)
{
    fresh();
    type("\0353");
    feed(0, "guest\r\n");
    feed(3, "line\n");
    return shows("[console] root\r\n[loop] line\r\n") && mux.selected == 2;
}

static bool long_line_is_cut(void)
{
    char line[MUX_LINE + 11];

    fresh();
    memset(line, 'z', sizeof line);
    memcpy(line + MUX_LINE + 8, "!\n", 3);
    feed(3, line);
    return length == 7 + MUX_LINE + 2 + 11 + 9 + 2 && strstr(shown, "\r\n[loop] ... zzzzzzzz!\r\n");
}

static bool control_characters_are_shown_harmless(void)
{
    fresh();
    feed(3, "a\033[2Jb\tc\r\n");
    return shows("[loop] a?[2Jb\tc\r\n");
}

static bool logs_take_turns(void)
{
    fresh();
    mux_feed(&mux, 2, "1\n2\n3\n", 6);
    mux_feed(&mux, 3, "a\nb\n", 4);
    pump();
    return shows("[root] 1\r\n[loop] a\r\n[root] 2\r\n[loop] b\r\n[root] 3\r\n");
}

static bool keys_are_typed(void)
{
    uint8_t byte = 0;

    fresh();
    bool typed = mux_key(&mux, 'a', &byte) == MUX_TYPE && byte == 'a';

    return typed && mux_key(&mux, MUX_KEY_ESCAPE, &byte) == MUX_NOTHING &&
           mux_key(&mux, MUX_KEY_ESCAPE, &byte) == MUX_TYPE && byte == MUX_KEY_ESCAPE &&
           mux_key(&mux, 'q', &byte) == MUX_TYPE && type("\035q") == MUX_LEAVE;
}

static bool help_lists_streams(void)
{
    fresh();
    type("\035?");
    return strstr(shown, "1  linux (guest), selected\r\n") && strstr(shown, "4  loop (log)\r\n") &&
           mux.selected == 0;
}

static bool unknown_key_helps(void)
{
    fresh();
    type("\0359");
    return strstr(shown, "Ctrl-]") && mux.selected == 0;
}

static bool lost_input_is_announced(void)
{
    fresh();
    mux_lost_input(&mux);
    mux_lost_input(&mux);
    pump();
    return shows("[... 2 bytes of input lost]\r\n");
}

static bool places_are_limited(void)
{
    mux_init(&mux);
    uint32_t log = mux_add(&mux, "log", false);

    for (uint32_t i = 0; i < MUX_GUESTS; i++) {
        mux_add(&mux, "guest", true);
    }
    bool full = mux_add(&mux, "one more", true) == MUX_STREAMS;

    while (mux.streams < MUX_STREAMS) {
        mux_add(&mux, "log", false);
    }
    return log == 0 && mux.selected == 1 && full && mux_add(&mux, "x", false) == MUX_STREAMS &&
           type("\035o") == MUX_NOTHING && mux.selected == MUX_STREAMS - 1;
}

static bool nothing_to_show(void)
{
    mux_init(&mux);
    length = 0;
    mux_greet(&mux);
    type("x\0351\035?");
    mux_lost_input(&mux);
    return !pump();
}

int main(void)
{
    result("the selected guest is shown as it is", selected_guest_is_raw());
    result("log lines are whole and named", log_lines_are_whole());
    result("a log line waits for a guest's line", log_waits_for_guest_line());
    result("... but not for ever", log_breaks_in_at_last());
    result("a guest's output is kept until it is selected", unselected_guest_is_replayed());
    result("what is not kept is announced", long_backlog_is_announced());
    result("the selected guest loses nothing", selected_guest_is_held_back());
    result("a selected log hides guests", log_selected_hides_guests());
    result("a long log line is cut", long_line_is_cut());
    result("control characters in logs do nothing", control_characters_are_shown_harmless());
    result("logs take turns", logs_take_turns());
    result("keys", keys_are_typed());
    result("help", help_lists_streams());
    result("an unknown key shows help", unknown_key_helps());
    result("lost input is announced", lost_input_is_announced());
    result("places and letters", places_are_limited());
    result("no stream at all", nothing_to_show());
    return 0;
}
