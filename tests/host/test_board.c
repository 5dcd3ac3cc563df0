/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees: what the kernel finds in one, the sentence for each thing that is missing, and that
 * no damaged one makes it read outside.  tests/host/board.dts is compiled by dtc.
 */
#define _POSIX_C_SOURCE 200809L /* popen */

#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_MAX = 16384, TREE_MAX = 65536 };

static char source[SOURCE_MAX];
static uint8_t tree[TREE_MAX];
static struct board board;

static void result(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s - wrong\n", name);
}

static void read_source(void)
{
    FILE *file = fopen("tests/host/board.dts", "r");
    if (!file || fread(source, 1, sizeof source - 1, file) == 0) {
        printf("not ok source - tests/host/board.dts cannot be read\n");
        exit(1);
    }
    fclose(file);
}

/* The source with `from` replaced by `to`, compiled into a block of exactly its size. */
static void *compile(const char *from, const char *to, size_t *bytes)
{
    static const char path[] = "build/host/test_board.dtb";
    char command[200];
    const char *at = from ? strstr(source, from) : source;
    if (!at) {
        printf("not ok source - has no %s\n", from);
        exit(1);
    }
    snprintf(command, sizeof command, "dtc -q -f -I dts -O dtb -o %s -", path);
    FILE *dtc = popen(command, "w");
    fwrite(source, 1, (size_t)(at - source), dtc);
    if (from)
        fputs(to, dtc);
    fputs(at + (from ? strlen(from) : 0), dtc);
    pclose(dtc);
    FILE *file = fopen(path, "rb");
    *bytes = file ? fread(tree, 1, sizeof tree, file) : 0;
    if (file)
        fclose(file);
    remove(path);
    if (*bytes == 0) {
        printf("not ok source - dtc refuses it with %s\n", to);
        exit(1);
    }
    void *exact = malloc(*bytes);
    memcpy(exact, tree, *bytes);
    return exact;
}

static bool is(struct range range, uint64_t base, uint64_t end)
{
    return range.base == base && range.end == end;
}

static void finds_all(const uint8_t *blob)
{
    const char *missing = board_read(&board, blob);
    result("nothing missing", missing == NULL);
    result("memory", board.ram.count == 4 && is(board.ram.range[0], 0x40002000, 0x41000000) &&
                         is(board.ram.range[1], 0x41101000, 0x50000000) &&
                         is(board.ram.range[2], 0x50001000, 0x51000000) &&
                         is(board.ram.range[3], 0x8000000000, 0x8040000000));
    result("archive", is(board.initrd, 0x48000000, 0x48123456));
    result("cores", board.cores == 2 && board.mpidr[0] == 0 && board.mpidr[1] == 0x100000100 &&
                        board.cores_ignored == 1);
    result("psci", board.conduit == CONDUIT_SMC);
    result("distributor", is(board.distributor, 0x8000000, 0x8010000));
    result("redistributors", board.redistributors == 2 &&
                                 is(board.redistributor[0], 0x80a0000, 0x80e0000) &&
                                 is(board.redistributor[1], 0x80f0000, 0x8110000));
    result("controller", board.controller.count == 4 &&
                             is(board.controller.range[1], 0x8080000, 0x80e0000) &&
                             is(board.controller.range[3], 0x8200000, 0x8202000));
    result("private interrupts", board.timer_ppi == BOARD_TIMER &&
                                     board.vtimer_ppi == BOARD_VTIMER &&
                                     board.maintenance_ppi == BOARD_MAINTENANCE);
    result("uart", is(board.uart, 0x9002000, 0x9003000));
}

static const struct {
    const char *name, *from, *to, *sentence;
} missing[] = {
    {"one bank", "device_type = \"memory\";", "", NULL},
    {"no gic", "\"arm,gic-v3\"", "\"arm,gic-400\"", "GICv3"},
    {"no timer", "arm,armv8-timer", "arm,armv7-timer", "armv8-timer"},
    {"no EL2 timer", ", <1 10 4>", "", "armv8-timer"},
    {"no maintenance", "interrupts = <1 9 4>;", "", "maintenance"},
    {"no cpu", "cpus {", "chips {", "cpu"},
    {"no archive", "linux,initrd-start", "linux,start", "boot archive"},
    {"no ranges", "ranges = <0x0 0x0 0x8000000 0x4000000>;", "", "GICv3"},
    {"outside ranges", "0x8000000 0x4000000>", "0x8000000 0x1000>", "GICv3"},
};

static void names_missing(void)
{
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        size_t bytes;
        uint8_t *blob = compile(missing[i].from, missing[i].to, &bytes);
        const char *sentence = board_read(&board, blob);
        bool wanted = missing[i].sentence != NULL;
        result(missing[i].name,
               wanted ? sentence && strstr(sentence, missing[i].sentence) : !sentence);
        free(blob);
    }
    result("no tree", board_read(&board, NULL) != NULL);
    result("no magic",
           board_read(&board, "not a device tree, but long enough for a header") != NULL);
}

static void console_falls_back(void)
{
    size_t bytes;
    uint8_t *blob = compile("serial0:115200n8", "serial7", &bytes);
    board_read(&board, blob);
    result("first uart", is(board.uart, 0x9001000, 0x9002000));
    free(blob);
    blob = compile("serial0:115200n8", "/soc/bus@1000/serial@200:9600", &bytes);
    board_read(&board, blob);
    result("uart by path", is(board.uart, 0x9002000, 0x9003000));
    free(blob);
}

/* The sanitizer ends the test at the first read outside. */
static void survives_truncation(const uint8_t *blob, size_t bytes)
{
    for (size_t length = FDT_HEADER_BYTES; length < bytes; length += 3) {
        uint8_t *cut = malloc(length);
        memcpy(cut, blob, length);
        cut[4] = 0;
        cut[5] = (uint8_t)(length >> 16);
        cut[6] = (uint8_t)(length >> 8);
        cut[7] = (uint8_t)length;
        (void)board_read(&board, cut);
        free(cut);
    }
    result("truncated", true);
}

static void survives_damage(uint8_t *blob, size_t bytes)
{
    static const uint8_t damage[] = {0x00, 0x01, 0x7f, 0xff};
    for (size_t at = 0; at < bytes; at++) {
        if (at >= 4 && at < 8)
            continue; /* the size is the one thing that has to be believed */
        uint8_t good = blob[at];
        for (size_t i = 0; i < sizeof damage; i++) {
            blob[at] = damage[i];
            (void)board_read(&board, blob);
            blob[at] = (uint8_t)(good ^ damage[i]);
            (void)board_read(&board, blob);
        }
        blob[at] = good;
    }
    result("damaged", true);
}

int main(void)
{
    size_t bytes;
    read_source();
    uint8_t *blob = compile(NULL, NULL, &bytes);
    finds_all(blob);
    names_missing();
    console_falls_back();
    survives_truncation(blob, bytes);
    survives_damage(blob, bytes);
    free(blob);
    return 0;
}
