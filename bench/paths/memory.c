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
        uint64_t before, middle, after;
        enum whit_error mapped, unmapped;

        MARK(MARK_BEGIN, map);
        before = count_now();
        mapped = whit_map(page, WHIT_SELF, PAGE_WINDOW, BOTH);
        middle = count_now();
        MARK(MARK_END, map);
        MARK(MARK_BEGIN, unmap);
        after = count_now();
        unmapped = whit_unmap(page);
        count_shot("unmap.page", &unmap, count_now() - after - COUNT_OVERHEAD);
        MARK(MARK_END, unmap);
        count_shot("map.page", &map, middle - before - COUNT_OVERHEAD);
        world_need("a mapping", mapped);
        world_need("its end", unmapped);
    }
    row_print("map.page", map.value);
    row_print("unmap.page", unmap.value);
}

void rows_memory(void)
{
    row_page();
}
