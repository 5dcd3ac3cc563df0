/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills and clears stage-2 tables, in steps of at most 16 blocks or pages, with a preemption point
 * after each.  Nothing is ever replaced, so break-before-make (Arm ARM D8.14.1) never arises.
 */
#include "stage2.h"
#include "arch.h"

/* The grain of a position: a step that ends within a mapping ends at a multiple of it.  One is what
 * a step does whose memory has to be cleaned or flushed as well; the others do several. */
enum { CHUNK = 4 * WHIT_PAGE, STEP = 4 * CHUNK, CLEAR_MAX = 64 };
enum { LEVEL_BLOCK_1G = 1, LEVEL_BLOCK_2M, LEVEL_PAGE };

static unsigned level_shift(unsigned level)
{
    return 39 - 9 * level;
}

static uint64_t entry_index(uint64_t ipa, unsigned level)
{
    return (ipa >> level_shift(level)) & 511;
}

static uint64_t chunk_floor(uint64_t ipa)
{
    return ipa & ~(uint64_t)(CHUNK - 1);
}

/* ---- the record in the slot */

static uint64_t mapping_stop(const struct slot *slot)
{
    return mapping_start(slot) + cap_bytes(slot);
}

/* How far the phase has come, as an IPA. */
static uint64_t progress_get(const struct slot *slot)
{
    uint64_t chunks = (slot->address >> 39 & 0x7fffff) << 2 | (slot->address >> 4 & 3);
    uint64_t start = mapping_start(slot);
    return chunks == 0 ? start : chunk_floor(start) + chunks * CHUNK;
}

static void progress_set(struct slot *slot, enum mapping_phase phase, uint64_t position)
{
    uint64_t chunks = (position - chunk_floor(mapping_start(slot))) / CHUNK;
    if (phase == MAPPING_COMPLETE)
        chunks = 0;
    slot->address = (slot->address & 0x7ffffff00f) | (chunks & 3) << 4 | (chunks >> 2) << 39 |
                    (uint64_t)phase << 62;
}

uint64_t mapping_position(const struct slot *slot)
{
    switch (mapping_phase(slot)) {
    case MAPPING_COMPLETE:
        return mapping_stop(slot);
    case MAPPING_CLEANING:
        return mapping_start(slot);
    case MAPPING_FILLING:
    case MAPPING_CLEARING:
    default:
        return progress_get(slot);
    }
}

/* Device memory is never cached; RAM is only when nobody fetches from it and all use the cache. */
static bool mapping_needs_cleaning(const struct slot *slot)
{
    return !cap_flag(slot, CAP_DEVICE) &&
           (mapping_access(slot) & (WHIT_MAP_EXEC | WHIT_MAP_UNCACHED)) != 0;
}

void mapping_begin(struct slot *slot, struct space *space, uint64_t ipa, unsigned access)
{
    slot->use = (uintptr_t)space | USE_MAPPED;
    slot->address = ipa | access | (uint64_t)MAPPING_FILLING << 62;
    if (mapping_needs_cleaning(slot))
        progress_set(slot, MAPPING_CLEANING, ipa);
    list_insert(&space->mappings, &slot->user);
}

void mapping_end(struct slot *slot)
{
    list_remove(&slot->user);
    slot->use = USE_NONE;
    slot->address = 0;
}

/* Start of what follows `ipa` in the mapping, as a physical address. */
static uintptr_t mapping_physical(const struct slot *slot, uint64_t ipa)
{
    return cap_base(slot) + (uintptr_t)(ipa - mapping_start(slot));
}

/* ---- filling */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Makes one chunk of RAM fit for execution or uncached access.  Returns the new position. */
static uint64_t clean_step(const struct slot *slot, uint64_t ipa)
{
    uint64_t next = smaller(chunk_floor(ipa) + CHUNK, mapping_stop(slot));
    const void *start = (const void *)mapping_physical(slot, ipa);
    if ((mapping_access(slot) & WHIT_MAP_UNCACHED) != 0)
        arch_cache_flush(start, next - ipa);
    if ((mapping_access(slot) & WHIT_MAP_EXEC) != 0)
        arch_cache_exec(start, next - ipa);
    return next;
}

