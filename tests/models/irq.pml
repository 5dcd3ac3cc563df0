/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of the interrupt controller fires while its signal is taken away, and another one bound, on
 * another core, which takes no part in the interrupt.
 *
 *   fires    irq_fired (kernel/irq.c): `active` (here: unhandled) first, then the signal is read, once
 *   owner    irq_drop, op_irq_bind (irq.c), under the tree lock, and whoever is told of an interrupt:
 *            op_irq_ack
 *   quiet    the line is active in the controller: it does not fire until arch_irq_deactivate
 *
 * check ltl never_stuck: a line that is quiet fires again, if somebody is bound for good
 * mutation SIGNAL_FIRST ltl never_stuck
 * mutation NO_REARM ltl never_stuck
 */
#define NOBODY 0

bool quiet, open = true, unhandled;
byte signal = 1;     /* irq.signal: 1 the old owner's, 2 the new one's */
bool told[3];
bool settled;        /* the new owner has the line */

inline rearm()
{
    atomic { was = unhandled; unhandled = false }
    if
    :: was -> quiet = false
    :: else
    fi
}

active proctype fires()
{
    byte found;

    do
    :: atomic { open && !quiet -> quiet = true }
#ifdef SIGNAL_FIRST
        found = signal;
        unhandled = true;
#else
        unhandled = true;
        found = signal;
#endif
        if
        :: found != NOBODY -> told[found] = true
        :: else
        fi
    od
}

active proctype owner()
{
    bool was;

    /* irq_drop for the old owner, which may never have acknowledged. */
    open = false;
    signal = NOBODY;
#ifndef NO_REARM
    rearm();
#endif
    /* op_irq_bind for the new one. */
    signal = 2;
#ifndef NO_REARM
    rearm();
#endif
    open = true;
    settled = true;
    do
    :: told[2] -> told[2] = false; rearm()
    od
}

ltl never_stuck { [] (quiet -> <> (!quiet)) }
