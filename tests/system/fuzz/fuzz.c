/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several programs and machines with threads on all cores, which make calls with random and nearly
 * valid arguments on capabilities of all kinds, fault, and touch memory that was taken from them,
 * while root takes things back, ends and makes programs anew.  At the end root takes all back:
 * every byte is memory again, in the ranges of the beginning, and the system works.
 *
 * A program is a copy of root's own image, at the same addresses; it runs fuzz_work, and threads
 * that it starts itself run fuzz_lone, which needs no stack.  A machine runs the same with hvc.
 */
#include "../check.h"
#include "../conform/pairs.h"
#include "whit/program.h"

#include <string.h>

#ifndef FUZZ_CALLS
#define FUZZ_CALLS   UINT64_C(100000) /* at most, ... */
#define FUZZ_LEAST   UINT64_C(5000)   /* and at least, in so much time */
#define FUZZ_SECONDS 20
#define FUZZ_SEED    UINT64_C(0x57686974)
#endif

enum {
    SPACES = 4,
    THREADS = 4, /* of a space; svc.S knows it too */
    STACK_BYTES = 4096,
    MEMORIES = 10,
    POOL_PAGES = 40,
    CEILING = 60, /* of their priorities: below root's */
    ROUND_NS = 500000,
    DISTURB = 8,     /* rounds between two disturbances */
    GENERATION = 160 /* ... between two ends of a program */
};
/* Beside the operations: calls 0 to 6, and all other immediates, of which svc.S has some. */
enum { CALL_FIRST = WHIT_OP_COUNT, CALL_OTHER = CALL_FIRST + 7, WAYS, IMMEDIATES = 20 };

#define FUZZ_WINDOW UINT64_C(0x1000000000) /* programs map here */
#define COPY_WINDOW UINT64_C(0x2000000000) /* root sees the programs' images here */
#define TEST_WINDOW UINT64_C(0x3000000000) /* root uses what it got back */
#define IMAGE_MAX   UINT64_C(0x100000)

/* ---- svc.S, in the programs */

void fuzz_svc(uint64_t call, uint64_t *x); /* x0-x10 before and after; call: see IMMEDIATES */
void fuzz_enter(void);                     /* of portals */
void fuzz_start(void);                     /* tls below THREADS says which stack, x0 a seed */
void fuzz_lone(void);                      /* calls at random, without a stack */
void fuzz_guest(void);                     /* the same of a guest, at address 0; to ... */
extern const char fuzz_guest_end[];
void fuzz_idle(void);   /* replies to nobody */
void fuzz_answer(void); /* entry: answers x0 + 1 */
void fuzz_ask(void);    /* calls x0 with 41, notifies sp of the answer */
extern volatile uint64_t fuzz_lone_count[2];
_Static_assert(WHIT_OP_LOG == 26, "svc.S leaves it out");
_Noreturn void fuzz_serve(uint64_t bits);
_Noreturn void fuzz_work(uint64_t seed);

_Alignas(16) char fuzz_stacks[THREADS][STACK_BYTES];
struct fuzz_count {
    uint64_t calls, good;
    uint64_t result[WAYS][WHIT_E_COUNT];
};
static volatile struct fuzz_count counts[THREADS];
static volatile uint64_t states[THREADS];
static volatile uint64_t mapped[THREADS]; /* where something was put last */

static unsigned self(void)
{
    uint64_t tls;

    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(tls));
    return tls % THREADS;
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

/* In a program's table selectors tell the kind, most of the time: so arguments are nearly valid. */
enum { FIRST_SLOT = 8, KIND_SLOTS = 20 };
static uint64_t slot_of(enum whit_kind kind, uint64_t index)
{
    return FIRST_SLOT + (uint64_t)kind - 1 + 8 * (index % KIND_SLOTS);
}

static uint64_t any_number(uint64_t *s)
{
    const uint64_t value = next(s);

    switch (next(s) % 4) {
    case 0:
        return value % 16;
    case 1:
        return UINT64_C(1) << (value % 64);
    case 2:
        return value % 64 * WHIT_UNIT;
    default:
        return value << 11 ^ next(s);
    }
}

static uint64_t any_slot(uint64_t *s, enum whit_kind kind)
{
    const uint64_t value = next(s);

    if (value % 32 == 0)
        return any_number(s);
    if (value % 16 == 1)
        kind = (enum whit_kind)(1 + (value >> 8) % (WHIT_KINDS - 1));
    return slot_of(kind, value >> 16);
}

static uint64_t any_space(uint64_t *s)
{
    return next(s) % 2 ? WHIT_SELF : any_slot(s, WHIT_SPACE);
}

static enum whit_kind any_kind(uint64_t *s)
{
    /* Half of the time memory, of which the rest is made. */
    return next(s) % 2 ? WHIT_MEMORY : (enum whit_kind)(1 + next(s) % (WHIT_KINDS - 1));
}

static uint64_t any_size(uint64_t *s)
{
    static const uint16_t sizes[] = {WHIT_SIZE_SPACE,  WHIT_SIZE_THREAD, WHIT_SIZE_PORTAL,
                                     WHIT_SIZE_SIGNAL, WHIT_SIZE_BUDGET, 16384};
    const uint64_t value = next(s);

    return value % 16 == 0 ? any_number(s) : sizes[(value >> 8) % 6];
}

