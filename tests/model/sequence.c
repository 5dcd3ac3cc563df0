/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become calls; see sequence.h. */
#include "sequence.h"

#include <stdio.h>
#include <string.h>

struct counts counts;

/* ---- bytes, and what follows them */

static struct {
    const uint8_t *bytes;
    size_t size, at;
    uint64_t state;
} input;

static unsigned byte(void)
{
    if (input.at < input.size) {
        input.state = (input.state ^ input.bytes[input.at]) * UINT64_C(0x100000001b3);
        return input.bytes[input.at++];
    }
    input.state ^= input.state << 13;
    input.state ^= input.state >> 7;
    input.state ^= input.state << 17;
    return (unsigned)(input.state >> 24) & 0xff;
}

static uint64_t below(uint64_t bound)
{
    return bound <= 256 ? byte() % bound : (byte() << 8 | byte()) % bound;
}

/* True once in `n` times. */
static bool rarely(unsigned n)
{
    return byte() % n == 0;
}

/* ---- the world in which a sequence begins */

/* In the table of the first space. */
enum {
    PIECE = ROOT_FREE, /* pieces of the RAM behind ROOT_RAM */
    GIVEN = PIECE + 3, /* a given child of each, for a program */
    SPARE = GIVEN + 3, /* ... and for the first one itself */
    OF_PROGRAM = SPARE + 1,
    PROGRAM_STRIDE = 7,
    LAST = 63,
    CHAIN = 64, /* to the end of the table */
    PROGRAMS = 3
};
/* Behind OF_PROGRAM, for each; its space is at GIVEN. */
enum { P_POOL, P_THREAD, P_BUDGET, P_PORTAL, P_SIGNAL, P_SCRAP, P_MEMORY };
/* In the table of a program. */
enum {
    S_MEMORY = 1,
    S_CORE,
    S_IRQ,
    S_DEVICE,
    S_SPACE,
    S_SPACE_OTHER,
    S_THREAD,
    S_THREAD_OTHER,
    S_PORTAL_OTHER,
    S_SIGNAL,
    S_BUDGET,
    S_WEAK,   /* a signal that may be notified */
    S_BUFFER, /* memory that may be pinned */
    S_FREE,
    S_RECEIVE = 40
};
/* One in so many sequences begins at an edge of each kind. */
enum { EDGES = 96 };
enum {
    PIECE_BYTES = 64 * WHIT_PAGE,
    BUFFER_BYTES = 4 * WHIT_PAGE,
    CHAIN_LENGTH = MODEL_GENERATIONS - 1
};

static const unsigned pool_pages[PROGRAMS] = {4, 2, 3};
static unsigned chain_end; /* selector in the first space, or 0 */

static int operate(struct object *self, unsigned number, const uint64_t x[7])
{
    uint64_t registers[11] = {0};
    memcpy(registers, x, 7 * sizeof(x[0]));
    registers[10] = number;
    return machine_call(self, WHIT_OP, registers);
}

static void set_up(unsigned number, const uint64_t x[7])
{
    if (!machine_wrong && operate(machine_root, number, x) != WHIT_OK && !machine_wrong)
        machine_wrong = "a sequence cannot begin";
}
#define SET_UP(number, ...) set_up((number), (uint64_t[7]){__VA_ARGS__})

static unsigned of_program(unsigned n, unsigned what)
{
    return OF_PROGRAM + n * PROGRAM_STRIDE + what;
}

/* The objects of a program, cut out of the memory that is given to it. */
static void program_make(unsigned n)
{
    unsigned space = GIVEN + n, s = of_program(n, 0);
    bool machine = n == 2;
    SET_UP(WHIT_OP_SPLIT, space, s + P_POOL, WHIT_SIZE_SPACE);
    SET_UP(WHIT_OP_MAKE, space, WHIT_SPACE, machine);
    SET_UP(WHIT_OP_SPLIT, s + P_POOL, s + P_THREAD, pool_pages[n] * WHIT_PAGE);
    SET_UP(WHIT_OP_DONATE, s + P_POOL, space);
    SET_UP(WHIT_OP_SPLIT, s + P_THREAD, s + P_BUDGET, WHIT_SIZE_THREAD);
    SET_UP(WHIT_OP_MAKE, s + P_THREAD, WHIT_THREAD, space, machine);
    SET_UP(WHIT_OP_SPLIT, s + P_BUDGET, s + P_PORTAL, WHIT_SIZE_BUDGET);
    SET_UP(WHIT_OP_MAKE, s + P_BUDGET, WHIT_BUDGET, ROOT_CORE, 5, 0, 0);
    SET_UP(WHIT_OP_SPLIT, s + P_PORTAL, s + P_SIGNAL, WHIT_SIZE_PORTAL);
    if (!machine)
        SET_UP(WHIT_OP_MAKE, s + P_PORTAL, WHIT_PORTAL, s + P_THREAD, 0x400000, n + 1);
    SET_UP(WHIT_OP_SPLIT, s + P_SIGNAL, s + P_SCRAP, WHIT_SIZE_SIGNAL);
    SET_UP(WHIT_OP_MAKE, s + P_SIGNAL, WHIT_SIGNAL, ROOT_CORE + (n == 1));
    SET_UP(WHIT_OP_SPLIT, s + P_SCRAP, s + P_MEMORY,
           WHIT_PAGE - WHIT_SIZE_BUDGET - WHIT_SIZE_PORTAL - WHIT_SIZE_SIGNAL);
    SET_UP(WHIT_OP_GIVE, s + P_MEMORY, space, S_MEMORY);
    SET_UP(WHIT_OP_BIND, s + P_THREAD, WHIT_ROLE_BUDGET, s + P_BUDGET);
    SET_UP(WHIT_OP_START, s + P_THREAD, 0x400000);
}

