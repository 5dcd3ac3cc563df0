/* SPDX-License-Identifier: BSD-2-Clause */
/* Root's own means.  Lasting mappings lie above all that the kernel mapped, the window above them.
 */
#include "means.h"

#include "whit/op.h"
#include <string.h>

#define OWN_ADDRESS    UINT64_C(0x4000000000)
#define WINDOW_ADDRESS UINT64_C(0x6000000000)

/* For slots (all 16384 take 256 pages) and translation tables. */
enum { OWN_POOL_BYTES = 512 * WHIT_PAGE };

static bool add_ram(struct means *means, const struct whit_boot_range *range)
{
    struct whit_piece piece = {range->base, range->bytes, range->selector};
    enum whit_error error = whit_splitter_add(&means->ram, &piece);
    if (error != WHIT_OK)
        report(means->reporter, "the memory at 0x%llx is not used: %s",
               (unsigned long long)range->base, whit_error_text(error));
    return error == WHIT_OK;
}

bool means_init(struct means *means, const struct whit_boot *boot, struct reporter *reporter)
{
    struct whit_piece pool;
    memset(means, 0, sizeof *means);
    means->boot = boot;
    means->reporter = reporter;
    means->next_address = OWN_ADDRESS;
    whit_slots_init(&means->slots, boot->first_free, WHIT_SLOTS);
    means->ram.slots = &means->slots;
    means->ram.split = whit_split;
    means->ram.join = whit_join;
    for (uint32_t i = 0; i < boot->ranges; i++)
        if (boot->range[i].kind == WHIT_BOOT_RAM)
            add_ram(means, &boot->range[i]);
    if (!ram_take(means, OWN_POOL_BYTES, WHIT_PAGE, &pool)) {
        report(reporter, "there are no %d KiB of free memory for root itself",
               OWN_POOL_BYTES / 1024);
        return false;
    }
    enum whit_error error = whit_donate(pool.selector, WHIT_SELF);
    if (error != WHIT_OK)
        report(reporter, "cannot fill root's own pool: %s", whit_error_text(error));
    return error == WHIT_OK;
}

uint32_t selectors_take(struct means *means, uint32_t count)
{
    uint32_t first = whit_slots_take(&means->slots, count);
    if (first == 0)
        report(means->reporter, "root has no %u free selectors left (of %d)", (unsigned)count,
               WHIT_SLOTS);
    return first;
}

bool ram_take(struct means *means, uint64_t bytes, uint64_t align, struct whit_piece *piece)
{
    enum whit_error error = whit_splitter_take(&means->ram, bytes, align, piece);
    if (error != WHIT_OK && error != WHIT_E_SIZE)
        report(means->reporter, "cannot cut memory: %s", whit_error_text(error));
    return error == WHIT_OK;
}

uint64_t ram_largest(const struct means *means)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < means->ram.count; i++)
        if (means->ram.free[i].bytes > largest)
            largest = means->ram.free[i].bytes;
    return largest;
}

static void *map(struct means *means, uint32_t memory, uint64_t address, uint32_t access)
{
    enum whit_error error = whit_map(memory, WHIT_SELF, address, access);
    if (error == WHIT_OK)
        return (void *)(uintptr_t)address;
    report(means->reporter, "cannot map memory into root: %s", whit_error_text(error));
    return NULL;
}

void *map_own(struct means *means, uint32_t memory, uint64_t bytes, uint32_t access)
{
    void *address = map(means, memory, means->next_address, access);
    if (address)
        means->next_address += bytes;
    return address;
}

void *window_open(struct means *means, uint32_t memory)
{
    return map(means, memory, WINDOW_ADDRESS, WHIT_MAP_READ | WHIT_MAP_WRITE);
}

void window_close(uint32_t memory)
{
    (void)whit_unmap(memory);
}

bool ram_zero(struct means *means, const struct whit_piece *piece)
{
    void *memory = window_open(means, piece->selector);
    if (!memory)
        return false;
    memset(memory, 0, piece->bytes);
    window_close(piece->selector);
    return true;
}

const struct whit_boot_range *boot_range(const struct whit_boot *boot, enum whit_boot_kind kind,
                                         uint64_t base, uint64_t bytes)
{
    for (uint32_t i = 0; i < boot->ranges; i++) {
        const struct whit_boot_range *range = &boot->range[i];
        if (range->kind == (uint32_t)kind && base >= range->base && bytes <= range->bytes &&
            base - range->base <= range->bytes - bytes)
            return range;
    }
    return NULL;
}
