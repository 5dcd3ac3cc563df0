/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMM's pure parts: UART, PSCI, exceptions, syndromes, layout and device tree of a guest. */
#include "../../programs/vmm/inject.h"
#include "../../programs/vmm/pl011.h"
#include "../../programs/vmm/psci.h"
#include "../../programs/vmm/syndrome.h"
#include "../../programs/vmm/tree.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

static void result(const char *name, bool good)
{
    printf("%s %s%s\n", good ? "ok" : "not ok", name, good ? "" : " - wrong");
}

/* ---- UART */

static struct pl011 uart;
static char sent[100], input[100];
static unsigned sent_count, input_next, input_count, room;
static bool asserted;

static bool transmit(uint8_t byte)
{
    if (room == 0)
        return false;
    room--;
    sent[sent_count++] = (char)byte;
    return true;
}

static bool receive(uint8_t *byte)
{
    if (input_next == input_count)
        return false;
    *byte = (uint8_t)input[input_next++];
    return true;
}

static unsigned flushes;

static void flush(void)
{
    flushes++;
}

static void interrupt(bool on)
{
    asserted = on;
}

static const struct pl011_output uart_output = {transmit, receive, flush, interrupt};

static void fresh_uart(void)
{
    sent_count = input_next = input_count = 0;
    room = sizeof sent;
    asserted = false;
    pl011_init(&uart, &uart_output);
}

static void test_uart(void)
{
    fresh_uart();
    result("the UART tells what it is",
           pl011_read(&uart, 0xfe0) == 0x11 && pl011_read(&uart, 0xffc) == 0xb1);
    pl011_write(&uart, 0x00, 'a');
    pl011_write(&uart, 0x38, 1 << 5);
    bool good = asserted && sent_count == 1 && sent[0] == 'a';
    pl011_write(&uart, 0x44, 1 << 5);
    result("a byte goes out, and its interrupt comes and goes", good && !asserted);
    good = flushes == 0;
    pl011_write(&uart, 0x30, 0x301);
    result("a write of the control register ends a message", good && flushes == 1);

    room = 0;
    for (int i = 0; i < PL011_FIFO; i++)
        pl011_write(&uart, 0x00, (uint32_t)('b' + i));
    good = (pl011_read(&uart, 0x18) & 1 << 5) && !asserted;
    room = 50;
    pl011_progress(&uart);
    result("bytes wait for room", good && asserted && sent_count == 1 + PL011_FIFO &&
                                      sent[PL011_FIFO] == 'b' + PL011_FIFO - 1);

    fresh_uart();
    pl011_write(&uart, 0x2c, 1 << 4);
    pl011_write(&uart, 0x38, 1 << 4 | 1 << 6);
    memset(input, 'x', 40);
    input_count = 40;
    pl011_progress(&uart);
    good = asserted && pl011_read(&uart, 0x40) == (1 << 4 | 1 << 6);
    unsigned got = 0;
    while (!(pl011_read(&uart, 0x18) & 1 << 4) && got < 100)
        got += pl011_read(&uart, 0) == 'x';
    result("all bytes come in", good && got == 40 && !asserted);
    for (uint32_t offset = 0; offset < PL011_BYTES; offset++) {
        pl011_write(&uart, offset, UINT32_MAX);
        (void)pl011_read(&uart, offset);
    }
    result("every register of the UART", true);
}

/* ---- PSCI */

static bool on[2], is_off, is_reset;
static uint64_t on_entry, on_context;

static int find(uint64_t affinity)
{
    return affinity < 2 ? (int)affinity : -1;
}

static bool is_on(unsigned cpu)
{
    return on[cpu];
}

static enum psci_result start(unsigned cpu, uint64_t entry, uint64_t context)
{
    on[cpu] = true;
    on_entry = entry;
    on_context = context;
    return PSCI_SUCCESS;
}

static void stop(unsigned cpu)
{
    on[cpu] = false;
}

static void off(void)
{
    is_off = true;
}

static void reset(void)
{
    is_reset = true;
}

static const struct psci_output psci_output = {find, is_on, start, stop, off, reset};