static void program_endow(unsigned n)
{
    unsigned space = GIVEN + n, other = (n + 1) % PROGRAMS, server = n == 0;
    SET_UP(WHIT_OP_DERIVE, ROOT_CORE, space, S_CORE, WHIT_R_ALL, 0, 0);
    SET_UP(WHIT_OP_DERIVE, ROOT_IRQ, space, S_IRQ, WHIT_R_ALL, 32 + n, 1);
    SET_UP(WHIT_OP_DERIVE, ROOT_DEVICE, space, S_DEVICE,
           WHIT_R_READ | WHIT_R_WRITE | WHIT_R_PIN | WHIT_R_DERIVE, n << 21, 2 << 20);
    SET_UP(WHIT_OP_DERIVE, space, space, S_SPACE, WHIT_R_ALL);
    SET_UP(WHIT_OP_DERIVE, GIVEN + other, space, S_SPACE_OTHER, WHIT_R_ALL);
    SET_UP(WHIT_OP_DERIVE, of_program(n, P_THREAD), space, S_THREAD, WHIT_R_ALL);
    SET_UP(WHIT_OP_DERIVE, of_program(other, P_THREAD), space, S_THREAD_OTHER, WHIT_R_ALL);
    SET_UP(WHIT_OP_DERIVE, of_program(server, P_PORTAL), space, S_PORTAL_OTHER, WHIT_R_ALL);
    SET_UP(WHIT_OP_DERIVE, of_program(n, P_SIGNAL), space, S_SIGNAL,
           n == 0 ? WHIT_R_ALL & ~WHIT_R_DERIVE : WHIT_R_ALL);
    SET_UP(WHIT_OP_DERIVE, of_program(n, P_BUDGET), space, S_BUDGET, WHIT_R_ALL);
    SET_UP(WHIT_OP_DERIVE, of_program(2, P_SIGNAL), space, S_WEAK, WHIT_R_NOTIFY);
    SET_UP(WHIT_OP_DERIVE, PIECE + PROGRAMS - 1, space, S_BUFFER, WHIT_R_ALL);
}

/* Programs that run take a capability with the next message; the first one waits to be called. */
static void program_begin(void)
{
    const uint64_t reply[11] = {0};
    for (unsigned n = 0; n < PROGRAMS && !machine_wrong; n++) {
        struct object *thread = machine_root->space->table->slot[of_program(n, P_THREAD)]->object;
        (void)operate(thread, WHIT_OP_RECEIVE, (uint64_t[7]){S_RECEIVE});
        if (n == 0)
            (void)machine_call(thread, WHIT_REPLY, reply);
    }
}

static void world_make(void)
{
    for (unsigned n = 0; n < PROGRAMS; n++) {
        unsigned piece = n == 0 ? ROOT_RAM : PIECE + n - 1;
        SET_UP(WHIT_OP_SPLIT, piece, PIECE + n, PIECE_BYTES);
        SET_UP(WHIT_OP_GIVE, piece, WHIT_SELF, GIVEN + n);
    }
    SET_UP(WHIT_OP_SPLIT, PIECE + PROGRAMS - 1, LAST - 2, BUFFER_BYTES);
    SET_UP(WHIT_OP_GIVE, LAST - 2, WHIT_SELF, SPARE);
    for (unsigned n = 0; n < PROGRAMS; n++)
        program_make(n);
    for (unsigned n = 0; n < PROGRAMS; n++)
        program_endow(n);
    SET_UP(WHIT_OP_TARGET, of_program(2, P_SIGNAL), WHIT_TARGET_WAITER, of_program(2, P_THREAD));
    program_begin();
}

/* Some begin at the edge of what is possible. */

/* As many derivations, or gifts, as there may be; the last one in the tables of two programs too.
 */
static void chain_make(unsigned from, bool give)
{
    unsigned last = from;
    uint64_t rights = from == SPARE ? WHIT_R_ALL & ~WHIT_R_PIN : WHIT_R_ALL;
    for (unsigned i = 0; i < CHAIN_LENGTH && !machine_wrong; i++) {
        if (give)
            SET_UP(WHIT_OP_GIVE, last, WHIT_SELF, CHAIN + i);
        else if (i + 1 == CHAIN_LENGTH)
            for (unsigned n = 0; n < 2; n++)
                SET_UP(WHIT_OP_DERIVE, last, GIVEN + n, S_FREE, rights);
        if (!give)
            SET_UP(WHIT_OP_DERIVE, last, WHIT_SELF, CHAIN + i, rights);
        last = CHAIN + i;
    }
    chain_end = last;
}

static void donations_make(void)
{
    for (unsigned i = 0; i < MODEL_POOL - 2 && !machine_wrong; i++) {
        unsigned memory = i == 0 ? SPARE : CHAIN + i - 1;
        SET_UP(WHIT_OP_SPLIT, memory, CHAIN + i, WHIT_PAGE);
        SET_UP(WHIT_OP_DONATE, memory, GIVEN);
    }
}

