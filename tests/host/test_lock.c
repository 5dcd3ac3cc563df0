/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM's lock between handler threads: threads of this machine stand in for them, and a
 * semaphore for the signal that wakes each.
 */
#include "../../programs/vmm/lock.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { CORES = 4, ROUNDS = 20000 };

static struct lock lock;
static sem_t signals[CORES];
static uint64_t count; /* by the lock alone */
static uint64_t sleeps;

static void sleep_core(unsigned core)
{
    __atomic_fetch_add(&sleeps, 1, __ATOMIC_RELAXED);
    sem_wait(&signals[core]);
}

static void wake_core(unsigned core)
{
    sem_post(&signals[core]);
}

static void result(const char *name, bool good)
{
    printf("%s %s%s\n", good ? "ok" : "not ok", name, good ? "" : " - wrong");
}

/* What another thread adds in between is lost. */
static void *add(void *argument)
{
    const unsigned core = (unsigned)(uintptr_t)argument;

    for (int i = 0; i < ROUNDS; i++) {
        lock_take(&lock, core);
        uint64_t was = *(volatile uint64_t *)&count;
        for (int pause = 0; pause < i % 64; pause++)
            (void)*(volatile uint64_t *)&count;
        *(volatile uint64_t *)&count = was + 1;
        lock_drop(&lock);
    }
    return NULL;
}

static void *take_once(void *argument)
{
    (void)argument;
    lock_take(&lock, 1);
    count++;
    lock_drop(&lock);
    return NULL;
}

/* Held for long: the other one sleeps, and is woken. */
static void test_sleeper(void)
{
    pthread_t thread;

    count = 0;
    lock_take(&lock, 0);
    pthread_create(&thread, NULL, take_once, NULL);
    while (__atomic_load_n(&sleeps, __ATOMIC_RELAXED) == 0)
        ;
    result("who does not get it sleeps", count == 0 && lock.waiting == 2);
    lock_drop(&lock);
    pthread_join(thread, NULL);
    result("... and is woken", count == 1 && lock.held == 0 && lock.waiting == 0);
}

int main(void)
{
    pthread_t threads[CORES];

    lock.sleep = sleep_core;
    lock.wake = wake_core;
    for (unsigned i = 0; i < CORES; i++)
        sem_init(&signals[i], 0, 0);
    test_sleeper();
    count = 0;
    for (unsigned i = 0; i < CORES; i++)
        pthread_create(&threads[i], NULL, add, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < CORES; i++)
        pthread_join(threads[i], NULL);
    result("one at a time", count == (uint64_t)CORES * ROUNDS);
    lock_take(&lock, 0);
    result("free again", lock.held == 1);
    lock_drop(&lock);
    return 0;
}
