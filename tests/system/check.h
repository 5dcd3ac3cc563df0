/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For test programs that run as root, straight on a debug kernel: what they need to make objects,
 * and how they say what they found.  One line for each thing tested, then the machine goes off.
 */
#ifndef CHECK_H
#define CHECK_H

#include "whit/call.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/slots.h"
#include "whit/splitter.h"
#include "whit/time.h"

#include <stdio.h>
#include <stdlib.h>

static struct whit_slots check_slots;
static struct whit_splitter check_memory;
static uint32_t check_failures;

/* Priority of root's own thread, and what others are measured by. */
enum { PRIORITY_ROOT = 100, PRIORITY_HIGH = 150, PRIORITY_LOW = 50 };

static inline void check(const char *name, bool good)
{
    if (!good) {
        check_failures++;
    }
    printf(good ? "ok %s\n" : "not ok %s - wrong\n", name);
}

static inline void check_error(const char *name, enum whit_error got, enum whit_error expected)
{
    if (got == expected) {
        printf("ok %s\n", name);
        return;
    }
    check_failures++;
    printf("not ok %s - got \"%s\", expected \"%s\"\n", name, whit_error_text(got),
           whit_error_text(expected));
}

/* What the test cannot go on without. */
static inline void need(const char *what, enum whit_error error)
{
    if (error != WHIT_OK) {
        check_error(what, error, WHIT_OK);
        (void)whit_power(whit_boot->first_core, WHIT_POWER_OFF);
        abort();
    }
}

static inline enum whit_error check_split(uint32_t memory, uint32_t upper, uint64_t bytes)
{
    return whit_split(memory, upper, bytes);
}

static inline enum whit_error check_join(uint32_t memory, uint32_t upper)
{
    return whit_join(memory, upper);
}

/* Given to oneself: objects made at the root of a derivation tree could not be destroyed. */
static inline void check_add_memory(const struct whit_boot_range *range)
{
    struct whit_piece piece = {range->base, range->bytes, whit_slots_take(&check_slots, 1)};

    need("free memory", whit_give(range->selector, WHIT_SELF, piece.selector));
    need("free memory", whit_splitter_add(&check_memory, &piece));
}

static inline void check_begin(void)
{
    whit_slots_init(&check_slots, whit_boot->first_free, WHIT_SLOTS);
    check_memory =
        (struct whit_splitter){.split = check_split, .join = check_join, .slots = &check_slots};
    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        const struct whit_boot_range *range = &whit_boot->range[i];

        if (range->kind == WHIT_BOOT_RAM) {
            check_add_memory(range);
        }
    }
}

static inline void check_end(void)
{
    printf("%s\n", check_failures == 0 ? "all good" : "not all good");
    (void)whit_power(whit_boot->first_core, WHIT_POWER_OFF);
}

static inline uint32_t new_slot(void)
{
    uint32_t slot = whit_slots_take(&check_slots, 1);

    if (slot == 0) {
        need("a slot", WHIT_E_FUNDS);
    }
    return slot;
}

static inline uint32_t new_memory(uint64_t bytes)
{
    struct whit_piece piece;
    uint64_t alignment = bytes % WHIT_PAGE == 0 ? (uint64_t)WHIT_PAGE : WHIT_UNIT;

    need("memory", whit_splitter_take(&check_memory, bytes, alignment, &piece));
    return piece.selector;
}

/* All of `source`, with fewer rights. */
static inline uint32_t new_child(uint32_t source, uint32_t rights)
{
    uint32_t slot = new_slot();

    need("a child", whit_derive(source, WHIT_SELF, slot, rights, 0, 0));
    return slot;
}

static inline uint32_t new_object(enum whit_kind kind, uint64_t bytes, uint64_t a, uint64_t b,
                                  uint64_t c, uint64_t d)
{
    uint32_t memory = new_memory(bytes);

    need("an object", whit_make(memory, kind, a, b, c, d));
    return memory;
}

static inline uint32_t new_signal(void)
{
    return new_object(WHIT_SIGNAL, WHIT_SIZE_SIGNAL, whit_boot->first_core, 0, 0, 0);
}

static inline uint32_t new_budget(unsigned priority)
{
    return new_object(WHIT_BUDGET, WHIT_SIZE_BUDGET, whit_boot->first_core, priority, 0, 0);
}

static inline uint32_t new_space(enum whit_space_type type)
{
    return new_object(WHIT_SPACE, WHIT_SIZE_SPACE, type, 0, 0, 0);
}

/* A thread of root's own space with a budget. */
static inline uint32_t new_thread(unsigned priority)
{
    uint32_t thread =
        new_object(WHIT_THREAD, WHIT_SIZE_THREAD, whit_boot->self_space, WHIT_NATIVE, 0, 0);

    need("a budget for a thread", whit_bind(thread, WHIT_ROLE_BUDGET, new_budget(priority)));
    return thread;
}

static inline uint32_t new_portal(uint32_t thread, void (*entry)(void), uint64_t badge)
{
    return new_object(WHIT_PORTAL, WHIT_SIZE_PORTAL, thread, (uintptr_t)entry, badge, 0);
}

/* A selector that never was filled, but for which there is a page of slots. */
static inline uint32_t empty_slot(void)
{
    static uint32_t slot;

    if (slot == 0) {
        slot = new_slot();
    }
    return slot;
}

#endif