/* The first program's thread moves to the other core. */
static void core_change(void)
{
    SET_UP(WHIT_OP_SPLIT, SPARE, CHAIN, WHIT_SIZE_BUDGET);
    SET_UP(WHIT_OP_MAKE, SPARE, WHIT_BUDGET, ROOT_CORE + 1, 5, 0, 0);
    SET_UP(WHIT_OP_STOP, of_program(0, P_THREAD));
    SET_UP(WHIT_OP_START, of_program(0, P_THREAD)); /* it waits for nobody then */
    SET_UP(WHIT_OP_STOP, of_program(0, P_THREAD));
    SET_UP(WHIT_OP_BIND, of_program(0, P_THREAD), WHIT_ROLE_BUDGET, SPARE);
    SET_UP(WHIT_OP_RESUME, of_program(0, P_THREAD));
}

/* Memory of which a part is in the first space's pool, which never ends, remains, dying. */
static void dying_make(void)
{
    const uint64_t revoke[7] = {SPARE};
    SET_UP(WHIT_OP_GIVE, SPARE, WHIT_SELF, LAST);
    SET_UP(WHIT_OP_SPLIT, LAST, LAST - 1, WHIT_PAGE);
    SET_UP(WHIT_OP_DONATE, LAST, WHIT_SELF);
    if (!machine_wrong && operate(machine_root, WHIT_OP_REVOKE, revoke) != WHIT_E_BUSY)
        machine_wrong = "the first space's pool is revoked";
}

static void edge_make(unsigned edge)
{
    static const unsigned sources[] = {GIVEN,
                                       OF_PROGRAM + P_THREAD,
                                       OF_PROGRAM + P_PORTAL,
                                       OF_PROGRAM + P_SIGNAL,
                                       OF_PROGRAM + P_BUDGET,
                                       OF_PROGRAM + PROGRAM_STRIDE * 2 + P_THREAD};
    const unsigned chains = sizeof(sources) / sizeof(sources[0]);
    chain_end = 0;
    if (edge < chains)
        chain_make(sources[edge], false);
    else if (edge < chains + 2)
        chain_make(SPARE, edge == chains);
    else if (edge == chains + 2)
        donations_make();
    else if (edge == chains + 3)
        core_change();
    else if (edge == chains + 4)
        dying_make();
}

/* ---- choosing arguments */

static struct object *self; /* whose turn it is */

static struct cap *cap_of(uint64_t selector)
{
    return selector < MODEL_SLOTS ? self->space->table->slot[selector] : NULL;
}

static uint64_t odd_selector(void)
{
    switch (byte() % 5) {
    case 0:
        return 0;
    case 1:
        return WHIT_SLOTS + byte();
    case 2:
        return UINT64_MAX;
    case 3:
        return MODEL_SLOTS - 1;
    default:
        return byte() % MODEL_SLOTS;
    }
}

enum {
    ANY = 0,
    FREE = 1,
    MAKING = 2,
    PAGED = 4,
    MAPPED = 8,
    ORIGINAL = 16,
    DERIVING = 32,
    UNDERIVED = 64,
    PAGE = 128,
    STOPPED = 256
};

static bool suits(const struct cap *cap, unsigned wishes)
{
    return ((wishes & FREE) == 0 || (!cap->child && !cap->mapped && !cap->pinned)) &&
           ((wishes & MAKING) == 0 || (cap->rights & WHIT_R_MAKE) != 0) &&
           ((wishes & PAGED) == 0 || (cap->base | cap->size) % WHIT_PAGE == 0) &&
           ((wishes & MAPPED) == 0 || cap->mapped || cap->pinned) &&
           ((wishes & ORIGINAL) == 0 || (cap->original && cap->before != 0)) &&
           ((wishes & DERIVING) == 0 || (cap->rights & WHIT_R_DERIVE) != 0) &&
           ((wishes & UNDERIVED) == 0 || !cap->original) &&
           ((wishes & PAGE) == 0 || (cap->size == WHIT_PAGE && cap->base % WHIT_PAGE == 0)) &&
           ((wishes & STOPPED) == 0 || (cap->object && cap->object->stopped));
}

/* A selector of this kind (WHIT_NONE: of any), from a random one on the first that suits. */
static uint64_t pick(enum whit_kind kind, unsigned wishes)
{
    if (rarely(24))
        return odd_selector();
    const struct space_state *table = self->space->table;
    unsigned end = self->space == machine_root->space ? chain_end : S_FREE;
    if (chain_end != 0 && table->slot[end] &&
        (kind == WHIT_NONE || table->slot[end]->kind == kind) && rarely(2))
        return end;
    if (rarely(16))
        wishes = ANY;
    unsigned from = byte() % CHAIN, other = MODEL_SLOTS;
    for (unsigned i = 0; i < MODEL_SLOTS; i++) {
        unsigned selector = i < CHAIN ? (from + i) % CHAIN : i;
        const struct cap *cap = table->slot[selector];
        if (!cap || (kind != WHIT_NONE && cap->kind != kind))
            continue;
        if (suits(cap, wishes))
            return selector;
        other = selector;
    }
    return other;
}

static uint64_t pick_space(void)
{
    return rarely(2) ? WHIT_SELF : pick(WHIT_SPACE, ANY);
}

