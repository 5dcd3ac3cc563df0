/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For EVA: a device tree that says anything: any nodes, in any number and order, with any names,
 * properties, registers and reservations.  What the functions of ranges.c promise is
 * their contracts, which WP proves.
 */
#include "board.h"
#include "fdt.h"

#include <__fc_builtin.h>
#include <stddef.h>

static struct board board;
static const uint8_t value[64];

static bool any_bool(void)
{
    return Frama_C_interval(0, 1) != 0;
}

static uint64_t any(void)
{
    return Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
}

bool fdt_open(struct fdt *fdt, const void *blob)
{
    (void)blob;
    fdt->bytes = (uint32_t)any();
    fdt->depth = 0;
    return any_bool();
}

bool fdt_next(struct fdt *fdt)
{
    static const char *const names[] = {"", "chosen", "cpus", "reserved-memory", "cpu@0"};

    fdt->depth = (uint32_t)Frama_C_interval(1, FDT_DEPTH);
    for (uint32_t i = 0; i <= FDT_DEPTH; i++)
        fdt->level[i].name = names[Frama_C_interval(0, 4)];
    return any_bool();
}

struct fdt_property fdt_get(const struct fdt *fdt, const char *name)
{
    (void)fdt;
    (void)name;
    if (any_bool())
        return (struct fdt_property){NULL, 0};
    return (struct fdt_property){value, (uint32_t)Frama_C_interval(0, sizeof(value))};
}

static bool any_range(struct range *range)
{
    if (any_bool())
        return false;
    range->base = any();
    range->end = any();
    return true;
}

bool fdt_reg(const struct fdt *fdt, uint32_t index, struct range *range)
{
    (void)fdt;
    (void)index;
    return any_range(range);
}

bool fdt_reservation(const struct fdt *fdt, uint32_t index, struct range *range)
{
    (void)fdt;
    (void)index;
    return any_range(range);
}

/* What it needs, and all that it promises. */
static void ranges_change(struct ranges *set)
{
    /*@ assert set->count <= RANGES_MAX; */
    Frama_C_make_unknown((char *)set->range, sizeof(set->range));
    set->count = (uint32_t)Frama_C_interval(0, RANGES_MAX);
    set->overflow = any_bool();
}

void ranges_add(struct ranges *set, uint64_t base, uint64_t end)
{
    (void)base;
    (void)end;
    ranges_change(set);
}

void ranges_remove(struct ranges *set, uint64_t base, uint64_t end)
{
    (void)base;
    (void)end;
    ranges_change(set);
}

uint32_t fdt_cell(struct fdt_property property, uint32_t index)
{
    (void)property;
    (void)index;
    return (uint32_t)any();
}

uint64_t fdt_number(struct fdt_property property)
{
    (void)property;
    return any();
}

bool fdt_holds(struct fdt_property property, const char *string)
{
    (void)property;
    (void)string;
    return any_bool();
}

int main(void)
{
    (void)board_read(&board, value);
    return 0;
}
