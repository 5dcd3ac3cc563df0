/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel needs to know of a board, from its device tree alone. */
#ifndef BOARD_H
#define BOARD_H

#include "core.h"
#include "fdt.h"
#include "ranges.h"

enum { BOARD_REDISTRIBUTORS = 8 };

/* INTIDs of the kernel's private interrupts, as the Arm Base System Architecture numbers them. */
enum { BOARD_MAINTENANCE = 25, BOARD_TIMER = 26, BOARD_VTIMER = 27 };

enum board_conduit { CONDUIT_NONE, CONDUIT_SMC, CONDUIT_HVC };

struct board {
    struct fdt fdt;
    struct ranges ram;        /* without what is reserved; whole pages */
    struct ranges reserved;   /* firmware's and others': nobody's */
    struct ranges controller; /* all registers of the interrupt controller */
    struct range initrd;      /* exact; base 0: none */
    struct range distributor;
    struct range redistributor[BOARD_REDISTRIBUTORS];
    struct range uart; /* PL011 of the console, else the first one; base 0: none */
    uint32_t redistributors;
    uint32_t cores;         /* that can be started */
    uint32_t cores_ignored; /* beyond CORES_MAX, or not started by PSCI */
    enum board_conduit conduit;
    uint32_t timer_ppi, vtimer_ppi, maintenance_ppi; /* INTIDs; 0: none */
    uint64_t mpidr[CORES_MAX];
};

/*
 * Reads the tree at `dtb`.  Returns NULL, or a sentence that names what is missing; the UART is
 * known even then, if there is one.
 */
const char *board_read(struct board *board, const void *dtb);

#endif
