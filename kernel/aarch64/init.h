/* SPDX-License-Identifier: BSD-2-Clause */
/* The way from the first instruction to the first thread: start.S, then init.c. */
#ifndef INIT_H
#define INIT_H

#include "board.h"
#include "core.h"

/* Called by start.S on the boot core with the MMU off; returns its core with the MMU on. */
struct core *boot_early(const void *dtb, uint64_t ticks);
_Noreturn void boot_core(struct core *core);
/* Called by start.S where the kernel cannot run: says why and stops. */
_Noreturn void boot_refuse(const void *dtb);
/* Called by start.S on each other core with the MMU on. */
_Noreturn void other_core(struct core *core);
/* start.S: first instruction of the other cores, context: struct core. */
void start_other_core(void);

/*
 * Memory that the kernel keeps for ever, zeroed, from right behind its image; at a multiple of
 * `align` (a power of two, at least a page).  Only before the MMU is on.
 */
void *boot_take(uint64_t bytes, uint64_t align);

/* Starts the other cores one after the other: smp.c. */
void smp_start(const struct board *board);
void psci_init(enum board_conduit conduit);
/* A call of the firmware's; -1 (not supported) if it cannot be called: smp.c. */
int64_t firmware(uint64_t function, uint64_t argument);

/* Exception vectors: vectors.S. */
extern char vectors[];
/* The same with a call of the firmware first (errata.h). */
extern char vectors_guarded[];

#endif
