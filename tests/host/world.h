/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine for tests of the kernel core: RAM, devices, interrupt lines, a core, and a first
 * thread in a first space that has the capabilities of all.  Every operation goes the way of a
 * program's call, is restarted as often as it asks for, and is followed by all invariants.
 */
#ifndef WORLD_H
#define WORLD_H

#include "debug/invariant.h"
#include "fake_arch.h"

#define WORLD_DEVICE_BASE  UINT64_C(0x1000000000)
#define WORLD_DEVICE_BYTES (UINT64_C(8) << 30)
enum { WORLD_RAM_BYTES = 8 << 20, WORLD_LINES = 64 };

/* What the first space has; from WORLD_FREE on its selectors are empty. */
enum {
    WORLD_POOL = 1,
    WORLD_SPACE,
    WORLD_RAM,
    WORLD_DEVICE,
    WORLD_IRQ,
    WORLD_CORE,
    WORLD_THREAD,
    WORLD_FREE = 16
};

extern uint8_t world_ram[WORLD_RAM_BYTES];
extern struct space *world_space;
extern struct thread *world_thread; /* who calls */

/* Called before an operation is restarted, if set: what others do meanwhile. */
extern void (*world_between)(void);
/* Tells, if set, whether what others did left the caller of an operation there. */
extern bool (*world_alive)(const struct thread *thread);
extern unsigned world_restarts; /* of the last operation */

/* Results of world_op besides enum whit_error. */
enum { WORLD_GONE = 1000 /* the caller does not run any more */ };

void world_init(void);

/* All invariants: NULL, or what is wrong. */
const char *world_wrong(void);

/* An operation of `thread`; `x`: arguments, results afterwards. */
int world_op_as(struct thread *thread, unsigned number, uint64_t x[7]);

/* Operation of the first thread: OP(WHIT_OP_SPLIT, memory, slot, bytes). */
#define OP(number, ...) world_op_as(world_thread, (number), (uint64_t[7]){__VA_ARGS__})

/* The slot of a selector in the first space. */
struct slot *world_slot(uint64_t selector);

/* Cuts `bytes`, aligned to a page, off WORLD_RAM; gives them to `selector` with all rights that
 * a gift can have. */
void world_take(uint64_t selector, uint64_t bytes);
enum { WORLD_GIVEN = WHIT_R_ALL & ~WHIT_R_PIN };

/* Every other core comes into the kernel once, as for an inter-processor interrupt. */
void world_cores_run(void);

/* Makes an object of a kind at `selector`, from new memory. */
int world_make(uint64_t selector, unsigned kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* ---- reporting: one line for each test, that names the first check that failed */
void test_begin(const char *name);
void test_check(bool good, const char *what, const char *file, int line);
void test_equal(long long is, long long should, const char *what, const char *file, int line);
bool test_is_good(void); /* so far */
int test_finish(void);

#define CHECK(condition)  test_check((condition), #condition, __FILE__, __LINE__)
#define EQUAL(is, should) test_equal((long long)(is), (long long)(should), #is, __FILE__, __LINE__)

#endif
