/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capability and memory system as docs/abi.md describes it, executable: abstract state, and one
 * short function for each call, which answers the error and has the effect.  Written from the
 * manual, with arrays, pointers and linear searches only; the real core is compared with it.
 *
 * Time does not pass here: nobody is dispatched, no deadline comes, calls are not restarted.
 */
#ifndef MODEL_H
#define MODEL_H

#include "whit.h"

#include <stdbool.h>

/* What fits.  Sequences use no selectors between MODEL_SLOTS and WHIT_SLOTS. */
enum {
    MODEL_SLOTS = 192,
    MODEL_CAPS = 768,
    MODEL_OBJECTS = 192,
    MODEL_SPACES = 24,
    MODEL_TABLES = 1100,
    MODEL_LINES = 40,
    MODEL_CORES = 2,
    MODEL_POOL = 24, /* ranges donated to one space */
    MODEL_GENERATIONS = 80,
    MODEL_SLOTS_A_PAGE = 64
};

enum model_where {
    IN_SLOT, /* index: selector in the table of the holder */
    IN_POOL, /* index: number of the range in the pool of the holder */
    HELD,    /* index: enum model_role; the holder refers to what it names */
    OF_LINE, /* index: interrupt line, which refers to a signal; no holder */
    OF_DYING /* original capability of the holder, a space that ends with it */
};

enum model_role {
    ROLE_SPACE,   /* of a thread */
    ROLE_BUDGET,  /* of a thread */
    ROLE_FAULT,   /* of a thread */
    ROLE_STATE,   /* of a thread */
    ROLE_HANDLER, /* of a portal */
    ROLE_TARGET,  /* of a signal */
    ROLE_PAYER,   /* of a signal: its budget */
    ROLES
};

/* A capability, and its place in the tree. */
struct cap {
    enum whit_kind kind; /* WHIT_NONE: this record is free */
    uint64_t base, size; /* in bytes; interrupt lines; core: its number, 1 */
    unsigned rights;
    uint64_t ceiling; /* of a core: of priorities; 0: none */
    bool original, given, device, dying, pinned;
    unsigned before; /* of an object's original: its rights as memory; 0: made at boot */

    enum model_where where;
    struct object *holder;
    unsigned index;
    struct cap *parent, *child, *next; /* child: the first one; next: its next sibling */

    struct object *object;          /* that it names, if any */
    struct object *mapped;          /* in this space, or NULL */
    uint64_t address, access, done; /* done: bytes; less than size: begun, not complete */
};

/* A table page of translation: of level 2 it spans 1 GiB, of level 3 2 MiB. */
struct table {
    unsigned level;
    uint64_t address;
};

struct space_state {
    bool used, machine, dying;
    struct cap *slot[MODEL_SLOTS];
    bool slot_page[MODEL_SLOTS / MODEL_SLOTS_A_PAGE];
    struct cap *pool[MODEL_POOL];
    unsigned pool_ranges;
    uint64_t pages, pages_used; /* of the pool */
    struct table table[MODEL_TABLES];
    unsigned tables;
};

/* What a thread is as a handler. */
enum model_serves {
    SERVES_NOBODY, /* and has not replied since its start */
    SERVES_IDLE,   /* waits to be called */
    SERVES_CALLER,
    SERVES_VANISHED /* works for a caller who does not wait any more */
};

struct object {
    enum whit_kind kind; /* WHIT_NONE: this record is free */
    uint64_t base;       /* address of its memory */
    struct cap *original;
    struct cap *held[ROLES];

    struct space_state *table; /* of a space */

    bool vcpu, stopped; /* from here on of a thread */
    struct object *space, *budget, *fault;
    int core; /* -1: none */
    enum model_serves serves;
    struct object *caller, *callee;
    unsigned receive;
    struct object *waits; /* for this signal */
    bool told, told_bits; /* it was answered: x10, and x0 */
    uint64_t x10, x0;

    struct object *handler; /* of a portal; NULL: gone */
    uint64_t badge;

    enum whit_target target; /* of a signal */
    struct object *target_object, *payer;
    uint64_t virq, bits;
    bool enabled, pending; /* as a virtual interrupt */
    int home;

    struct object *drives; /* of a budget: thread or signal; also: core */
    uint64_t ticks, priority;
};

struct model {
    struct cap cap[MODEL_CAPS];
    struct object object[MODEL_OBJECTS];
    struct space_state space[MODEL_SPACES];
    struct cap *line[MODEL_LINES];
    struct object *dying[MODEL_SPACES]; /* spaces, in the order of their deaths */
    unsigned dying_count;
    unsigned caps, objects; /* records that were ever used */
    bool self_ended;        /* the caller took away what it ran on */
    uint64_t result[6];     /* of the call: x0 ... */
    unsigned results;
    bool vanished; /* what was to be revoked or deleted ended with a space */
};
extern struct model model;

/* Results besides enum whit_error. */
enum {
    MODEL_GONE = 100, /* the caller does not return */
    MODEL_ENTERED,    /* CALL: the handler runs; REPLY: the handler is idle */
    MODEL_HELPS,      /* CALL: the handler is busy */
    MODEL_WAITS       /* WAIT: there are no bits */
};

/* One call by `self`; x[10] as in the registers. */
int model_call(struct object *self, unsigned call, const uint64_t x[11]);

bool model_can_run(const struct object *thread);
/* The next node in preorder of the tree that `cap` is in; NULL behind the last one. */
struct cap *model_next(const struct cap *cap);

/* ---- how it is at boot */
void model_reset(void);
struct object *model_object(enum whit_kind kind, uint64_t base);
struct object *model_space(uint64_t base, bool machine);
struct cap *model_root(struct object *space, unsigned selector, enum whit_kind kind, uint64_t base,
                       uint64_t size, unsigned rights, bool device);
struct cap *model_hold(struct cap *parent, struct object *holder, enum model_role role);
int model_donate(struct cap *memory, struct object *space);

#endif
