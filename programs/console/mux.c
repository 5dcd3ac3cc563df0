/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams in, one terminal out. */
#include "mux.h"

#include <stdio.h>
#include <string.h>

/* ---- fifo */

static uint32_t fifo_used(const struct mux_fifo *fifo)
{
    return fifo->head - fifo->tail;
}

static uint32_t fifo_room(const struct mux_fifo *fifo)
{
    return fifo->size - fifo_used(fifo);
}

static uint8_t fifo_at(const struct mux_fifo *fifo, uint32_t offset)
{
    return fifo->bytes[(fifo->tail + offset) & (fifo->size - 1)];
}

/* There is room. */
static void fifo_put(struct mux_fifo *fifo, uint8_t byte)
{
    fifo->bytes[fifo->head++ & (fifo->size - 1)] = byte;
}

/* ---- the terminal */

static void show_byte(struct mux *mux, uint8_t byte)
{
    fifo_put(&mux->output, byte);
    mux->at_line_start = byte == '\n';
}

static void show_text(struct mux *mux, const char *text)
{
    for (; *text != 0; text++) {
        show_byte(mux, (uint8_t)*text);
    }
}

/* Room for a short message of the console itself, with a line break before and after. */
enum { MESSAGE = 160 };

static bool have_room(const struct mux *mux, uint32_t bytes)
{
    return fifo_room(&mux->output) >= bytes;
}

/* A line of the console's own; left out if the terminal is stuck. */
static void show_message(struct mux *mux, const char *text)
{
    if (!have_room(mux, (uint32_t)strlen(text) + 4)) {
        return;
    }
    if (!mux->at_line_start) {
        show_text(mux, "\r\n");
    }
    show_text(mux, text);
    show_text(mux, "\r\n");
}

/* ---- streams */

void mux_init(struct mux *mux)
{
    memset(mux, 0, sizeof *mux);
    mux->output = (struct mux_fifo){.bytes = mux->output_bytes, .size = MUX_OUTPUT};
    mux->at_line_start = true;
}

uint32_t mux_add(struct mux *mux, const char *name, bool is_guest)
{
    if (mux->streams == MUX_STREAMS || (is_guest && mux->guests == MUX_GUESTS)) {
        return MUX_STREAMS;
    }
    uint32_t index = mux->streams++;
    struct mux_stream *stream = &mux->stream[index];

    snprintf(stream->name, sizeof stream->name, "%s", name);
    stream->is_guest = is_guest;
    stream->backlog.bytes = is_guest ? mux->guest_bytes[mux->guests++] : mux->log_bytes[index];
    stream->backlog.size = is_guest ? MUX_BACKLOG : MUX_LOG;
    if (is_guest && !mux->stream[mux->selected].is_guest) {
        mux->selected = index;
    }
    return index;
}

static bool is_selected(const struct mux *mux, uint32_t index)
{
    return mux->streams > 0 && index == mux->selected;
}

uint32_t mux_room(const struct mux *mux, uint32_t index)
{
    const struct mux_stream *stream = &mux->stream[index];

    if (stream->is_guest && !is_selected(mux, index)) {
        return MUX_BACKLOG;
    }
    return fifo_room(&stream->backlog);
}

void mux_feed(struct mux *mux, uint32_t index, const void *bytes, uint32_t count)
{
    struct mux_stream *stream = &mux->stream[index];
    const uint8_t *byte = bytes;

    for (uint32_t i = 0; i < count; i++) {
        if (fifo_room(&stream->backlog) == 0) {
            stream->backlog.tail++;
            stream->lost++;
        }
        fifo_put(&stream->backlog, byte[i]);
    }
    if (is_selected(mux, index) && count > 0) {
        mux->impatient = false;
    }
}

static void announce(struct mux *mux, uint64_t *lost, const char *what)
{
    char text[64];

    if (*lost != 0) {
        snprintf(text, sizeof text, "[... %llu bytes%s lost]", (unsigned long long)*lost, what);
        show_message(mux, text);
        *lost = 0;
    }
}

/* ---- logs */

/* Length of the first line in the backlog, its end included; 0 if it is not complete. */
static uint32_t line_length(const struct mux_stream *stream)
{
    uint32_t used = fifo_used(&stream->backlog);

    for (uint32_t i = 0; i < used && i < MUX_LINE; i++) {
        if (fifo_at(&stream->backlog, i) == '\n') {
            return i + 1;
        }
    }
    return used >= MUX_LINE ? MUX_LINE : 0;
}

/* The end of a line is the console's; control characters of a log must not reach the terminal. */
static void show_line(struct mux *mux, struct mux_stream *stream, uint32_t length)
{
    char prefix[MUX_NAME + 8];

    if (!mux->at_line_start) {
        show_text(mux, "\r\n");
    }
    snprintf(prefix, sizeof prefix, "[%s]%s ", stream->name, stream->has_midline ? " ..." : "");
    show_text(mux, prefix);
    stream->has_midline = true;
    for (uint32_t i = 0; i < length; i++) {
        uint8_t byte = fifo_at(&stream->backlog, i);

        if (byte == '\n') {
            stream->has_midline = false;
        } else if (byte == '\t' || byte >= ' ') {
            show_byte(mux, byte);
        } else if (byte != '\r') {
            show_byte(mux, '?');
        }
    }
    show_text(mux, "\r\n");
    stream->backlog.tail += length;
}

