/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel needs to know of a board, from its device tree alone. */
#ifndef BOARD_H
#define BOARD_H

#include "core.h"
#include "ranges.h"

enum { BOARD_REDISTRIBUTORS = 8 };

/* INTIDs of the kernel's private interrupts, as the Arm Base System Architecture numbers them. */
enum { BOARD_MAINTENANCE = 25, BOARD_TIMER = 26, BOARD_VTIMER = 27 };

enum board_conduit { CONDUIT_NONE, CONDUIT_SMC, CONDUIT_HVC };

struct board {
    struct range dtb;         /* exact */
    struct range initrd;      /* exact; base 0: none */
    struct ranges ram;        /* without what is reserved; whole pages */
    struct ranges reserved;   /* firmware's and others': nobody's */
    struct ranges controller; /* all registers of the interrupt controller */
    struct range distributor;
    struct range redistributor[BOARD_REDISTRIBUTORS];
    struct range uart; /* the first PL011 that is enabled; base 0: none */
    uint32_t redistributors;
    uint32_t cores; /* that PSCI can start, or the one there is */
    enum board_conduit conduit;
    bool timers, maintenance; /* are private interrupts with the numbers above */
    uint64_t mpidr[CORES_MAX];
};

/*
 * Reads the tree at `dtb`.  Returns NULL, or a sentence that names what is missing; the UART is
 * known even then, if there is one.
 */
const char *board_read(struct board *board, const void *dtb);

#endif
