/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel objects of the virtual machine, made from the grants "objects", "guest-ram" and
 * "core": its space, its virtual CPUs with their interrupts, and the thread that handles their
 * exits.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include "vgic.h"
#include "whit.h"

struct machine_cpu {
    struct whit_state *state; /* its state page */
    uint32_t thread;
    uint32_t signal[VGIC_PRIVATE]; /* of its SGIs and its timer; 0: that line has none */
    uint64_t el1[32];              /* as after reset */
    bool on;
};

struct machine {
    unsigned cpus;
    struct machine_cpu cpu[VGIC_CPUS];
    uint32_t shared_signal[VGIC_LINES - VGIC_PRIVATE];
    uint32_t space;
    uint64_t ram_bytes;
    uint8_t *ram;    /* own view, while the guest is loaded */
    uint32_t events; /* portal: the main thread calls the handler thread */
};

extern struct machine machine;

enum { BADGE_EVENTS = 0, BADGE_FIRST_CPU = 1 };

/* Makes everything; ends the program with a sentence if that cannot be. */
void machine_make(unsigned cpus);

/* Guest RAM [start, end) was written: memory has it, for a guest with its caches off. */
void machine_clean(uint64_t start, uint64_t end);

/* The guest is loaded: its RAM is mapped for it, and no longer here. */
void machine_hand_over(void);

/* Starts a virtual CPU that is off, as after reset. */
enum whit_error machine_cpu_start(unsigned cpu, uint64_t entry, uint64_t context);

/* The kernel's signal behind an interrupt line, 0 if there is none. */
static inline uint32_t machine_signal(unsigned cpu, unsigned line)
{
    return line < VGIC_PRIVATE ? machine.cpu[cpu].signal[line]
                               : machine.shared_signal[line - VGIC_PRIVATE];
}

/* A line has a new setting, or another CPU: see vgic.h. */
enum whit_error machine_line_set(unsigned cpu, unsigned line, struct vgic_setting setting);

#endif
