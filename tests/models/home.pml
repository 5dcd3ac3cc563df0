/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A signal whose home changes (op_target with a virtual CPU on another core), while a third core
 * notifies it and somebody waits to destroy it.  The two homes move it back and forth.
 *
 *   post()      signal_notify (kernel/signal.c) on another core than the home that it reads
 *   move        signal_move: only the home core does it; `bits` and all else that the home alone
 *               writes are there when the new home is seen to be one (release and acquire)
 *   take, step  signal_inbox_run, signal_inbox_step: a core that is not the home passes it on
 *   destroyer   signal_end: when nobody can find it any more, and `remote` is 0, its memory goes
 *
 * One step is one access to shared memory; the memory is sequentially consistent here.
 *
 * check safety: in one inbox at most; bits are written by the home only; nobody touches freed memory
 * check ltl no_lost_bits: whatever is set arrives at the home
 * mutation CLEAR_BEFORE_PASSING safety
 * mutation DELIVER_ANYWHERE safety
 * mutation NOT_PASSED_ON ltl no_lost_bits
 * mutation MOVE_LEAVES_BITS ltl no_lost_bits
 */
#define CORES 2 /* that are home; the third one only notifies */
#define MOVES 2
#define POSTS 2

byte home;          /* signal.home */
byte remote;        /* signal.remote */
byte bits;          /* signal.bits */
bool head[CORES];   /* core.signal_inbox: is it in there? */
bool ipi[CORES];
byte listed;        /* in an inbox, or taken out and not done with */
byte owed;          /* set, and not yet in the bits of the home */
byte moves = MOVES;
byte users = CORES + 1; /* who may still find the signal by its capabilities */
bool freed;

inline insert(core)
{
    atomic {
        assert(!freed && !head[core]);
        head[core] = true;
        ipi[core] = true
    }
}

inline post(value)
{
    to = home;
    atomic {
        assert(!freed);
        before = remote;
        remote = remote | value;
        owed = owed | value
    }
    if
    :: before == 0 && value != 0 ->
        atomic {
            listed++;
            assert(listed == 1)
        }
        insert(to)
    :: else
    fi
}

active proctype notifier()
{
    byte to, before, posts;

    do
    :: posts < POSTS ->
        posts++;
        post(posts)
    :: posts == POSTS -> break
    od;
    users--
}

inline step()
{
    to = home;
    if
#ifdef DELIVER_ANYWHERE
    :: true ->
#else
    :: to == me ->
#endif
        atomic {
            assert(!freed && home == me);
            bits = bits | remote;
            owed = owed & ~remote;
            remote = 0;
            listed--
        }
#ifndef DELIVER_ANYWHERE
    :: else ->
#ifdef CLEAR_BEFORE_PASSING
        atomic {
            taken = remote;
            remote = 0;
            listed--
        }
        post(taken)
#else
#ifdef NOT_PASSED_ON
        listed--
#else
        insert(to)
#endif
#endif
#endif
    fi
}

proctype core(byte me)
{
    byte to, before, taken;
    bool rest, left;

    do
    :: ipi[me] ->
        ipi[me] = false;
        atomic {
            rest = head[me];
            head[me] = false
        }
        if
        :: rest -> step()
        :: else
        fi
    :: !ipi[me] && !left && home == me && moves > 0 ->
        moves--;
        taken = bits;
        bits = 0;
        owed = owed | taken;
        home = 1 - me;
#ifndef MOVE_LEAVES_BITS
        post(taken)
#endif
    :: !ipi[me] && !left && moves == 0 ->
        left = true;
        users--
    :: !ipi[me] && left && freed -> break
    od
}

active proctype destroyer()
{
    users == 0;
    remote == 0;
    atomic {
        assert(listed == 0);
        freed = true
    }
}

init
{
    atomic {
        run core(0);
        run core(1)
    }
}

ltl no_lost_bits { [] (owed != 0 -> <> (owed == 0)) }
