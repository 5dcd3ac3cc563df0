/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring's two sides.  The peer may change the shared words at any moment: each is loaded once
 * for each decision.
 *
 * Nobody misses a doorbell: a side publishes its index and then, behind a full fence, looks whether
 * the other one had run dry; the other one, before it waits, publishes and then looks again.  In
 * any order of these four at least one sees the other (store buffering, forbidden by the fences).
 */
#include "whit/ring.h"

#include <stddef.h>
#include <string.h>

static uint32_t load(const uint32_t *word)
{
    /* Acquire: the bytes behind the index are read after it. */
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void publish(uint32_t *word, uint32_t value)
{
    /* Release: the bytes are written, or read, before the other side may count on it. */
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the look at the other side's word comes later */
}

static bool open_side(struct whit_ring *ring, void *memory, uint64_t bytes)
{
    uint64_t size = 1;

    if (bytes <= offsetof(struct whit_ring_memory, data) || ((uintptr_t)memory & 63) != 0) {
        return false;
    }
    bytes -= offsetof(struct whit_ring_memory, data);
    while (size * 2 <= bytes && size < UINT64_C(1) << 30) {
        size *= 2;
    }
    ring->memory = memory;
    ring->size = (uint32_t)size;
    ring->wants = false;
    return true;
}

bool whit_ring_open_producer(struct whit_ring *ring, void *memory, uint64_t bytes)
{
    if (!open_side(ring, memory, bytes)) {
        return false;
    }
    ring->index = load(&ring->memory->head);
    return true;
}

bool whit_ring_open_consumer(struct whit_ring *ring, void *memory, uint64_t bytes)
{
    if (!open_side(ring, memory, bytes)) {
        return false;
    }
    ring->index = load(&ring->memory->tail);
    return true;
}

uint32_t whit_ring_room(const struct whit_ring *ring)
{
    uint32_t used = ring->index - load(&ring->memory->tail);

    return used > ring->size ? 0 : ring->size - used;
}

uint32_t whit_ring_used(const struct whit_ring *ring)
{
    uint32_t used = load(&ring->memory->head) - ring->index;

    return used > ring->size ? 0 : used;
}

/* Length of the first part of `count` bytes at the own index: up to the end of the array. */
static uint32_t first_part(const struct whit_ring *ring, uint32_t count)
{
    uint32_t to_end = ring->size - (ring->index & (ring->size - 1));

    return count < to_end ? count : to_end;
}

/* Room for `count` was checked. */
static void store(struct whit_ring *ring, const uint8_t *bytes, uint32_t count, bool *bell)
{
    struct whit_ring_memory *memory = ring->memory;
    uint32_t first = first_part(ring, count), before = ring->index;

    if (ring->wants) {
        ring->wants = false;
        publish(&memory->wants_room, 0);
    }
    memcpy(&memory->data[before & (ring->size - 1)], bytes, first);
    memcpy(memory->data, bytes + first, count - first);
    ring->index += count;
    publish(&memory->head, ring->index);
    *bell = load(&memory->tail) == before;
}

/* There are `count` bytes. */
static void take(struct whit_ring *ring, uint8_t *bytes, uint32_t count, bool *bell)
{
    struct whit_ring_memory *memory = ring->memory;
    uint32_t first = first_part(ring, count);

    memcpy(bytes, &memory->data[ring->index & (ring->size - 1)], first);
    memcpy(bytes + first, memory->data, count - first);
    ring->index += count;
    publish(&memory->tail, ring->index);
    *bell = load(&memory->wants_room) != 0;
}

uint32_t whit_ring_write(struct whit_ring *ring, const void *bytes, uint32_t count, bool *bell)
{
    uint32_t room = whit_ring_room(ring);

    *bell = false;
    if (count > room) {
        count = room;
    }
    if (count > 0) {
        store(ring, bytes, count, bell);
    }
    return count;
}

bool whit_ring_put(struct whit_ring *ring, const void *record, uint32_t count, bool *bell)
{
    *bell = false;
    if (count > whit_ring_room(ring)) {
        return false;
    }
    store(ring, record, count, bell);
    return true;
}

bool whit_ring_want_room(struct whit_ring *ring, uint32_t count)
{
    ring->wants = true;
    publish(&ring->memory->wants_room, 1);
    return whit_ring_room(ring) >= count;
}

uint32_t whit_ring_read(struct whit_ring *ring, void *bytes, uint32_t count, bool *bell)
{
    uint32_t used = whit_ring_used(ring);

    *bell = false;
    if (count > used) {
        count = used;
    }
    if (count > 0) {
        take(ring, bytes, count, bell);
    }
    return count;
}

bool whit_ring_get(struct whit_ring *ring, void *record, uint32_t count, bool *bell)
{
    *bell = false;
    if (count > whit_ring_used(ring)) {
        return false;
    }
    take(ring, record, count, bell);
    return true;
}
