/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees: what the kernel finds in one, the sentence for each thing that is missing, and that
 * no damaged one makes it read outside.  tests/host/board.dts is compiled by dtc.
 */
#define _POSIX_C_SOURCE 200809L /* popen */

#include "board.h"
#include "fdt.h"

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
    size_t bytes = file ? fread(source, 1, sizeof source - 1, file) : 0;
    if (bytes == 0) {
        printf("not ok source - tests/host/board.dts cannot be read\n");
        exit(1);
    }
    source[bytes] = 0;
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

/* Changes the source, until it is read again. */
static void edit(const char *from, const char *to)
{
    static char rest[SOURCE_MAX];
    char *at = strstr(source, from);
    if (!at) {
        printf("not ok source - has no %s\n", from);
        exit(1);
    }
    strcpy(rest, at + strlen(from));
    snprintf(at, (size_t)(source + sizeof source - at), "%s%s", to, rest);
}

/* What the kernel says to the source as it is; which then is the one in the file again. */
static const char *read_edited(void)
{
    size_t bytes;
    uint8_t *blob = compile(NULL, NULL, &bytes);
    const char *sentence = board_read(&board, blob);
    free(blob);
    read_source();
    return sentence;
}

/* A text with %u in it, once for each number below `count`. */
static const char *repeat(const char *format, unsigned count, unsigned step)
{
    static char text[SOURCE_MAX];
    size_t length = 0;
    for (unsigned i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, format, i * step, i * step);
    return text;
}

static bool is(struct range range, uint64_t base, uint64_t end)
{
    return range.base == base && range.end == end;
}