/* One line of the log whose turn it is; false if there is none, or no room for it. */
static bool pump_log(struct mux *mux)
{
    for (uint32_t i = 0; i < mux->streams; i++) {
        uint32_t index = (mux->turn + i) % mux->streams;
        struct mux_stream *stream = &mux->stream[index];
        uint32_t length = stream->is_guest ? 0 : line_length(stream);

        if (length == 0) {
            continue;
        }
        if (!have_room(mux, MUX_LINE + MESSAGE)) {
            return false;
        }
        show_line(mux, stream, length);
        mux->turn = index + 1;
        return true;
    }
    return false;
}

static bool log_waits(const struct mux *mux)
{
    for (uint32_t i = 0; i < mux->streams; i++) {
        if (!mux->stream[i].is_guest && line_length(&mux->stream[i]) != 0) {
            return true;
        }
    }
    return false;
}

/* ---- the selected guest */

/* Shows the guest's bytes up to the end of a line; false if nothing could be shown. */
static bool pump_guest(struct mux *mux)
{
    struct mux_stream *stream = &mux->stream[mux->selected];
    bool any = false;

    if (mux->streams == 0 || !stream->is_guest || !have_room(mux, 2 * MESSAGE)) {
        return false;
    }
    announce(mux, &stream->lost, "");
    announce(mux, &stream->lost_input, " of input");
    while (fifo_used(&stream->backlog) > 0 && have_room(mux, 1)) {
        uint8_t byte = fifo_at(&stream->backlog, 0);

        stream->backlog.tail++;
        show_byte(mux, byte);
        any = true;
        if (byte == '\n') {
            break;
        }
    }
    return any;
}

bool mux_pump(struct mux *mux)
{
    bool moved = true;

    while (moved) {
        bool may_break = mux->at_line_start || mux->impatient;

        moved = may_break && pump_log(mux);
        moved = pump_guest(mux) || moved;
    }
    return log_waits(mux) && !mux->at_line_start && !mux->impatient;
}

void mux_hurry(struct mux *mux)
{
    mux->impatient = true;
}

uint32_t mux_peek(const struct mux *mux, void *bytes, uint32_t count)
{
    uint8_t *to = bytes;
    uint32_t used = fifo_used(&mux->output);

    if (count > used) {
        count = used;
    }
    for (uint32_t i = 0; i < count; i++) {
        to[i] = fifo_at(&mux->output, i);
    }
    return count;
}

void mux_drop(struct mux *mux, uint32_t count)
{
    mux->output.tail += count;
}

/* ---- keys */

/* The key that selects a stream. */
static char stream_key(uint32_t index)
{
    return (char)(index < 9 ? '1' + (int)index : 'a' + (int)index - 9);
}

void mux_greet(struct mux *mux)
{
    show_message(mux, "[console] Ctrl-] and then 1-9 or a-o selects a stream, q leaves, ? helps");
}

static void show_help(struct mux *mux)
{
    char text[MESSAGE / 2];

    mux_greet(mux);
    for (uint32_t i = 0; i < mux->streams; i++) {
        const struct mux_stream *stream = &mux->stream[i];

        snprintf(text, sizeof text, "[console]   %c  %s (%s)%s", stream_key(i), stream->name,
                 stream->is_guest ? "guest" : "log", is_selected(mux, i) ? ", selected" : "");
        show_message(mux, text);
    }
    show_message(mux, "[console]   logs show always, a guest while it is selected");
    show_message(mux, "[console]   Ctrl-] twice sends Ctrl-]");
}

static void select_stream(struct mux *mux, uint32_t index)
{
    char text[MESSAGE / 2];

    mux->selected = index;
    snprintf(text, sizeof text, "[console] %s", mux->stream[index].name);
    show_message(mux, text);
}

static enum mux_action escaped_key(struct mux *mux, uint8_t key, uint8_t *byte)
{
    uint32_t index = 0;

    if (key == MUX_KEY_ESCAPE) {
        *byte = key;
        return MUX_TYPE;
    }
    if (key == 'q') {
        show_message(mux, "[console] leaving");
        return MUX_LEAVE;
    }
    while (index < mux->streams && key != (uint8_t)stream_key(index)) {
        index++;
    }
    if (index < mux->streams) {
        select_stream(mux, index);
    } else {
        show_help(mux);
    }
    return MUX_NOTHING;
}

enum mux_action mux_key(struct mux *mux, uint8_t key, uint8_t *byte)
{
    if (mux->escaped) {
        mux->escaped = false;
        return escaped_key(mux, key, byte);
    }
    if (key == MUX_KEY_ESCAPE) {
        mux->escaped = true;
        return MUX_NOTHING;
    }
    *byte = key;
    return MUX_TYPE;
}

void mux_lost_input(struct mux *mux)
{
    if (mux->streams > 0) {
        mux->stream[mux->selected].lost_input++;
    }
}
