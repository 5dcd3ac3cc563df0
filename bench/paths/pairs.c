/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All cores at once, each calling a handler of its own: whether calls on one core cost those on
 * another anything.  The plugin counts on each core, and looks for lines that two of them write.
 */
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/reply.h"
#include "world.h"

enum { PAIRS = 4, WARM_PASSES = 4 };

static _Noreturn void enter_pair(uint64_t w0)
{
    whit_reply(&(struct whit_message){.word = {w0}});
}

/* The emulator lets the next core run at each YIELD: so all of them make one call in turn, and as
 * many as this one between the marks. */
static void call_pair(uint64_t portal, uint64_t passes)
{
    struct whit_message message = {.word = {passes}};

    do {
        (void)whit_call((uint32_t)portal, &message);
        __asm__ volatile("yield" : : : "memory");
    } while (--passes != 0);
}

static void call_for_ever(uint64_t portal)
{
    for (;;)
        call_pair(portal, UINT64_MAX);
}

static uint32_t pair_portal(unsigned core)
{
    return new_portal(new_handler(world_other, core, PRIORITY_ROOT), (void (*)(void))enter_pair,
                      core);
}

void rows_pairs(void)
{
    uint32_t callers[PAIRS], own = pair_portal(0);
    unsigned cores = whit_boot->cores < PAIRS ? whit_boot->cores : PAIRS;

    disown_float();
    for (unsigned core = 1; core < cores; core++)
        callers[core] = start_thread(WHIT_SELF, core, PRIORITY_ROOT, (void (*)(void))call_for_ever,
                                     pair_portal(core));
    call_pair(own, WARM_PASSES);
    MARK(MARK_BEGIN, pairs);
    call_pair(own, PAIRS_PASSES);
    MARK(MARK_END, pairs);
    for (unsigned core = 1; core < cores; core++)
        world_need("the end of a caller", whit_stop(callers[core]));
}