static void finds_all(const uint8_t *blob, size_t bytes)
{
    const char *missing = board_read(&board, blob);
    result("nothing missing", missing == NULL);
    result("memory", board.ram.count == 4 && is(board.ram.range[0], 0x40002000, 0x41000000) &&
                         is(board.ram.range[1], 0x41101000, 0x50000000) &&
                         is(board.ram.range[2], 0x50001000, 0x51000000) &&
                         is(board.ram.range[3], 0x8000000000, 0x8040000000));
    result("archive", is(board.initrd, 0x48000000, 0x48123456));
    result("cores", board.cores == 2 && board.mpidr[0] == 0 && board.mpidr[1] == 0x100000100);
    result("psci", board.conduit == CONDUIT_SMC);
    result("distributor", is(board.distributor, 0x8000000, 0x8010000));
    result("redistributors", board.redistributors == 2 &&
                                 is(board.redistributor[0], 0x80a0000, 0x80e0000) &&
                                 is(board.redistributor[1], 0x80f0000, 0x8110000));
    result("controller", board.controller.count == 4 &&
                             is(board.controller.range[1], 0x8080000, 0x80e0000) &&
                             is(board.controller.range[3], 0x8200000, 0x8202000));
    result("private interrupts", board.timers && board.maintenance);
    result("uart", is(board.uart, 0x9001000, 0x9002000));
    result("tree", board.dtb.base == (uintptr_t)blob && board.dtb.end == (uintptr_t)blob + bytes);
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

/* Each in a form that the tree of this test has not. */
static void reads_other_forms(void)
{
    edit("\"disabled\"", "\"okay\"");
    result("memory that is okay", !read_edited() && board.ram.count == 5);
    edit("\"disabled\"", "\"ok\"");
    result("memory that is ok", !read_edited() && board.ram.count == 5);
    edit("\"smc\"", "\"hvc\"");
    result("psci by hvc", !read_edited() && board.conduit == CONDUIT_HVC);
    edit("\"smc\"", "\"mailbox\"");
    result("psci by something else", !read_edited() && board.conduit == CONDUIT_NONE);
    edit("\"arm,psci-1.0\", \"arm,psci-0.2\"", "\"arm,psci\"");
    result("psci 0.1", !read_edited() && board.conduit == CONDUIT_NONE);
    edit("serial@100 {", "serial@100 { status = \"disabled\";");
    result("a uart that is disabled", !read_edited() && is(board.uart, 0x9002000, 0x9003000));
    edit("reg = <0x1000 0x1000>;", "reg = <0x1000>;");
    result("a uart without registers", !read_edited() && is(board.uart, 0x9002000, 0x9003000));
}

static void survives_edges(void)
{
    edit("0x0 0x41000800 0x0 0x100000", "0xffffffff 0xfffff000 0x0 0x801");
    result("reserved up to the last byte",
           !read_edited() && is(board.ram.range[0], 0x40002000, 0x50000000));
    edit("0x80 0x0 0x0 0x40000000", "0xffffffff 0xfffff800 0x0 0x100");
    result("memory in the last page", !read_edited() && board.ram.count == 3);
    edit("/memreserve/", "/memreserve/ 0xffffffffffffffff 0x1000; /memreserve/");
    result("a reservation that wraps",
           !read_edited() && board.reserved.range[0].base == 0x41000000);
    edit("#address-cells = <1>;\n        #size-cells = <1>;\n        ranges = <0x0 0x0",
         "#address-cells = <0>;\n        #size-cells = <0>;\n        ranges = <0x0 0x0");
    result("a bus without addresses", strstr(read_edited(), "GICv3"));
    snprintf(source, sizeof source, "%s",
             "/dts-v1/; / { compatible = \"arm,pl011\"; reg = <4096 4096>;"
             "#address-cells = <0>; #size-cells = <0>;"
             "a { #address-cells = <0>; #size-cells = <0>; ranges = <1>;"
             "b { #address-cells = <1>; #size-cells = <1>; ranges;"
             "c { compatible = \"arm,pl011\"; reg = <4096 4096>; };};};};");
    result("buses without addresses", read_edited() && board.uart.base == 0);
    edit("compatible = \"simple-bus\";\n        #address-cells = <1>;", "#address-cells = <5>;");
    result("a bus of addresses that are too long", strstr(read_edited(), "GICv3"));
    edit("compatible = \"simple-bus\";\n        #address-cells = <1>;\n        #size-cells = <1>;",
         "#address-cells = <1>; #size-cells = <0xffffffff>;");
    result("a bus of sizes that are too long", strstr(read_edited(), "GICv3"));
    edit("soc {", repeat("n%u { a%u;", FDT_DEPTH, 1));
    edit("    };\n};", repeat("};", FDT_DEPTH + 1, 1));
    result("a tree that is too deep", strstr(read_edited(), "GICv3"));
}

/* What does not fit is counted, or refused. */
static void bounds_all(void)
{
    edit("cache {", repeat("c%u { device_type = \"cpu\"; reg = <1 %u>; }; ", CORES_MAX, 1));
    edit("compatible = \"cache\";\n        };", "");
    result("more cores than there can be", !read_edited() && board.cores == CORES_MAX);
    edit("#redistributor-regions = <2>", "#redistributor-regions = <12>");
    edit("<0x200000 0x2000>", repeat("<0x2%02x000 0x1000>, ", 12, 2));
    edit("0x1000>, ;", "0x1000>;");
    result("more redistributors than there can be",
           !read_edited() && board.redistributors == BOARD_REDISTRIBUTORS);
    edit("<0x200000 0x2000>", repeat("<0x2%03x00 0x1000>, ", RANGES_MAX, 0x20));
    edit("0x1000>, ;", "0x1000>;");
    result("a controller in too many pieces", strstr(read_edited(), "too many"));
    edit("<0x80 0x0 0x0 0x40000000>", repeat("<0x80 0x%04x000 0x0 0x1000>, ", RANGES_MAX + 1, 2));
    edit("0x1000>, ;", "0x1000>;");
    result("memory in too many pieces", strstr(read_edited(), "too many"));
    edit("<0x0 0x41000800 0x0 0x100000>",
         repeat("<0x0 0x61%03x000 0x0 0x1000>, ", RANGES_MAX + 1, 2));
    edit("0x1000>, ;", "0x1000>;");
    result("reserved in too many pieces", strstr(read_edited(), "too many"));
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
    uint8_t *long_one = malloc(bytes);
    memcpy(long_one, blob, bytes);
    memcpy(long_one + 4, (uint8_t[]){0, 0x20, 0, 1}, 4);
    result("longer than any", board_read(&board, long_one) != NULL);
    free(long_one);
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
    finds_all(blob, bytes);
    names_missing();
    reads_other_forms();
    survives_edges();
    bounds_all();
    survives_truncation(blob, bytes);
    survives_damage(blob, bytes);
    free(blob);
    return 0;
}