/* A slot to fill in the space that an argument names. */
static uint64_t pick_slot(uint64_t space)
{
    const struct cap *cap = space == WHIT_SELF ? NULL : cap_of(space);
    const struct space_state *table =
        cap && cap->kind == WHIT_SPACE ? cap->object->table : self->space->table;
    if (rarely(24))
        return rarely(2) ? WHIT_SELF : WHIT_SLOTS + byte();
    unsigned selector = S_FREE + (unsigned)byte() % (CHAIN - S_FREE);
    if (rarely(8))
        selector = CHAIN + (unsigned)byte() % (MODEL_SLOTS - CHAIN);
    for (unsigned i = 0; i < 16 && table->slot[selector]; i++)
        selector = selector + 1 < MODEL_SLOTS ? selector + 1 : S_FREE;
    return selector;
}

static uint64_t any_bytes(void)
{
    static const uint64_t bytes[] = {64,     WHIT_SIZE_PORTAL, WHIT_SIZE_SIGNAL, WHIT_SIZE_BUDGET,
                                     0x1000, 0x2000,           0x3000,           0x10000};
    uint64_t size = bytes[byte() % 8];
    if (rarely(24))
        return rarely(2) ? 0 : size + 4;
    return rarely(16) ? UINT64_C(2) << 20 : size;
}

static uint64_t any_rights(void)
{
    return rarely(4) ? byte() : WHIT_R_ALL;
}

static uint64_t any_address(const struct cap *memory)
{
    if (rarely(32))
        return UINT64_C(0x7ffffff000) + byte() % 2 * 8;
    if (memory && memory->size >= 2 << 20 && !rarely(4))
        return (uint64_t)(byte() % 4) << (rarely(2) ? 21 : 30);
    return (uint64_t)(byte() % 64) * WHIT_PAGE + (uint64_t)(byte() % 2) * 0x1fe000;
}

static uint64_t any_pass(void)
{
    uint64_t selector = pick(WHIT_NONE, rarely(4) ? ANY : DERIVING) % WHIT_SLOTS;
    if (rarely(3))
        return 0;
    return rarely(2) ? WHIT_PASS(selector) : WHIT_MOVE(selector);
}

/* ---- the calls */

static void derive_fill(uint64_t x[11])
{
    x[0] = pick(WHIT_NONE, DERIVING);
    const struct cap *source = cap_of(x[0]);
    x[1] = pick_space();
    x[2] = pick_slot(x[1]);
    x[3] = any_rights();
    if (source)
        x[3] &= rarely(16) ? 0xff : source->rights;
    if (source && source->kind == WHIT_CORE)
        x[4] = rarely(2) ? 0 : below(300);
    else if (source && source->kind == WHIT_IRQ)
        x[4] = below(source->size + 1), x[5] = byte() % 3;
    else if (source && source->kind == WHIT_MEMORY && rarely(2))
        x[4] = rarely(2) ? any_bytes() : 0, x[5] = any_bytes();
    else if (rarely(24))
        x[4] = any_bytes();
    /* More pages than that are slow. */
    if (source && source->kind == WHIT_MEMORY && source->size > 4 << 20 && (x[4] | x[5]) == 0)
        x[5] = 2 << 20;
}

static void map_fill(uint64_t x[11])
{
    x[0] = pick(WHIT_MEMORY, rarely(4) ? ANY : FREE | PAGED);
    const struct cap *memory = cap_of(x[0]);
    if (memory && memory->size >= 1 << 18 && !rarely(16)) { /* many pages, which takes its time */
        x[0] = pick(WHIT_MEMORY, FREE | PAGED);
        memory = cap_of(x[0]);
    }
    x[1] = pick_space();
    x[2] = any_address(memory);
    x[3] = rarely(3) ? byte() % 17 : WHIT_MAP_READ;
    if (rarely(6))
        x[3] = WHIT_MAP_PIN;
    if (memory && memory->mapped && rarely(2)) {
        x[2] = memory->address;
        x[3] = memory->access;
    }
    if (memory && memory->size > 4 << 20)
        x[2] &= ~UINT64_C(0x3fffffff);
}

static void make_fill(uint64_t x[11])
{
    static const uint64_t sizes[] = {WHIT_SIZE_SPACE, WHIT_SIZE_THREAD, WHIT_SIZE_PORTAL,
                                     WHIT_SIZE_SIGNAL, WHIT_SIZE_BUDGET};
    static const enum whit_kind kinds[] = {WHIT_SPACE, WHIT_THREAD, WHIT_PORTAL, WHIT_SIGNAL,
                                           WHIT_BUDGET};
    unsigned choice = byte() % 5;
    x[0] = pick(WHIT_MEMORY, FREE | MAKING);
    const struct cap *memory = cap_of(x[0]);
    for (unsigned i = 0; i < MODEL_SLOTS && !rarely(48); i++) {
        const struct cap *cap = self->space->table->slot[i];
        if (cap && cap->kind == WHIT_MEMORY && suits(cap, FREE | MAKING) &&
            cap->size == sizes[choice]) {
            x[0] = i;
            memory = cap;
            break;
        }
    }
    /* Not there: it is cut out first. */
    if (memory && memory->size > sizes[choice] && !rarely(8)) {
        x[10] = WHIT_OP_SPLIT;
        x[1] = pick_slot(WHIT_SELF);
        x[2] = sizes[choice];
        return;
    }
    x[1] = rarely(32) ? byte() % 12 : kinds[choice];
    switch (x[1]) {
    case WHIT_SPACE:
        x[2] = byte() % 16 == 0 ? 2 : byte() % 2;
        break;
    case WHIT_THREAD:
        x[2] = pick_space();
        x[3] = rarely(4);
        break;
    case WHIT_PORTAL:
        x[2] = pick(WHIT_THREAD, ANY);
        x[3] = rarely(16) ? 2 : 0x400000;
        x[4] = rarely(16) ? WHIT_PASSED : byte();
        break;
    case WHIT_BUDGET:
        x[3] = rarely(16) ? 256 : byte() | (rarely(4) ? WHIT_BUDGET_METER : 0);
        x[4] = rarely(4) ? 10 : 0;
        x[5] = rarely(8) ? 5 : rarely(16) ? UINT64_C(1) << 62 : 20;
        x[2] = pick(WHIT_CORE, ANY);
        break;
    default:
        x[2] = pick(WHIT_CORE, ANY);
        break;
    }
}

