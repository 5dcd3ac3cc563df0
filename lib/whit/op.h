/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of WHIT_OP as functions.  Capabilities are selectors of the caller's table; where
 * a space is asked for, WHIT_SELF is the caller's own.  All may fail with CAPABILITY (empty slot,
 * wrong kind), and RIGHTS; further errors are named at each.
 */
#ifndef WHIT_OP_H
#define WHIT_OP_H

#include "whit/call.h"
#include <stdint.h>

/* Arguments and results of one operation: x0-x6. */
struct whit_arguments {
    uint64_t x[7];
};

/* The raw call: the results replace the arguments. */
static inline enum whit_error whit_operate(enum whit_op operation, struct whit_arguments *arguments)
{
    const uint64_t a0 = whit_settled(arguments->x[0]), a1 = whit_settled(arguments->x[1]);
    const uint64_t a2 = whit_settled(arguments->x[2]), a3 = whit_settled(arguments->x[3]);
    const uint64_t a4 = whit_settled(arguments->x[4]), a5 = whit_settled(arguments->x[5]);
    const uint64_t a6 = whit_settled(arguments->x[6]);
    register uint64_t x0 __asm__("x0") = a0;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;
    register uint64_t x4 __asm__("x4") = a4;
    register uint64_t x5 __asm__("x5") = a5;
    register uint64_t x6 __asm__("x6") = a6;
    register uint64_t x10 __asm__("x10") = operation;

    __asm__ volatile(
        "svc %[call]"
        : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x10)
        : [call] "i"(WHIT_OP)
        : "x7", "x8", "x9", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "cc", "memory");
    arguments->x[0] = x0;
    arguments->x[1] = x1;
    arguments->x[2] = x2;
    arguments->x[3] = x3;
    arguments->x[4] = x4;
    arguments->x[5] = x5;
    return (enum whit_error)x10;
}

/* Does nothing: the shortest operation. */
static inline enum whit_error whit_null(void)
{
    register uint64_t x10 __asm__("x10") = WHIT_OP_NULL;

    __asm__ volatile("svc %[call]"
                     : "+r"(x10)
                     : [call] "i"(WHIT_OP)
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "cc", "memory");
    return (enum whit_error)x10;
}

/* ---- capabilities */

/*
 * A child of `source` in (space, slot), with `rights` (a subset, never MAKE).  For memory: the
 * range [offset, offset + bytes) of the source, in bytes (bytes 0: to its end); for an irq the same
 * in lines; for other kinds both are 0.
 * Errors: OCCUPIED, FUNDS (no page for the slot), ALIGNMENT, SIZE, DEPTH, STATE (source is inert).
 */
static inline enum whit_error whit_derive(uint32_t source, uint32_t space, uint32_t slot,
                                          uint32_t rights, uint64_t offset, uint64_t bytes)
{
    struct whit_arguments a = {{source, space, slot, rights, offset, bytes}};

    return whit_operate(WHIT_OP_DERIVE, &a);
}

/* The whole of `memory` as an exclusive child in (space, slot), which keeps the right to make.
 * Errors: BUSY (mapped or has descendants), OCCUPIED, FUNDS, DEPTH. */
static inline enum whit_error whit_give(uint32_t memory, uint32_t space, uint32_t slot)
{
    struct whit_arguments a = {{memory, space, slot}};

    return whit_operate(WHIT_OP_GIVE, &a);
}

/* Moves the capability itself to (space, slot).  Errors: ORIGINAL (into another space), OCCUPIED,
 * FUNDS. */
static inline enum whit_error whit_transfer(uint32_t source, uint32_t space, uint32_t slot)
{
    struct whit_arguments a = {{source, space, slot}};

    return whit_operate(WHIT_OP_TRANSFER, &a);
}

/* Removes all descendants of the capability, their mappings and the objects made of them. */
static inline enum whit_error whit_revoke(uint32_t capability)
{
    struct whit_arguments a = {{capability}};

    return whit_operate(WHIT_OP_REVOKE, &a);
}

/* whit_revoke, then the capability itself.  Error: ORIGINAL. */
static inline enum whit_error whit_delete(uint32_t capability)
{
    struct whit_arguments a = {{capability}};

    return whit_operate(WHIT_OP_DELETE, &a);
}

/* ---- memory */

/* Cuts `memory`: it keeps the first `bytes`, the rest goes to the own slot `upper`.
 * Errors: BUSY (mapped or has descendants), ALIGNMENT (WHIT_UNIT), SIZE, OCCUPIED, FUNDS. */