static int64_t psci(unsigned cpu, uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x[4] = {function, a, b, c};

    if (psci_call(&psci_output, cpu, x) == WHIT_STAY)
        return 1000;
    return (int64_t)x[0];
}

static void test_psci(void)
{
    on[0] = true;
    result("versions",
           psci(0, 0x84000000, 0, 0, 0) == 0x10001 && psci(0, 0x80000000, 0, 0, 0) == 0x10001);
    result("features", psci(0, 0x8400000a, 0x84000008, 0, 0) == 0 &&
                           psci(0, 0x8400000a, 0xc4000001, 0, 0) == PSCI_NOT_SUPPORTED &&
                           psci(0, 0x80000001, 0x80008000, 0, 0) == PSCI_NOT_SUPPORTED);
    result("a CPU is started once", psci(0, 0xc4000003, 1, 0x1000, 7) == 0 && on_entry == 0x1000 &&
                                        on_context == 7 &&
                                        psci(0, 0xc4000003, 1, 0, 0) == PSCI_ALREADY_ON &&
                                        psci(0, 0xc4000003, 2, 0, 0) == PSCI_INVALID_PARAMETERS);
    bool good = psci(0, 0xc4000004, 1, 0, 0) == 0 && psci(1, 0x84000002, 0, 0, 0) == 1000;
    result("a CPU is off", good && psci(0, 0xc4000004, 1, 0, 0) == 1);
    result("power off and reset", psci(0, 0x84000008, 0, 0, 0) == 1000 && is_off &&
                                      psci(0, 0x84000009, 0, 0, 0) == 1000 && is_reset);
    result("unknown functions", psci(0, 0x84000050, 0, 0, 0) == PSCI_NOT_SUPPORTED &&
                                    psci(0, 0xffffffff, 0, 0, 0) == PSCI_NOT_SUPPORTED);
}

/* ---- exceptions and syndromes */

static void test_inject(void)
{
    static struct whit_state state;

    state.r.pc = 0x1234;
    state.r.pstate = 0x80000005; /* N, EL1h */
    state.el1[WHIT_VBAR_EL1] = 0x8000;
    state.el1[WHIT_SCTLR_EL1] = 1 << 23;
    inject_abort(&state, UINT64_C(0x93000046), 0xdead);
    bool good = state.r.pc == 0x8200 && state.r.pstate == 0x800003c5 &&
                state.el1[WHIT_ESR_EL1] == 0x96000050 && state.el1[WHIT_FAR_EL1] == 0xdead &&
                state.el1[WHIT_ELR_EL1] == 0x1234 && state.el1[WHIT_SPSR_EL1] == 0x80000005;
    result("an abort of EL1 is taken at EL1", good);

    state.r.pc = 0x10;
    state.r.pstate = 0;
    state.el1[WHIT_SCTLR_EL1] = 0;
    inject_undefined(&state);
    result("an undefined instruction of EL0 is taken at EL1",
           state.r.pc == 0x8400 && state.r.pstate == 0x4003c5 &&
               state.el1[WHIT_ESR_EL1] == 0x2000000);
    state.r.pstate = 0x10;
    inject_undefined(&state);
    result("one of AArch32 too", state.r.pc == 0x8600);
}

static void test_syndrome(void)
{
    /* ldrsb x3 (SF), ldrsb w3, ldrh w4: ISV, SAS, SSE, SRT, SF */
    const uint64_t sb64 = UINT64_C(0x93000000) | 1 << 24 | 0 << 22 | 1 << 21 | 3 << 16 | 1 << 15;
    const uint64_t sb32 = sb64 & ~(UINT64_C(1) << 15);
    const uint64_t h = UINT64_C(0x93000000) | 1 << 24 | 1 << 22 | 4 << 16;

    result("loads are extended", syndrome_extend(sb64, 0x80) == UINT64_C(0xffffffffffffff80) &&
                                     syndrome_extend(sb32, 0x80) == 0xffffff80 &&
                                     syndrome_extend(h, 0x12345678) == 0x5678);
    result("accesses are decoded", syndrome_bytes(h) == 2 && syndrome_register(h) == 4 &&
                                       syndrome_is_decoded(h) && !syndrome_is_write(h));
    /* msr ICC_SGI1R_EL1, x5: op0 3, op2 5, op1 0, CRn 12, Rt 5, CRm 11, write */
    const uint64_t sgi = UINT64_C(0x62000000) | 3 << 20 | 5 << 17 | 12 << 10 | 5 << 5 | 11 << 1;
    result("register traps are decoded",
           syndrome_system_register(sgi) == SYSTEM_REGISTER(3, 0, 12, 11, 5) &&
               syndrome_transfer_register(sgi) == 5 && !syndrome_is_register_read(sgi));
}

