/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the guest's device tree, node by node in one pass (libfdt's sequential write). */
#include "tree.h"
#include "machine.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

enum {
    PHANDLE_GIC = 1,
    PHANDLE_CLOCK = 2,
    TRIGGER_LEVEL_HIGH = 4,
    SHARED = 0, /* kinds of interrupts in a GIC's specifier */
    PRIVATE = 1,
    FIRST_PRIVATE = 16
};

/* The first error sticks. */
struct writer {
    void *tree;
    int error;
};

static void note(struct writer *writer, int error)
{
    if (writer->error == 0)
        writer->error = error;
}

static void begin(struct writer *writer, const char *name)
{
    note(writer, fdt_begin_node(writer->tree, name));
}

static void end(struct writer *writer)
{
    note(writer, fdt_end_node(writer->tree));
}

static void put(struct writer *writer, const char *name, const void *value, int bytes)
{
    note(writer, fdt_property(writer->tree, name, value, bytes));
}

static void put_string(struct writer *writer, const char *name, const char *value)
{
    put(writer, name, value, (int)strlen(value) + 1);
}

static void put_cells(struct writer *writer, const char *name, const uint32_t *cells, int count)
{
    fdt32_t big[MACHINE_BUDGETS * VGIC_CPUS];

    for (int i = 0; i < count; i++)
        big[i] = cpu_to_fdt32(cells[i]);
    put(writer, name, big, count * (int)sizeof big[0]);
}

static void put_cell(struct writer *writer, const char *name, uint32_t value)
{
    put_cells(writer, name, &value, 1);
}

static uint32_t high(uint64_t value)
{
    return (uint32_t)(value >> 32);
}

static uint32_t low(uint64_t value)
{
    return (uint32_t)value;
}

static void put_range(struct writer *writer, uint64_t base, uint64_t bytes)
{
    put_cells(writer, "reg", (uint32_t[]){high(base), low(base), high(bytes), low(bytes)}, 4);
}

static void put_chosen(struct writer *writer, const struct tree_request *request)
{
    begin(writer, "chosen");
    put_string(writer, "bootargs", request->command_line);
    put_string(writer, "stdout-path", "/pl011@9000000");
    if (request->initrd_end > request->initrd) {
        put_cells(writer, "linux,initrd-start",
                  (uint32_t[]){high(request->initrd), low(request->initrd)}, 2);
        put_cells(writer, "linux,initrd-end",
                  (uint32_t[]){high(request->initrd_end), low(request->initrd_end)}, 2);
    }
    put(writer, "rng-seed", request->seed, sizeof request->seed);
    end(writer);
}

static void put_cpus(struct writer *writer, unsigned cpus)
{
    char name[16];

    begin(writer, "cpus");
    put_cell(writer, "#address-cells", 1);
    put_cell(writer, "#size-cells", 0);
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        const uint32_t affinity = low(vgic_affinity(cpu));
        snprintf(name, sizeof name, "cpu@%lx", (unsigned long)affinity);
        begin(writer, name);
        put_string(writer, "device_type", "cpu");
        put_string(writer, "compatible", "arm,armv8");
        put_string(writer, "enable-method", "psci");
        put_cell(writer, "reg", affinity);
        end(writer);
    }
    end(writer);
}

/* What guest/whit-priority looks for. */
static void put_hypervisor(struct writer *writer, const struct tree_request *request)
{
    begin(writer, "hypervisor");
    put_string(writer, "compatible", "whit,hypervisor");
    if (request->budgets != NULL)
        put_cells(writer, "whit,budgets", request->budgets, (int)(MACHINE_BUDGETS * request->cpus));
    end(writer);
}

static void put_firmware(struct writer *writer)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

    begin(writer, "psci");
    put(writer, "compatible", compatible, sizeof compatible);
    put_string(writer, "method", "hvc");
    end(writer);
}

/* The four timers in the order of the binding; the guest may use the third, the virtual one. */
static void put_timer(struct writer *writer)
{
    const uint32_t line[] = {29, 30, GUEST_TIMER_LINE, 26};
    uint32_t cells[12];

    for (unsigned i = 0; i < 4; i++) {
        cells[3 * i] = PRIVATE;
        cells[3 * i + 1] = line[i] - FIRST_PRIVATE;
        cells[3 * i + 2] = TRIGGER_LEVEL_HIGH;
    }
    begin(writer, "timer");
    put_string(writer, "compatible", "arm,armv8-timer");
    put_cells(writer, "interrupts", cells, 12);
    put(writer, "always-on", NULL, 0);
    end(writer);
}

static void put_gic(struct writer *writer, unsigned cpus)
{
    begin(writer, "interrupt-controller@8000000");
    put_string(writer, "compatible", "arm,gic-v3");
    put_cell(writer, "#interrupt-cells", 3);
    put(writer, "interrupt-controller", NULL, 0);
    put_cells(writer, "reg",
              (uint32_t[]){high(GUEST_DISTRIBUTOR), low(GUEST_DISTRIBUTOR), 0,
                           VGIC_DISTRIBUTOR_BYTES, high(GUEST_REDISTRIBUTORS),
                           low(GUEST_REDISTRIBUTORS), 0, VGIC_REDISTRIBUTOR_BYTES * cpus},
              8);
    put_cell(writer, "phandle", PHANDLE_GIC);
    end(writer);
}

static void put_uart(struct writer *writer)
{
    static const char compatible[] = "arm,pl011\0arm,primecell";
    static const char clocks[] = "uartclk\0apb_pclk";

    begin(writer, "apb-pclk");
    put_string(writer, "compatible", "fixed-clock");
    put_cell(writer, "#clock-cells", 0);
    put_cell(writer, "clock-frequency", GUEST_UART_CLOCK_HZ);
    put_string(writer, "clock-output-names", "clk24mhz");
    put_cell(writer, "phandle", PHANDLE_CLOCK);
    end(writer);

    begin(writer, "pl011@9000000");
    put(writer, "compatible", compatible, sizeof compatible);
    put_range(writer, GUEST_UART, 0x1000);
    put_cells(writer, "interrupts", (uint32_t[]){SHARED, GUEST_UART_LINE - 32, TRIGGER_LEVEL_HIGH},
              3);
    put_cells(writer, "clocks", (uint32_t[]){PHANDLE_CLOCK, PHANDLE_CLOCK}, 2);
    put(writer, "clock-names", clocks, sizeof clocks);
    end(writer);
}

static void put_memory(struct writer *writer, uint64_t bytes)
{
    begin(writer, "memory@40000000");
    put_string(writer, "device_type", "memory");
    put_range(writer, GUEST_RAM, bytes);
    end(writer);
}

int tree_make(const struct tree_request *request, void *buffer, int bytes)
{
    struct writer writer = {buffer, 0};

    note(&writer, fdt_create(buffer, bytes));
    note(&writer, fdt_finish_reservemap(buffer));
    begin(&writer, "");
    put_string(&writer, "compatible", "whit,guest");
    put_string(&writer, "model", "Whit guest");
    put_cell(&writer, "#address-cells", 2);
    put_cell(&writer, "#size-cells", 2);
    put_cell(&writer, "interrupt-parent", PHANDLE_GIC);
    put_chosen(&writer, request);
    put_memory(&writer, request->ram_bytes);
    put_cpus(&writer, request->cpus);
    put_hypervisor(&writer, request);
    put_firmware(&writer);
    put_timer(&writer);
    put_gic(&writer, request->cpus);
    put_uart(&writer);
    end(&writer);
    note(&writer, fdt_finish(buffer));
    return writer.error;
}