static void bind_fill(uint64_t x[11])
{
    static const enum whit_kind kinds[] = {WHIT_BUDGET, WHIT_PORTAL, WHIT_MEMORY};
    x[1] = rarely(24) ? 3 : byte() % 3;
    x[0] = pick(WHIT_THREAD, x[1] == WHIT_ROLE_STATE ? STOPPED : ANY);
    x[2] = rarely(6) ? 0 : pick(kinds[x[1] % 3], x[1] == WHIT_ROLE_STATE ? PAGE : ANY);
}

static void target_fill(uint64_t x[11])
{
    x[0] = pick(WHIT_SIGNAL, ANY);
    x[1] = byte() % (rarely(16) ? 6 : 4);
    x[2] = pick(x[1] == WHIT_TARGET_ENTRY ? WHIT_PORTAL : WHIT_THREAD, ANY);
    x[3] = WHIT_VIRQ(32 + (uint64_t)(byte() % 4), 0x80, (uint64_t)!rarely(4)) | (uint64_t)rarely(16)
                                                                                    << 27;
    x[4] = x[1] == WHIT_TARGET_ENTRY || rarely(3) ? pick(WHIT_BUDGET, ANY) : 0;
}

static void split_fill(uint64_t x[11])
{
    x[0] = pick(WHIT_MEMORY, FREE);
    x[1] = pick_slot(WHIT_SELF);
    x[2] = any_bytes();
}

static void join_fill(uint64_t x[11])
{
    x[0] = pick(WHIT_MEMORY, FREE);
    x[1] = pick(WHIT_MEMORY, FREE);
    const struct cap *cap = cap_of(x[0]);
    if (cap && cap->next && cap->next->where == IN_SLOT && cap->next->holder == self->space &&
        !rarely(8))
        x[1] = cap->next->index;
}

/* A thread with a state page, most often. */
static uint64_t pick_paged(void)
{
    for (unsigned i = 0; i < MODEL_SLOTS && !rarely(96); i++) {
        const struct cap *cap = cap_of(i);
        if (cap && cap->kind == WHIT_THREAD && cap->object->held[ROLE_STATE])
            return i;
    }
    return pick(WHIT_THREAD, ANY);
}

static void arguments_fill(uint64_t x[11])
{
    switch (x[10]) {
    case WHIT_OP_DERIVE:
        derive_fill(x);
        break;
    case WHIT_OP_GIVE:
        x[0] = pick(WHIT_MEMORY, rarely(8) ? ANY : FREE | DERIVING);
        x[1] = pick_space();
        x[2] = pick_slot(x[1]);
        break;
    case WHIT_OP_TRANSFER:
        x[0] = pick(WHIT_NONE, rarely(4) ? ANY : DERIVING | UNDERIVED);
        x[1] = pick_space();
        x[2] = pick_slot(x[1]);
        break;
    case WHIT_OP_REVOKE:
        x[0] = pick(WHIT_NONE, ANY);
        break;
    case WHIT_OP_DELETE:
        x[0] = pick(WHIT_NONE, rarely(4) ? ANY : UNDERIVED);
        break;
    case WHIT_OP_DESTROY:
        x[0] = pick(WHIT_NONE, rarely(4) ? ANY : ORIGINAL);
        break;
    case WHIT_OP_SPLIT:
        split_fill(x);
        break;
    case WHIT_OP_JOIN:
        join_fill(x);
        break;
    case WHIT_OP_MAP:
        map_fill(x);
        break;
    case WHIT_OP_UNMAP:
        x[0] = pick(WHIT_MEMORY, rarely(4) ? ANY : MAPPED);
        break;
    case WHIT_OP_DONATE:
        x[0] = pick(WHIT_MEMORY, rarely(6) ? ANY : FREE | MAKING | PAGED);
        x[1] = pick_space();
        break;
    case WHIT_OP_MAKE:
        make_fill(x);
        break;
    case WHIT_OP_BIND:
        bind_fill(x);
        break;
    case WHIT_OP_TARGET:
        target_fill(x);
        break;
    case WHIT_OP_IRQ_BIND:
        x[0] = pick(WHIT_IRQ, ANY);
        x[1] = pick(WHIT_SIGNAL, ANY);
        x[2] = !rarely(16);
        x[3] = byte() % (rarely(16) ? 3 : 2);
        break;
    case WHIT_OP_IRQ_ACK:
        x[0] = pick(WHIT_IRQ, ANY);
        break;
    case WHIT_OP_CLEAR:
    case WHIT_OP_TIMER:
        x[0] = pick(WHIT_SIGNAL, ANY);
        x[1] = byte() % 4;
        x[2] = byte() % 4;
        break;
    case WHIT_OP_BUDGET_READ:
    case WHIT_OP_PRIORITY:
        x[0] = pick(WHIT_BUDGET, ANY);
        break;
    case WHIT_OP_POWER:
        x[0] = pick(WHIT_CORE, ANY);
        x[1] = byte() % 3;
        break;
    case WHIT_OP_SYNC:
        x[0] = pick_paged();
        x[1] = byte() % 8 == 0 ? 2 : byte() % 2;
        break;
    case WHIT_OP_NULL:
    case WHIT_OP_LOG:
        break;
    case WHIT_OP_RECEIVE:
        x[0] = pick_slot(WHIT_SELF);
        break;
    case WHIT_OP_START:
        x[0] = pick(WHIT_THREAD, rarely(4) ? ANY : STOPPED);
        break;
    default: /* STOP, RESUME */
        x[0] = pick(WHIT_THREAD, ANY);
        break;
    }
}

