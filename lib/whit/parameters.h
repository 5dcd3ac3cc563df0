/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program receives from the one that started it: one page, mapped read-only, whose address
 * is in x0 at its first instruction.  Written by root, read through libwhit.
 *
 * A program defines `int main(void)`; it finds the page by whit_parameters.  The root program gets
 * struct whit_boot from the kernel instead and finds it by whit_boot.  The first word tells which.
 */
#ifndef WHIT_PARAMETERS_H
#define WHIT_PARAMETERS_H

#include "whit.h"
#include <stdbool.h>
#include <stdint.h>

#define WHIT_PARAMETERS_MAGIC 0x0a6d61726150 /* "Param\n" */

enum { WHIT_NAME_BYTES = 24, WHIT_GRANTS = 56, WHIT_ARGUMENT_BYTES = 888 };

/*
 * Kinds of grants.  Fields that a kind does not mention are 0.  Names in quotes are fixed, others
 * come from the system description; they are unique within a kind.
 */
enum whit_grant_kind {
    WHIT_GRANT_NONE = 0,
    WHIT_GRANT_THREAD,  /* "thread": the program's own (main) thread, right to control */
    WHIT_GRANT_SPACE,   /* "space": its own space, right to control */
    WHIT_GRANT_BUDGET,  /* "budget": its own budget, right to read */
    WHIT_GRANT_CORE,    /* "core": where its signals may be at home; value: index of the core.
                           Only for programs that make objects of their own. */
    WHIT_GRANT_WAIT,    /* "wait": signal whose waiter is the main thread; all events arrive here.
                           value: bits that root uses, the others are the program's own */
    WHIT_GRANT_NOTIFY,  /* signal that may be notified; value: bits to set */
    WHIT_GRANT_PORTAL,  /* portal that may be called */
    WHIT_GRANT_SERVER,  /* "server": stopped thread that root made the handler of all portals that
                           this program offers, with a budget; the program starts it by
                           whit_serve.  Their entry is that of the image plus WHIT_SERVE_OFFSET.
                           A VM has one on each core: docs/systems.md. */
    WHIT_GRANT_OFFER,   /* a portal that this program offers to others; value: its badge */
    WHIT_GRANT_CHANNEL, /* memory shared with one other program, with doorbells: mapped at
                           address, bytes; selector: signal to notify; value: WHIT_CHANNEL */
    WHIT_GRANT_SHARED,  /* memory shared with others: mapped at address, bytes */
    WHIT_GRANT_DEVICE,  /* device registers: mapped at address, bytes; value: physical address */
    WHIT_GRANT_IRQ,     /* interrupt line, bound to "wait"; value: bits that it sets there */
    WHIT_GRANT_MEMORY,  /* "memory": free, not mapped, with the right to make; page aligned;
                           bytes; value: physical address */
    WHIT_GRANT_KINDS
};

/*
 * Value of a CHANNEL.  end: 0 or 1, which decides what ring of it is whose (whit/channel.h).
 * ring: bit number to set in the peer's signal.  event: bit number that the peer sets in "wait".
 * The channel named "log" takes a program's standard output.
 */
#define WHIT_CHANNEL(end, ring, event)                                                             \
    ((uint64_t)(end) | ((uint64_t)(ring) << 8) | ((uint64_t)(event) << 16))
#define WHIT_CHANNEL_END(value)   ((unsigned)((value)&1))
#define WHIT_CHANNEL_RING(value)  (UINT64_C(1) << (((value) >> 8) & 63))
#define WHIT_CHANNEL_EVENT(value) (UINT64_C(1) << (((value) >> 16) & 63))

/* Portals that root makes for a program enter it this many bytes behind the image's entry. */
#define WHIT_SERVE_OFFSET 4

struct whit_grant {
    char name[WHIT_NAME_BYTES]; /* ends with a zero */
    uint32_t kind;              /* enum whit_grant_kind */
    uint32_t selector;
    uint64_t address, bytes;
    uint64_t value;
};

struct whit_parameters {
    uint64_t magic; /* WHIT_PARAMETERS_MAGIC */
    uint32_t abi;   /* WHIT_ABI_VERSION of root */
    uint32_t grants;
    uint64_t frequency;  /* ticks per second */
    uint32_t first_free; /* selectors from here on are empty */
    uint32_t end_free;   /* ... up to here there are pages for them (half open) */
    uint32_t restarts;   /* how often this program was started before */
    uint32_t argument_bytes;
    char name[WHIT_NAME_BYTES];
    struct whit_grant grant[WHIT_GRANTS];
    /* Properties of the description that root does not use itself: "key=value" strings, each with
     * its zero; cells are written in decimal, elements of lists are separated by spaces. */
    char arguments[WHIT_ARGUMENT_BYTES];
};
_Static_assert(sizeof(struct whit_parameters) <= WHIT_PAGE, "parameters are one page");

/* One of them is set before main, the other is null. */
extern const struct whit_parameters *whit_parameters;
extern const struct whit_boot *whit_boot;

/* The grant of that kind and name; NULL if there is none. */
const struct whit_grant *whit_grant(enum whit_grant_kind kind, const char *name);

/* Selector of that grant; 0, which no call accepts, if there is none. */
uint32_t whit_grant_selector(enum whit_grant_kind kind, const char *name);

/* Value of the property `key`; NULL if the description has none. */
const char *whit_argument(const char *key);

/* The same as a number; `otherwise` if there is none or it is no decimal number. */
uint64_t whit_argument_number(const char *key, uint64_t otherwise);

#endif