static uint64_t any_rights(uint64_t *s)
{
    const uint64_t value = next(s);

    return value % 2 ? WHIT_R_ALL & ~(uint64_t)WHIT_R_POWER : (value >> 8) & WHIT_R_ALL;
}

static uint64_t any_time(uint64_t *s)
{
    const uint64_t value = next(s);

    return value % 16 == 0 ? any_number(s) : whit_ticks() + (value >> 8) % 4096;
}

static enum whit_kind any_object(uint64_t *s)
{
    return (enum whit_kind)(WHIT_SPACE + next(s) % 5);
}

static void make_arguments(uint64_t *s, enum whit_kind kind, uint64_t *x)
{
    x[1] = kind;
    switch ((unsigned)kind) {
    case WHIT_SPACE:
        x[2] = next(s) % 2;
        break;
    case WHIT_THREAD:
        x[2] = any_space(s);
        x[3] = next(s) % 8 == 0;
        break;
    case WHIT_PORTAL:
        x[2] = any_slot(s, WHIT_THREAD);
        x[3] = (uintptr_t)fuzz_enter;
        break;
    default:
        x[2] = any_slot(s, WHIT_CORE);
        x[3] = next(s) % (CEILING + 2) | (next(s) % 4 ? 0 : WHIT_BUDGET_TIMEOUT);
        x[4] = next(s) % 2 ? next(s) % 40000 : 0;
        x[5] = x[4] * 2;
    }
}

/* Arguments that might be right. */
static void fill(uint64_t *s, enum whit_op op, uint64_t *x)
{
    enum whit_kind kind = any_kind(s);

    switch ((unsigned)op) {
    case WHIT_OP_DERIVE:
    case WHIT_OP_TRANSFER:
    case WHIT_OP_GIVE:
        kind = op == WHIT_OP_GIVE ? WHIT_MEMORY : kind;
        x[0] = any_slot(s, kind);
        x[1] = any_space(s);
        x[2] = any_slot(s, kind);
        x[3] = any_rights(s);
        x[4] = kind == WHIT_MEMORY && next(s) % 2 ? any_size(s) : 0;
        x[5] = kind == WHIT_MEMORY && next(s) % 2 ? any_size(s) : 0;
        break;
    case WHIT_OP_REVOKE:
    case WHIT_OP_DELETE:
    case WHIT_OP_DESTROY:
        x[0] = any_slot(s, kind);
        x[1] = next(s) % 32 == 0;
        break;
    case WHIT_OP_SPLIT:
        x[0] = any_slot(s, WHIT_MEMORY);
        x[1] = any_slot(s, WHIT_MEMORY);
        x[2] = any_size(s);
        break;
    case WHIT_OP_JOIN:
        x[0] = any_slot(s, WHIT_MEMORY);
        x[1] = any_slot(s, WHIT_MEMORY);
        break;
    case WHIT_OP_MAP:
    case WHIT_OP_UNMAP:
    case WHIT_OP_DONATE:
        x[0] = any_slot(s, WHIT_MEMORY);
        x[1] = op == WHIT_OP_UNMAP ? next(s) % 32 == 0 : any_space(s);
        x[2] = FUZZ_WINDOW + (next(s) % 4096) * WHIT_PAGE * (next(s) % 4 ? 1 : 512);
        x[3] = next(s) % 16 ? 1 + next(s) % 3 : next(s) % 2 ? WHIT_MAP_PIN : any_number(s);
        break;
    case WHIT_OP_MAKE:
        x[0] = any_slot(s, WHIT_MEMORY);
        make_arguments(s, any_object(s), x);
        break;
    case WHIT_OP_BIND:
        x[0] = any_slot(s, WHIT_THREAD);
        x[1] = next(s) % 32 ? next(s) % WHIT_ROLES : any_number(s);
        x[2] = next(s) % 8 == 0           ? 0
               : x[1] == WHIT_ROLE_BUDGET ? any_slot(s, WHIT_BUDGET)
               : x[1] == WHIT_ROLE_FAULT  ? any_slot(s, WHIT_PORTAL)
                                          : any_slot(s, WHIT_MEMORY);
        break;
    case WHIT_OP_START:
    case WHIT_OP_STOP:
    case WHIT_OP_RESUME:
    case WHIT_OP_SYNC:
        x[0] = any_slot(s, WHIT_THREAD);
        x[1] = op == WHIT_OP_START ? (uintptr_t)fuzz_lone : next(s) % 2;
        x[2] = next(s);
        x[3] = next(s) | THREADS; /* it has no stack */
        x[4] = next(s);
        break;
    case WHIT_OP_RECEIVE:
        x[0] = any_slot(s, kind);
        break;
    case WHIT_OP_TARGET:
        x[0] = any_slot(s, WHIT_SIGNAL);
        x[1] = next(s) % 5;
        x[2] = any_slot(s, x[1] == WHIT_TARGET_ENTRY ? WHIT_PORTAL : WHIT_THREAD);
        x[3] = WHIT_VIRQ(next(s) % 40, next(s) % 256, next(s) % 8);
        x[4] = next(s) % 4 ? any_slot(s, WHIT_BUDGET) : 0;
        break;
    case WHIT_OP_CLEAR:
    case WHIT_OP_TIMER:
        x[0] = any_slot(s, WHIT_SIGNAL);
        x[1] = any_time(s);
        x[2] = next(s) % 2 ? 4 : next(s);
        break;
    case WHIT_OP_IRQ_BIND:
    case WHIT_OP_IRQ_ACK:
        x[0] = any_slot(s, WHIT_IRQ);
        x[1] = any_slot(s, WHIT_SIGNAL);
        x[2] = next(s);
        x[3] = next(s) % 3;
        break;
    default:
        x[0] = any_slot(s, op == WHIT_OP_POWER ? WHIT_CORE : WHIT_BUDGET);
        x[1] = next(s) % 3;
    }
}

