/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of bytes in shared memory with one producer and one consumer that need not trust each
 * other: each side keeps its own index privately and only publishes it; an index of the other side
 * that cannot be is taken for an empty, or a full, ring.  No system calls.
 */
#ifndef WHIT_RING_H
#define WHIT_RING_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed shared memory is an empty ring.  Each side's words have a cache line of their own. */
struct whit_ring_memory {
    _Alignas(64) uint32_t head; /* producer: bytes ever written, modulo 2^32 */
    uint32_t wants_room;        /* producer: ring when bytes were read */
    _Alignas(64) uint32_t tail; /* consumer: bytes ever read */
    _Alignas(64) uint8_t data[];
};

/* One side's view. */
struct whit_ring {
    struct whit_ring_memory *memory;
    uint32_t size;  /* of data: a power of two */
    uint32_t index; /* own head or tail */
    bool wants;     /* producer: wants_room is set */
};

/*
 * Opens `bytes` of memory at `memory` (aligned to 64) for one side; false if they are too few.  A
 * restarted side goes on where the last one stopped.
 */
bool whit_ring_open_producer(struct whit_ring *ring, void *memory, uint64_t bytes);
bool whit_ring_open_consumer(struct whit_ring *ring, void *memory, uint64_t bytes);

/*
 * Producer.  write stores as many bytes as there is room for, and returns that number; put stores
 * all, as one piece, or nothing.  *bell: the consumer may be waiting and must be notified.
 */
uint32_t whit_ring_room(const struct whit_ring *ring);
uint32_t whit_ring_write(struct whit_ring *ring, const void *bytes, uint32_t count, bool *bell);
bool whit_ring_put(struct whit_ring *ring, const void *record, uint32_t count, bool *bell);

/* Producer: asks to be notified when bytes are read.  True if there is room for `count` already:
 * then do not wait. */
bool whit_ring_want_room(struct whit_ring *ring, uint32_t count);

/*
 * Consumer.  read takes at most `count` bytes and returns their number; get takes exactly `count`
 * or nothing.  *bell: the producer waits for room and must be notified.
 */
uint32_t whit_ring_used(const struct whit_ring *ring);
uint32_t whit_ring_read(struct whit_ring *ring, void *bytes, uint32_t count, bool *bell);
bool whit_ring_get(struct whit_ring *ring, void *record, uint32_t count, bool *bell);

#endif
