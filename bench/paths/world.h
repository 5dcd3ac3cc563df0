/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benchmarks run in: the objects that this root makes, and a second space with the same
 * image at the same addresses, so that its threads run functions of this program and share its
 * data.  Everything that fails here stops the benchmark.
 */
#ifndef WORLD_H
#define WORLD_H

#include "whit.h"

/* Of QEMU's virt board. */
#define UART_BASE UINT64_C(0x09000000)
#define UART_LINE 33

/* Where things are mapped, each far from the others. */
#define UART_WINDOW  UINT64_C(0x2000000000)
#define PAGE_WINDOW  UINT64_C(0x2100000000)
#define STATE_WINDOW UINT64_C(0x2200000000)
#define LARGE_WINDOW UINT64_C(0x2400000000)

/* Priorities: root itself has ROOT. */
enum { PRIORITY_LOW = 50, PRIORITY_ROOT = 100, PRIORITY_HIGH = 150, PRIORITY_TOP = 200 };

void world_begin(void);

/* The second space: its selector here. */
extern uint32_t world_other;

void world_need(const char *what, enum whit_error error);

uint32_t new_slot(void);
uint32_t new_memory(uint64_t bytes, uint64_t alignment);
uint32_t new_signal(unsigned core);
uint32_t new_budget(unsigned core, unsigned priority, uint64_t ticks, uint64_t period);
/* A thread of `space` (WHIT_SELF: root's) with a budget, not started. */
uint32_t new_thread(uint32_t space, unsigned core, unsigned priority);
/* The same, started: `stack` 0 takes a new one. */
uint32_t start_thread(uint32_t space, unsigned core, unsigned priority, void (*start)(void),
                      uint64_t x0);
uint32_t new_portal(uint32_t thread, void (*entry)(void), uint64_t badge);
/* A thread that has replied to nobody, ready to be called. */
uint32_t new_handler(uint32_t space, unsigned core, unsigned priority);
/* A stack of its own, in both spaces. */
uint64_t new_stack(void);

/* A child of a capability in the table of `space`; its selector there. */
uint32_t lend(uint32_t capability, uint32_t space, uint32_t rights);
/* A child of memory, mapped; its selector here. */
uint32_t map_child(uint32_t memory, uint32_t space, uint64_t address, unsigned access);
/* The page of a device, mapped at `address` in root's space. */
volatile uint32_t *world_device(uint64_t base, uint64_t address);

/*
 * From here on no thread of the benchmark owns the floating-point registers, as long as none uses
 * them: what follows is measured without the switch of their trap.  What prints does use them.
 */
void disown_float(void);

/* Lets other threads run, less urgent ones too, until they wait. */
void settle(void);

#endif