static uint64_t passed(uint64_t *s)
{
    switch (next(s) % 4) {
    case 0:
        return WHIT_PASS(any_slot(s, any_kind(s)) % WHIT_SLOTS);
    case 1:
        return WHIT_MOVE(any_slot(s, any_kind(s)) % WHIT_SLOTS);
    default:
        return 0;
    }
}

/* What takes from threads that they run, or what all live on. */
static bool is_rare(enum whit_op op)
{
    return op == WHIT_OP_STOP || op == WHIT_OP_BIND || op == WHIT_OP_TARGET ||
           op == WHIT_OP_REVOKE || op == WHIT_OP_DELETE || op == WHIT_OP_DESTROY;
}

/* Some things need several calls on one object: memory is cut, and joined again or made an object,
 * which perhaps ends; a state page is bound to a thread that was stopped, and used. */
static const enum whit_op after_split[] = {WHIT_OP_DESTROY, WHIT_OP_NULL, WHIT_OP_MAKE};
static const enum whit_op after_stop[] = {WHIT_OP_RESUME, WHIT_OP_SYNC, WHIT_OP_SYNC, WHIT_OP_BIND};
static const enum whit_op after_cut[] = {WHIT_OP_JOIN};
static struct plan {
    const enum whit_op *ops; /* the last one comes first */
    unsigned left;
    enum whit_kind kind; /* of the object to be made */
    uint64_t object, upper;
} plans[THREADS];

static void plan_begin(uint64_t *s, struct plan *plan, enum whit_op op, uint64_t *x)
{
    static const uint16_t sizes[WHIT_KINDS] = {[WHIT_SPACE] = WHIT_SIZE_SPACE,
                                               [WHIT_SIGNAL] = WHIT_SIZE_SIGNAL,
                                               [WHIT_PORTAL] = WHIT_SIZE_PORTAL,
                                               [WHIT_THREAD] = WHIT_SIZE_THREAD,
                                               [WHIT_BUDGET] = WHIT_SIZE_BUDGET};

    if (op == WHIT_OP_STOP) {
        *plan = (struct plan){after_stop, 4, WHIT_NONE, x[0], 0};
    } else if (op == WHIT_OP_SPLIT && next(s) % 2) {
        *plan = (struct plan){after_cut, 1, WHIT_NONE, x[0], x[1]};
    } else if (op == WHIT_OP_SPLIT) {
        *plan = (struct plan){after_split, 3, any_object(s), x[0], 0};
        x[2] = sizes[plan->kind];
    }
}

static void plan_follow(uint64_t *s, struct plan *plan, enum whit_op op, uint64_t *x)
{
    plan->left--;
    x[0] = plan->object;
    x[1] = op == WHIT_OP_SYNC ? x[1] : op == WHIT_OP_JOIN ? plan->upper : 0;
    if (op == WHIT_OP_MAKE)
        make_arguments(s, plan->kind, x);
    if (op == WHIT_OP_BIND) {
        x[1] = WHIT_ROLE_STATE;
        x[2] = next(s) % 8 ? slot_of(WHIT_MEMORY, 5 * next(s)) : 0; /* pages, at first */
    }
}

static void one_call(uint64_t call)
{
    volatile struct fuzz_count *count = &counts[self()];
    uint64_t x[11], state = states[self()], *s = &state;
    enum whit_op op = (enum whit_op)(next(s) % WHIT_OP_COUNT);

    /* The console is the test's own. */
    op = op == WHIT_OP_LOG ? WHIT_OP_NULL : op;
    op = is_rare(op) && next(s) % 4 ? WHIT_OP_RESUME : op;
    struct plan *plan = &plans[self()];
    if (call == WHIT_OP && plan->left > 0)
        op = plan->ops[plan->left - 1];
    for (unsigned i = 0; i < 11; i++)
        x[i] = next(s) % 16 ? 0 : any_number(s);
    switch (call) {
    case WHIT_CALL:
        x[10] = any_slot(s, WHIT_PORTAL) | passed(s);
        break;
    case WHIT_REPLY:
        x[10] = passed(s);
        break;
    case WHIT_NOTIFY:
        x[10] = any_slot(s, WHIT_SIGNAL);
        x[0] = next(s);
        break;
    case WHIT_WAIT:
        x[10] = any_slot(s, WHIT_SIGNAL);
        x[0] = any_time(s);
        break;
    case WHIT_OP:
        x[10] = next(s) % 256 ? op : WHIT_OP_COUNT + any_number(s) % (UINT64_MAX / 2);
        fill(s, op, x);
        if (plan->left > 0)
            plan_follow(s, plan, op, x);
        else if (x[10] == op)
            plan_begin(s, plan, op, x);
        break;
    default:
        break;
    }
    const unsigned way = call == WHIT_OP && x[10] < WHIT_OP_COUNT ? op
                         : call < 7                               ? CALL_FIRST + (unsigned)call
                                                                  : CALL_OTHER;
    const uint64_t address = way == WHIT_OP_MAP ? x[2] : 0;

    states[self()] = state;
    count->calls++;
    fuzz_svc(call, x);
    x[10] &= ~WHIT_PASSED;
    count = &counts[self()];
    count->good += x[10] == WHIT_OK;
    if (x[10] < WHIT_E_COUNT)
        count->result[way][x[10]]++;
    if (address != 0 && x[10] == WHIT_OK)
        mapped[self()] = address;
}