static inline enum whit_error whit_split(uint32_t memory, uint32_t upper, uint64_t bytes)
{
    struct whit_arguments a = {{memory, upper, bytes}};

    return whit_operate(WHIT_OP_SPLIT, &a);
}

/* Undoes a split: `memory` takes in `upper`, which must follow it.  Errors: BUSY, ARGUMENT. */
static inline enum whit_error whit_join(uint32_t memory, uint32_t upper)
{
    struct whit_arguments a = {{memory, upper}};

    return whit_operate(WHIT_OP_JOIN, &a);
}

/* Maps the range in `space` at `address` (multiple of WHIT_PAGE); access: enum whit_access bits.
 * Errors: ALIGNMENT, ARGUMENT, OCCUPIED (something is there), BUSY (mapped elsewhere), FUNDS. */
static inline enum whit_error whit_map(uint32_t memory, uint32_t space, uint64_t address,
                                       uint32_t access)
{
    struct whit_arguments a = {{memory, space, address, access, 0}};

    return whit_operate(WHIT_OP_MAP, &a);
}

/* Takes the mapping of this capability away.  Error: STATE (it has none). */
static inline enum whit_error whit_unmap(uint32_t memory)
{
    struct whit_arguments a = {{memory, 0}};

    return whit_operate(WHIT_OP_UNMAP, &a);
}

/* Gives the pages of `memory` (right to make) to the pool of `space`.  Errors: BUSY, ALIGNMENT. */
static inline enum whit_error whit_donate(uint32_t memory, uint32_t space)
{
    struct whit_arguments a = {{memory, space}};

    return whit_operate(WHIT_OP_DONATE, &a);
}

/* Turns `memory` into an object; a, b, c, d as enum whit_kind says in whit.h.  Its slot then holds
 * the object's original capability.  Errors: SIZE (WHIT_SIZE_*), ALIGNMENT, BUSY, ARGUMENT. */
static inline enum whit_error whit_make(uint32_t memory, enum whit_kind kind, uint64_t a,
                                        uint64_t b, uint64_t c, uint64_t d)
{
    struct whit_arguments x = {{memory, kind, a, b, c, d}};

    return whit_operate(WHIT_OP_MAKE, &x);
}

/* Ends the object behind its original capability, which becomes memory again.  Error: ORIGINAL. */
static inline enum whit_error whit_destroy(uint32_t original)
{
    struct whit_arguments a = {{original, 0}};

    return whit_operate(WHIT_OP_DESTROY, &a);
}

/* ---- threads */

/* Binds a budget, fault portal or state page to the thread; selector 0 unbinds.
 * Errors: ARGUMENT (role), STATE (it is not stopped), CORE, BUSY, SIZE, ALIGNMENT. */
static inline enum whit_error whit_bind(uint32_t thread, enum whit_role role, uint32_t capability)
{
    struct whit_arguments a = {{thread, role, capability}};

    return whit_operate(WHIT_OP_BIND, &a);
}

/* Starts a stopped thread: pc and sp are addresses in its space, tls goes to TPIDR_EL0, x0 to x0.
 * Error: STATE. */
static inline enum whit_error whit_start(uint32_t thread, uint64_t pc, uint64_t sp, uint64_t tls,
                                         uint64_t x0)
{
    struct whit_arguments a = {{thread, pc, sp, tls, x0}};

    return whit_operate(WHIT_OP_START, &a);
}

/* When it returns, the thread does not run. */
static inline enum whit_error whit_stop(uint32_t thread)
{
    struct whit_arguments a = {{thread}};

    return whit_operate(WHIT_OP_STOP, &a);
}

/* Continues a stopped thread from its registers.  Error: STATE. */
static inline enum whit_error whit_resume(uint32_t thread)
{
    struct whit_arguments a = {{thread}};

    return whit_operate(WHIT_OP_RESUME, &a);
}

enum whit_direction { WHIT_SYNC_TO_PAGE = 0, WHIT_SYNC_FROM_PAGE = 1 };

/* Copies the lazily switched registers of a stopped thread to its state page, or from it.
 * Errors: STATE, ARGUMENT, CORE. */
static inline enum whit_error whit_sync(uint32_t thread, enum whit_direction direction)
{
    struct whit_arguments a = {{thread, direction}};

    return whit_operate(WHIT_OP_SYNC, &a);
}

/* A capability passed to the calling thread goes to `slot`, if that is empty; 0: none is taken. */
static inline enum whit_error whit_receive(uint32_t slot)
{
    struct whit_arguments a = {{slot}};

    return whit_operate(WHIT_OP_RECEIVE, &a);
}

