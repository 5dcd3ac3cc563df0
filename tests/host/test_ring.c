/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring: order, wrap-around, doorbells, and a peer that lies. */
#include "whit/ring.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { DATA = 64, SHARED_BYTES = 128 + DATA };

static _Alignas(64) uint8_t shared[SHARED_BYTES];
static struct whit_ring producer, consumer;

static void fresh(void)
{
    memset(shared, 0, sizeof shared);
    whit_ring_open_producer(&producer, shared, sizeof shared);
    whit_ring_open_consumer(&consumer, shared, sizeof shared);
}

static struct whit_ring_memory *words(void)
{
    return (struct whit_ring_memory *)shared;
}

static void result(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s - wrong\n", name);
}

static bool opens(void)
{
    fresh();
    return producer.size == DATA && whit_ring_room(&producer) == DATA &&
           whit_ring_used(&consumer) == 0 && !whit_ring_open_producer(&producer, shared, 128) &&
           !whit_ring_open_producer(&producer, shared + 1, sizeof shared - 64);
}

static bool keeps_order(void)
{
    uint8_t in = 0, out = 0, bytes[DATA];
    bool bell, good = true;

    fresh();
    for (unsigned round = 0; round < 500; round++) {
        uint8_t piece[DATA];
        uint32_t count = round % 40;

        for (uint32_t i = 0; i < count; i++) {
            piece[i] = (uint8_t)(in + i);
        }
        in = (uint8_t)(in + whit_ring_write(&producer, piece, count, &bell));
        uint32_t got = whit_ring_read(&consumer, bytes, round % 37, &bell);

        for (uint32_t i = 0; i < got; i++) {
            good = good && bytes[i] == out++;
        }
    }
    return good && (uint8_t)(in - out) == whit_ring_used(&consumer);
}

static bool survives_index_overflow(void)
{
    uint32_t value = 0;
    bool bell, good = true;

    memset(shared, 0, sizeof shared);
    words()->head = words()->tail = UINT32_MAX - 5;
    whit_ring_open_producer(&producer, shared, sizeof shared);
    whit_ring_open_consumer(&consumer, shared, sizeof shared);
    for (uint32_t i = 0; i < 20; i++) {
        good = good && whit_ring_put(&producer, &i, sizeof i, &bell) &&
               whit_ring_get(&consumer, &value, sizeof value, &bell) && value == i;
    }
    return good;
}

static bool records_are_whole(void)
{
    char record[40] = {1}, got[40];
    bool bell;

    fresh();
    return whit_ring_put(&producer, record, 40, &bell) &&
           !whit_ring_put(&producer, record, 40, &bell) && whit_ring_used(&consumer) == 40 &&
           !whit_ring_get(&consumer, got, 41, &bell) && whit_ring_get(&consumer, got, 40, &bell) &&
           memcmp(got, record, 40) == 0;
}

static bool rings_when_dry(void)
{
    char byte;
    bool first, second, third, bell;

    fresh();
    whit_ring_write(&producer, "a", 1, &first);
    whit_ring_write(&producer, "b", 1, &second);
    whit_ring_read(&consumer, &byte, 1, &bell);
    whit_ring_read(&consumer, &byte, 1, &bell);
    whit_ring_write(&producer, "c", 1, &third);
    return first && !second && third && !bell;
}

static bool rings_for_room(void)
{
    char bytes[DATA] = {0};
    bool bell, after, later;

    fresh();
    whit_ring_write(&producer, bytes, DATA, &bell);
    bool wait = !whit_ring_want_room(&producer, 1);

    whit_ring_read(&consumer, bytes, 1, &after);
    whit_ring_write(&producer, bytes, 1, &bell);
    whit_ring_read(&consumer, bytes, 1, &later);
    return wait && after && !later && whit_ring_want_room(&producer, 1);
}

static bool distrusts_producer(void)
{
    char bytes[DATA];
    bool bell;

    fresh();
    words()->head = DATA + 1;
    bool too_far = whit_ring_read(&consumer, bytes, DATA, &bell) == 0;

    words()->head = UINT32_MAX;
    return too_far && whit_ring_used(&consumer) == 0 &&
           whit_ring_read(&consumer, bytes, DATA, &bell) == 0;
}

static bool distrusts_consumer(void)
{
    char bytes[DATA] = {0};
    bool bell;

    fresh();
    words()->tail = 1; /* more was read than was written */
    return whit_ring_room(&producer) == 0 && whit_ring_write(&producer, bytes, 1, &bell) == 0;
}

static bool restart_goes_on(void)
{
    char byte = 0;
    bool bell;

    fresh();
    whit_ring_write(&producer, "ab", 2, &bell);
    whit_ring_read(&consumer, &byte, 1, &bell);
    whit_ring_open_producer(&producer, shared, sizeof shared);
    whit_ring_open_consumer(&consumer, shared, sizeof shared);
    return whit_ring_read(&consumer, &byte, 1, &bell) == 1 && byte == 'b' &&
           whit_ring_room(&producer) == DATA;
}

/* Two threads at full speed, one byte pattern. */
enum { TRANSFER = 200000 };

static void *produce(void *argument)
{
    uint8_t next = 0;
    bool bell;

    (void)argument;
    for (uint32_t sent = 0; sent < TRANSFER;) {
        if (whit_ring_put(&producer, &next, 1, &bell)) {
            next++;
            sent++;
        }
    }
    return NULL;
}

static bool works_in_parallel(void)
{
    pthread_t thread;
    uint8_t expected = 0, bytes[16];
    bool bell, good = true;

    fresh();
    pthread_create(&thread, NULL, produce, NULL);
    for (uint32_t got = 0; got < TRANSFER;) {
        uint32_t count = whit_ring_read(&consumer, bytes, sizeof bytes, &bell);

        for (uint32_t i = 0; i < count; i++) {
            good = good && bytes[i] == expected++;
        }
        got += count;
    }
    pthread_join(thread, NULL);
    return good;
}

int main(void)
{
    result("opens what is large enough and aligned", opens());
    result("keeps order around the end", keeps_order());
    result("indices may overflow", survives_index_overflow());
    result("records are whole or absent", records_are_whole());
    result("the bell rings when the consumer ran dry", rings_when_dry());
    result("the bell rings for a producer that wants room", rings_for_room());
    result("an impossible head is an empty ring", distrusts_producer());
    result("an impossible tail is a full ring", distrusts_consumer());
    result("a restarted side goes on", restart_goes_on());
    result("two threads", works_in_parallel());
    return 0;
}
