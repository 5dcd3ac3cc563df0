/* SPDX-License-Identifier: BSD-2-Clause */
/* The first program: made by the kernel of what the board has, and given all of it. */
#ifndef BOOT_H
#define BOOT_H

#include "board.h"
#include "space.h"

/* What the architecture found. */
struct boot_info {
    const struct board *board;
    struct range kernel;   /* RAM that the kernel keeps: image, core areas, tables */
    struct range panic;    /* page of it with the record of a panic: struct whit_panic */
    uint64_t physical_end; /* of the processor's physical addresses */
    uint64_t frequency;    /* ticks per second */
    uint64_t entry_ticks;  /* counter at the kernel's first instruction */
};

/* Where it works; too large for the stack. */
struct boot_work {
    struct ranges ram, device;
    struct slot pool;
    struct space *space;
    struct whit_boot *out;
    uint32_t selector; /* next one to fill */
};

/*
 * Makes root of the first file in the boot archive, which is called "root", and readies its thread
 * on the boot core.  Returns NULL, or a sentence that says what is wrong with the archive.
 */
const char *boot_root(const struct boot_info *info, struct boot_work *work);

#endif