/* ---- layout and tree */

static void test_layout(void)
{
    static uint64_t image[8];
    struct layout layout;
    const uint64_t mib = 1 << 20;

    result("what is no Image is refused",
           layout_make(&layout, 64 * mib, image, sizeof image, 0) != NULL &&
               layout_make(&layout, 64 * mib, image, 10, 0) != NULL);
    image[2] = 33 * mib; /* image_size, more than the file */
    image[7] = 0x644d5241;
    bool good = layout_make(&layout, 128 * mib, image, sizeof image, 3 * mib) == NULL;
    result("kernel, RAM disk and tree do not meet",
           good && layout.kernel == 0 && layout.kernel_end <= layout.initrd &&
               layout.initrd_end <= layout.tree && layout.initrd % (2 * mib) == 0);
    result("too little memory is refused",
           layout_make(&layout, 34 * mib, image, sizeof image, 3 * mib) != NULL);
    image[2] = UINT64_MAX;
    good = layout_make(&layout, 64 * mib, image, sizeof image, 0) != NULL;
    image[2] = 0;
    image[1] = UINT64_MAX - 5;
    result("a header that overflows is refused",
           good && layout_make(&layout, 64 * mib, image, sizeof image, 0) != NULL);
}

static void test_tree(void)
{
    static char buffer[GUEST_TREE_BYTES];
    static const uint32_t budgets[] = {1, 2, 3, 4};
    struct tree_request request = {
        .ram_bytes = 512u << 20,
        .initrd = GUEST_RAM + 0x100000,
        .initrd_end = GUEST_RAM + 0x200000,
        .cpus = 2,
        .command_line = "console=ttyAMA0",
    };
    bool good = tree_make(&request, buffer, sizeof buffer) == 0 && fdt_check_header(buffer) == 0;
    int length = 0;
    int chosen = fdt_path_offset(buffer, "/chosen");
    const char *arguments = fdt_getprop(buffer, chosen, "bootargs", &length);
    good = good && arguments && strcmp(arguments, "console=ttyAMA0") == 0;
    good = good && fdt_path_offset(buffer, "/cpus/cpu@1") > 0 &&
           fdt_path_offset(buffer, "/cpus/cpu@2") < 0;
    good = good && fdt_path_offset(buffer, fdt_getprop(buffer, chosen, "stdout-path", &length)) > 0;
    result("the tree has what the guest needs", good);
    int monitor = fdt_path_offset(buffer, "/hypervisor");
    result("without real-time budgets it names none",
           monitor > 0 && fdt_node_check_compatible(buffer, monitor, "whit,hypervisor") == 0 &&
               !fdt_getprop(buffer, monitor, "whit,budgets", &length));
    request.budgets = budgets;
    good = tree_make(&request, buffer, sizeof buffer) == 0;
    const fdt32_t *cells =
        fdt_getprop(buffer, fdt_path_offset(buffer, "/hypervisor"), "whit,budgets", &length);
    result("with some, two for each CPU",
           good && cells && length == sizeof budgets && fdt32_ld(cells + 3) == 4);
    result("a tree that does not fit is an error", tree_make(&request, buffer, 200) != 0);
}

int main(void)
{
    test_uart();
    test_psci();
    test_inject();
    test_syndrome();
    test_layout();
    test_tree();
    return 0;
}