enum {
    CALL = 200,
    REPLY,
    NOTIFY,
    WAIT,
    YIELD,
    NO_CALL,
    NO_OPERATION
}; /* in the repertoire, besides operations */

/* How often each comes among all. */
static const struct {
    uint8_t what, weight;
} repertoire[] = {
    {WHIT_OP_DERIVE, 9}, {WHIT_OP_GIVE, 7},    {WHIT_OP_TRANSFER, 3}, {WHIT_OP_REVOKE, 3},
    {WHIT_OP_DELETE, 3}, {WHIT_OP_SPLIT, 4},   {WHIT_OP_JOIN, 4},     {WHIT_OP_MAP, 8},
    {WHIT_OP_UNMAP, 3},  {WHIT_OP_DONATE, 3},  {WHIT_OP_MAKE, 11},    {WHIT_OP_DESTROY, 3},
    {WHIT_OP_BIND, 5},   {WHIT_OP_START, 2},   {WHIT_OP_STOP, 2},     {WHIT_OP_RESUME, 2},
    {WHIT_OP_SYNC, 1},   {WHIT_OP_RECEIVE, 6}, {WHIT_OP_TARGET, 6},   {WHIT_OP_CLEAR, 1},
    {WHIT_OP_TIMER, 1},  {WHIT_OP_IRQ_ACK, 1}, {WHIT_OP_IRQ_BIND, 2}, {WHIT_OP_POWER, 1},
    {WHIT_OP_NULL, 1},   {WHIT_OP_LOG, 1},     {WHIT_OP_PRIORITY, 1}, {WHIT_OP_BUDGET_READ, 1},
    {CALL, 15},          {REPLY, 9},           {NOTIFY, 3},           {WAIT, 3},
    {YIELD, 1},          {NO_CALL, 1},         {NO_OPERATION, 1},
};

static unsigned choose(void)
{
    unsigned number = 0, choice = byte() % 128;
    while (choice >= repertoire[number].weight)
        choice -= repertoire[number++].weight;
    return repertoire[number].what;
}

/* Threads of the first core that are in the middle of nothing. */
static struct object *actor_choose(void)
{
    struct object *ready[MODEL_OBJECTS];
    unsigned count = 0;
    for (unsigned i = 0; i < model.objects; i++) {
        struct object *object = &model.object[i];
        if (model_can_run(object) && object->core == 0)
            ready[count++] = object;
    }
    return rarely(3) ? machine_root : ready[byte() % count];
}

/* Threads whose registers are in one page would overwrite each other's. */
static bool is_state_page(const struct cap *memory)
{
    for (unsigned i = 0; memory && i < model.caps; i++) {
        const struct cap *cap = &model.cap[i];
        if (cap->kind == WHIT_MEMORY && cap->where == HELD && cap->base == memory->base)
            return true;
    }
    return false;
}

/* The first space and its first thread are what the sequence needs to go on. */
static bool is_allowed(unsigned call, const uint64_t x[11])
{
    const struct cap *cap = cap_of(x[0]);
    if (self == machine_root && (call == WHIT_CALL || call == WHIT_REPLY || call == WHIT_WAIT))
        return false;
    if (call != WHIT_OP || !cap)
        return true;
    if ((x[10] == WHIT_OP_STOP || x[10] == WHIT_OP_START) && cap->object == machine_root)
        return false;
    if (x[10] == WHIT_OP_BIND && x[1] == WHIT_ROLE_STATE && is_state_page(cap_of(x[2])))
        return false;
    if (self->space != machine_root->space)
        return true;
    if (x[10] == WHIT_OP_TRANSFER)
        return x[0] >= ROOT_FREE;
    if (x[10] != WHIT_OP_REVOKE)
        return true;
    return x[0] == ROOT_POOL || (x[0] != ROOT_SPACE && (x[0] >= OF_PROGRAM || rarely(8)));
}

static void count_result(unsigned call, unsigned number, int result)
{
    static const unsigned rows[WHIT_OP] = {
        [WHIT_CALL] = COUNT_CALL, [WHIT_REPLY] = COUNT_REPLY, [WHIT_NOTIFY] = COUNT_NOTIFY,
        [WHIT_WAIT] = COUNT_WAIT, [WHIT_YIELD] = COUNT_YIELD,
    };
    unsigned row = number < WHIT_OP_COUNT && call == WHIT_OP ? number : COUNT_NONE;
    if (call < WHIT_OP)
        row = rows[call];
    counts.calls++;
    counts.succeeded += result == WHIT_OK || (result >= MODEL_GONE && result != MODEL_HELPS);
    counts.gone += result == MODEL_GONE;
    counts.helps += result == MODEL_HELPS;
    counts.waits += result == MODEL_WAITS;
    if (result == MODEL_ENTERED || result == MODEL_WAITS)
        result = WHIT_OK;
    if (result >= 0 && result < WHIT_E_COUNT)
        counts.result[row][result]++;
}

