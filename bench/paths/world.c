/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes objects out of root's memory, and the second space out of root's own image. */
#include "world.h"
#include "console.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "whit/reply.h"
#include "whit/slots.h"
#include "whit/splitter.h"
#include "whit/time.h"

#include <stddef.h>

enum { STACKS = 56, STACK_BYTES = 1024, OTHER_POOL_PAGES = 64, SETTLE_NS = 200000 };

static struct whit_slots slots;
static struct whit_splitter memory;
static _Alignas(64) char stacks[STACKS][STACK_BYTES];
static uint32_t settle_signal, float_signal;
static uint32_t other_slot = 1; /* next free slot of the second space */

uint32_t world_other;

void world_need(const char *what, enum whit_error error)
{
    if (error != WHIT_OK) {
        console_stop(what, whit_error_text(error));
    }
}

/* ---- objects */

static enum whit_error split(uint32_t piece, uint32_t upper, uint64_t bytes)
{
    return whit_split(piece, upper, bytes);
}

static enum whit_error join(uint32_t piece, uint32_t upper)
{
    return whit_join(piece, upper);
}

uint32_t new_slot(void)
{
    uint32_t slot = whit_slots_take(&slots, 1);

    world_need("a slot", slot == 0 ? WHIT_E_FUNDS : WHIT_OK);
    return slot;
}

uint32_t new_memory(uint64_t bytes, uint64_t alignment)
{
    struct whit_piece piece = {0};

    world_need("memory", whit_splitter_take(&memory, bytes, alignment, &piece));
    return piece.selector;
}

static uint32_t new_object(enum whit_kind kind, uint64_t bytes, uint64_t a, uint64_t b, uint64_t c,
                           uint64_t d)
{
    uint32_t object = new_memory(bytes, bytes % WHIT_PAGE == 0 ? WHIT_PAGE : WHIT_UNIT);

    world_need("an object", whit_make(object, kind, a, b, c, d));
    return object;
}

uint32_t new_signal(unsigned core)
{
    return new_object(WHIT_SIGNAL, WHIT_SIZE_SIGNAL, whit_boot->first_core + core, 0, 0, 0);
}

uint32_t new_budget(unsigned core, unsigned priority, uint64_t ticks, uint64_t period)
{
    return new_object(WHIT_BUDGET, WHIT_SIZE_BUDGET, whit_boot->first_core + core, priority, ticks,
                      period);
}

uint32_t new_thread(uint32_t space, unsigned core, unsigned priority)
{
    uint32_t in = space == WHIT_SELF ? whit_boot->self_space : space;
    uint32_t thread = new_object(WHIT_THREAD, WHIT_SIZE_THREAD, in, WHIT_NATIVE, 0, 0);

    world_need("a budget for a thread",
               whit_bind(thread, WHIT_ROLE_BUDGET, new_budget(core, priority, 0, 0)));
    return thread;
}

uint64_t new_stack(void)
{
    static unsigned used;

    if (used == STACKS) {
        console_stop("a stack", "none is left");
    }
    return (uintptr_t)stacks[used++] + STACK_BYTES;
}

uint32_t start_thread(uint32_t space, unsigned core, unsigned priority, void (*start)(void),
                      uint64_t x0)
{
    uint32_t thread = new_thread(space, core, priority);

    world_need("a thread's start", whit_start(thread, (uintptr_t)start, new_stack(), 0, x0));
    return thread;
}

uint32_t new_handler(uint32_t space, unsigned core, unsigned priority)
{
    uint32_t handler = start_thread(space, core, priority, whit_serve_start, 0);

    settle();
    return handler;
}

uint32_t new_portal(uint32_t thread, void (*entry)(void), uint64_t badge)
{
    return new_object(WHIT_PORTAL, WHIT_SIZE_PORTAL, thread, (uintptr_t)entry, badge, 0);
}

uint32_t lend(uint32_t capability, uint32_t space, uint32_t rights)
{
    uint32_t slot = space == WHIT_SELF ? new_slot() : other_slot++;

    world_need("a child", whit_derive(capability, space, slot, rights, 0, 0));
    return slot;
}

/* ---- memory */

static uint32_t map_range(uint32_t source, uint64_t offset, uint64_t bytes, uint32_t space,
                          uint64_t address, unsigned access)
{
    uint32_t child = new_slot();

    world_need("a child of memory",
               whit_derive(source, WHIT_SELF, child,
                           access & (WHIT_R_READ | WHIT_R_WRITE | WHIT_R_EXEC), offset, bytes));
    world_need("a mapping", whit_map(child, space, address, access));
    return child;
}

