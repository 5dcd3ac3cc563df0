/* SPDX-License-Identifier: BSD-2-Clause */
/* Root's own words: kept, then to the console, in the last resort to a PL011 (ARM DDI 0183). */
#include "output.h"

#include "whit/call.h"
#include "whit/channel.h"
#include "whit/op.h"
#include "whit/time.h"
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

enum {
    KEPT_BYTES = 16384,
    LINE_BYTES = 420,
    PL011_DR = 0,
    PL011_FR = 6, /* in words */
    PL011_FR_TX_FULL = 1 << 5,
    DRAIN_STEP_MS = 5,
    DRAIN_STEPS = 200,
    DRAIN_REST_MS = 100 /* for what console and driver have taken, but not yet sent */
};

#define MILLISECOND UINT64_C(1000000)

static void output_line(struct reporter *reporter, const char *text);
struct reporter output = {output_line};

static char kept[KEPT_BYTES];
static uint32_t kept_bytes, kept_lost;
static uint32_t lost; /* lines that found no room in the channel */
static struct whit_channel channel;
static bool have_channel;
static volatile uint32_t *uart;

static void uart_put(const char *text, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        while (uart[PL011_FR] & PL011_FR_TX_FULL)
            ;
        if (text[i] == '\n')
            uart[PL011_DR] = '\r';
        uart[PL011_DR] = (unsigned char)text[i];
    }
}

static void keep(const char *line, uint32_t bytes)
{
    if (bytes > sizeof kept - kept_bytes) {
        kept_lost++;
        return;
    }
    memcpy(kept + kept_bytes, line, bytes);
    kept_bytes += bytes;
}

static void channel_put(const char *line, uint32_t bytes)
{
    char note[40];
    if (lost) {
        int length = snprintf(note, sizeof note, "[... %u lines lost]\n", (unsigned)lost);
        if (!whit_channel_put(&channel, note, (uint32_t)length)) {
            lost++;
            return;
        }
        lost = 0;
    }
    if (!whit_channel_put(&channel, line, bytes))
        lost++;
}

/* A line without the console's help says whose it is. */
static void plain_put(const char *line, uint32_t bytes)
{
    static const char name[] = "root: ";
    if (uart) {
        uart_put(name, sizeof name - 1);
        uart_put(line, bytes);
        return;
    }
    for (uint32_t i = 0; i < sizeof name - 1; i++)
        (void)whit_log(name[i]);
    for (uint32_t i = 0; i < bytes; i++)
        (void)whit_log(line[i]);
}

static void output_line(struct reporter *reporter, const char *text)
{
    char line[LINE_BYTES];
    (void)reporter;
    int length = snprintf(line, sizeof line, "%s\n", text);
    uint32_t bytes = length < LINE_BYTES ? (uint32_t)length : LINE_BYTES - 1;
    if (have_channel) {
        channel_put(line, bytes);
        return;
    }
    if (!uart)
        keep(line, bytes);
    plain_put(line, bytes);
}

/* Says line by line what was kept: a line goes into the channel as a whole or not at all. */
static void release_kept(void)
{
    char *line = kept;
    char *end = kept + kept_bytes;
    while (line < end) {
        char *next = (char *)memchr(line, '\n', (size_t)(end - line)) + 1;
        if (uart)
            plain_put(line, (uint32_t)(next - line));
        else
            channel_put(line, (uint32_t)(next - line));
        line = next;
    }
    kept_bytes = 0;
    if (kept_lost)
        report(&output, "[... %u early lines lost]", (unsigned)kept_lost);
    kept_lost = 0;
}

/* Root's end of its channel with the console. */
static const struct duplex_channel *own_channel(const struct system *system)
{
    const struct description *d = &system->description;
    for (uint32_t i = 0; i < d->duplexes; i++)
        if (d->duplex[i].program[0] == PROGRAM_ROOT && !d->duplex[i].left_out)
            return &d->duplex[i];
    return NULL;
}

void output_to_console(struct system *system)
{
    const struct duplex_channel *duplex = own_channel(system);
    if (!duplex)
        return;
    const struct instance *console = &system->instance[duplex->program[1]];
    if (console->state != INSTANCE_RUNNING)
        return;
    uint32_t memory = selectors_take(system->means, 1);
    if (memory == 0 ||
        whit_derive(duplex->memory, WHIT_SELF, memory, WHIT_R_READ | WHIT_R_WRITE, 0, 0) != WHIT_OK)
        return;
    void *address = map_own(system->means, memory, duplex->bytes, WHIT_MAP_READ | WHIT_MAP_WRITE);
    if (!address)
        return;
    struct whit_grant grant = {.kind = WHIT_GRANT_CHANNEL,
                               .selector = console->signal,
                               .address = (uintptr_t)address,
                               .bytes = duplex->bytes,
                               .value = WHIT_CHANNEL(0, duplex->bit[1], duplex->bit[0])};
    have_channel = whit_channel_open(&channel, &grant);
    if (have_channel)
        release_kept();
}

/* ---- the last resort */

static void say_nothing(struct reporter *reporter, const char *text)
{
    (void)reporter;
    (void)text;
}

/* The UART that the board names as its console, or else its only PL011. */
static bool uart_find(const struct system *system, struct device *device)
{
    static struct reporter nobody = {say_nothing};
    char path[100] = "";
    struct device_request request = {"uart", "arm,pl011"};
    int node = fdt_path_offset(system->board, "/chosen");
    int bytes;
    const char *named = node < 0 ? NULL : fdt_getprop(system->board, node, "stdout-path", &bytes);
    if (named)
        snprintf(path, sizeof path, "%.*s", (int)strcspn(named, ":"), named);
    node = fdt_path_offset(system->board, path);
    if (node > 0 && fdt_node_check_compatible(system->board, node, "arm,pl011") == 0)
        request.which = path;
    return device_find(system->board, &request, "/", &nobody, device);
}

static bool is_in_use(const struct system *system, const struct device *device)
{
    for (uint32_t i = 1; i < system->description.programs; i++) {
        const struct instance *instance = &system->instance[i];
        for (uint32_t j = 0; j < instance->program->devices; j++)
            if (instance->state == INSTANCE_RUNNING &&
                devices_overlap(device, &instance->device[j]))
                return true;
    }
    return false;
}

void output_to_uart(struct system *system)
{
    struct device device;
    if (uart || !uart_find(system, &device) || is_in_use(system, &device))
        return;
    const struct whit_boot_range *boot =
        boot_range(system->boot, WHIT_BOOT_DEVICE, device.range[0].base, device.range[0].bytes);
    uint32_t memory = boot ? selectors_take(system->means, 1) : 0;
    if (memory == 0 || whit_derive(boot->selector, WHIT_SELF, memory, WHIT_R_READ | WHIT_R_WRITE,
                                   device.range[0].base - boot->base, WHIT_PAGE) != WHIT_OK)
        return;
    uart = map_own(system->means, memory, WHIT_PAGE, WHIT_MAP_READ | WHIT_MAP_WRITE);
    have_channel = false;
    if (uart)
        release_kept();
}

static void pause_ms(const struct system *system, uint64_t ms)
{
    uint64_t bits;
    uint64_t ticks = ms * system->boot->frequency / 1000;
    (void)whit_wait(system->wait, whit_ticks() + ticks, &bits);
}

void output_drain(struct system *system)
{
    if (!have_channel)
        return;
    for (unsigned i = 0; i < DRAIN_STEPS && whit_ring_room(&channel.out) < channel.out.size; i++)
        pause_ms(system, DRAIN_STEP_MS);
    pause_ms(system, DRAIN_REST_MS);
}
