/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host as an architecture: it does what arch.h asks, writes down that it was asked, and keeps
 * models of a translation cache and of a data cache, so that a forgotten invalidation shows.
 */
#ifndef FAKE_ARCH_H
#define FAKE_ARCH_H

#include "arch.h"

enum fake_event_kind {
    FAKE_ENTRY_WRITE, /* where: entry, value, before */
    FAKE_PUBLISH,
    FAKE_INVALIDATE,      /* where: space, value: IPA, before: bytes */
    FAKE_VMID_INVALIDATE, /* value: VMID */
    FAKE_SCRUB,           /* where, value: bytes */
    FAKE_FLUSH,
    FAKE_EXEC_SYNC,
    FAKE_KICK,           /* where: core */
    FAKE_TIMER,          /* value: deadline */
    FAKE_DEVICE_MAPPED,  /* where, value: bytes */
    FAKE_IRQ_ENABLE,     /* value: line, before: 1 for edge */
    FAKE_IRQ_DISABLE,    /* value: line */
    FAKE_IRQ_DEACTIVATE, /* value: line */
    FAKE_RELEASE,        /* where: thread */
    FAKE_VTIMER_DUE,     /* where: thread */
    FAKE_LOG,            /* value: character */
    FAKE_POWER           /* value: action */
};

struct fake_event {
    enum fake_event_kind kind;
    const void *where;
    uint64_t value, before;
};

/* What was asked since the last reset; the oldest first, what does not fit is only counted. */
enum { FAKE_EVENTS = 1 << 14 };
extern struct fake_event fake_history[FAKE_EVENTS];
extern unsigned fake_events;

/* Number of events of one kind in the history. */
unsigned fake_count(enum fake_event_kind kind);
void fake_history_clear(void);

/* Everything as at power-on. */
void fake_reset(void);

/* The first rule that was broken since the last reset, or NULL. */
extern const char *fake_violation;

/* ---- interrupts and time: fake_interrupt_every n: each n-th question is answered with yes */
extern unsigned fake_interrupt_every;
extern unsigned fake_interrupt_asked;
extern uint64_t fake_ticks;
extern uint64_t fake_ticks_step; /* each reading takes so long: what the kernel itself needs */
extern uint64_t fake_timer;      /* as programmed */
extern uint32_t fake_vmids;
/* Called by arch_pause and arch_idle, if set: what other cores do meanwhile. */
extern void (*fake_on_pause)(void);
/* Called by arch_core_kick, if set: how far the other core has come before it returns. */
extern void (*fake_on_kick)(struct core *core);
/* Called by arch_idle instead, if set. */
extern void (*fake_on_idle)(struct core *core);
/* Called by arch_interrupts, if set, which counts its calls. */
extern void (*fake_on_step)(struct core *core);
extern unsigned fake_steps;
/* Called by arch_thread_release, if set. */
extern void (*fake_on_release)(const struct thread *thread);

/* ---- cores: fake_core_count of them, one of which runs this */
extern struct core fake_cores[CORES_MAX];
extern uint32_t fake_here;
void fake_cores_init(uint32_t count);
extern bool fake_kicked[CORES_MAX]; /* by arch_core_kick, until the test takes the interrupt */
extern bool fake_virq_waiting;      /* answer of arch_virq_waiting */
extern bool fake_vtimer_held;       /* answer of arch_vtimer_held */

/* True if `act` stops the machine and says `what`; otherwise a panic ends the test. */
bool fake_panics(void (*act)(void), const char *what);

/*
 * ---- translation.  A walker may cache every valid entry at any time until it is invalidated.
 * Number of translations that are gone from the tables and may still be cached.
 */
unsigned fake_stale(void);
/* Nothing that was valid since it was last invalidated may be cached under this VMID. */
bool fake_vmid_is_quiet(uint32_t vmid);
/* Number of tables of other spaces than this one. */
unsigned fake_page_tables_other(struct space *space);

/*
 * ---- caches.  Code here writes through the data cache; memory of [start, start + bytes) has, as
 * long as it is attached, also a content behind the cache and one that instruction fetches see.
 */
void fake_cache_attach(void *start, uint64_t bytes);
void fake_cache_detach(void);
uint8_t fake_ram_byte(const void *address);   /* seen with caches off */
uint8_t fake_fetch_byte(const void *address); /* seen by instruction fetch */

#endif