/* How often which call; a reply by whom nobody called ends a thread's work until it is called. */
static uint64_t any_call(uint64_t *s)
{
    static const uint8_t calls[16] = {
        WHIT_OP, WHIT_OP,   WHIT_OP,   WHIT_OP,     WHIT_OP,     WHIT_OP,   WHIT_OP,    WHIT_OP,
        WHIT_OP, WHIT_CALL, WHIT_CALL, WHIT_NOTIFY, WHIT_NOTIFY, WHIT_WAIT, WHIT_YIELD, WHIT_OP};
    const uint64_t value = next(s);

    if (value % 512 == 0)
        return WHIT_REPLY;
    if (value % 512 == 1)
        return next(s) % 4 ? 7 + next(s) % (IMMEDIATES - 7) : 0;
    return calls[(value >> 10) % 16];
}

/* Memory that is there, was there, or never was; and what is no instruction. */
static void touch(uint64_t *s)
{
    uint64_t address = mapped[self()] + next(s) % (WHIT_PAGE / 8) * 8;

    if (next(s) % 8 == 0)
        address = any_number(s) & ~UINT64_C(7);
    /* Not what it runs on itself. */
    if (address - WHIT_IMAGE_BASE < IMAGE_MAX)
        return;
    switch (next(s) % 8) {
    case 0:
        __asm__ volatile("blr %0" : : "r"(address) : "x30", "memory");
        break;
    case 1:
        __asm__ volatile("udf #0");
        break;
    case 2:
    case 3:
        *(volatile uint64_t *)(uintptr_t)address = any_number(s);
        break;
    default:
        (void)*(volatile uint64_t *)(uintptr_t)address;
    }
}

static void step(void)
{
    uint64_t state = states[self()];
    const uint64_t call = any_call(&state);
    const bool wild = next(&state) % 128 == 0;

    states[self()] = state;
    if (wild)
        touch(&state);
    one_call(call);
}

_Noreturn void fuzz_work(uint64_t seed)
{
    states[self()] = seed | 1;
    for (;;)
        step();
}

/* Mostly it replies soon. */
_Noreturn void fuzz_serve(uint64_t bits)
{
    states[self()] = (states[self()] ^ bits << 32) | 1;
    for (;;) {
        step();
        if (states[self()] & 6)
            one_call(WHIT_REPLY);
    }
}

/* ---- root */

/* Whatever root made of memory: it becomes memory again. */
struct item {
    struct whit_piece piece;
    enum whit_kind kind;
};

enum { ITEMS = 10 + 4 * THREADS + MEMORIES };
struct program {
    struct item item[ITEMS];
    unsigned items;
    struct item *space, *image, *thread[THREADS], *portal[THREADS], *signal[THREADS],
        *budget[THREADS], *memory[MEMORIES];
    struct item *machine, *vcpu, *page;
    volatile struct fuzz_count *counts; /* in its image */
    volatile uint64_t *lone;            /* fuzz_lone_count there */
    volatile uint64_t *guest;           /* the same in the guest's page, behind a branch */
    uint64_t seen[THREADS];             /* calls, when root last looked */
};

static struct program programs[SPACES];
static struct fuzz_count total;
static uint64_t lone_calls, lone_good, guest_calls, guest_good;
static uint64_t random_state;
static unsigned broken; /* things that could not be taken back */
static uint64_t ends, image_bytes;

static uint64_t below(uint64_t limit)
{
    return next(&random_state) % limit;
}

static struct item *take(struct program *program, uint64_t bytes)
{
    struct item *item = &program->item[program->items++];

    need("memory", whit_splitter_take(&check_memory, bytes, WHIT_PAGE, &item->piece));
    item->kind = WHIT_MEMORY;
    return item;
}

static struct item *make(struct program *program, enum whit_kind kind, uint64_t a, uint64_t b,
                         uint64_t c, uint64_t d)
{
    static const uint64_t sizes[WHIT_KINDS] = {[WHIT_SPACE] = WHIT_SIZE_SPACE,
                                               [WHIT_THREAD] = WHIT_SIZE_THREAD,
                                               [WHIT_PORTAL] = WHIT_SIZE_PORTAL,
                                               [WHIT_SIGNAL] = WHIT_SIZE_SIGNAL,
                                               [WHIT_BUDGET] = WHIT_SIZE_BUDGET};
    struct item *item = take(program, sizes[kind]);

    need("an object", whit_make(item->piece.selector, kind, a, b, c, d));
    item->kind = kind;
    return item;
}

static uint32_t core_of(unsigned index)
{
    return whit_boot->first_core + index % whit_boot->cores;
}

/* Gives a space a capability; it may have something else there, or be dead. */
static void hand(const struct item *space, const struct item *item, unsigned index)
{
    (void)whit_derive(item->piece.selector, space->piece.selector,
                      (uint32_t)slot_of(item->kind, index), WHIT_R_ALL, 0, 0);
}