/* ---- signals and interrupts */

/* Says what the signal activates: `to` is a thread or a portal, virq is WHIT_VIRQ(...) for a
 * virtual interrupt, budget is what an activation runs on (0: none).
 * Errors: ARGUMENT, CORE, BUSY (the old target waits). */
static inline enum whit_error whit_target(uint32_t signal, enum whit_target kind, uint32_t to,
                                          uint64_t virq, uint32_t budget)
{
    struct whit_arguments a = {{signal, kind, to, virq, budget}};

    return whit_operate(WHIT_OP_TARGET, &a);
}

/* Takes `bits` back and stores in *were which of them were set. */
static inline enum whit_error whit_clear(uint32_t signal, uint64_t bits, uint64_t *were)
{
    struct whit_arguments a = {{signal, bits}};
    enum whit_error error = whit_operate(WHIT_OP_CLEAR, &a);

    *were = error == WHIT_OK ? a.x[0] : 0;
    return error;
}

/* Sets `bits` of the signal at `deadline` (ticks); 0 takes the deadline back.  Error: CORE. */
static inline enum whit_error whit_timer(uint32_t signal, uint64_t deadline, uint64_t bits)
{
    struct whit_arguments a = {{signal, deadline, bits}};

    return whit_operate(WHIT_OP_TIMER, &a);
}

/* The line sets `bits` of `signal` from now on, in place of what it was bound to; flags:
 * WHIT_IRQ_EDGE or 0.  Error: ARGUMENT (not one shared line, no bits). */
static inline enum whit_error whit_irq_bind(uint32_t irq, uint32_t signal, uint64_t bits,
                                            uint32_t flags)
{
    struct whit_arguments a = {{irq, signal, bits, flags}};

    return whit_operate(WHIT_OP_IRQ_BIND, &a);
}

/* The interrupt was handled: the line may interrupt again.  Error: ARGUMENT. */
static inline enum whit_error whit_irq_ack(uint32_t irq)
{
    struct whit_arguments a = {{irq}};

    return whit_operate(WHIT_OP_IRQ_ACK, &a);
}

/* ---- time and cores */

/*
 * A budget with all that it may have: `priority` with flags (enum whit_budget_flag), `activation`:
 * ticks that one activation by a signal may use, 0: no limit of its own.
 */
static inline enum whit_error whit_budget_make(uint32_t memory, uint32_t core, uint64_t priority,
                                               uint64_t ticks, uint64_t period, uint64_t activation)
{
    struct whit_arguments x = {{memory, WHIT_BUDGET, core, priority, ticks, period, activation}};

    return whit_operate(WHIT_OP_MAKE, &x);
}

struct whit_budget_use {
    uint64_t used;      /* ticks since it was made */
    uint64_t exhausted; /* how often it ran out while it ran */
    uint64_t remaining; /* ticks of the piece that is used now, or next */
    uint64_t priority;
    uint64_t lent; /* of `used`: in other threads than its own (with WHIT_BUDGET_METER exactly) */
    uint64_t late; /* how often it had something to run and had to wait for its refill first */
};

static inline enum whit_error whit_budget_read(uint32_t budget, struct whit_budget_use *use)
{
    struct whit_arguments a = {{budget}};
    enum whit_error error = whit_operate(WHIT_OP_BUDGET_READ, &a);

    *use = (struct whit_budget_use){a.x[0], a.x[1], a.x[2], a.x[3], a.x[4], a.x[5]};
    return error;
}

/* `budget` drives the calling thread from now on; 0: the same as before.  The activations of the
 * calling virtual CPU by its signals end.  Errors: BUSY, CORE, STATE, DEPTH. */
static inline enum whit_error whit_priority(uint32_t budget)
{
    struct whit_arguments a = {{budget}};

    return whit_operate(WHIT_OP_PRIORITY, &a);
}

/* Switches the whole machine off, or resets it; does not return when it may. */
static inline enum whit_error whit_power(uint32_t core, enum whit_power action)
{
    struct whit_arguments a = {{core, action}};

    return whit_operate(WHIT_OP_POWER, &a);
}

/* Prints on the debug kernel's UART while the kernel owns it; else nothing happens. */
static inline enum whit_error whit_log(char character)
{
    struct whit_arguments a = {{(unsigned char)character}};

    return whit_operate(WHIT_OP_LOG, &a);
}

/* What an error means, in a few words. */
const char *whit_error_text(enum whit_error error);

#endif
