/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads on cores, on the small machine of world.h.  A test says what the current thread of a core
 * does; the kernel is entered as the hardware would enter it, and left again, which chooses who
 * runs next.  A call that is to be executed again is executed again when its thread runs.  After
 * each step the structures of the scheduler are checked.
 *
 * All programs are threads of the first space unless a test makes other spaces.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "object.h"
#include "sched.h"
#include "world.h"

enum { FIXTURE_CORES = 4, FIXTURE_CORE = 8 /* selector of the first core; consecutive */ };

/* Registers of a program at its start; its number is added to the sp, so that it can be told. */
#define PROGRAM_PC  UINT64_C(0x400000)
#define PROGRAM_SP  UINT64_C(0x800000)
#define PROGRAM_TLS UINT64_C(0x900000)

struct program {
    unsigned core;
    uint64_t thread, budget; /* selectors */
    struct thread *t;
    struct budget *b;
};

/* Calls take their ways through kernel/aarch64/vectors.S, as far as these would do it alone. */
extern bool fixture_fast;
/* A call that waits for another core is tried once; else that core answers at once. */
extern bool fixture_manual;

/* A new machine; what was made before is destroyed. */
void fixture_init(unsigned cores);
int fixture_finish(void);

/* NULL, or what is wrong with the structures of the scheduler.  `settled`: the kernel was left. */
const char *fixture_wrong(bool settled);
void fixture_dump(void);

/* ---- making, by the first thread, on core 0.  The results are selectors. */

uint64_t fixture_selector(void);
/* A selector that a test filled itself; its object is watched like those made here. */
void fixture_watch(uint64_t selector);

uint64_t make_thread(uint64_t space, unsigned type);
uint64_t make_space(unsigned type, unsigned pool_pages);
uint64_t make_budget(unsigned core, unsigned priority, uint64_t ticks, uint64_t period);
uint64_t make_signal(unsigned core);
uint64_t make_portal(uint64_t thread, uint64_t entry, uint64_t badge);

/* A thread that runs on its own budget; and one that has replied once, and so is idle. */
struct program program_new(unsigned core, unsigned priority);
struct program program_limited(unsigned core, unsigned priority, uint64_t ticks, uint64_t period);
struct program handler_new(unsigned core, unsigned priority);
/* A handler without a budget. */
struct program handler_passive(unsigned core);
/* A virtual CPU in a machine of its own. */
struct program vcpu_new(unsigned core, unsigned priority);

struct thread *thread_at(uint64_t selector);
struct portal *portal_at(uint64_t selector);
struct signal *signal_at(uint64_t selector);
struct budget *budget_at(uint64_t selector);

/* An operation of the first thread, which runs for a moment on core 0; the others answer. */
int admin(unsigned number, uint64_t x[7]);
extern uint64_t admin_x[7]; /* its results */
#define ADMIN(number, ...) admin((number), (uint64_t[7]){__VA_ARGS__})

/* ---- running.  Each of them returns who runs on the core afterwards, NULL if it idles. */

struct thread *run(unsigned core);
struct thread *running(unsigned core);

/* The current thread makes a call: trap(core, WHIT_CALL, x10, {x0, ...}). */
struct thread *trap(unsigned core, unsigned call, uint64_t x10, const uint64_t x[10]);
#define CALL(core, portal, ...)      trap((core), WHIT_CALL, (portal), (uint64_t[10]){__VA_ARGS__})
#define REPLY(core, x10, ...)        trap((core), WHIT_REPLY, (x10), (uint64_t[10]){__VA_ARGS__})
#define NOTIFY(core, signal, bits)   trap((core), WHIT_NOTIFY, (signal), (uint64_t[10]){bits})
#define WAIT(core, signal, deadline) trap((core), WHIT_WAIT, (signal), (uint64_t[10]){deadline})
#define YIELD(core)                  trap((core), WHIT_YIELD, 0, (uint64_t[10]){0})
#define DO(core, number, ...)        trap((core), WHIT_OP, (number), (uint64_t[10]){__VA_ARGS__})

/* The current thread faults, or exits if it is a virtual CPU. */
struct thread *fault(unsigned core, uint64_t esr, uint64_t far, uint64_t ipa);
/* The current virtual CPU executes WFI. */
struct thread *wfi(unsigned core);

/* The core takes an inter-processor interrupt, if there is one for it. */
struct thread *take_ipi(unsigned core);
void take_all_ipis(void);

/* An interrupt line fires on the core. */
struct thread *take_irq(unsigned core, uint32_t line);

/* Time passes, with the timer interrupts of all cores; `watch` is told of each stretch of it. */
void pass(uint64_t ticks);
extern void (*fixture_watch_time)(uint64_t from, uint64_t to);
/* The structures are checked after each so many steps only. */
extern unsigned fixture_check_every;
/* Told, if set, of each choice: the core is about to leave the kernel, or sleeps. */
extern void (*fixture_watch_choice)(unsigned core);
/* Called, if set, when a fast call has passed its capability: another core does something then. */
extern void (*fixture_between)(void);

#endif
