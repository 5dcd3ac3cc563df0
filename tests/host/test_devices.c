/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices found in a board's tree, and what is said when they are not. */
#define _POSIX_C_SOURCE 200809L /* popen */

#include "../../programs/root/devices.h"

#include <stdio.h>
#include <string.h>

static const char board_source[] =
    "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <1>;"
    " aliases { serial0 = \"/serial@9000000\"; };"
    " gic: intc@8000000 { compatible = \"arm,gic-v3\"; phandle = <1>; #interrupt-cells = <3>;"
    "  interrupt-controller; #address-cells = <0>; reg = <0 0x8000000 0 0x10000>; };"
    " gpio: gpio@9030000 { phandle = <2>; interrupt-controller; #interrupt-cells = <2>;"
    "  compatible = \"arm,pl061\"; reg = <0 0x9030000 0 0x1000>; interrupts = <0 7 4>; };"
    " serial@9000000 { compatible = \"arm,pl011\", \"arm,primecell\"; reg = <0 0x9000000 0 0x1000>;"
    "  interrupts = <0 1 4>; };"
    " serial@9040000 { compatible = \"arm,pl011\"; status = \"disabled\";"
    "  reg = <0 0x9040000 0 0x1000>; };"
    " disk@a000000 { compatible = \"virtio,mmio\"; reg = <0 0xa000000 0 0x200>;"
    "  interrupts = <0 16 1>; };"
    " disk@a000200 { compatible = \"virtio,mmio\"; reg = <0 0xa000200 0 0x200>;"
    "  interrupts = <0 17 1>; };"
    " timer { compatible = \"timer\"; interrupts = <1 13 4>; reg = <0 0x1000 0 0x1000>; };"
    " key { compatible = \"key\"; interrupt-parent = <2>; interrupts = <3 0>;"
    "  reg = <0 0x2000 0 0x1000>; };"
    " bare { compatible = \"bare\"; };"
    " bus { #address-cells = <1>; #size-cells = <1>; ranges = <0x100 0 0xc000000 0x2000>;"
    "  inner@100 { compatible = \"inner\"; reg = <0x100 0x100 0x1100 0x20>;"
    "   interrupts = <0 5 1 0 6 4>; };"
    "  outside@9000 { compatible = \"outside\"; reg = <0x9000 0x100>; }; };"
    " island { #address-cells = <1>; #size-cells = <0>;"
    "  chip@3 { compatible = \"chip\"; reg = <3>; }; };"
    "};";

static char board[1 << 16];
static char said[1024];

static void say(struct reporter *reporter, const char *text)
{
    (void)reporter;
    snprintf(said, sizeof said, "%s", text);
}

static bool compile_board(void)
{
    static const char path[] = "build/host/test_devices.dtb";
    FILE *dtc = popen("dtc -q -f -I dts -O dtb -o build/host/test_devices.dtb -", "w");
    fputs(board_source, dtc);
    pclose(dtc);
    FILE *file = fopen(path, "rb");
    size_t bytes = file ? fread(board, 1, sizeof board, file) : 0;
    if (file)
        fclose(file);
    remove(path);
    return bytes > 0;
}

static bool find(const char *which, struct device *device)
{
    static struct reporter reporter = {say};
    struct device_request request = {"dev", which};
    said[0] = '\0';
    return device_find(board, &request, "/programs/x", &reporter, device);
}

static void result(const char *name, bool good)
{
    printf(good ? "ok %s\n" : "not ok %s - %s\n", name, said);
}

static void check_serial(const char *name, const char *which)
{
    struct device device;
    result(name, find(which, &device) && device.ranges == 1 && device.range[0].base == 0x9000000 &&
                     device.range[0].bytes == 0x1000 && device.lines == 1 &&
                     device.line[0].line == 33 && !device.line[0].edge);
}

static void check_refused(const char *name, const char *which, const char *why)
{
    struct device device;
    char expected[400];
    snprintf(expected, sizeof expected,
             "system.dtb: /programs/x/devices: dev is \"%s\"; %s. The program is left out.", which,
             why);
    result(name, !find(which, &device) && strcmp(said, expected) == 0);
}

int main(void)
{
    struct device a, b;
    if (!compile_board()) {
        printf("not ok board - dtc failed\n");
        return 1;
    }
    check_serial("by path", "/serial@9000000");
    check_serial("by alias", "serial0");
    check_serial("by compatible, the disabled one not counted", "arm,pl011");
    result("behind a bus", find("inner", &a) && a.ranges == 2 && a.range[0].base == 0xc000000 &&
                               a.range[1].base == 0xc001000 && a.range[1].bytes == 0x20 &&
                               a.lines == 2 && a.line[0].line == 37 && a.line[0].edge &&
                               a.line[1].line == 38 && !a.line[1].edge);
    result("overlap by page", find("/disk@a000000", &a) && find("/disk@a000200", &b) &&
                                  devices_overlap(&a, &b) && devices_overlap(&a, &a));
    result("no overlap", find("serial0", &a) && find("arm,pl061", &b) && !devices_overlap(&a, &b));
    check_refused("unknown path", "/nothing",
                  "expected the path of a node of the board's device tree");
    check_refused("unknown compatible", "nothing",
                  "expected a path, an alias or a compatible string of the board's device tree");
    check_refused("several", "virtio,mmio",
                  "2 devices of the board are that; expected the path of one");
    check_refused("disabled", "/serial@9040000", "the board's device tree has it disabled");
    check_refused("no registers", "bare", "that node has no registers (reg)");
    check_refused("private interrupt", "timer", "its interrupts are private to a processor");
    check_refused("other controller", "key",
                  "its interrupts go to a controller other than the GICv3");
    check_refused("outside of its bus", "outside",
                  "its registers are not in the processor's address space");
    check_refused("no memory range", "chip", "that node's reg is no memory range");
    return 0;
}
