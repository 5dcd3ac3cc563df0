/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For EVA: each operation, with each capability that there is, selectors that are none, and any
 * numbers, on the machine as it has booted; if it is to be made again, once more after the other
 * core was in the kernel.
 */
#include "../../kernel/sched.h"
#include "arch.h"
#include "machine.h"
#include "object.h"
#include "syscall.h"

#include <__fc_builtin.h>

/* Every selector that names something; an empty one; one without a page; one out of range. */
static uint64_t any_selector(void)
{
    const int n = Frama_C_interval_split(0, EMPTY + 2);

    return n <= EMPTY ? (uint64_t)n : n == EMPTY + 1 ? NEVER : WHIT_SLOTS;
}

/* The same, of those from `first` to `last`, and one of another kind. */
static uint64_t any_of(uint64_t first, uint64_t last)
{
    static const uint64_t others[] = {LINES, EMPTY, WHIT_SLOTS};
    const int n = Frama_C_interval_split((int)first, (int)last + 3);

    return n <= (int)last ? (uint64_t)n : others[n - (int)last - 1];
}

/* For "space, slot": the own space, another, or none; there an empty slot, one without a page, a
 * filled one, one out of range. */
static void any_place(uint64_t *space, uint64_t *slot)
{
    static const uint64_t slots[] = {EMPTY, NEVER, POOL, WHIT_SLOTS};

    *space = *slot = CALLER;
    if (Frama_C_interval_split(0, 1))
        return;
    *space = Frama_C_interval_split(0, 1) ? WHIT_SELF : MACHINE;
    *slot = slots[Frama_C_interval_split(0, 3)];
}

/* Each up to `most`, and all beyond. */
static uint64_t any_small(int most)
{
    const int n = Frama_C_interval_split(0, most + 1);

    return n <= most ? (uint64_t)n : Frama_C_unsigned_long_long_interval((uint64_t)n, UINT64_MAX);
}

/* What the first argument of WHIT_OP_MAKE and WHIT_OP_BIND may be for what is made or bound. */
static uint64_t any_needed(uint64_t kind)
{
    switch (kind) {
    case WHIT_THREAD:
        return Frama_C_interval_split(0, 1) ? WHIT_SELF : any_of(SPACE, SPACE);
    case WHIT_PORTAL:
        return any_of(CALLER, VCPU);
    default:
        return any_of(CORE_0, CORE_1);
    }
}

/* Addresses that are special to a mapping. */
static uint64_t any_address(void)
{
    static const uint64_t addresses[] = {0,
                                         0x1000,
                                         0x200000 - 0x1000,
                                         0x40000000,
                                         (UINT64_C(1) << WHIT_ADDRESS_BITS) - 0x1000,
                                         UINT64_C(1) << WHIT_ADDRESS_BITS,
                                         0x1001};

    return addresses[Frama_C_interval_split(0, 6)];
}

/* Any number; the least, a middle and the most urgent priority; flags of all kinds, and none. */
static uint64_t any_virq(void)
{
    static const uint64_t priorities[] = {0, 128, 255};
    static const uint64_t flags[] = {0, WHIT_VIRQ_ENABLED, WHIT_VIRQ_ENABLED | WHIT_VIRQ_LEVEL,
                                     WHIT_VIRQ_ENABLED | WHIT_VIRQ_TIMER, 8};
    const uint64_t number = Frama_C_unsigned_long_long_interval(0, 0xffff);

    return number + (priorities[Frama_C_interval_split(0, 2)] << 16) +
           (flags[Frama_C_interval_split(0, 4)] << 24);
}

