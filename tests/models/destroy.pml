/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Destruction of a thread that another core runs, by two cores at once: each drops the tree lock
 * whenever it has to wait (a preemption point), and goes on with whatever the other has left.  The
 * first may be stopped for ever between two steps.
 *
 *   destroyer()  op_destroy, teardown_destroy, object_end (kernel/teardown.c), thread_end (thread.c),
 *                one try under the tree lock at a time; RESTART in between
 *   ask()        request_ask (request.c)
 *   grace_begin  core_grace_begin (core.c); seen[] is core.grace_seen
 *   home         core_ipi, request_run_all, thread_end_here; core_next picks another thread
 *   current      the home core runs the thread; caller: a thread of that core that waits for it
 *   ticket       of the object's original capability (slot.address)
 *   init         before the revocation that precedes, somebody else had asked something of the
 *                thread, and waits no more
 *
 * check safety: reused once, when nothing runs it, waits for it or will act on it
 * check ltl second_ends: who is not stopped comes to an end
 * mutation ANSWER_FIRST safety: a core answers before it does what is asked of objects that die
 * mutation BEGINNER_SILENT ltl second_ends: who began the grace period does not answer it
 * mutation END_FROM_AFAR safety
 * mutation NO_GRACE safety
 * mutation SCRUB_TWICE safety
 */
#define HOME   2
#define IDLE   0
#define POSTED 1
#define DONE   2
#define STOP   1
#define END    2

bool ipi[3];
byte latest, seen[3];
bool locked;

byte state, kind, asker = 3; /* thread.request */
bool in_inbox;

bool doomed;          /* the original capability has lost its rights */
byte ticket;          /* 0: not yet stopped */
bool is_memory;       /* cap_become */
bool ended;           /* thread.ended */
bool current = true;  /* the home core runs it */
bool caller = true;   /* and a caller of it waits there */
byte held = 1;        /* capabilities in the thread, removed once */
byte reused;
bool second_done;

inline answer(core)
{
    ipi[core] = false;
    seen[core] = latest
}

inline grace_begin(me)
{
    latest++;
#ifndef BEGINNER_SILENT
    seen[me] = latest;
#endif
    ipi[1 - me] = true;
    ipi[HOME] = true
}

/* told: WHIT_OK */
inline ask(me)
{
    told = false;
    if
    :: state == POSTED
    :: else ->
        if
        :: state == DONE && kind == END && asker == me ->
            state = IDLE;
            told = true
        :: else ->
            kind = END;
            asker = me;
            state = POSTED;
            atomic { assert(!in_inbox); in_inbox = true }
            ipi[HOME] = true
        fi
    fi
}

/* One try of the operation, with the lock; `done` when it returned WHIT_OK. */
inline try(me)
{
    if
    :: is_memory -> done = true
    :: else ->
        doomed = true;
        if
        :: ticket == 0 ->
            told = true;
#ifdef END_FROM_AFAR
            ended = true;
#endif
            if
            :: !ended -> ask(me)
            :: else
            fi;
            if
            :: told ->
                /* An empty slot is left alone. */
                held = 0;
                grace_begin(me);
                ticket = latest
            :: else
            fi
        :: else
        fi;
        if
#ifdef NO_GRACE
        :: ticket != 0 ->
#else
        :: ticket != 0 && seen[1 - me] >= ticket && seen[HOME] >= ticket ->
#endif
            reused++;
            assert(reused == 1);
            assert(!current && !caller && !in_inbox && held == 0);
#ifndef SCRUB_TWICE
            is_memory = true;
#endif
            done = true
        :: else
        fi
    fi
}

proctype destroyer(byte me; bool mortal)
{
    bool told, done, got;

    do
    :: done || (mortal && !ipi[me]) -> break
    :: ipi[me] -> answer(me)
    :: !ipi[me] && !done ->
        atomic { got = !locked; locked = true }
        if
        :: !got
        :: got ->
            try(me);
            locked = false
        fi
    od;
    second_done = second_done || !mortal;
    /* It goes on with something else. */
    do
    :: ipi[me] -> answer(me)
    od
}

active proctype home()
{
    byte now;
    bool uses;

    do
    :: ipi[HOME] ->
        ipi[HOME] = false;
        now = latest;
#ifdef ANSWER_FIRST
        seen[HOME] = now;
#endif
        if
        :: in_inbox ->
            in_inbox = false;
            assert(!reused);
            if
            :: kind == END ->
                /* thread_end_here: stopped, its caller gets an error, another one runs. */
                caller = false;
                current = false;
                ended = true
            :: else
            fi;
            state = DONE
        :: else
        fi;
        seen[HOME] = now
    /* A call, found without the lock: the pointer is held until the kernel is left. */
    :: !ipi[HOME] && !uses ->
        uses = !doomed;
        if
        :: uses ->
            assert(!reused);
            assert(!reused);
            uses = false
        :: else -> uses = true /* no more */
        fi
    od
}

init {
    atomic {
        if
        :: kind = STOP; state = POSTED; in_inbox = true; ipi[HOME] = true
        :: true
        fi;
        run destroyer(0, true);
        run destroyer(1, false)
    }
}

ltl second_ends { <> second_done }