/* A signal for which the thread may wait, most often. */
static uint64_t pick_signal(bool to_wait)
{
    for (unsigned i = 0; to_wait && i < MODEL_SLOTS && !rarely(64); i++) {
        const struct cap *cap = cap_of(i);
        if (cap && cap->kind == WHIT_SIGNAL && cap->object->target_object == self)
            return i;
    }
    return pick(WHIT_SIGNAL, ANY);
}

/* The calls without an operation; returns which. */
static unsigned call_fill(unsigned what, uint64_t x[11])
{
    switch (what) {
    case CALL:
    case REPLY:
        for (unsigned i = 0; i < 10; i++)
            x[i] = counts.calls + i;
        x[10] = any_pass();
        if (what == REPLY)
            return WHIT_REPLY;
        x[10] |= pick(WHIT_PORTAL, ANY) % WHIT_SLOTS;
        x[10] |= (uint64_t)rarely(32) << 32;
        return WHIT_CALL;
    case NOTIFY:
        x[10] = pick_signal(false);
        x[0] = byte() % 4;
        return WHIT_NOTIFY;
    case WAIT:
        x[10] = pick_signal(true);
        x[0] = rarely(4);
        return WHIT_WAIT;
    case YIELD:
        return WHIT_YIELD;
    case NO_CALL:
        return WHIT_OP + 1 + byte();
    default:
        x[10] = WHIT_OP_COUNT + byte();
        return WHIT_OP;
    }
}

/* One call of somebody. */
static bool act(void)
{
    uint64_t x[11] = {0};
    unsigned call = WHIT_OP, what = choose();
    self = actor_choose();
    if (what >= CALL) {
        call = call_fill(what, x);
    } else {
        x[10] = what;
        arguments_fill(x);
    }
    if (!is_allowed(call, x))
        return false;
    machine_interrupt_every = rarely(2) ? 1 + byte() % 4 : 0;
    count_result(call, (unsigned)x[10], machine_call(self, call, x));
    return true;
}

const char *sequence_run(const uint8_t *bytes, size_t size, uint64_t seed,
                         enum sequence_checks checks)
{
    input.bytes = bytes;
    input.size = size;
    input.at = 0;
    input.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    machine_wrong = NULL;
    machine_interrupt_every = 0;
    machine_boot();
    world_make();
    edge_make(byte() % EDGES);
    unsigned calls = SEQUENCE_CALLS + byte() % SEQUENCE_CALLS_MORE;
    for (unsigned n = 0; n < calls && !machine_wrong;) {
        n += act();
        if (checks == CHECK_ALWAYS)
            machine_compare(true);
    }
    if (!machine_wrong)
        machine_compare(true);
    machine_end();
    counts.sequences++;
    counts.restarts = machine_restarts;
    return machine_wrong;
}

/* ---- which pairs of call and error the manual lists */

#define E(error)   (UINT32_C(1) << WHIT_E_##error)
#define NO_SUCCESS (UINT32_C(1) << WHIT_OK)

