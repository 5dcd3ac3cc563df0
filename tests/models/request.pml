/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the home core of an object: two threads on other cores want something of it, each its
 * own; the second may give up in the middle (its thread is stopped, and its call never restarted).
 *
 *   ask()       request_ask, request_is_free, request_is_mine, request_post (kernel/request.c), one
 *               try under the tree lock; a try that is not done is repeated (RESTART)
 *   home        request_run_all on the inter-processor interrupt
 *   state, kind, asker, in_inbox: the one request that is embedded in the object
 *
 * Both may ask for the same.  The second asks a few times only: two who take turns in finding the
 * other's answer could in principle go on for ever, and do so as long as chance wants it.
 *
 * check safety: a request is posted once at a time; who is told that it is done, it was done for
 * check ltl first_is_served: the first asker hears of its request in the end
 * mutation REUSE_POSTED safety
 * mutation TAKE_ANY_ANSWER safety
 * mutation DONE_BEFORE_RUN safety
 * mutation KICK_BEFORE_POST ltl first_is_served
 */
#define IDLE   0
#define POSTED 1
#define DONE   2
#define TRIES  2

byte state = IDLE, kind, asker;
bool in_inbox, ipi, locked;

bool ran[3];     /* since its asker began: what it asked for was done */
bool served[3];

inline lock()
{
    atomic { !locked -> locked = true }
}

inline unlock()
{
    locked = false
}

inline post(me, what)
{
    kind = what;
    asker = me;
#ifdef KICK_BEFORE_POST
    ipi = true;
#endif
    state = POSTED;
    atomic { assert(!in_inbox); in_inbox = true }
#ifndef KICK_BEFORE_POST
    ipi = true
#endif
}

/* *told: WHIT_OK, else RESTART */
inline ask(me, what)
{
    lock();
    now = state;
#ifdef REUSE_POSTED
    if
    :: true ->
#else
    if
    :: now == POSTED
    :: else ->
#endif
        if
#ifdef TAKE_ANY_ANSWER
        :: now != IDLE && kind == what ->
#else
        :: now != IDLE && kind == what && asker == me ->
#endif
            state = IDLE;
            told = true
        :: else -> post(me, what)
        fi
    fi;
    unlock()
}

proctype asking(byte me; byte what; bool insists)
{
    byte now, tries;
    bool told;

    ran[me] = false;
    do
    :: told -> break
    :: !told && (insists || tries < TRIES) ->
        tries++;
        ask(me, what)
    :: !told && !insists -> goto gives_up
    od;
    assert(ran[me]);
    served[me] = true;
gives_up:
    skip
}

active proctype home()
{
    do
    :: ipi ->
        ipi = false;
        if
        :: in_inbox ->
            in_inbox = false;
#ifdef DONE_BEFORE_RUN
            state = DONE;
            ran[asker] = true
#else
            /* request_run: the object is this core's alone */
            ran[asker] = true;
            state = DONE
#endif
        :: else
        fi
    od
}

/* Somebody was here before, and gave up. */
init {
    byte what;

    select(what : 1 .. 2);
    atomic {
        run asking(2, what, false);
        run asking(1, 1, true)
    }
}

ltl first_is_served { <> served[1] }