static void arguments(uint64_t number, uint64_t *x)
{
    uint64_t unused;

    for (int i = 0; i < 7; i++)
        x[i] = any();
    switch (number) {
    case WHIT_OP_DERIVE:
    case WHIT_OP_GIVE:
    case WHIT_OP_TRANSFER:
        x[0] = any_selector();
        any_place(&x[1], &x[2]);
        break;
    case WHIT_OP_SPLIT:
        x[0] = any_of(MEMORY_PAGE, MEMORY_CHILD);
        any_place(&unused, &x[1]);
        break;
    case WHIT_OP_JOIN:
        x[0] = any_of(MEMORY_PAGE, MEMORY_CHILD);
        x[1] = any_of(MEMORY_PAGE, MEMORY_CHILD);
        break;
    case WHIT_OP_MAP:
        x[0] = any_of(MEMORY_PORTAL, MEMORY_CHILD);
        x[1] = Frama_C_interval_split(0, 1) ? any_of(MACHINE, MACHINE) : WHIT_SELF;
        x[2] = any_address();
        x[3] = any_small(WHIT_MAP_PIN);
        break;
    case WHIT_OP_DONATE:
        x[0] = any_of(MEMORY_SPACE, MEMORY_CHILD);
        x[1] = Frama_C_interval_split(0, 1) ? any_of(MACHINE, MACHINE) : WHIT_SELF;
        break;
    case WHIT_OP_IRQ_BIND:
        x[0] = any_of(LINES, LINE);
        x[1] = any_of(SIGNAL, SIGNAL_AWAY);
        break;
    case WHIT_OP_IRQ_ACK:
        x[0] = any_of(LINES, LINE);
        break;
    case WHIT_OP_MAKE:
        x[0] = any_of(MEMORY_SPACE, MEMORY_CHILD);
        x[1] = any_small(WHIT_KINDS);
        x[2] = any_needed(x[1]);
        break;
    case WHIT_OP_BIND:
        x[0] = any_of(CALLER, VCPU);
        x[1] = any_small(WHIT_ROLES);
        x[2] = Frama_C_interval_split(0, 1) ? 0
                                            : any_of(x[1] == WHIT_ROLE_BUDGET  ? BUDGET_CALLER
                                                     : x[1] == WHIT_ROLE_FAULT ? PORTAL
                                                                               : MEMORY_PAGE,
                                                     x[1] == WHIT_ROLE_BUDGET  ? BUDGET_FREE
                                                     : x[1] == WHIT_ROLE_FAULT ? PORTAL
                                                                               : MEMORY_PORTAL);
        break;
    case WHIT_OP_START:
    case WHIT_OP_STOP:
    case WHIT_OP_RESUME:
        x[0] = any_of(CALLER, VCPU);
        break;
    case WHIT_OP_SYNC:
        x[0] = any_of(CALLER, VCPU);
        x[1] = any_small(1);
        break;
    case WHIT_OP_TARGET:
        x[0] = any_of(SIGNAL, SIGNAL_AWAY);
        x[1] = any_small(WHIT_TARGET_VIRQ);
        x[2] = x[1] == WHIT_TARGET_ENTRY ? any_of(PORTAL, PORTAL) : any_of(CALLER, VCPU);
        if (x[1] == WHIT_TARGET_VIRQ)
            x[3] = any_virq();
        x[4] = Frama_C_interval_split(0, 1) ? 0 : any_of(BUDGET_VCPU, BUDGET_FREE);
        break;
    case WHIT_OP_CLEAR:
    case WHIT_OP_TIMER:
        x[0] = any_of(SIGNAL, SIGNAL_AWAY);
        break;
    case WHIT_OP_BUDGET_READ:
    case WHIT_OP_PRIORITY:
        x[0] = Frama_C_interval_split(0, 1) ? 0 : any_of(BUDGET_CALLER, BUDGET_FREE);
        break;
    case WHIT_OP_POWER:
        x[0] = any_of(CORE_0, CORE_1);
        x[1] = any_small(WHIT_POWER_RESET);
        break;
    case WHIT_OP_REVOKE:
    case WHIT_OP_DELETE:
    case WHIT_OP_UNMAP:
    case WHIT_OP_DESTROY:
        x[0] = any_selector();
        x[1] = any_small(1);
        break;
    default:
        break;
    }
}

static void operate(uint64_t number)
{
    struct thread *self = machine_thread(CALLER);
    uint64_t x[7];

    arguments(number, x);
    cores[0]->current = (uintptr_t)self;
    if (syscall_operate(self, number, x) != RESTART)
        return;
    machine_go(1);
    core_ipi(cores[1]);
    machine_go(0);
    (void)syscall_operate(self, number, x);
}

int main(void)
{
    machine_boot();
    operate((uint64_t)Frama_C_interval_split(WHIT_OP_DERIVE, WHIT_OP_PRIORITY));
    return 0;
}
