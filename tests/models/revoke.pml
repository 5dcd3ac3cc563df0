/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revocation with the tree lock dropped after every step, against a program on another core that
 * derives further capabilities from those that are being revoked, for ever.
 *
 *   revoker   teardown_revoke (kernel/teardown.c): leaf_find takes the rights of all on the way to
 *             the first leaf (cap_doom), leaf_step removes that leaf; then a preemption point
 *   racer     op_derive, cap_derive (delegate.c, cap.c): a child of anything that is not dying,
 *             below the revoked capability, or a new slot for it (op_transfer, cap_move)
 *   above[]   the parent of each slot; 0 is the revoked capability
 *
 * Steps are atomic, as they run under the lock.  Who tries to get the lock often enough is taken to
 * get it in the end (kernel/lock.h: it is tried, and not fair).
 *
 * check ltl ends: it ends, whatever the racer does
 * mutation NO_DOOM ltl ends
 */
#define SLOTS 5
#define NONE  7

byte above[SLOTS];
bool used[SLOTS], dying[SLOTS];
bool ended;

/* child: of `node`, or NONE */
inline find_child(node)
{
    child = NONE;
    i = 1;
    do
    :: i == SLOTS -> break
    :: i < SLOTS ->
        if
        :: used[i] && above[i] == node -> child = i
        :: else
        fi;
        i++
    od
}

/* Before anything else: two children, one with a child. */
init {
    atomic {
        used[1] = true;
        used[2] = true;
        used[3] = true;
        above[3] = 2;
        run revoker();
        run racer()
    }
}

proctype revoker()
{
    byte node, child, i;

    do
    :: atomic {
            node = 0;
            find_child(node);
            do
            :: child == NONE -> break
            :: child != NONE ->
                node = child;
#ifndef NO_DOOM
                dying[node] = true;
#endif
                find_child(node)
            od;
            if
            :: node == 0 -> break
            :: else ->
                used[node] = false;
                dying[node] = false
            fi;
            node = 0;
            child = 0;
            i = 0
        }
    od;
    assert(!used[1] && !used[2] && !used[3] && !used[4]);
    ended = true
}

proctype racer()
{
    byte from, to, child;

    do
    :: atomic {
            select(from : 1 .. 4);
            select(to : 1 .. 4);
            if
            :: used[from] && !dying[from] && !used[to] ->
                if
                :: used[to] = true; above[to] = from
                /* cap_move: its children hang on the list, not on the slot */
                :: used[to] = true; above[to] = above[from]; used[from] = false;
                    child = 1;
                    do
                    :: child == SLOTS -> break
                    :: child < SLOTS ->
                        if
                        :: used[child] && above[child] == from -> above[child] = to
                        :: else
                        fi;
                        child++
                    od
                fi
            :: else
            fi;
            from = 0;
            to = 0;
            child = 0
        }
    od;
}

ltl ends { <> ended }
