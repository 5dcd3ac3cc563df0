/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notify across cores: two cores set bits of signals that are at home on a third one.  They
 * do so a few times only: who pushes to the inbox could be overtaken for ever by others who do.
 *
 *   post()      signal_notify (kernel/signal.c), home != here: fetch-or into `remote`, then, for the
 *               first bit only, insertion into the home core's inbox and an interrupt for the first
 *               insertion only
 *   home        core_ipi (core.c), signal_inbox_run, signal_inbox_step (signal.c), one signal a step;
 *               between two steps interrupts are taken (core_next: reschedule)
 *   rest        core.inbox_rest: taken out, and not yet delivered
 *   ipi         the home core's pending inter-processor interrupt: kicks that meet are one
 *
 * One step is one access to shared memory.  Memory is sequentially consistent here: the orders that
 * release and acquire give are the order of the steps, and each mutation is what a weaker one, or
 * another order of statements, would allow.
 *
 * check safety: a signal is in the inbox once at most
 * check ltl no_lost_bits: whatever is set is delivered
 * mutation KICK_BEFORE_INSERTION ltl no_lost_bits
 * mutation KICK_BY_FIRST_LOAD ltl no_lost_bits
 * mutation NEXT_AFTER_CLEAR safety
 * mutation NO_SECOND_TAKE ltl no_lost_bits
 */
#define SIGNALS 2
#define NONE    7
#define POSTS   2

byte remote[SIGNALS];  /* signal.remote */
byte inbox[SIGNALS];   /* signal.inbox: index of the next one, or NONE */
byte head = NONE;      /* core.signal_inbox */
bool ipi;

byte owed[SIGNALS];    /* set and not yet delivered */
byte listed[SIGNALS];  /* how often it is in a list */

inline kick()
{
    ipi = true
}

inline post(s, bits)
{
    atomic {
        before = remote[s];
        remote[s] = remote[s] | bits;
        owed[s] = owed[s] | bits
    }
    if
    :: before != 0
    :: else ->
        first = head;
#ifdef KICK_BY_FIRST_LOAD
        was_empty = (first == NONE);
#endif
#ifdef KICK_BEFORE_INSERTION
        if
        :: first == NONE -> kick()
        :: else
        fi;
#endif
        stored = false;
        do
        :: stored -> break
        :: !stored ->
            inbox[s] = first;
            atomic {
                if
                :: head == first ->
                    head = s;
                    listed[s]++;
                    assert(listed[s] == 1);
                    stored = true
                :: else ->
                    first = head
                fi
            }
        od;
#ifdef KICK_BY_FIRST_LOAD
        if
        :: was_empty -> kick()
        :: else
        fi
#else
#ifndef KICK_BEFORE_INSERTION
        if
        :: first == NONE -> kick()
        :: else
        fi
#endif
#endif
    fi
}

active [2] proctype notifier()
{
    byte before, first, posts;
    bool stored, was_empty;

    do
    :: posts < POSTS ->
        posts++;
        if
        :: post(0, 1 << _pid)
        :: post(1, 1 << _pid)
        fi
    :: posts == POSTS -> break
    od
}

inline take()
{
    atomic {
        rest = head;
        head = NONE
    }
}

inline step()
{
    if
    :: rest != NONE ->
        signal = rest;
#ifndef NEXT_AFTER_CLEAR
        rest = inbox[signal];
#endif
        atomic {
            owed[signal] = owed[signal] & ~remote[signal];
            remote[signal] = 0;
            listed[signal]--
        }
#ifdef NEXT_AFTER_CLEAR
        rest = inbox[signal];
#endif
    :: else
    fi;
#ifndef NO_SECOND_TAKE
    if
    :: rest == NONE -> take()
    :: else
    fi
#endif
}

active proctype home()
{
    byte signal, rest = NONE;

    do
    :: ipi ->
        ipi = false;
        if
        :: rest == NONE -> take()
        :: else
        fi;
        step()
    :: !ipi && rest != NONE -> step()
    od
}

ltl no_lost_bits { [] ((owed[0] != 0 -> <> (owed[0] == 0)) && (owed[1] != 0 -> <> (owed[1] == 0))) }
