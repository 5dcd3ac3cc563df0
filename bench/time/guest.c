/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests that never stop by themselves (attack.S), in machines of their own. */
#include "attack.h"
#include "time.h"
#include "whit/reply.h"

#include <string.h>

enum { RAM_BYTES = 2 * WHIT_PAGE, POOL_PAGES = 16, TIMER_LINE = 27, BELL_LINE = 40 };
#define RAM UINT64_C(0x40000000)

extern const char attack_code[], attack_end[];
extern const char attack_busy[], attack_exits[], attack_calls[], attack_timers[], attack_sleeps[],
    attack_notify[], attack_priority[];

static const char *const entries[GUESTS] = {
    [GUEST_SPIN] = attack_busy,         [GUEST_EXITS] = attack_exits,
    [GUEST_CALLS] = attack_calls,       [GUEST_TIMERS] = attack_timers,
    [GUEST_SLEEPS] = attack_sleeps,     [GUEST_NOTIFY] = attack_notify,
    [GUEST_PRIORITY] = attack_priority,
};

static _Noreturn void enter_answer(uint64_t word)
{
    whit_reply(&(struct whit_message){.word = {word}});
}

static _Noreturn void enter_exit(uint64_t esr)
{
    (void)esr;
    whit_reply_verdict(WHIT_CONTINUE);
}

/* Two handlers for all guests: one runs at a time. */
static uint32_t vmm, server; /* portals */

static uint32_t portal_to(void (*entry)(void))
{
    return new_portal(new_handler(world_other, 0, PRIORITY_LOW), entry, 1);
}

/* A machine with the guests' code. */
static uint32_t machine_make(void)
{
    uint32_t machine = new_memory(WHIT_SIZE_SPACE, WHIT_PAGE);
    uint32_t ram = new_memory(RAM_BYTES, WHIT_PAGE), window;

    world_need("a machine", whit_make(machine, WHIT_SPACE, WHIT_MACHINE, 0, 0, 0));
    world_need("its pool",
               whit_donate(new_memory(POOL_PAGES * (uint64_t)WHIT_PAGE, WHIT_PAGE), machine));
    window = map_child(ram, WHIT_SELF, PAGE_WINDOW, WHIT_MAP_READ | WHIT_MAP_WRITE);
    memcpy((void *)(uintptr_t)PAGE_WINDOW, attack_code, (size_t)(attack_end - attack_code));
    world_need("its memory", whit_delete(window));
    world_need("its memory", whit_map(ram, machine, RAM, WHIT_MAP_READ | WHIT_MAP_EXEC));
    return machine;
}

static uint32_t interrupt(uint32_t vcpu, uint64_t line, unsigned flags)
{
    uint32_t signal = new_signal(0);

    world_need("an interrupt",
               whit_target(signal, WHIT_TARGET_VIRQ, vcpu,
                           WHIT_VIRQ(line, UINT64_C(0x80), WHIT_VIRQ_ENABLED | flags), 0));
    return signal;
}

static void grant(uint32_t machine, uint32_t slot, uint32_t capability, uint32_t rights)
{
    world_need("a grant", whit_derive(capability, machine, slot, rights, 0, 0));
}

uint32_t guest_make(enum guest guest, uint32_t budget, uint32_t second)
{
    uint32_t machine = machine_make(), vcpu = new_memory(WHIT_SIZE_THREAD, WHIT_PAGE);

    if (vmm == 0) {
        vmm = portal_to((void (*)(void))enter_exit);
        server = portal_to((void (*)(void))enter_answer);
    }
    world_need("a virtual CPU", whit_make(vcpu, WHIT_THREAD, machine, WHIT_VCPU, 0, 0));
    world_need("its budget", whit_bind(vcpu, WHIT_ROLE_BUDGET, budget));
    world_need("its VMM", whit_bind(vcpu, WHIT_ROLE_FAULT, vmm));
    (void)interrupt(vcpu, TIMER_LINE, WHIT_VIRQ_TIMER);
    grant(machine, ATTACK_SIGNAL, interrupt(vcpu, BELL_LINE, 0), WHIT_R_NOTIFY);
    grant(machine, ATTACK_PORTAL, server, WHIT_R_CALL);
    grant(machine, ATTACK_FIRST, budget, WHIT_R_CONTROL);
    grant(machine, ATTACK_SECOND, second, WHIT_R_CONTROL);
    world_need("its start", whit_start(vcpu, RAM + (uint64_t)(entries[guest] - attack_code), 0, 0,
                                       WHIT_OP_PRIORITY));
    world_need("its stop", whit_stop(vcpu));
    return vcpu;
}
