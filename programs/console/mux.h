/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's decisions: which bytes of which stream reach the terminal, and what keys mean.  No
 * system calls and no time of its own, so it runs in host tests as it runs on the board.
 *
 * A stream is a guest's terminal or a program's log.  Log lines appear whole, with the stream's
 * name in front, whatever is selected.  A guest's bytes appear as they are while it is selected,
 * and are kept (the last MUX_BACKLOG of them) while it is not.
 */
#ifndef MUX_H
#define MUX_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MUX_STREAMS = 24,      /* keys 1 to 9, a to o */
    MUX_GUESTS = 8,        /* of them */
    MUX_NAME = 24,         /* bytes, with the zero */
    MUX_BACKLOG = 16384,   /* bytes kept for a guest; a power of two */
    MUX_LOG = 1024,        /* bytes of a log on their way; a power of two */
    MUX_OUTPUT = 4096,     /* bytes on their way to the terminal; a power of two */
    MUX_LINE = 256,        /* longer log lines are cut into several */
    MUX_KEY_ESCAPE = 0x1d, /* Ctrl-] */
    MUX_PATIENCE_MS = 150  /* how long a log line waits for the end of a guest's line */
};

/* First in, first out; `head` and `tail` only grow. */
struct mux_fifo {
    uint8_t *bytes;
    uint32_t size;
    uint32_t head, tail;
};

struct mux_stream {
    char name[MUX_NAME];
    bool is_guest;
    bool has_midline;    /* a log line was cut, its rest follows */
    uint64_t lost;       /* bytes overwritten in the backlog, not yet announced */
    uint64_t lost_input; /* typed bytes that the stream had no room for */
    struct mux_fifo backlog;
};

struct mux {
    struct mux_stream stream[MUX_STREAMS];
    uint32_t streams;
    uint32_t selected;
    uint32_t turn;      /* log stream to look at first */
    bool escaped;       /* the last key was MUX_KEY_ESCAPE */
    bool at_line_start; /* of the terminal */
    bool impatient;     /* log lines no longer wait for the end of the guest's line */
    struct mux_fifo output;
    uint8_t output_bytes[MUX_OUTPUT];
    uint32_t guests;
    uint8_t guest_bytes[MUX_GUESTS][MUX_BACKLOG];
    uint8_t log_bytes[MUX_STREAMS][MUX_LOG];
};

enum mux_action {
    MUX_NOTHING, /* the key was the console's own */
    MUX_TYPE,    /* the key is for the selected stream */
    MUX_LEAVE    /* the user wants to leave */
};

void mux_init(struct mux *mux);

/* Adds a stream; its index, or MUX_STREAMS if there is no place for it.  The first guest, or else
 * the first stream, is selected. */
uint32_t mux_add(struct mux *mux, const char *name, bool is_guest);

/* Prints the line about the keys. */
void mux_greet(struct mux *mux);

/* How many bytes of a stream mux_feed would take now without losing any; for a guest that is not
 * selected, all, since older ones make place. */
uint32_t mux_room(const struct mux *mux, uint32_t stream);

/* Takes `count` bytes, at most mux_room, from a stream. */
void mux_feed(struct mux *mux, uint32_t stream, const void *bytes, uint32_t count);

/* Moves what may be shown to the output.  True if a log line waits for a guest's line to end: then
 * call mux_hurry after MUX_PATIENCE_MS without news of the guest. */
bool mux_pump(struct mux *mux);
void mux_hurry(struct mux *mux);

/* Takes up to `count` bytes for the terminal; mux_drop removes what was really sent. */
uint32_t mux_peek(const struct mux *mux, void *bytes, uint32_t count);
void mux_drop(struct mux *mux, uint32_t count);

/* What a key from the terminal means.  For MUX_TYPE, *byte is what to send. */
enum mux_action mux_key(struct mux *mux, uint8_t key, uint8_t *byte);

/* A byte for the selected stream found no room; it is announced at its next output. */
void mux_lost_input(struct mux *mux);

#endif
