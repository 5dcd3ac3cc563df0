/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sleeper says that it waits, looks at the lock once more, and sleeps; who drops the lock clears
 * it and then looks for sleepers.  All four are in one order (sequential consistency), so one of
 * the two sees the other, and nobody sleeps on.
 */
#include "lock.h"

enum { TRIES = 100 };

static bool try_take(struct lock *lock)
{
    uint32_t free = 0;

    return __atomic_compare_exchange_n(&lock->held, &free, 1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

static bool spin(struct lock *lock)
{
    for (int i = 0; i < TRIES; i++) {
        /* Looks before it writes, so that the holder keeps the cache line. */
        if (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) == 0 && try_take(lock))
            return true;
#ifdef __aarch64__
        __asm__ volatile("yield");
#endif
    }
    return false;
}

void lock_take(struct lock *lock, unsigned core)
{
    while (!try_take(lock) && !spin(lock)) {
        __atomic_fetch_or(&lock->waiting, UINT32_C(1) << core, __ATOMIC_SEQ_CST);
        if (try_take(lock))
            return; /* with a wake-up to come, which the next sleep takes for its own: it looks */
        lock->sleep(core);
    }
}

void lock_drop(struct lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&lock->waiting, __ATOMIC_SEQ_CST) == 0)
        return;
    uint32_t waiting = __atomic_exchange_n(&lock->waiting, 0, __ATOMIC_SEQ_CST);
    for (; waiting != 0; waiting &= waiting - 1)
        lock->wake((unsigned)__builtin_ctz(waiting));
}
