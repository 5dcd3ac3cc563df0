/* SPDX-License-Identifier: BSD-2-Clause */
/* Mappings. */
#include "count.h"
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "world.h"

enum { SHOTS = 4 };
enum { BOTH = WHIT_MAP_READ | WHIT_MAP_WRITE };

static void row_page(void)
{
    uint32_t page = new_memory(WHIT_PAGE, WHIT_PAGE);
    struct count_shots map = {0}, unmap = {0};

    /* The tables stay. */
    world_need("tables", whit_map(page, WHIT_SELF, PAGE_WINDOW, BOTH));
    world_need("tables", whit_unmap(page));
    for (unsigned i = 0; i < SHOTS; i++) {
        uint64_t before, after;
        enum whit_error mapped, unmapped;

        MARK(MARK_BEGIN, map);
        before = count_now();
        mapped = whit_map(page, WHIT_SELF, PAGE_WINDOW, BOTH);
        after = count_now();
        MARK(MARK_END, map);
        count_shot("map.page", &map, after - before - COUNT_OVERHEAD);
        MARK(MARK_BEGIN, unmap);
        before = count_now();
        unmapped = whit_unmap(page);
        after = count_now();
        MARK(MARK_END, unmap);
        count_shot("unmap.page", &unmap, after - before - COUNT_OVERHEAD);
        world_need("a mapping", mapped);
        world_need("its end", unmapped);
    }
    row_print("map.page", map.value);
    row_print("unmap.page", unmap.value);
}

/* One gibibyte: with one block where both addresses allow it, else with blocks of 2 MiB. */
static void row_large(void)
{
    const uint64_t gibibyte = UINT64_C(1) << 30, block = UINT64_C(1) << 21;
    uint32_t memory = new_memory(gibibyte, gibibyte);
    enum whit_error mapped;
    uint64_t before, after;

    MARK(MARK_BEGIN, map_1g);
    before = count_now();
    mapped = whit_map(memory, WHIT_SELF, LARGE_WINDOW, BOTH);
    after = count_now();
    MARK(MARK_END, map_1g);
    world_need("a mapping", mapped);
    row_print("map.1g", after - before - COUNT_OVERHEAD);
    world_need("its end", whit_unmap(memory));

    world_need("tables", whit_map(memory, WHIT_SELF, LARGE_WINDOW + gibibyte + block, BOTH));
    world_need("its end", whit_unmap(memory));
    MARK(MARK_BEGIN, map_1g_2m);
    before = count_now();
    mapped = whit_map(memory, WHIT_SELF, LARGE_WINDOW + gibibyte + block, BOTH);
    after = count_now();
    MARK(MARK_END, map_1g_2m);
    world_need("a mapping", mapped);
    row_print("map.1g.2m", after - before - COUNT_OVERHEAD);
    world_need("its end", whit_unmap(memory));
}

/* The smallest program: a space with two pages of tables for its slots, three for its addresses. */
enum { POOL_PAGES = 8 };

struct smallest {
    uint32_t space, pool, thread, portal, stack, stack_child;
};

static void smallest_create(struct smallest *s)
{
    world_need("a space", whit_make(s->space, WHIT_SPACE, WHIT_PROGRAM, 0, 0, 0));
    world_need("a pool", whit_donate(s->pool, s->space));
    world_need("a thread", whit_make(s->thread, WHIT_THREAD, s->space, WHIT_NATIVE, 0, 0));
    world_need("a portal", whit_make(s->portal, WHIT_PORTAL, s->thread, WHIT_IMAGE_BASE, 0, 0));
    world_need("a stack", whit_map(s->stack_child, s->space, PAGE_WINDOW, BOTH));
}

static void smallest_destroy(const struct smallest *s)
{
    world_need("a portal's end", whit_destroy(s->portal));
    world_need("a thread's end", whit_destroy(s->thread));
    world_need("a space's end", whit_destroy(s->space));
}

static void row_space(void)
{
    struct smallest s = {
        .space = new_memory(WHIT_SIZE_SPACE, WHIT_PAGE),
        .pool = new_memory(POOL_PAGES * (uint64_t)WHIT_PAGE, WHIT_PAGE),
        .thread = new_memory(WHIT_SIZE_THREAD, WHIT_PAGE),
        .portal = new_memory(WHIT_SIZE_PORTAL, WHIT_UNIT),
        .stack = new_memory(WHIT_PAGE, WHIT_PAGE),
        .stack_child = new_slot(),
    };
    struct count_shots create = {0}, destroy = {0};

    world_need("a stack",
               whit_derive(s.stack, WHIT_SELF, s.stack_child, WHIT_R_READ | WHIT_R_WRITE, 0, 0));
    for (unsigned i = 0; i < SHOTS; i++) {
        uint64_t before, after;

        MARK(MARK_BEGIN, space_create);
        before = count_now();
        smallest_create(&s);
        after = count_now();
        MARK(MARK_END, space_create);
        count_shot("space.create", &create, after - before - COUNT_OVERHEAD);
        MARK(MARK_BEGIN, space_destroy);
        before = count_now();
        smallest_destroy(&s);
        after = count_now();
        MARK(MARK_END, space_destroy);
        count_shot("space.destroy", &destroy, after - before - COUNT_OVERHEAD);
    }
    row_print("space.create", create.value);
    row_print("space.destroy", destroy.value);
}

void rows_memory(void)
{
    row_page();
    row_large();
    row_space();
}
