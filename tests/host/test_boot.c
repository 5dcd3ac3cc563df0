/* SPDX-License-Identifier: BSD-2-Clause */
/* Root as the kernel makes it: what it is told, what is mapped where, and what is refused. */
#define _DEFAULT_SOURCE

#include "arch.h"
#include "boot.h"
#include "debug/invariant.h"
#include "fake_arch.h"
#include "irq.h"
#include "stage2.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum {
    PAGE = WHIT_PAGE,
    RAM_BYTES = 8 << 20,
    KERNEL_BYTES = 1 << 20,
    ARCHIVE_AT = 4 << 20,
    DTB_AT = 6 << 20,
    DTB_BYTES = 5000,
    IMAGE_PAGES = 4, /* text 2, rodata 1, data 1 */
    BSS_PAGES = 3,
    STACK_PAGES = 2,
    CPIO_HEADER = 110,
    LINES = 96
};

static uint8_t *ram;
static struct board board;
static struct boot_info info;
static struct boot_work work;
static struct irq lines[LINES];

static void result(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s - wrong\n", name);
}

static struct whit_image *image_at(void)
{
    return (struct whit_image *)(void *)(ram + ARCHIVE_AT + PAGE);
}

static void write_header(const char *name, unsigned bytes, unsigned name_bytes)
{
    char *head = (char *)ram + ARCHIVE_AT;
    snprintf(head, PAGE, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", 1, 0100755,
             0, 0, 1, 0, bytes, 0, 0, 0, 0, name_bytes, 0, name);
}

/* One file, its content at the second page. */
static void write_archive(const char *name)
{
    write_header(name, IMAGE_PAGES * PAGE, PAGE - CPIO_HEADER);
    *image_at() = (struct whit_image){
        .magic = WHIT_IMAGE_MAGIC,
        .abi = WHIT_ABI_VERSION,
        .stack_bytes = STACK_PAGES * PAGE - 100,
        .entry = WHIT_IMAGE_BASE + 0x100,
        .text_bytes = 2 * PAGE,
        .rodata_bytes = PAGE,
        .data_bytes = PAGE,
        .bss_bytes = BSS_PAGES * PAGE,
    };
}

static void place_tree(const void *at)
{
    board.dtb = (struct range){(uintptr_t)at, (uintptr_t)at + DTB_BYTES};
}

static void fresh(void)
{
    const uint64_t base = (uintptr_t)ram;
    if (work.space)
        space_leave(work.space); /* the one that was made before */
    fake_reset();
    fake_cores_init(2);
    if (work.space && work.space->vmid)
        space_leave(work.space); /* the last test's */
    memset(ram, 0, RAM_BYTES);
    memset(&board, 0, sizeof board);
    memset(&work, 0, sizeof work);
    memset(lines, 0, sizeof lines);
    irq_init(lines, LINES);
    write_archive("root");
    ranges_add(&board.ram, base, base + RAM_BYTES);
    ranges_add(&board.controller, 0x8000000, 0x8010000);
    board.initrd = (struct range){base + ARCHIVE_AT, base + ARCHIVE_AT + (1 + IMAGE_PAGES) * PAGE};
    place_tree(ram + DTB_AT);
    info = (struct boot_info){
        .board = &board,
        .kernel = {base, base + KERNEL_BYTES},
        .panic = {base, base + PAGE},
        .physical_end = UINT64_C(1) << 40,
        .frequency = 62500000,
        .entry_ticks = 7,
    };
}

/* Leaf entry that root's tables have for `address`, or 0. */
static uint64_t translate(uint64_t address)
{
    uint64_t *table = space_top_table(work.space);
    for (unsigned shift = 30;; shift -= 9) {
        uint64_t entry = table[address >> shift & 511];
        if (!arch_entry_is_valid(entry))
            return 0;
        if (shift == 12 || !arch_entry_is_table(entry))
            return entry;
        table = (uint64_t *)arch_entry_address(entry);
    }
}