/* What each program has: of all programs, and memory, lines and cores of its own. */
static void arm(struct program *to)
{
    const uint32_t space = to->space->piece.selector;
    const uint32_t rights = WHIT_R_ALL & ~(uint32_t)WHIT_R_POWER;

    for (unsigned i = 0; i < MEMORIES; i++)
        (void)whit_give(to->memory[i]->piece.selector, space, (uint32_t)slot_of(WHIT_MEMORY, i));
    for (unsigned i = 0; i < whit_boot->cores; i++)
        (void)whit_derive(core_of(i), space, (uint32_t)slot_of(WHIT_CORE, i), rights, CEILING, 0);
    (void)whit_derive(whit_boot->irq, space, (uint32_t)slot_of(WHIT_IRQ, 0), WHIT_R_ALL, 100, 8);
    (void)whit_derive(whit_boot->irq, space, (uint32_t)slot_of(WHIT_IRQ, 1), WHIT_R_ALL, 101, 1);
    for (unsigned p = 0; p < SPACES; p++) {
        const struct program *of = &programs[p];
        if (!of->vcpu)
            continue;
        hand(to->space, of->space, p);
        for (unsigned i = 0; i < THREADS; i++) {
            hand(to->space, of->thread[i], p * THREADS + i);
            hand(to->space, of->portal[i], p * THREADS + i);
            hand(to->space, of->signal[i], p * THREADS + i);
            hand(to->space, of->budget[i], p * THREADS + i);
            hand(to->machine, of->portal[i], p * THREADS + i);
            hand(to->machine, of->signal[i], p * THREADS + i);
        }
        hand(to->space, of->machine, SPACES + p);
        hand(to->space, of->vcpu, SPACES * THREADS + p);
    }
    hand(to->machine, to->vcpu, 0);
}

/* Root's view of a piece, for as long as that lives: at its end the mapping goes with it.  The
 * capability waits in a slot that new_slot does not reach. */
