/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that calls its VMM, a program of the second space.  Guests cannot read the counter: the
 * plugin counts, the kernel and the VMM's handler together.
 */
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/reply.h"
#include "world.h"

#include <stdint.h>
#include <string.h>

enum { POOL_PAGES = 16 };
#define GUEST_MEMORY UINT64_C(0x40000000) /* IPA */

extern const char guest_code[], guest_code_end[]; /* code.S */

static volatile uint64_t exits;

/* The kernel has kept all of the guest's registers, and its pc is behind the HVC. */
static _Noreturn void enter_exit(uint64_t esr)
{
    (void)esr;
    exits++;
    whit_reply_verdict(WHIT_CONTINUE);
}

void rows_guest(void)
{
    uint32_t machine = new_memory(WHIT_SIZE_SPACE, WHIT_PAGE);
    uint32_t vcpu = new_memory(WHIT_SIZE_THREAD, WHIT_PAGE);
    uint32_t memory = new_memory(WHIT_PAGE, WHIT_PAGE), window;
    uint32_t portal =
        new_portal(new_handler(world_other, 0, PRIORITY_HIGH), (void (*)(void))enter_exit, 7);

    world_need("a machine", whit_make(machine, WHIT_SPACE, WHIT_MACHINE, 0, 0, 0));
    world_need("its pool",
               whit_donate(new_memory(POOL_PAGES * (uint64_t)WHIT_PAGE, WHIT_PAGE), machine));
    window = map_child(memory, WHIT_SELF, PAGE_WINDOW + WHIT_PAGE, WHIT_MAP_READ | WHIT_MAP_WRITE);
    memcpy((void *)(uintptr_t)(PAGE_WINDOW + WHIT_PAGE), guest_code,
           (size_t)(guest_code_end - guest_code));
    world_need("its memory", whit_delete(window));
    world_need("its memory",
               whit_map(memory, machine, GUEST_MEMORY, WHIT_MAP_READ | WHIT_MAP_EXEC));
    world_need("a virtual CPU", whit_make(vcpu, WHIT_THREAD, machine, WHIT_VCPU, 0, 0));
    world_need("its budget", whit_bind(vcpu, WHIT_ROLE_BUDGET, new_budget(0, PRIORITY_LOW, 0, 0)));
    world_need("its state page",
               whit_bind(vcpu, WHIT_ROLE_STATE, new_memory(WHIT_PAGE, WHIT_PAGE)));
    world_need("its VMM", whit_bind(vcpu, WHIT_ROLE_FAULT, portal));
    world_need("its start", whit_start(vcpu, GUEST_MEMORY, 0, 0, 0));
    disown_float();
    settle();
    world_need("its exits", exits == 4 ? WHIT_OK : WHIT_E_STATE);
    world_need("its end", whit_stop(vcpu));
}
