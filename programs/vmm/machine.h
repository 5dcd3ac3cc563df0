/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel objects of the virtual machine, made from the grants "objects", "guest-ram", the cores
 * and the handler threads: its space, its virtual CPUs with their interrupts, and on each core the
 * portals and signals of the thread that handles the exits there.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include "vgic.h"
#include "whit.h"

enum { MACHINE_CORES = VGIC_CPUS + 1 /* those of the CPUs, and the main thread's */ };

enum { MACHINE_BUDGETS = 2 /* of a CPU, in the machine's own table: ordinary, real-time */ };

struct machine_cpu {
    struct whit_state *state; /* its state page */
    uint32_t thread;
    uint32_t signal[VGIC_LINES]; /* at home on its core; 0: that line has none */
    unsigned core;               /* index in machine.core */
    uint64_t el1[32];            /* as after reset */
    bool on;
};

struct machine_core {
    uint32_t core;    /* capability */
    uint32_t handler; /* thread, made by root, which hears of its faults */
    uint32_t lock;    /* signal: the handler sleeps until the lock is free */
    uint32_t work;    /* signal that enters the handler: EXIT_WORK, EXIT_FLUSH (exit.h) */
};

struct machine {
    unsigned cpus, cores;
    /* Selectors of its own table, for each CPU; if each has a real-time budget. */
    bool realtime;
    uint32_t budget[MACHINE_BUDGETS * VGIC_CPUS];
    struct machine_cpu cpu[VGIC_CPUS];
    struct machine_core core[MACHINE_CORES]; /* the first is the main thread's */
    uint32_t space;
    uint64_t ram_bytes;
    uint8_t *ram;    /* own view, while the guest is loaded */
    uint32_t events; /* portal: the main thread calls the handler thread */
};

extern struct machine machine;

/* Of the portals to the handler threads. */
enum { BADGE_EVENTS = 0, BADGE_FIRST_CPU = 1, BADGE_FIRST_CORE = BADGE_FIRST_CPU + VGIC_CPUS };

/* Makes everything; ends the program with a sentence if that cannot be. */
void machine_make(void);

/* Guest RAM [start, end) was written: memory has it, for a guest with its caches off. */
void machine_clean(uint64_t start, uint64_t end);

/* The guest is loaded: its RAM is mapped for it, and no longer here. */
void machine_hand_over(void);

/* Starts a virtual CPU that is off, as after reset.  STATE: its last exit is not yet over. */
enum whit_error machine_cpu_start(unsigned cpu, uint64_t entry, uint64_t context);

/* The kernel's signal behind an interrupt line, 0 if there is none. */
static inline uint32_t machine_signal(unsigned cpu, unsigned line)
{
    return machine.cpu[cpu].signal[line];
}

/* A line has a new setting for a CPU.  On the CPU's core. */
enum whit_error machine_line_set(unsigned cpu, unsigned line, struct vgic_setting setting);

#endif
