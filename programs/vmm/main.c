/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual machine: one instance of this program for each.  Makes it, loads the guest and starts
 * it; from then on the handler thread does the work (exit.c), and this one passes events on.
 */
#include "exit.h"
#include "layout.h"
#include "machine.h"
#include "tree.h"
#include "whit/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_OFF = 0, CODE_RESET = 16 }; /* root knows them: docs/systems.md */

/*
 * A seed for the guest's random numbers from the counter's low bits, sampled and mixed (the step of
 * splitmix64).  Not good enough for keys: where the hardware has a source, the guest uses that too.
 */
static void make_seed(uint8_t *seed, unsigned bytes)
{
    uint64_t state = 0;

    for (unsigned i = 0; i < bytes; i++) {
        state += whit_ticks() + UINT64_C(0x9e3779b97f4a7c15);
        state = (state ^ state >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        state = (state ^ state >> 27) * UINT64_C(0x94d049bb133111eb);
        seed[i] = (uint8_t)(state >> 56);
    }
}

static const struct whit_grant no_file;

static const struct whit_grant *file(const char *name)
{
    const struct whit_grant *grant = whit_grant(WHIT_GRANT_SHARED, name);

    return grant != NULL ? grant : &no_file;
}

static void copy(uint64_t offset, const struct whit_grant *from)
{
    memcpy(machine.ram + offset, (const void *)(uintptr_t)from->address, from->bytes);
    machine_clean(offset, offset + from->bytes);
}

static void load(struct layout *layout)
{
    const struct whit_grant *kernel = file("kernel"), *initrd = file("initrd");
    const char *command_line = whit_argument("cmdline");
    const char *why =
        layout_make(layout, machine.ram_bytes, (const void *)(uintptr_t)kernel->address,
                    kernel->bytes, initrd->bytes);

    if (why != NULL)
        whit_fail("%s", why);
    copy(layout->kernel, kernel);
    copy(layout->initrd, initrd);

    struct tree_request request = {
        .ram_bytes = machine.ram_bytes,
        .initrd = GUEST_RAM + layout->initrd,
        .initrd_end = GUEST_RAM + layout->initrd_end,
        .cpus = machine.cpus,
        .command_line = command_line != NULL ? command_line : "",
        .budgets = machine.realtime ? machine.budget : NULL,
    };
    make_seed(request.seed, sizeof request.seed);
    if (tree_make(&request, machine.ram + layout->tree, GUEST_TREE_BYTES) != 0)
        whit_fail("the guest's device tree does not fit");
    machine_clean(layout->tree, layout->tree_end);
}

static unsigned used_cores(void)
{
    uint32_t used = 0;

    for (unsigned cpu = 0; cpu < machine.cpus; cpu++)
        used |= UINT32_C(1) << machine.cpu[cpu].core;
    return (unsigned)__builtin_popcount(used);
}

int main(void)
{
    struct layout layout;

    machine_make();
    load(&layout);
    machine_hand_over();
    exit_init();
    printf("starts a guest with %llu MiB, %u CPU%s on %u core%s\n",
           (unsigned long long)(machine.ram_bytes >> 20), machine.cpus,
           machine.cpus == 1 ? "" : "s", used_cores(), used_cores() == 1 ? "" : "s");
    enum whit_error error =
        machine_cpu_start(0, GUEST_RAM + layout.kernel, GUEST_RAM + layout.tree);
    if (error != WHIT_OK)
        whit_fail("cannot start the guest: %s", whit_error_text(error));

    for (;;) {
        const uint64_t events = whit_wait_events(0);
        struct whit_message message = {.word = {events}};
        if (events & EVENT_OFF)
            exit(CODE_OFF);
        if (events & EVENT_RESET)
            exit(CODE_RESET);
        if (events & EVENT_FAILED)
            whit_fail("the kernel refused what the guest needs");
        error = whit_call(machine.events, &message);
        if (error != WHIT_OK)
            whit_fail("its handler thread has failed: %s", whit_error_text(error));
    }
}
