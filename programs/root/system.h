/* SPDX-License-Identifier: BSD-2-Clause */
/* The system while it runs: what the description became. */
#ifndef ROOT_SYSTEM_H
#define ROOT_SYSTEM_H

#include "archive.h"
#include "description.h"
#include "devices.h"
#include "means.h"

/* Threads that root makes for a program: [0] the first; behind it that which serves its portals, or
 * those that handle the exits of a VM, one for each of its cores. */
enum { SERVERS_MAX = CORES_MAX, THREADS_MAX = 1 + SERVERS_MAX };

enum instance_state {
    INSTANCE_ABSENT, /* left out */
    INSTANCE_PLANNED,
    INSTANCE_RUNNING,
    INSTANCE_ENDED /* for good */
};

/* Slots of a program's own table that are the same in all; those of links follow (plan.c). */
enum program_slot {
    SLOT_THREAD = 1,
    SLOT_SPACE,
    SLOT_BUDGET,
    SLOT_CORE,
    SLOT_WAIT,
    SLOT_SERVER,
    SLOT_MEMORY,
    SLOT_GUEST_RAM,
    SLOT_LINKS
};

/* One program or VM. */
struct instance {
    struct program *program;
    enum instance_state state;
    uint32_t starts, restarts; /* restarts: those that its description counts */
    uint32_t servers;
    /* From the archive and the board. */
    const struct whit_image *image;
    struct file file, kernel, initrd;
    struct device *device; /* one for each request */
    /* Its memory: everything made for it lies in `arena`, so revoking that takes all back. */
    struct whit_piece arena, guest_ram;
    uint64_t pool_bytes, stack_bytes;
    uint32_t slots;                     /* of its table in use by grants */
    uint32_t first_line_slot;           /* of these, for interrupt lines */
    uint32_t first_machine_slot;        /* ... and for the parts of a VM */
    uint32_t free_slots;                /* kept for its own use, behind them */
    uint32_t first_selector, selectors; /* root's, for what is made while it is built */
    /* What is made at each start. */
    uint32_t next_selector, rest;
    uint64_t rest_base, rest_bytes;
    uint64_t next_address;
    uint32_t space, thread, budget, signal, server[SERVERS_MAX], cpu_budget[CPUS_MAX];
    uint32_t urgent_budget[URGENTS][CPUS_MAX]; /* 0: none */
    bool faulted[THREADS_MAX]; /* set by the fault handler of its core, cleared by supervision */
};

struct system {
    const struct whit_boot *boot;
    struct reporter *reporter;
    struct means *means;
    struct heap *heap;
    struct archive archive;
    const struct whit_boot_range *archive_range;
    const void *board;
    struct description description;
    struct instance *instance; /* one for each program; [0] is not used */
    uint32_t wait;             /* root's own signal */
    uint32_t *fault_thread;    /* handlers, one for each core */
};

/*
 * Checks all that can be known before anything is built: images, devices, memory; gives out memory
 * and slots.  What cannot be is reported and marked as absent.
 */
void system_plan(struct system *system);

/* Builds instance `index` and connects it; it does not run yet.  False after a report; then all is
 * taken back. */
bool instance_build(struct system *system, uint32_t index);

/* Its first thread starts. */
bool instance_start(struct system *system, uint32_t index);

/* Takes everything back that instance_build made. */
void instance_demolish(struct system *system, uint32_t index);

/* Badge of the portal for faults of a thread. */
static inline uint64_t fault_badge(uint32_t index, unsigned thread)
{
    return (uint64_t)index * THREADS_MAX + thread;
}

/* State pages are mapped in root, so that it can tell what a thread died of. */
#define STATE_PAGES UINT64_C(0x5000000000)
static inline uint64_t state_address(uint32_t index, unsigned thread)
{
    return STATE_PAGES + fault_badge(index, thread) * WHIT_PAGE;
}

/* In handler.S: first instruction of a fault handler, and the entry of the portals for faults. */
void fault_start(void);
void fault_entry(void);

#endif
