/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translations: one page is unmapped while another core runs in the space; then the space ends,
 * with a second page still in its tables, and its VMID goes to a new space.
 *
 *   killer     clear_step (kernel/stage2.c) with arch_translation_invalidate (aarch64/translation.c);
 *              then teardown.c: revoke_step (REQUEST_THREAD_EXILE), grace_step with
 *              arch_vmid_invalidate, detach_step, return_step; space_vmid_free (space.c)
 *   stored,    a table entry as the killer has written it, and as walkers see it: the store may be
 *   entry      late until the barrier (dsb ishst)
 *   tlb        what the other core's translation cache holds under the VMID; invalidations are
 *              broadcast, and complete at the second barrier (dsb ish)
 *   core       the other core: vttbr is the space's until it leaves the kernel for another space or
 *              idles (exception.c: leave, arch_idle)
 *   walker     its table walker, which may cache any valid entry whenever vttbr is the space's
 *
 * check safety: no access by a translation of what has another use; no walk of tables that have;
 *       nothing cached under a VMID that changes hands
 * check ltl ends: the space comes to its end
 * mutation INVALIDATE_BEFORE_CLEAR safety
 * mutation NO_BARRIER safety
 * mutation NO_INVALIDATION safety
 * mutation NO_GRACE safety
 * mutation INVALIDATE_BEFORE_GRACE safety
 */
bool stored[2] = true;
bool entry[2] = true;
bool tlb[2];
bool reused[2], tables_reused, vmid_free;

bool vttbr = true;  /* the other core is in the space */
bool ipi, exile;    /* its pending interrupt, and the request to its thread */
bool exiled;
byte latest, seen;
bool ended;

inline barrier()
{
    atomic { entry[0] = stored[0]; entry[1] = stored[1] }
}

active proctype killer()
{
    /* The page is unmapped. */
#ifdef INVALIDATE_BEFORE_CLEAR
    tlb[0] = false;
    stored[0] = false;
    barrier();
#else
    stored[0] = false;
#ifndef NO_BARRIER
    barrier();
#endif
#ifndef NO_INVALIDATION
    tlb[0] = false;
#endif
#endif
    reused[0] = true;

    /* The space ends: its thread first. */
    exile = true;
    ipi = true;
    exiled;
#ifdef INVALIDATE_BEFORE_GRACE
    atomic { tlb[0] = false; tlb[1] = false }
#endif
#ifndef NO_GRACE
    latest++;
    ipi = true;
    seen == latest;
#endif
#ifndef INVALIDATE_BEFORE_GRACE
    atomic { tlb[0] = false; tlb[1] = false }
#endif
    reused[1] = true;
    assert(!tlb[0] && !tlb[1]);
    vmid_free = true;
    tables_reused = true;
    ended = true
}

/* What the killer has stored reaches memory at any time. */
active proctype store_buffer()
{
    do
    :: entry[0] != stored[0] -> entry[0] = stored[0]
    :: ended -> break
    od
}

active proctype core()
{
    byte now;
    bool runs = true; /* a thread of the space */

    do
    :: ipi ->
        ipi = false;
        now = latest;
        if
        :: exile -> exile = false; runs = false; exiled = true
        :: else
        fi;
        seen = now;
        /* Leaves the kernel, or idles. */
        vttbr = runs
    :: !ipi && runs ->
        if /* an access by what the walker has cached */
        :: atomic { tlb[0] -> assert(!reused[0]) }
        :: atomic { tlb[1] -> assert(!reused[1]) }
        :: else
        fi
    od
}

active proctype walker()
{
    do
    :: atomic { vttbr && entry[0] -> assert(!tables_reused); tlb[0] = true }
    :: atomic { vttbr && entry[1] -> assert(!tables_reused); tlb[1] = true }
    :: atomic { vttbr && vmid_free -> assert(false) }
    od
}

ltl ends { <> ended }