static bool maps(uint64_t address, const void *physical, unsigned access)
{
    return translate(address) == arch_entry_leaf((uintptr_t)physical, 3, access, false);
}

static const struct whit_boot_range *told(enum whit_boot_kind kind, unsigned index)
{
    for (uint32_t i = 0; i < work.out->ranges; i++)
        if (work.out->range[i].kind == kind && index-- == 0)
            return &work.out->range[i];
    static const struct whit_boot_range none;
    return &none;
}

static bool is_told(enum whit_boot_kind kind, unsigned index, uint64_t base, uint64_t end)
{
    const struct whit_boot_range *range = told(kind, index);
    const struct slot *slot = cap_slot(work.space, range->selector);
    return range->base == base && range->bytes == end - base && cap_base(slot) == base &&
           cap_bytes(slot) == end - base && cap_kind(slot) == WHIT_MEMORY &&
           cap_flag(slot, CAP_ORIGINAL);
}

static void makes_image(void)
{
    uint8_t *file = ram + ARCHIVE_AT + PAGE;
    uint64_t base = WHIT_IMAGE_BASE;
    const unsigned data = WHIT_MAP_READ | WHIT_MAP_WRITE;
    result("text", maps(base, file, WHIT_MAP_READ | WHIT_MAP_EXEC) &&
                       maps(base + PAGE, file + PAGE, WHIT_MAP_READ | WHIT_MAP_EXEC));
    result("read-only data", maps(base + 2 * PAGE, file + 2 * PAGE, WHIT_MAP_READ));
    result("data", maps(base + 3 * PAGE, file + 3 * PAGE, data));
    const uint8_t *bss = (uint8_t *)arch_entry_address(translate(base + 4 * PAGE));
    result("bss", maps(base + 4 * PAGE, bss, data) && maps(base + 6 * PAGE, bss + 2 * PAGE, data) &&
                      !translate(base + 7 * PAGE) && bss[0] == 0 && bss[3 * PAGE - 1] == 0);
}

static void starts_thread(void)
{
    const struct whit_boot *out = work.out;
    const struct slot *slot = cap_slot(work.space, out->self_thread);
    const struct thread *thread = cap_object(slot);
    result("thread", cap_kind(slot) == WHIT_THREAD && thread->space == work.space &&
                         thread->save->pc == WHIT_IMAGE_BASE + 0x100 && thread->core == cores[0] &&
                         thread->budget == cap_object(cap_slot(work.space, out->self_budget)));
    uint64_t top = thread->save->sp;
    result("stack", translate(top - 1) && translate(top - STACK_PAGES * PAGE) && !translate(top) &&
                        !translate(top - STACK_PAGES * PAGE - 1));
    result("boot page", maps(thread->save->x[0], out, WHIT_MAP_READ));
}

static void tells_all(void)
{
    const uint64_t base = (uintptr_t)ram;
    const struct whit_boot *out = work.out;
    result("head", out->magic == WHIT_IMAGE_MAGIC && out->abi == WHIT_ABI_VERSION &&
                       out->cores == 2 && out->frequency == 62500000 && out->entry_ticks == 7 &&
                       out->dtb_bytes == DTB_BYTES &&
                       out->initrd_bytes == (1 + IMAGE_PAGES) * PAGE && out->irq_lines == LINES);
    result("cores", cap_object(cap_slot(work.space, out->first_core + 1)) == cores[1]);
    result("lines", cap_units(cap_slot(work.space, out->irq)) == LINES);
    result("archive",
           is_told(WHIT_BOOT_INITRD, 0, base + ARCHIVE_AT,
                   base + ARCHIVE_AT + (1 + IMAGE_PAGES) * PAGE) &&
               maps(told(WHIT_BOOT_INITRD, 0)->address, ram + ARCHIVE_AT, WHIT_MAP_READ));
    result("device tree", is_told(WHIT_BOOT_DTB, 0, base + DTB_AT, base + DTB_AT + 2 * PAGE) &&
                              maps(told(WHIT_BOOT_DTB, 0)->address, ram + DTB_AT, WHIT_MAP_READ));
    result("panic", is_told(WHIT_BOOT_PANIC, 0, base, base + PAGE) &&
                        maps(told(WHIT_BOOT_PANIC, 0)->address, ram, WHIT_MAP_READ));
    result("devices", is_told(WHIT_BOOT_DEVICE, 0, 0, 0x8000000) &&
                          is_told(WHIT_BOOT_DEVICE, 1, 0x8010000, UINT64_C(1) << 40));
    result("free", cap_slot(work.space, out->first_free)->word == 0 &&
                       cap_slot(work.space, out->first_free - 1)->word != 0);
}