uint32_t map_child(uint32_t source, uint32_t space, uint64_t address, unsigned access)
{
    return map_range(source, 0, 0, space, address, access);
}

static const struct whit_boot_range *find_range(enum whit_boot_kind kind, uint64_t base,
                                                uint64_t address)
{
    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        const struct whit_boot_range *range = &whit_boot->range[i];

        if (range->kind == (uint32_t)kind && range->base <= base &&
            base - range->base < range->bytes && (address == 0 || range->address == address)) {
            return range;
        }
    }
    console_stop("a range of the board", "there is none");
}

volatile uint32_t *world_device(uint64_t base, uint64_t address)
{
    const struct whit_boot_range *range = find_range(WHIT_BOOT_DEVICE, base, 0);

    map_range(range->selector, base - range->base, WHIT_PAGE, WHIT_SELF, address,
              WHIT_MAP_READ | WHIT_MAP_WRITE);
    return (volatile uint32_t *)(uintptr_t)address;
}

/* ---- the second space */

/* The boot archive; root's image is its first file, behind one page of head. */
static const struct whit_boot_range *archive(void)
{
    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        if (whit_boot->range[i].kind == WHIT_BOOT_INITRD) {
            return &whit_boot->range[i];
        }
    }
    console_stop("the archive", "there is none");
}

static const struct whit_boot_range *bss_range(uint64_t address)
{
    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        if (whit_boot->range[i].kind == WHIT_BOOT_ROOT && whit_boot->range[i].address == address) {
            return &whit_boot->range[i];
        }
    }
    console_stop("root's own memory", "there is none");
}

static void map_image(uint32_t space)
{
    const struct whit_image *image = (const struct whit_image *)(uintptr_t)WHIT_IMAGE_BASE;
    const struct whit_boot_range *file = archive();
    uint64_t offset = WHIT_PAGE, address = WHIT_IMAGE_BASE;

    map_range(file->selector, offset, image->text_bytes, space, address,
              WHIT_MAP_READ | WHIT_MAP_EXEC);
    offset += image->text_bytes;
    address += image->text_bytes;
    map_range(file->selector, offset, image->rodata_bytes, space, address, WHIT_MAP_READ);
    offset += image->rodata_bytes;
    address += image->rodata_bytes;
    map_range(file->selector, offset, image->data_bytes, space, address,
              WHIT_MAP_READ | WHIT_MAP_WRITE);
    address += image->data_bytes;
    map_range(bss_range(address)->selector, 0, image->bss_bytes, space, address,
              WHIT_MAP_READ | WHIT_MAP_WRITE);
}

/* Given to oneself: objects made at the root of a derivation tree could not be destroyed. */
static void add_memory(const struct whit_boot_range *range)
{
    struct whit_piece piece = {range->base, range->bytes, new_slot()};

    world_need("free memory", whit_give(range->selector, WHIT_SELF, piece.selector));
    world_need("free memory", whit_splitter_add(&memory, &piece));
}

void world_begin(void)
{
    whit_slots_init(&slots, whit_boot->first_free, WHIT_SLOTS);
    console_open();
    memory = (struct whit_splitter){.split = split, .join = join, .slots = &slots};
    for (uint32_t i = 0; i < whit_boot->ranges; i++) {
        if (whit_boot->range[i].kind == WHIT_BOOT_RAM) {
            add_memory(&whit_boot->range[i]);
        }
    }
    settle_signal = new_signal(0);
    world_need("a signal to wait for",
               whit_target(settle_signal, WHIT_TARGET_WAITER, whit_boot->self_thread, 0, 0));
    world_other = new_object(WHIT_SPACE, WHIT_SIZE_SPACE, WHIT_PROGRAM, 0, 0, 0);
    world_need("a pool", whit_donate(new_memory(OTHER_POOL_PAGES * (uint64_t)WHIT_PAGE, WHIT_PAGE),
                                     world_other));
    map_image(world_other);
}

/* ---- other threads */

static void own_float(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_wait(float_signal, 0, &bits);
        __asm__ volatile("fmov d0, xzr" : : : "v0");
    }
}

void disown_float(void)
{
    if (float_signal == 0) {
        uint32_t thread = new_thread(WHIT_SELF, 0, PRIORITY_TOP);

        float_signal = new_signal(0);
        world_need("a waiter", whit_target(float_signal, WHIT_TARGET_WAITER, thread, 0, 0));
        world_need("a waiter", whit_start(thread, (uintptr_t)own_float, new_stack(), 0, 0));
        settle();
    }
    world_need("another owner", whit_notify(float_signal, 1));
}

void settle(void)
{
    uint64_t bits;

    world_need("a wait", whit_wait(settle_signal, whit_deadline(SETTLE_NS), &bits));
}