/* The level of the largest block that can begin at `ipa`. */
static unsigned level_choose(const struct slot *slot, uint64_t ipa)
{
    /* Uncached memory is flushed again when it is unmapped, which has to be a bounded step. */
    if ((mapping_access(slot) & WHIT_MAP_UNCACHED) != 0)
        return LEVEL_PAGE;
    unsigned level = LEVEL_BLOCK_1G;
    for (; level < LEVEL_PAGE; level++) {
        uint64_t size = (uint64_t)1 << level_shift(level);
        bool aligned = ((ipa | mapping_physical(slot, ipa)) & (size - 1)) == 0;
        if (aligned && size <= mapping_stop(slot) - ipa)
            break;
    }
    return level;
}

/* Puts a table from the pool behind an invalid entry.  Error: FUNDS. */
static status table_add(struct space *space, uint64_t *entry)
{
    void *table = space_page(space);
    if (!table)
        return WHIT_E_FUNDS;
    /* A walker that sees the new table must see its zeros, not what was there before. */
    arch_entries_publish();
    arch_entry_write(entry, arch_entry_table((uintptr_t)table));
    return WHIT_OK;
}

/*
 * The entry for `ipa` at *level, with the tables that lead to it; at a deeper one, and *level says
 * which, if a table from an earlier mapping stands where the block would be.
 */
static status entry_place(struct space *space, uint64_t ipa, unsigned *level, uint64_t **place)
{
    uint64_t *table = space_top_table(space);
#pragma GCC unroll 2
    for (unsigned l = LEVEL_BLOCK_1G; l < LEVEL_PAGE; l++) {
        uint64_t *entry = &table[entry_index(ipa, l)];
        bool is_table = arch_entry_is_table(*entry);
        if (l == *level && !is_table) {
            *place = entry;
            return WHIT_OK;
        }
        if (l == *level)
            *level = l + 1;
        if (!is_table) {
            if (arch_entry_is_valid(*entry))
                return WHIT_E_OCCUPIED;
            status result = table_add(space, entry);
            if (result != WHIT_OK)
                return result;
        }
        table = (uint64_t *)arch_entry_address(*entry);
    }
    *place = &table[entry_index(ipa, LEVEL_PAGE)];
    return WHIT_OK;
}

/* Where the step that begins at `ipa` must end: a chunk of pages, or 16 blocks of one table. */
static uint64_t fill_limit(const struct slot *slot, uint64_t ipa, unsigned level)
{
    uint64_t size = (uint64_t)1 << level_shift(level);
    uint64_t limit = (ipa & ~(16 * size - 1)) + 16 * size;
    uint64_t stop = smaller(limit, mapping_stop(slot));
    return ipa + ((stop - ipa) & ~(size - 1));
}

/* Maps pages or blocks up to the limit, or to the first entry that is in use; at least one. */
static status fill_step(struct slot *slot, uint64_t *position)
{
    uint64_t ipa = *position;
    unsigned level = level_choose(slot, ipa);
    uint64_t *entry;
    status result = entry_place(cap_holder(slot), ipa, &level, &entry);
    if (result != WHIT_OK)
        return result;
    unsigned shift = level_shift(level);
    uint64_t count = (fill_limit(slot, ipa, level) - ipa) >> shift, free = 0;
    while (free < count && !arch_entry_is_valid(entry[free]))
        free++;
    /* Positions are chunks: pages are mapped all or none.  Behind blocks may lie a table. */
    if (free == 0 || (level == LEVEL_PAGE && free < count))
        return WHIT_E_OCCUPIED;
    uintptr_t physical = mapping_physical(slot, ipa);
    for (uint64_t i = 0; i < free; i++)
        arch_entry_write(&entry[i],
                         arch_entry_leaf(physical + (i << shift), level, mapping_access(slot),
                                         cap_flag(slot, CAP_DEVICE)));
    *position = ipa + (free << shift);
    return WHIT_OK;
}