/* Every byte of RAM belongs to the kernel, or to exactly one capability that is a root. */
static bool conserves(void)
{
    static struct ranges left;
    const uint64_t base = (uintptr_t)ram;
    left = (struct ranges){0};
    ranges_add(&left, base + KERNEL_BYTES, base + RAM_BYTES);
    ranges_add(&left, info.panic.base, info.panic.end); /* of the kernel, but told */
    for (uint64_t i = 1; i < work.out->first_free; i++) {
        const struct slot *slot = cap_slot(work.space, i);
        if (cap_kind(slot) == WHIT_CORE || cap_kind(slot) == WHIT_IRQ ||
            cap_flag(slot, CAP_DEVICE) || !cap_flag(slot, CAP_ORIGINAL))
            continue;
        if (!ranges_cover(&left, cap_base(slot), cap_base(slot) + cap_bytes(slot)))
            return false;
        ranges_remove(&left, cap_base(slot), cap_base(slot) + cap_bytes(slot));
    }
    return left.count == 0;
}

static void refuses(const char *name, const char *sentence)
{
    const char *wrong = boot_root(&info, &work);
    result(name, wrong && strstr(wrong, sentence) != NULL);
    fresh();
}

static void refuses_all(void)
{
    fresh();
    board.initrd.end = (uintptr_t)ram + RAM_BYTES + 1;
    refuses("archive outside memory", "does not lie in memory");
    memset(ram + ARCHIVE_AT, 0, 6);
    refuses("no archive", "is not \"root\"");
    board.initrd.end = board.initrd.base + PAGE + sizeof(struct whit_image) - 1;
    refuses("archive too short", "is not \"root\"");
    board.initrd.base += 512;
    refuses("archive inside of a page", "is not \"root\"");
    place_tree(ram + ARCHIVE_AT - DTB_BYTES + 1);
    refuses("device tree over the archive", "share a page");
    place_tree(ram + ARCHIVE_AT + (1 + IMAGE_PAGES) * PAGE - 1);
    refuses("archive over the device tree", "share a page");
    write_archive("groot");
    refuses("other name", "is not \"root\"");
    write_archive("rooted");
    refuses("longer name", "is not \"root\"");
    image_at()->magic++;
    refuses("no image", "not a Whit program");
    image_at()->abi++;
    refuses("other version", "another version");
    image_at()->text_bytes += PAGE;
    refuses("sizes beyond the file", "damaged");
    image_at()->data_bytes = UINT64_MAX - PAGE + 1;
    refuses("sizes that overflow", "damaged");
    image_at()->text_bytes = 0;
    refuses("no text", "damaged");
    image_at()->text_bytes++;
    refuses("text of no whole pages", "damaged");
    image_at()->rodata_bytes++;
    refuses("read-only data of no whole pages", "damaged");
    image_at()->bss_bytes++;
    refuses("bss of no whole pages", "damaged");
    image_at()->entry = WHIT_IMAGE_BASE - 4;
    refuses("entry outside", "damaged");
    image_at()->bss_bytes = RAM_BYTES;
    refuses("too little memory", "too little memory");
    board.ram.count = 0;
    for (uint64_t i = 0; i < RANGES_MAX - 1; i++)
        ranges_add(&board.ram, (2 * i + 1) * PAGE, (2 * i + 2) * PAGE);
    ranges_add(&board.ram, (uintptr_t)ram, (uintptr_t)ram + RAM_BYTES);
    info.kernel.base += PAGE;
    refuses("memory in too many pieces", "too many memory ranges");
    for (uint64_t i = 0; i < RANGES_MAX; i++)
        ranges_add(&board.reserved, (2 * i + 1) * PAGE, (2 * i + 2) * PAGE);
    refuses("devices in too many pieces", "too many memory ranges");
}

