/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine for EVA: two cores and some RAM at fixed addresses, so that a word that holds an
 * address and tags is a number, and nothing is lost when the tags are taken off.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "core.h"
#include "space.h"

/* What the first space has; selectors from EMPTY on are empty, from NEVER on without a page. */
enum {
    POOL = 1,
    SPACE,
    LINES, /* all interrupt lines; LINE: one */
    LINE,
    CORE_0,
    CORE_1,
    MACHINE, /* space of VCPU */
    CALLER,  /* threads; SERVER is the handler of PORTAL, AWAY is on core 1 */
    SERVER,
    AWAY,
    VCPU,
    PORTAL,
    SIGNAL,
    SIGNAL_AWAY,
    BUDGET_CALLER,
    BUDGET_SERVER,
    BUDGET_AWAY,
    BUDGET_VCPU,
    BUDGET_FREE,
    MEMORY_SPACE, /* memory of the size of each object, a page for a thread */
    MEMORY_PAGE,
    MEMORY_PORTAL,
    MEMORY_SIGNAL,
    MEMORY_BUDGET,
    MEMORY_MAPPED,
    MEMORY_PARENT, /* MEMORY_CHILD is derived of it */
    MEMORY_CHILD,
    FILLED,
    EMPTY = FILLED,
    ROOTS = 32, /* of the trees that the rest is in */
    NEVER = SLOTS_PER_PAGE
};

/* From now on interrupts come, time passes, and guests do as they like. */
extern bool machine_free;

/* The core that code runs on from now on. */
void machine_go(uint32_t core);

/* Boots: all of the above is there, CALLER runs on core 0, AWAY on core 1. */
void machine_boot(void);

/* An operation with these arguments, by a thread that is not part of the machine. */
status machine_operate(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                       uint64_t f);

struct thread *machine_thread(uint64_t selector);
struct signal *machine_signal(uint64_t selector);
struct budget *machine_budget(uint64_t selector);

/* Any number. */
uint64_t any(void);

#endif