static const struct {
    const char *name;
    uint32_t errors;
} manual[COUNTED] = {
    [WHIT_OP_DERIVE] = {"DERIVE", E(CAPABILITY) | E(RIGHTS) | E(BUSY) | E(ALIGNMENT) | E(SIZE) |
                                      E(ARGUMENT) | E(OCCUPIED) | E(FUNDS) | E(DEPTH)},
    [WHIT_OP_GIVE] = {"GIVE",
                      E(CAPABILITY) | E(RIGHTS) | E(BUSY) | E(OCCUPIED) | E(FUNDS) | E(DEPTH)},
    [WHIT_OP_TRANSFER] = {"TRANSFER",
                          E(CAPABILITY) | E(RIGHTS) | E(ORIGINAL) | E(OCCUPIED) | E(FUNDS)},
    [WHIT_OP_REVOKE] = {"REVOKE", E(CAPABILITY) | E(BUSY) | E(PINNED)},
    [WHIT_OP_DELETE] = {"DELETE", E(CAPABILITY) | E(ORIGINAL) | E(BUSY) | E(PINNED)},
    [WHIT_OP_SPLIT] = {"SPLIT", E(CAPABILITY) | E(RIGHTS) | E(OCCUPIED) | E(FUNDS) | E(BUSY) |
                                    E(ALIGNMENT) | E(SIZE)},
    [WHIT_OP_JOIN] = {"JOIN", E(CAPABILITY) | E(RIGHTS) | E(BUSY) | E(ARGUMENT)},
    [WHIT_OP_MAP] = {"MAP", E(CAPABILITY) | E(RIGHTS) | E(ARGUMENT) | E(ALIGNMENT) | E(BUSY) |
                                E(OCCUPIED) | E(FUNDS)},
    [WHIT_OP_UNMAP] = {"UNMAP", E(CAPABILITY) | E(STATE)},
    [WHIT_OP_DONATE] = {"DONATE", E(CAPABILITY) | E(RIGHTS) | E(BUSY) | E(ALIGNMENT) | E(DEPTH)},
    [WHIT_OP_MAKE] = {"MAKE", E(ARGUMENT) | E(CAPABILITY) | E(RIGHTS) | E(BUSY) | E(SIZE) |
                                  E(ALIGNMENT) | E(DEPTH)},
    [WHIT_OP_DESTROY] = {"DESTROY", E(CAPABILITY) | E(ORIGINAL)},
    [WHIT_OP_BIND] = {"BIND", E(CAPABILITY) | E(RIGHTS) | E(ARGUMENT) | E(STATE) | E(BUSY) |
                                  E(SIZE) | E(DEPTH)},
    [WHIT_OP_START] = {"START", E(CAPABILITY) | E(RIGHTS) | E(STATE)},
    [WHIT_OP_STOP] = {"STOP", E(CAPABILITY) | E(RIGHTS)},
    [WHIT_OP_RESUME] = {"RESUME", E(CAPABILITY) | E(RIGHTS) | E(STATE)},
    [WHIT_OP_RECEIVE] = {"RECEIVE", E(ARGUMENT)},
    [WHIT_OP_TARGET] = {"TARGET",
                        E(CAPABILITY) | E(RIGHTS) | E(ARGUMENT) | E(CORE) | E(BUSY) | E(DEPTH)},
    [WHIT_OP_IRQ_BIND] = {"IRQ_BIND", E(CAPABILITY) | E(RIGHTS) | E(ARGUMENT) | E(DEPTH)},
    [WHIT_OP_NULL] = {"NULL", 0},
    [WHIT_OP_LOG] = {"LOG", 0},
    [WHIT_OP_SYNC] = {"SYNC", E(CAPABILITY) | E(RIGHTS) | E(ARGUMENT) | E(STATE)},
    [WHIT_OP_CLEAR] = {"CLEAR", E(CAPABILITY) | E(RIGHTS) | E(CORE)},
    [WHIT_OP_TIMER] = {"TIMER", E(CAPABILITY) | E(RIGHTS) | E(CORE)},
    [WHIT_OP_IRQ_ACK] = {"IRQ_ACK", E(CAPABILITY) | E(RIGHTS) | E(ARGUMENT)},
    [WHIT_OP_BUDGET_READ] = {"BUDGET_READ", E(CAPABILITY) | E(RIGHTS)},
    [WHIT_OP_POWER] = {"POWER", NO_SUCCESS | E(CAPABILITY) | E(RIGHTS) | E(ARGUMENT) | E(STATE)},
    [WHIT_OP_PRIORITY] = {"PRIORITY",
                          E(CAPABILITY) | E(RIGHTS) | E(STATE) | E(CORE) | E(BUSY) | E(DEPTH)},
    [COUNT_NOTIFY] = {"NOTIFY", E(CAPABILITY) | E(RIGHTS)},
    [COUNT_WAIT] = {"WAIT", E(CAPABILITY) | E(RIGHTS) | E(CORE) | E(STATE)},
    [COUNT_YIELD] = {"YIELD", 0},
    [COUNT_NONE] = {"(none)", NO_SUCCESS | E(OPERATION)},
    [COUNT_CALL] = {"CALL", E(ARGUMENT) | E(CAPABILITY) | E(RIGHTS) | E(DEAD) | E(CORE) |
                                E(DEADLOCK) | E(OCCUPIED) | E(BUSY) | E(ORIGINAL) | E(FUNDS) |
                                E(DEPTH)},
    [COUNT_REPLY] = {"REPLY", E(OCCUPIED) | E(CAPABILITY) | E(RIGHTS) | E(BUSY) | E(ORIGINAL) |
                                  E(FUNDS) | E(DEPTH)},
};

static const char *const error_names[WHIT_E_COUNT] = {
    "OK",       "OPERATION", "CAPABILITY", "RIGHTS",   "ARGUMENT", "ALIGNMENT",
    "OCCUPIED", "BUSY",      "FUNDS",      "ORIGINAL", "STATE",    "CORE",
    "DEAD",     "DEADLOCK",  "DEPTH",      "SIZE",     "TIMEOUT",  "PINNED",
};

unsigned sequence_missing(void)
{
    unsigned missing = 0;
    for (unsigned call = 0; call < COUNTED; call++)
        for (unsigned error = 0; error < WHIT_E_COUNT; error++) {
            bool bit = (manual[call].errors >> error & 1) != 0;
            bool listed = manual[call].name && bit == (error != WHIT_OK);
            bool occurred = counts.result[call][error] != 0;
            if (listed == occurred)
                continue;
            missing++;
            printf("# %s with %s %s\n", manual[call].name ? manual[call].name : "?",
                   error_names[error], listed ? "never occurred" : "is not in the manual");
        }
    return missing;
}

void sequence_print(void)
{
    printf("# %lu sequences, %lu calls, %lu succeeded, %lu restarts, %lu ended their caller, "
           "%lu helped, %lu waited\n",
           counts.sequences, counts.calls, counts.succeeded, counts.restarts, counts.gone,
           counts.helps, counts.waits);
    for (unsigned call = 0; call < COUNTED; call++) {
        if (!manual[call].name)
            continue;
        printf("# %-11s", manual[call].name);
        for (unsigned error = 0; error < WHIT_E_COUNT; error++)
            if (counts.result[call][error] != 0)
                printf(" %s:%lu", error_names[error], counts.result[call][error]);
        printf("\n");
    }
}
