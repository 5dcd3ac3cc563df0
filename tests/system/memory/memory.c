/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on capabilities and memory: each success, and each error that is documented. */
#include "../check.h"

#include <string.h>

/* An address range of root's space where nothing is. */
#define WINDOW UINT64_C(0x2000000000)

static volatile uint64_t *window(void)
{
    return (volatile uint64_t *)(uintptr_t)WINDOW;
}

static void test_operations(void)
{
    struct whit_arguments a = {{0}};

    check_error("null", whit_null(), WHIT_OK);
    check_error("no such operation", whit_operate(WHIT_OP_COUNT, &a), WHIT_E_OPERATION);
    register uint64_t x10 __asm__("x10") = 0;
    __asm__ volatile("svc #7" : "+r"(x10) : : "x0", "x1", "x2", "x3", "cc", "memory");
    check_error("no such call", (enum whit_error)x10, WHIT_E_OPERATION);
}

static void test_derive(void)
{
    uint32_t page = new_memory(WHIT_PAGE), child = new_slot(), grandchild = new_slot();
    const uint32_t read = WHIT_R_READ | WHIT_R_DERIVE;

    check_error("derive of nothing", whit_derive(empty_slot(), 0, child, read, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("derive of slot 0", whit_derive(0, 0, child, read, 0, 0), WHIT_E_CAPABILITY);
    check_error("derive of a selector out of range", whit_derive(WHIT_SLOTS, 0, child, read, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("derive into what is no space", whit_derive(page, page, child, read, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("derive into a full slot", whit_derive(page, 0, page, read, 0, 0), WHIT_E_OCCUPIED);
    check_error("derive into slot 0", whit_derive(page, 0, 0, read, 0, 0), WHIT_E_CAPABILITY);
    check_error("derive, not aligned", whit_derive(page, 0, child, read, 1, 64), WHIT_E_ALIGNMENT);
    check_error("derive, too long", whit_derive(page, 0, child, read, 64, WHIT_PAGE), WHIT_E_SIZE);
    check_error("derive, beyond", whit_derive(page, 0, child, read, WHIT_PAGE, 0), WHIT_E_SIZE);
    check_error("derive, no such right", whit_derive(page, 0, child, 0x100, 0, 0), WHIT_E_RIGHTS);
    check_error("derive", whit_derive(page, 0, child, read, 0, 0), WHIT_OK);
    check_error("derive with more rights",
                whit_derive(child, 0, grandchild, read | WHIT_R_WRITE, 0, 0), WHIT_E_RIGHTS);
    check_error("derive again", whit_derive(child, 0, grandchild, WHIT_R_READ, 64, 128), WHIT_OK);
    check_error("derive without the right",
                whit_derive(grandchild, 0, new_slot(), WHIT_R_READ, 0, 0), WHIT_E_RIGHTS);
    check_error("make of what has a child",
                whit_make(page, WHIT_SIGNAL, whit_boot->first_core, 0, 0, 0), WHIT_E_BUSY);
    check_error("make without the right",
                whit_make(child, WHIT_SIGNAL, whit_boot->first_core, 0, 0, 0), WHIT_E_RIGHTS);
    check_error("revoke", whit_revoke(page), WHIT_OK);
    check_error("... took the child", whit_revoke(child), WHIT_E_CAPABILITY);
    check_error("... and its child", whit_revoke(grandchild), WHIT_E_CAPABILITY);
    check_error("derive once more", whit_derive(page, 0, child, read, 0, 0), WHIT_OK);
    check_error("delete of a child", whit_delete(child), WHIT_OK);
    check_error("delete of nothing", whit_delete(child), WHIT_E_CAPABILITY);
    check_error("delete of an original", whit_delete(whit_boot->first_core), WHIT_E_ORIGINAL);
}

static void test_give(void)
{
    uint32_t page = new_memory(WHIT_PAGE), given = new_slot(), other = new_slot();

    check_error("give of nothing", whit_give(empty_slot(), 0, given), WHIT_E_CAPABILITY);
    check_error("give of another kind", whit_give(whit_boot->first_core, 0, given),
                WHIT_E_CAPABILITY);
    check_error("give", whit_give(page, 0, given), WHIT_OK);
    check_error("... leaves the parent inert", whit_derive(page, 0, other, WHIT_R_READ, 0, 0),
                WHIT_E_BUSY);
    check_error("... which cannot be mapped", whit_map(page, 0, WINDOW, WHIT_MAP_READ),
                WHIT_E_BUSY);
    check_error("... nor given again", whit_give(page, 0, other), WHIT_E_BUSY);
    check_error("what was given can be given on", whit_give(given, 0, other), WHIT_OK);
    check_error("split of what was given", whit_split(other, new_slot(), WHIT_SIZE_SIGNAL),
                WHIT_OK);
    check_error("make of what was given",
                whit_make(other, WHIT_SIGNAL, whit_boot->first_core, 0, 0, 0), WHIT_OK);
    check_error("revoke takes objects", whit_revoke(page), WHIT_OK);
    check_error("... the given one is gone", whit_notify(other, 1), WHIT_E_CAPABILITY);
    check_error("... the parent can be used again", whit_derive(page, 0, other, WHIT_R_READ, 0, 0),
                WHIT_OK);
}

static void test_transfer(void)
{
    uint32_t page = new_memory(WHIT_PAGE), from = new_slot(), to = new_slot();
    uint32_t space = new_space(WHIT_PROGRAM);

    need("a child", whit_derive(page, 0, from, WHIT_R_READ | WHIT_R_DERIVE, 0, 0));
    check_error("transfer of nothing", whit_transfer(empty_slot(), 0, to), WHIT_E_CAPABILITY);
    check_error("transfer into a full slot", whit_transfer(from, 0, page), WHIT_E_OCCUPIED);
    check_error("transfer", whit_transfer(from, 0, to), WHIT_OK);
    check_error("... empties the slot", whit_delete(from), WHIT_E_CAPABILITY);
    check_error("transfer into a space without pool", whit_transfer(to, space, 5), WHIT_E_FUNDS);
    check_error("transfer of an original into a space",
                whit_transfer(whit_boot->first_core, space, 5), WHIT_E_ORIGINAL);
    need("pool", whit_donate(new_memory(WHIT_PAGE), space));
    check_error("transfer into a space", whit_transfer(to, space, 5), WHIT_OK);
    check_error("derive into a full slot of a space",
                whit_derive(page, space, 5, WHIT_R_READ, 0, 0), WHIT_E_OCCUPIED);
    check_error("derive into a space", whit_derive(page, space, 6, WHIT_R_READ, 0, 0), WHIT_OK);
    check_error("destroy of a space", whit_destroy(space), WHIT_OK);
    check_error("... made its capabilities vanish", whit_split(page, new_slot(), 64), WHIT_OK);
}

static void test_split(void)
{
    uint32_t lower = new_memory(WHIT_PAGE), upper = new_slot(), other = new_memory(WHIT_PAGE);

    check_error("split of nothing", whit_split(empty_slot(), upper, 64), WHIT_E_CAPABILITY);
    check_error("split of another kind", whit_split(whit_boot->irq, upper, 64), WHIT_E_CAPABILITY);
    check_error("split into a full slot", whit_split(lower, other, 64), WHIT_E_OCCUPIED);
    check_error("split, not aligned", whit_split(lower, upper, 65), WHIT_E_ALIGNMENT);
    check_error("split at 0", whit_split(lower, upper, 0), WHIT_E_SIZE);
    check_error("split at the end", whit_split(lower, upper, WHIT_PAGE), WHIT_E_SIZE);
    check_error("split", whit_split(lower, upper, 1024), WHIT_OK);
    check_error("join of what does not touch", whit_join(lower, other), WHIT_E_ARGUMENT);
    check_error("join in the wrong order", whit_join(upper, lower), WHIT_E_ARGUMENT);
    check_error("join with nothing", whit_join(lower, empty_slot()), WHIT_E_CAPABILITY);
    need("a child", whit_derive(upper, 0, empty_slot(), WHIT_R_READ, 0, 0));
    check_error("join with what has a child", whit_join(lower, upper), WHIT_E_BUSY);
    check_error("split of what has a child", whit_split(upper, new_slot(), 64), WHIT_E_BUSY);
    need("no child", whit_delete(empty_slot()));
    check_error("join", whit_join(lower, upper), WHIT_OK);
    check_error("... is whole again", whit_map(lower, 0, WINDOW, WHIT_MAP_READ), WHIT_OK);
    check_error("split of what is mapped", whit_split(lower, upper, 64), WHIT_E_BUSY);
    need("unmapped", whit_unmap(lower));
}

static void test_map(void)
{
    uint32_t page = new_memory(WHIT_PAGE), other = new_memory(WHIT_PAGE), half = new_slot();
    uint32_t space = new_space(WHIT_PROGRAM);
    const uint32_t both = WHIT_MAP_READ | WHIT_MAP_WRITE;

    check_error("map of nothing", whit_map(empty_slot(), 0, WINDOW, both), WHIT_E_CAPABILITY);
    check_error("map of another kind", whit_map(whit_boot->irq, 0, WINDOW, both),
                WHIT_E_CAPABILITY);
    check_error("map, not aligned", whit_map(page, 0, WINDOW + 64, both), WHIT_E_ALIGNMENT);
    check_error("map beyond the space", whit_map(page, 0, UINT64_C(1) << WHIT_ADDRESS_BITS, both),
                WHIT_E_ARGUMENT);
    check_error("map around the end", whit_map(page, 0, UINT64_MAX - 4095, both), WHIT_E_ARGUMENT);
    check_error("map with no access", whit_map(page, 0, WINDOW, 0), WHIT_E_ARGUMENT);
    check_error("map with unknown access", whit_map(page, 0, WINDOW, 17), WHIT_E_ARGUMENT);
    check_error("map into what is no space", whit_map(page, other, WINDOW, both),
                WHIT_E_CAPABILITY);
    check_error("map without pool", whit_map(page, space, WINDOW, both), WHIT_E_FUNDS);
    /* What such a call did stays until it is completed or undone. */
    check_error("... is undone", whit_unmap(page), WHIT_OK);
    check_error("map", whit_map(page, 0, WINDOW, both), WHIT_OK);
    window()[0] = 0x1234;
    check("... memory can be written", window()[0] == 0x1234);
    check_error("map of what is mapped", whit_map(page, 0, WINDOW + WHIT_PAGE, both), WHIT_E_BUSY);
    check_error("map over something", whit_map(other, 0, WINDOW, both), WHIT_E_OCCUPIED);
    check_error("... leaves the other free", whit_map(other, 0, WINDOW + WHIT_PAGE, both), WHIT_OK);
    check_error("make of what is mapped",
                whit_make(page, WHIT_THREAD, whit_boot->self_space, 0, 0, 0), WHIT_E_BUSY);
    check_error("give of what is mapped", whit_give(page, 0, half), WHIT_E_BUSY);
    check_error("donate of what is mapped", whit_donate(page, space), WHIT_E_BUSY);
    check_error("unmap", whit_unmap(page), WHIT_OK);
    check_error("unmap again", whit_unmap(page), WHIT_E_STATE);
    check_error("unmap of nothing", whit_unmap(empty_slot()), WHIT_E_CAPABILITY);
    need("a child", whit_derive(page, 0, half, WHIT_R_READ, 0, 2048));
    check_error("map of half a page", whit_map(half, 0, WINDOW, WHIT_MAP_READ), WHIT_E_ALIGNMENT);
    need("no child", whit_delete(half));
    need("a child", whit_derive(page, 0, half, WHIT_R_READ, 0, 0));
    check_error("map with more rights", whit_map(half, 0, WINDOW, both), WHIT_E_RIGHTS);
    check_error("map to read", whit_map(half, 0, WINDOW, WHIT_MAP_READ), WHIT_OK);
    check("... content is still there", window()[0] == 0x1234);
    check_error("revoke of what is mapped elsewhere", whit_revoke(page), WHIT_OK);
    check_error("... frees the place", whit_map(page, 0, WINDOW, both | WHIT_MAP_UNCACHED),
                WHIT_OK);
    need("unmapped", whit_unmap(page));
    need("unmapped", whit_unmap(other));
}

/* 4 MiB, so that blocks of 2 MiB are used, with a neighbour that must stay. */
static void test_map_large(void)
{
    const uint64_t bytes = UINT64_C(4) << 20;
    uint32_t large = new_memory(bytes), page = new_memory(WHIT_PAGE);
    const uint32_t both = WHIT_MAP_READ | WHIT_MAP_WRITE;
    volatile uint64_t *last = window() + bytes / 8 - 1;

    check_error("map of a page", whit_map(page, 0, WINDOW + bytes, both), WHIT_OK);
    check_error("map of 4 MiB", whit_map(large, 0, WINDOW, both), WHIT_OK);
    *last = 1;
    last[1] = 2;
    check("... both hold what was written", last[0] == 1 && last[1] == 2);
    check_error("unmap of 4 MiB", whit_unmap(large), WHIT_OK);
    check("... leaves the page", last[1] == 2);
    need("unmapped", whit_unmap(page));
    check_error("map of 4 MiB at a page", whit_map(large, 0, WINDOW + WHIT_PAGE, both), WHIT_OK);
    check("... the same memory", window()[bytes / 8 + 511] == 1);
    need("unmapped", whit_unmap(large));
}

static void test_make(void)
{
    uint32_t core = whit_boot->first_core, small = new_memory(WHIT_SIZE_SIGNAL),
             page = new_memory(WHIT_PAGE);
    uint32_t space = new_memory(8192), moved = new_memory(16384), inner = new_slot();
    uint32_t thread = new_thread(PRIORITY_LOW);

    check_error("make of nothing", whit_make(empty_slot(), WHIT_SIGNAL, core, 0, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("make of another kind", whit_make(core, WHIT_SIGNAL, core, 0, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("make no kind", whit_make(small, WHIT_KINDS, core, 0, 0, 0), WHIT_E_ARGUMENT);
    check_error("make memory", whit_make(small, WHIT_MEMORY, core, 0, 0, 0), WHIT_E_ARGUMENT);
    check_error("make a core", whit_make(small, WHIT_CORE, core, 0, 0, 0), WHIT_E_ARGUMENT);
    check_error("make of the wrong size", whit_make(page, WHIT_SIGNAL, core, 0, 0, 0), WHIT_E_SIZE);
    check_error("make a signal without core", whit_make(small, WHIT_SIGNAL, 0, 0, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("make a signal at another kind", whit_make(small, WHIT_SIGNAL, page, 0, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("make a signal", whit_make(small, WHIT_SIGNAL, core, 0, 0, 0), WHIT_OK);
    check_error("... is no memory", whit_split(small, inner, 64), WHIT_E_CAPABILITY);
    check_error("... delete of the original", whit_delete(small), WHIT_E_ORIGINAL);
    check_error("destroy", whit_destroy(small), WHIT_OK);
    check_error("destroy of memory", whit_destroy(small), WHIT_E_ORIGINAL);
    check_error("destroy of nothing", whit_destroy(empty_slot()), WHIT_E_CAPABILITY);
    check_error("... is memory again", whit_make(small, WHIT_SIGNAL, core, 0, 0, 0), WHIT_OK);
    need("a child", whit_derive(small, 0, inner, WHIT_R_NOTIFY, 0, 0));
    check_error("destroy of a child", whit_destroy(inner), WHIT_E_ORIGINAL);
    check_error("make a space of no type", whit_make(space, WHIT_SPACE, 2, 0, 0, 0),
                WHIT_E_ARGUMENT);
    need("an odd half page in front", whit_split(moved, inner = new_slot(), 64));
    need("8 KiB that are not aligned", whit_split(inner, new_slot(), 8192));
    check_error("make a space, not aligned", whit_make(inner, WHIT_SPACE, 0, 0, 0, 0),
                WHIT_E_ALIGNMENT);
    check_error("make a space", whit_make(space, WHIT_SPACE, WHIT_MACHINE, 0, 0, 0), WHIT_OK);
    check_error("make a thread in no space", whit_make(page, WHIT_THREAD, core, 0, 0, 0),
                WHIT_E_CAPABILITY);
    check_error("make a program's thread in a machine",
                whit_make(page, WHIT_THREAD, space, WHIT_NATIVE, 0, 0), WHIT_E_ARGUMENT);
    check_error("make a virtual CPU in a program",
                whit_make(page, WHIT_THREAD, whit_boot->self_space, WHIT_VCPU, 0, 0),
                WHIT_E_ARGUMENT);
    check_error("make a virtual CPU", whit_make(page, WHIT_THREAD, space, WHIT_VCPU, 0, 0),
                WHIT_OK);
    check_error("make a thread in the own space",
                whit_make(new_memory(WHIT_SIZE_THREAD), WHIT_THREAD, WHIT_SELF, 0, 0, 0), WHIT_OK);
    check_error("make a portal without thread",
                whit_make(new_memory(WHIT_SIZE_PORTAL), WHIT_PORTAL, core, 0, 0, 0),
                WHIT_E_CAPABILITY);
    check_error(
        "make a portal with a badge too large",
        whit_make(new_memory(WHIT_SIZE_PORTAL), WHIT_PORTAL, thread, 0, UINT64_C(1) << 63, 0),
        WHIT_E_ARGUMENT);
    check_error("make a budget with no priority",
                whit_make(new_memory(WHIT_SIZE_BUDGET), WHIT_BUDGET, core, 256, 0, 0),
                WHIT_E_ARGUMENT);
    check_error("make a budget larger than its period",
                whit_make(new_memory(WHIT_SIZE_BUDGET), WHIT_BUDGET, core, 1, 2000000, 1000000),
                WHIT_E_ARGUMENT);
}

static void test_core(void)
{
    uint32_t core = new_slot();

    check_error("derive a core with a ceiling",
                whit_derive(whit_boot->first_core, 0, core, WHIT_R_CONTROL | WHIT_R_DERIVE, 60, 0),
                WHIT_OK);
    check_error("... a budget above it",
                whit_make(new_memory(WHIT_SIZE_BUDGET), WHIT_BUDGET, core, 61, 0, 0),
                WHIT_E_ARGUMENT);
    check_error("... a budget below it",
                whit_make(new_memory(WHIT_SIZE_BUDGET), WHIT_BUDGET, core, 60, 0, 0), WHIT_OK);
    check_error("... a higher ceiling", whit_derive(core, 0, new_slot(), WHIT_R_CONTROL, 61, 0),
                WHIT_E_ARGUMENT);
    check_error("power without the right", whit_power(core, WHIT_POWER_OFF), WHIT_E_RIGHTS);
    check_error("power of nothing", whit_power(empty_slot(), WHIT_POWER_OFF), WHIT_E_CAPABILITY);
    check_error("power of no kind", whit_power(whit_boot->first_core, (enum whit_power)2),
                WHIT_E_ARGUMENT);
}

static void test_donate(void)
{
    uint32_t space = new_space(WHIT_PROGRAM), pool = new_memory(WHIT_PAGE), child = new_slot();

    check_error("donate of nothing", whit_donate(empty_slot(), space), WHIT_E_CAPABILITY);
    check_error("donate to no space", whit_donate(pool, whit_boot->irq), WHIT_E_CAPABILITY);
    check_error("donate of no page", whit_donate(new_memory(64), space), WHIT_E_ALIGNMENT);
    need("a child", whit_derive(pool, 0, child, WHIT_R_READ, 0, 0));
    check_error("donate of what has a child", whit_donate(pool, space), WHIT_E_BUSY);
    check_error("donate without the right", whit_donate(child, space), WHIT_E_RIGHTS);
    need("no child", whit_delete(child));
    check_error("donate", whit_donate(pool, space), WHIT_OK);
    check_error("donate again", whit_donate(pool, space), WHIT_E_BUSY);
    check_error("... it can be used", whit_derive(whit_boot->irq, space, 9, 0, 0, 1), WHIT_OK);
    check_error("revoke of a pool page ends the space", whit_revoke(pool), WHIT_OK);
    check_error("... the space is gone", whit_derive(pool, space, 9, 0, 0, 0), WHIT_E_CAPABILITY);
    check_error("... the page is memory again",
                whit_make(pool, WHIT_THREAD, whit_boot->self_space, 0, 0, 0), WHIT_OK);
}

/* Programs receive only memory that is zero, wherever it has been before. */
static void test_scrub(void)
{
    uint32_t page = new_memory(WHIT_PAGE);
    bool zero = true;

    need("a thread", whit_make(page, WHIT_THREAD, whit_boot->self_space, 0, 0, 0));
    need("its end", whit_destroy(page));
    need("a mapping", whit_map(page, 0, WINDOW, WHIT_MAP_READ));
    for (unsigned i = 0; i < WHIT_PAGE / 8; i++) {
        zero = zero && window()[i] == 0;
    }
    check("an object leaves nothing behind", zero);
    need("unmapped", whit_unmap(page));
}

int main(void)
{
    check_begin();
    test_operations();
    test_derive();
    test_give();
    test_transfer();
    test_split();
    test_map();
    test_map_large();
    test_make();
    test_core();
    test_donate();
    test_scrub();
    check_end();
    return 0;
}