static status clean_run(struct slot *slot)
{
    uint64_t position = progress_get(slot);
    while (position != mapping_stop(slot)) {
        position = clean_step(slot, position);
        if (position != mapping_stop(slot)) {
            progress_set(slot, MAPPING_CLEANING, position);
            if (arch_interrupt_pending())
                return RESTART;
        }
    }
    progress_set(slot, MAPPING_FILLING, mapping_start(slot));
    return arch_interrupt_pending() ? RESTART : WHIT_OK;
}

static status fill_run(struct slot *slot)
{
    uint64_t position = progress_get(slot);
    for (;;) {
        status result = fill_step(slot, &position);
        if (result != WHIT_OK)
            return result;
        if (position == mapping_stop(slot)) {
            progress_set(slot, MAPPING_COMPLETE, 0);
            return WHIT_OK;
        }
        progress_set(slot, MAPPING_FILLING, position);
        if (arch_interrupt_pending())
            return RESTART;
    }
}

/* Takes back what was mapped before an entry was found in the way. */
static status fill_undo(struct slot *slot)
{
    status result = mapping_clear(slot);
    return result == WHIT_OK ? WHIT_E_OCCUPIED : result;
}

status mapping_fill(struct slot *slot)
{
    if (mapping_phase(slot) == MAPPING_CLEARING)
        return fill_undo(slot);
    if (mapping_phase(slot) == MAPPING_CLEANING) {
        status result = clean_run(slot);
        if (result != WHIT_OK)
            return result;
    }
    status result = fill_run(slot);
    /* The program may use what is mapped as soon as it runs again. */
    arch_entries_publish();
    return result == WHIT_E_OCCUPIED ? fill_undo(slot) : result;
}

/* ---- clearing */

/* The leaf entry that maps `ipa`, which is mapped. */
static uint64_t *entry_find(struct space *space, uint64_t ipa, unsigned *level)
{
    uint64_t *table = space_top_table(space);
    unsigned l = LEVEL_BLOCK_1G;
    while (l < LEVEL_PAGE && arch_entry_is_table(table[entry_index(ipa, l)]))
        table = (uint64_t *)arch_entry_address(table[entry_index(ipa, l++)]);
    *level = l;
    return &table[entry_index(ipa, l)];
}

/* Clears entries downwards from `position`: pages of one chunk, or blocks of one table. */
static uint64_t clear_step(struct slot *slot, uint64_t position)
{
    struct space *space = cap_holder(slot);
    unsigned level;
    uint64_t *entry = entry_find(space, position - WHIT_PAGE, &level);
    uint64_t size = (uint64_t)1 << level_shift(level);
    const bool flush = (mapping_access(slot) & WHIT_MAP_UNCACHED) != 0;
    uint64_t unit = level != LEVEL_PAGE ? size * 512 : flush ? CHUNK : STEP;
    uint64_t floor = (position - 1) & ~(unit - 1);
    if (floor < mapping_start(slot))
        floor = mapping_start(slot);
    uint64_t low = position;
    for (unsigned n = 0; n < CLEAR_MAX && low > floor; n++) {
        uint64_t *at = entry - n;
        if (level < LEVEL_PAGE && arch_entry_is_table(*at))
            break;
        KERNEL_ASSERT(arch_entry_is_valid(*at));
        arch_entry_write(at, 0);
        low -= size;
    }
    /* Without a VMID nothing of the space is cached. */
    if (space->vmid != 0)
        arch_translation_invalidate(space, low, position - low);
    /* The kernel's own mapping may have put stale lines of uncached memory into the cache. */
    if (flush)
        arch_cache_flush((const void *)mapping_physical(slot, low), position - low);
    return low;
}

status mapping_clear(struct slot *slot)
{
    const uint64_t start = mapping_start(slot);
    uint64_t position = mapping_position(slot);
    while (position != start && (position = clear_step(slot, position)) != start) {
        progress_set(slot, MAPPING_CLEARING, position);
        if (arch_interrupt_pending())
            return RESTART;
    }
    mapping_end(slot);
    return WHIT_OK;
}