/* Text only, of an archive that the device tree follows at once. */
static void makes_smallest(void)
{
    fresh();
    *image_at() = (struct whit_image){
        .magic = WHIT_IMAGE_MAGIC,
        .abi = WHIT_ABI_VERSION,
        .stack_bytes = PAGE,
        .entry = WHIT_IMAGE_BASE,
        .text_bytes = PAGE,
    };
    place_tree(ram + ARCHIVE_AT + (1 + IMAGE_PAGES) * PAGE);
    result("an image of text only", boot_root(&info, &work) == NULL && translate(WHIT_IMAGE_BASE) &&
                                        !translate(WHIT_IMAGE_BASE + PAGE) && conserves() &&
                                        !fake_violation);
}

static void boot(void)
{
    (void)boot_root(&info, &work);
}

/* What no archive that mkarchive makes leads to, and no board that is known. */
static void stops(void)
{
    enum { PIECES = 64, HUGE_BYTES = 160 << 20, BLOCK_BYTES = 2 << 20 };
    uint8_t *const small = ram;

    fresh();
    for (uint64_t i = 0; i < PIECES; i++)
        ranges_add(&board.reserved, (2 * i + 1) * PAGE, (2 * i + 2) * PAGE);
    result("more ranges than root can be told of stop the machine",
           fake_panics(boot, "the board has more memory ranges than root can be told"));
    ram = mmap(NULL, HUGE_BYTES + 2 * RAM_BYTES, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    /* Where no block fits it. */
    ram += (-(uintptr_t)ram & (BLOCK_BYTES - 1)) + PAGE;
    fresh();
    board.ram.range[0].end = (uintptr_t)ram + HUGE_BYTES + RAM_BYTES;
    board.initrd.end = board.initrd.base + HUGE_BYTES;
    place_tree(ram + 2 * KERNEL_BYTES);
    result("an archive that takes all tables of root's pool stops the machine",
           fake_panics(boot, "root cannot be made"));
    ram = small;
}

static uint32_t ram_selector(void)
{
    uint32_t i = 0;

    while (work.out->range[i].kind != WHIT_BOOT_RAM)
        i++;
    return work.out->range[i].selector;
}

int main(void)
{
    ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fresh();
    result("made", boot_root(&info, &work) == NULL);
    makes_image();
    starts_thread();
    tells_all();
    result("conserved", conserves());
    struct invariant_count count = {0, 0};
    result("all invariants",
           !invariant_check_all(&count) && count.bytes == RAM_BYTES - KERNEL_BYTES + PAGE);
    struct timer odd = {.rank = 3};
    cores[0]->timers = &odd;
    result("... notice a broken queue", invariant_check_all(&count) != NULL);
    cores[0]->timers = NULL;
    count = (struct invariant_count){0, 0};
    result("... which is whole again", invariant_check_all(&count) == NULL);
    count = (struct invariant_count){0, 0};
    cap_slot(work.space, ram_selector())->extent--;
    result("... notice a loss", invariant_check_all(&count) != NULL);
    fresh();
    result("made again", boot_root(&info, &work) == NULL);
    result("no rule broken", fake_violation == NULL);
    refuses_all();
    makes_smallest();
    stops();
    return 0;
}
