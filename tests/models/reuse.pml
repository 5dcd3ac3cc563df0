/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deferred reuse: a signal is destroyed while other cores, which take no lock, find and notify it;
 * its memory is put to another use only when none of them can hold a pointer to it.
 *
 *   destroyer   teardown_destroy, object_end (kernel/teardown.c), signal_end (signal.c): the word
 *               loses its rights, a grace period, the end of its stay in the home core's inbox (`remote` is 0), the request to the home core, a second grace
 *               period (object_end has one for every kind; for a signal the first is enough),
 *               scrubbing; interrupts are taken between the steps (RESTART)
 *   grace()     core_grace_begin and core_grace_over (core.c)
 *   home        the signal's core: core_ipi with signal_inbox_run, request_run_all, signal_end_here; what is
 *               in the inbox may wait for a later step
 *   other       a third core: signal_call, cap_lookup, signal_notify; it also begins grace periods
 *               of its own, as any destruction there would
 *   ipi[]       pending inter-processor interrupts, which are taken as soon as a core is outside the
 *               kernel, and only there
 *
 * check safety: the signal is not touched after reuse, nor is it in any list then
 * check ltl ends: the destruction comes to its end
 * mutation TICKET_BEFORE_UNLINK safety
 * mutation NO_FIRST_GRACE safety
 * mutation LISTED_ON safety
 * mutation ANSWER_IN_THE_KERNEL safety
 * mutation NO_KICK ltl ends
 */
#define DESTROYER 0
#define HOME      1
#define OTHER     2
#define CALLS     2
#define IDLE      0
#define POSTED    1
#define DONE      2

bool ipi[3];
byte latest;         /* grace_latest, under the tree lock */
byte seen[3];        /* core.grace_seen */
bool word = true;    /* the capability's, with its right to notify */
byte request = IDLE; /* signal.request */
bool locked;         /* the tree lock */

bool remote, listed; /* the signal: bits of other cores; in its home core's inbox */
bool reused;

inline use()
{
    assert(!reused)
}

inline kick(core)
{
#ifdef NO_KICK
    skip
#else
    ipi[core] = true
#endif
}

inline lock()
{
    atomic { !locked -> locked = true }
}

inline unlock()
{
    locked = false
}

/* With the lock held; the kicks reach the other two cores one after the other. */
inline grace_begin(a, b)
{
    latest++;
    ticket = latest;
    kick(a);
    kick(b)
}

inline answer(core)
{
    ticket = latest;
    seen[core] = ticket
}

inline inbox_run()
{
    if
    :: listed ->
        use();
        atomic { listed = false; remote = false }
    :: else
    fi
}

/* A core that waits in RESTART is outside the kernel: it answers as well. */
inline wait_over(a, b)
{
    do
    :: seen[a] >= ticket && seen[b] >= ticket -> break
    :: ipi[DESTROYER] -> ipi[DESTROYER] = false; seen[DESTROYER] = latest
    od
}

active proctype destroyer()
{
    byte ticket;

    lock();
#ifdef TICKET_BEFORE_UNLINK
    grace_begin(HOME, OTHER);
    word = false;
#else
    word = false;
#ifndef NO_FIRST_GRACE
    grace_begin(HOME, OTHER);
#endif
#endif
    unlock();
    wait_over(HOME, OTHER);
#ifndef LISTED_ON
    do
    :: !remote -> break
    :: ipi[DESTROYER] -> ipi[DESTROYER] = false; seen[DESTROYER] = latest
    od;
#endif
    lock();
    request = POSTED;
    kick(HOME);
    unlock();
    do
    :: request == DONE -> break
    :: ipi[DESTROYER] -> ipi[DESTROYER] = false; seen[DESTROYER] = latest
    od;
    lock();
    grace_begin(HOME, OTHER);
    unlock();
    wait_over(HOME, OTHER);
    reused = true;
    assert(!listed);
    do
    :: ipi[DESTROYER] -> ipi[DESTROYER] = false; seen[DESTROYER] = latest
    od
}

active proctype home()
{
    byte ticket, calls;
    bool found;

    do
    :: ipi[HOME] ->
        ipi[HOME] = false;
        ticket = latest;
        if
        :: inbox_run()
        :: true
        fi;
        if
        :: request == POSTED ->
            use();
            request = DONE;
            /* request_run_all read the link to the next one before; nothing follows. */
        :: else
        fi;
        seen[HOME] = ticket
    :: !ipi[HOME] && listed -> inbox_run()
    :: !ipi[HOME] && calls < CALLS ->
        calls++;
        found = word;
        if
        :: found -> use() /* its bits are this core's own */
        :: else
        fi
    od
}

active proctype other()
{
    byte ticket, calls;
    bool found, before;

    do
    :: ipi[OTHER] ->
        ipi[OTHER] = false;
        answer(OTHER)
    :: !ipi[OTHER] && calls < CALLS ->
        calls++;
        found = word;
#ifdef ANSWER_IN_THE_KERNEL
        answer(OTHER);
#endif
        if
        :: found ->
            atomic { use(); before = remote; remote = true }
            if
            :: !before ->
                use();
                listed = true;
                kick(HOME)
            :: else
            fi
        :: else
        fi
    :: !ipi[OTHER] && calls < CALLS ->
        calls++;
        lock();
        grace_begin(DESTROYER, HOME);
        unlock()
    od
}

ltl ends { <> reused }