static void see(const struct item *item, uint64_t window, uint32_t slot)
{
    need("a view",
         whit_derive(item->piece.selector, WHIT_SELF, slot, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    need("a view", whit_map(slot, WHIT_SELF, window, WHIT_MAP_READ | WHIT_MAP_WRITE));
}

/* The same, executable, in another space. */
static void load(const struct item *item, const struct item *space, uint64_t address, uint32_t slot)
{
    need("a program", whit_derive(item->piece.selector, WHIT_SELF, slot,
                                  WHIT_R_READ | WHIT_R_WRITE | WHIT_R_EXEC, 0, 0));
    need("a program", whit_map(slot, space->piece.selector, address,
                               WHIT_MAP_READ | WHIT_MAP_WRITE | WHIT_MAP_EXEC));
}

enum { VIEWS = 4, FIRST_VIEW = WHIT_SLOTS - VIEWS * SPACES, LAST_SLOT = FIRST_VIEW - 1 };

/* Where root sees what a program has at `in_image`. */
static uintptr_t seen_at(unsigned index, const volatile void *in_image)
{
    return (uintptr_t)(COPY_WINDOW + index * (UINT64_C(1) << 30)) - WHIT_IMAGE_BASE +
           (uintptr_t)in_image;
}

static void copy_image(struct program *program, unsigned index)
{
    program->image = take(program, image_bytes);
    see(program->image, COPY_WINDOW + index * (UINT64_C(1) << 30), FIRST_VIEW + VIEWS * index);
    memcpy((void *)seen_at(index, (const void *)(uintptr_t)WHIT_IMAGE_BASE),
           (const void *)(uintptr_t)WHIT_IMAGE_BASE, image_bytes);
    program->counts = (volatile struct fuzz_count *)seen_at(index, counts);
    program->lone = (volatile uint64_t *)seen_at(index, fuzz_lone_count);
    load(program->image, program->space, WHIT_IMAGE_BASE, FIRST_VIEW + VIEWS * index + 1);
}

static void start(struct program *program, unsigned i)
{
    const uint32_t thread = program->thread[i]->piece.selector;

    (void)whit_stop(thread);
    (void)whit_bind(thread, WHIT_ROLE_BUDGET, program->budget[i]->piece.selector);
    if (below(2))
        (void)whit_bind(thread, WHIT_ROLE_FAULT, program->portal[below(THREADS)]->piece.selector);
    (void)whit_target(program->signal[i]->piece.selector, WHIT_TARGET_WAITER, thread, 0, 0);
    /* Stopped in the middle of a call: that goes on first. */
    if (whit_start(thread, (uintptr_t)fuzz_start, 0, i, below(UINT64_C(1) << 40)) == WHIT_E_STATE)
        (void)whit_resume(thread);
}

static void start_guest(struct program *program)
{
    const uint32_t vcpu = program->vcpu->piece.selector;

    (void)whit_stop(vcpu);
    (void)whit_bind(vcpu, WHIT_ROLE_FAULT, program->portal[below(THREADS)]->piece.selector);
    if (whit_start(vcpu, 0, 0, 0, 0) == WHIT_E_STATE)
        (void)whit_resume(vcpu);
}

static void build_machine(struct program *program, unsigned index)
{
    const uint64_t window = COPY_WINDOW + index * (UINT64_C(1) << 30) + IMAGE_MAX;
    struct item *page, *budget;

    program->machine = make(program, WHIT_SPACE, WHIT_MACHINE, 0, 0, 0);
    need("a pool", whit_donate(take(program, POOL_PAGES / 2 * WHIT_PAGE)->piece.selector,
                               program->machine->piece.selector));
    page = program->page = take(program, WHIT_PAGE);
    see(page, window, FIRST_VIEW + VIEWS * index + 2);
    memcpy((void *)(uintptr_t)window, (const void *)(uintptr_t)fuzz_guest,
           (size_t)(fuzz_guest_end - (const char *)(uintptr_t)fuzz_guest));
    program->guest = (volatile uint64_t *)(uintptr_t)(window + 16);
    load(page, program->machine, 0, FIRST_VIEW + VIEWS * index + 3);
    program->vcpu = make(program, WHIT_THREAD, program->machine->piece.selector, WHIT_VCPU, 0, 0);
    budget = make(program, WHIT_BUDGET, core_of(index), 50, 0, 20000);
    need("a budget",
         whit_bind(program->vcpu->piece.selector, WHIT_ROLE_BUDGET, budget->piece.selector));
}

static void build(unsigned index)
{
    struct program *program = &programs[index];
    uint32_t space;

    *program = (struct program){0};
    program->space = make(program, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0);
    space = program->space->piece.selector;
    need("a pool", whit_donate(take(program, POOL_PAGES * WHIT_PAGE)->piece.selector, space));
    copy_image(program, index);
    for (unsigned i = 0; i < THREADS; i++) {
        const uint32_t core = core_of(i + index);
        program->thread[i] = make(program, WHIT_THREAD, space, WHIT_NATIVE, 0, 0);
        program->portal[i] = make(program, WHIT_PORTAL, program->thread[i]->piece.selector,
                                  (uintptr_t)fuzz_enter, index, 0);
        program->signal[i] = make(program, WHIT_SIGNAL, core, 0, 0, 0);
        program->budget[i] = make(program, WHIT_BUDGET, core, 50, 0, 20000);
    }
    for (unsigned i = 0; i < MEMORIES; i++)
        program->memory[i] = take(program, UINT64_C(4096) << i % 5);
    build_machine(program, index);
    arm(program);
    for (unsigned i = 0; i < THREADS; i++)
        start(program, i);
    start_guest(program);
}

static void expect(bool good, const char *what, enum whit_error error)
{
    if (!good) {
        broken++;
        printf("not ok %s: %s\n", what, whit_error_text(error));
    }
}

/* A space ends with memory of its pool, which programs may have added: then it is memory. */
static void put_back(struct item *item)
{
    enum whit_error error = item->kind == WHIT_MEMORY ? whit_revoke(item->piece.selector)
                                                      : whit_destroy(item->piece.selector);

    expect(error == WHIT_OK || (item->kind == WHIT_SPACE && error == WHIT_E_ORIGINAL), "taken back",
           error);
    error = whit_splitter_give_back(&check_memory, &item->piece);
    expect(error == WHIT_OK, "joined", error);
}

/* Of a program that is about to end. */
static void collect(const struct program *program)
{
    for (unsigned t = 0; t < THREADS; t++) {
        volatile struct fuzz_count *count = &program->counts[t];
        total.calls += count->calls;
        total.good += count->good;
        for (unsigned way = 0; way < WAYS; way++)
            for (unsigned error = 0; error < WHIT_E_COUNT; error++)
                total.result[way][error] += count->result[way][error];
    }
    lone_calls += program->lone[0];
    lone_good += program->lone[1];
    guest_calls += program->guest[0];
    guest_good += program->guest[1];
}

/* In any order: what is made of other things has to stand that. */
static void unbuild(struct program *program)
{
    collect(program);
    for (unsigned left = program->items; left > 0; left--) {
        const unsigned which = (unsigned)below(left);
        put_back(&program->item[which]);
        program->item[which] = program->item[left - 1];
    }
    *program = (struct program){0};
    ends++;
}

static uint64_t calls_of(const struct program *program)
{
    uint64_t calls = program->lone[0] + program->guest[0];

    for (unsigned t = 0; t < THREADS; t++)
        calls += program->counts[t].calls;
    return calls;
}

static uint64_t calls_so_far(void)
{
    uint64_t calls = total.calls + lone_calls + guest_calls;

    for (unsigned p = 0; p < SPACES; p++)
        calls += calls_of(&programs[p]);
    return calls;
}

/* Threads that do nothing begin anew. */
static void nudge(void)
{
    for (unsigned p = 0; p < SPACES; p++) {
        for (unsigned i = 0; i < THREADS; i++) {
            const uint64_t calls = programs[p].counts[i].calls;
            if (calls == programs[p].seen[i])
                start(&programs[p], i);
            programs[p].seen[i] = calls;
        }
    }
}

static void disturb(uint64_t round)
{
    const unsigned index = (unsigned)below(SPACES);
    struct program *program = &programs[index];

    if (round % GENERATION == 0) {
        unbuild(program);
        build(index);
        return;
    }
    const struct item *item = &program->item[below(program->items)];
    /* What root reads counts from stays. */
    if (item != program->image && item != program->page) {
        const enum whit_error error = whit_revoke(item->piece.selector);
        expect(error == WHIT_OK, "revoked", error);
    }
    arm(program);
    start_guest(program);
}

static void run(uint32_t timer)
{
    const uint64_t frequency = whit_boot->frequency;
    const uint64_t end = whit_ticks() + FUZZ_SECONDS * frequency;
    uint64_t bits;

    for (uint64_t round = 1; whit_ticks() < end && calls_so_far() < FUZZ_CALLS; round++) {
        need("a wait", whit_wait(timer, whit_deadline(ROUND_NS), &bits));
        nudge();
        if (round % DISTURB == 0)
            disturb(round);
    }
}

/* ---- what came of it */

static const char *const names[WAYS] = {[WHIT_OP_NULL] = "null",
                                        [WHIT_OP_DERIVE] = "derive",
                                        [WHIT_OP_GIVE] = "give",
                                        [WHIT_OP_TRANSFER] = "transfer",
                                        [WHIT_OP_REVOKE] = "revoke",
                                        [WHIT_OP_DELETE] = "delete",
                                        [WHIT_OP_SPLIT] = "split",
                                        [WHIT_OP_JOIN] = "join",
                                        [WHIT_OP_MAP] = "map",
                                        [WHIT_OP_UNMAP] = "unmap",
                                        [WHIT_OP_DONATE] = "donate",
                                        [WHIT_OP_MAKE] = "make",
                                        [WHIT_OP_DESTROY] = "destroy",
                                        [WHIT_OP_BIND] = "bind",
                                        [WHIT_OP_START] = "start",
                                        [WHIT_OP_STOP] = "stop",
                                        [WHIT_OP_RESUME] = "resume",
                                        [WHIT_OP_SYNC] = "sync",
                                        [WHIT_OP_RECEIVE] = "receive",
                                        [WHIT_OP_TARGET] = "target",
                                        [WHIT_OP_CLEAR] = "clear",
                                        [WHIT_OP_TIMER] = "timer",
                                        [WHIT_OP_IRQ_BIND] = "bind a line",
                                        [WHIT_OP_IRQ_ACK] = "acknowledge",
                                        [WHIT_OP_BUDGET_READ] = "read a budget",
                                        [WHIT_OP_PRIORITY] = "priority",
                                        [WHIT_OP_POWER] = "power",
                                        [WHIT_OP_LOG] = "log",
                                        [CALL_FIRST] = "svc 0",
                                        [CALL_FIRST + WHIT_CALL] = "CALL",
                                        [CALL_FIRST + WHIT_REPLY] = "REPLY",
                                        [CALL_FIRST + WHIT_NOTIFY] = "NOTIFY",
                                        [CALL_FIRST + WHIT_WAIT] = "WAIT",
                                        [CALL_FIRST + WHIT_YIELD] = "YIELD",
                                        [CALL_FIRST + WHIT_OP] = "no operation",
                                        [CALL_OTHER] = "no call"};

/* What cannot succeed here: programs neither print nor switch off; a reply that succeeds does not
 * return; a fault is none.  And what seldom does: of ten thousand calls two to six find a handler
 * that answers; one between fresh programs is made in the end. */
static bool may_never_succeed(unsigned way)
{
    return way == WHIT_OP_LOG || way == WHIT_OP_POWER || way == CALL_FIRST ||
           way == CALL_FIRST + WHIT_CALL || way == CALL_FIRST + WHIT_REPLY ||
           way == CALL_FIRST + WHIT_OP || way == CALL_OTHER;
}

/*
 * No call answers what the manual does not list.  A few may be wrong: two threads may have the
 * same state page, or a program may write to one, and then a thread goes on with other registers,
 * several times.
 */
static void check_answers(void)
{
    unsigned wrong = 0;

    for (unsigned way = 0; way < CALL_OTHER; way++) {
        const unsigned call = way < CALL_FIRST ? FIRST_OPERATION + way : way - CALL_FIRST;
        uint64_t all = 0;

        for (unsigned error = 0; error < WHIT_E_COUNT; error++)
            all += total.result[way][error];
        for (unsigned error = 1; error < WHIT_E_COUNT; error++) {
            const uint64_t count = total.result[way][error];
            if (way == CALL_FIRST || count < 8 || count < all / 200 ||
                pair_find(call, (enum whit_error)error))
                continue;
            printf("# %s answered %u\n", names[way], error);
            wrong++;
        }
    }
    check("all answers are in the manual", wrong == 0);
}

/* A slow machine with several cores does not come so far as to need this. */
static void never_succeeded(const char *name)
{
    const bool all = total.calls + lone_calls + guest_calls >= FUZZ_CALLS;

    check_failures += all;
    printf("%s%s never succeeded\n", all ? "not ok " : "# ", name);
}

static void report(void)
{
    unsigned results = 0;

    for (unsigned way = 0; way < WAYS; way++) {
        printf("# %s:", names[way]);
        for (unsigned error = 0; error < WHIT_E_COUNT; error++) {
            results += total.result[way][error] != 0;
            if (total.result[way][error] != 0)
                printf(" %u: %llu", error, (unsigned long long)total.result[way][error]);
        }
        printf("\n");
        if (!may_never_succeed(way) && total.result[way][WHIT_OK] == 0)
            never_succeeded(names[way]);
    }
    printf("# %llu calls, %llu succeeded, %u pairs of call and result; %llu programs ended\n",
           (unsigned long long)total.calls, (unsigned long long)total.good, results,
           (unsigned long long)ends);
    printf("# without a stack: %llu calls, %llu succeeded; guests: %llu, %llu\n",
           (unsigned long long)lone_calls, (unsigned long long)lone_good,
           (unsigned long long)guest_calls, (unsigned long long)guest_good);
    check("a fair part of the calls succeeded", total.good > total.calls / 5);
    check("guests called too", guest_calls > 1000 && guest_good > 0);
    check("calls that there are not answered so",
          total.result[CALL_OTHER][WHIT_E_OPERATION] > 0 &&
              total.result[CALL_FIRST + WHIT_OP][WHIT_E_OPERATION] > 0);
    check("enough calls were made", total.calls + lone_calls + guest_calls >= FUZZ_LEAST);
    check_answers();
}

/* Every range is what it was: it ends where it ended, and a cut heals. */
static bool is_whole(const struct whit_splitter *before)
{
    bool good = before->count == check_memory.count;

    for (uint32_t i = 0; good && i < before->count; i++) {
        const struct whit_piece *was = &before->free[i], *is = &check_memory.free[i];
        good = was->base == is->base && was->bytes == is->bytes && was->selector == is->selector &&
               whit_split(is->selector, LAST_SLOT, is->bytes) == WHIT_E_SIZE &&
               whit_split(is->selector, LAST_SLOT, is->bytes - WHIT_UNIT) == WHIT_OK &&
               whit_join(is->selector, LAST_SLOT) == WHIT_OK;
    }
    return good;
}

/* The largest range holds what is written to it. */
static bool is_usable(void)
{
    const struct whit_piece *largest = &check_memory.free[0];
    volatile uint64_t *words = (volatile uint64_t *)(uintptr_t)TEST_WINDOW;
    bool good = true;

    for (uint32_t i = 0; i < check_memory.count; i++)
        largest = check_memory.free[i].bytes > largest->bytes ? &check_memory.free[i] : largest;
    const uint64_t last = largest->bytes / 8 - 1;
    need("a map", whit_map(largest->selector, WHIT_SELF, TEST_WINDOW + largest->base % (1 << 21),
                           WHIT_MAP_READ | WHIT_MAP_WRITE));
    words += largest->base % (1 << 21) / 8;
    for (uint64_t i = 0; i < last; i += WHIT_PAGE / 8)
        words[i] = i;
    words[last] = last;
    for (uint64_t i = 0; i < last; i += WHIT_PAGE / 8)
        good = good && words[i] == i;
    good = good && words[last] == last;
    need("an unmap", whit_unmap(largest->selector));
    return good;
}

/* Two fresh programs: one calls the other, and notifies root of the answer. */
static bool is_healthy(uint32_t timer)
{
    struct item *thread[2];
    struct program *fresh = &programs[0];
    uint32_t portal;
    uint64_t bits = 0;

    *fresh = (struct program){0};
    for (unsigned i = 0; i < 2; i++) {
        fresh->space = make(fresh, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0);
        need("a pool", whit_donate(take(fresh, POOL_PAGES * WHIT_PAGE)->piece.selector,
                                   fresh->space->piece.selector));
        copy_image(fresh, i);
        thread[i] = make(fresh, WHIT_THREAD, fresh->space->piece.selector, WHIT_NATIVE, 0, 0);
        need("a budget",
             whit_bind(thread[i]->piece.selector, WHIT_ROLE_BUDGET,
                       make(fresh, WHIT_BUDGET, core_of(0), PRIORITY_LOW, 0, 0)->piece.selector));
    }
    portal = make(fresh, WHIT_PORTAL, thread[0]->piece.selector, (uintptr_t)fuzz_answer, 0, 0)
                 ->piece.selector;
    need("a portal", whit_derive(portal, fresh->space->piece.selector, 1, WHIT_R_CALL, 0, 0));
    need("a signal", whit_derive(timer, fresh->space->piece.selector, 2, WHIT_R_NOTIFY, 0, 0));
    need("a start", whit_start(thread[0]->piece.selector, (uintptr_t)fuzz_idle, 0, 0, 0));
    need("a start", whit_start(thread[1]->piece.selector, (uintptr_t)fuzz_ask, 2, 0, 1));
    need("a wait", whit_wait(timer, whit_deadline(1000000000), &bits));
    for (unsigned i = 0; i < fresh->items; i++)
        put_back(&fresh->item[i]);
    return bits == 42;
}

static bool timer_fires(uint32_t timer)
{
    const uint64_t deadline = whit_deadline(1000000);
    uint64_t bits = 0;

    return whit_wait(timer, deadline, &bits) == WHIT_OK && bits == WHIT_TIMEOUT &&
           whit_ticks() >= deadline;
}

int main(void)
{
    static struct whit_splitter before;
    const struct whit_image *image = (const struct whit_image *)(uintptr_t)WHIT_IMAGE_BASE;
    uint32_t timer;

    check_begin();
    random_state = FUZZ_SEED;
    printf("# seed %llx, %u cores\n", (unsigned long long)random_state, (unsigned)whit_boot->cores);
    timer = new_signal();
    need("a target", whit_target(timer, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    need("a pool", whit_donate(new_memory(64 * WHIT_PAGE), WHIT_SELF));
    /* The slots of views have their page, so that nothing is taken later. */
    need("a slot", whit_derive(timer, WHIT_SELF, LAST_SLOT, 0, 0, 0));
    need("a slot", whit_delete(LAST_SLOT));
    before = check_memory;
    image_bytes = image->text_bytes + image->rodata_bytes + image->data_bytes + image->bss_bytes;
    for (unsigned i = 0; i < SPACES; i++)
        build(i);
    run(timer);
    for (unsigned i = 0; i < SPACES; i++)
        unbuild(&programs[i]);
    report();
    check("a call between fresh programs", is_healthy(timer));
    check("a timer fires", timer_fires(timer));
    check("all could be taken back", broken == 0);
    check("all memory is whole again", is_whole(&before));
    check("... and can be used", is_usable());
    check_end();
    return 0;
}
