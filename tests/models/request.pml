/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the home core of an object: two threads on other cores want something of it, each its
 * own; the second may give up in the middle (its thread is stopped, and its call never restarted).
 *
 *   ask()       request_ask, request_is_free, request_begin (kernel/request.c), one try under the
 *               tree lock; a try that is not done is repeated (RESTART)
 *   home        request_run_all on the inter-processor interrupt
 *   posted, asker, in_inbox: the one request that is embedded in the object
 *   asked       the thread has a ticket; done: what was done last has that number, or a greater one
 *
 * Both may ask for the same.
 *
 * check safety: a request is posted once at a time; who is told that it is done, it was done for
 * check ltl first_is_served: the first asker hears of its request in the end
 * check ltl second_is_served: so does the second, if it does not give up
 * mutation REUSE_POSTED safety
 * mutation TAKE_ANY_ANSWER safety
 * mutation DONE_BEFORE_RUN safety
 * mutation KICK_BEFORE_POST ltl first_is_served
 * mutation LAST_ANSWER_ONLY ltl first_is_served
 * mutation LOOK_TWICE ltl first_is_served
 */
#define TRIES 2

byte asker;
bool posted, in_inbox, ipi, locked;
bool asked[3], done[3];

bool ran[3];     /* since its asker began: what it asked for was done */
bool served[3], gave_up;

inline lock()
{
    atomic { !locked -> locked = true }
}

inline unlock()
{
    locked = false
}

inline post(me)
{
#ifdef LAST_ANSWER_ONLY
    done[3 - me] = false;
#endif
    asker = me;
    asked[me] = true;
    done[me] = false;
#ifdef KICK_BEFORE_POST
    ipi = true;
#endif
    posted = true;
    atomic { assert(!in_inbox); in_inbox = true }
#ifndef KICK_BEFORE_POST
    ipi = true
#endif
}

/* *told: WHIT_OK, else RESTART */
inline ask(me)
{
    lock();
#ifdef LOOK_TWICE
    answered = asked[me] && done[me];
    free = !posted;
#else
    atomic { answered = asked[me] && done[me]; free = !posted };
#endif
#ifdef TAKE_ANY_ANSWER
    answered = done[1] || done[2];
#endif
#ifdef REUSE_POSTED
    free = true;
#endif
    if
    :: answered -> told = true
    :: !answered && free -> post(me)
    :: else
    fi;
    unlock()
}

proctype asking(byte me; bool insists)
{
    byte tries;
    bool answered, free, told;

    ran[me] = false;
    do
    :: told -> break
    :: !told && insists -> ask(me)
    :: !told && !insists && tries < TRIES ->
        tries++;
        ask(me)
    :: !told && !insists -> goto gives_up
    od;
    assert(ran[me]);
    served[me] = true;
    goto ends;
gives_up:
    gave_up = true;
ends:
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
            atomic { done[asker] = true; posted = false };
            ran[asker] = true
#else
            /* request_run: the object is this core's alone */
            ran[asker] = true;
            atomic { done[asker] = true; posted = false }
#endif
        :: else
        fi
    od
}

init {
    bool insists;

    if
    :: insists = true
    :: insists = false
    fi;
    atomic {
        run asking(2, insists);
        run asking(1, true)
    }
}

ltl first_is_served { <> served[1] }
ltl second_is_served { <> (served[2] || gave_up) }
