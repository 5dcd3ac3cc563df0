/* SPDX-License-Identifier: BSD-2-Clause */
/* How root tells what a program died of. */
#include "../../programs/root/death.h"

#include "whit/exit.h"
#include <stdio.h>
#include <string.h>

static char said[4096];

static void say(struct reporter *reporter, const char *text)
{
    (void)reporter;
    strncat(said, text, sizeof said - strlen(said) - 2);
    strcat(said, "\n");
}

static void result(const char *name, bool good)
{
    if (good)
        printf("ok %s\n", name);
    else
        printf("not ok %s - %s\n", name, said);
}

static const struct {
    const char *name;
    uint64_t esr, far;
    const char *expected;
} faults[] = {
    {"read of nothing", 0x92000006, 0x10, "read from 0x10: nothing is mapped there"},
    {"write to nothing", 0x92000047, 0, "write to 0x0: nothing is mapped there"},
    {"write to constants", 0x9200004f, 0x401000,
     "write to 0x401000: the mapping does not allow it"},
    {"misaligned access", 0x92000061, 0x1001, "write to 0x1001: the address is not aligned"},
    {"cache maintenance", 0x92000146, 0x2000,
     "cache maintenance at 0x2000: nothing is mapped there"},
    {"jump to nothing", 0x82000006, 0x8, "execution at 0x8: nothing is mapped there"},
    {"jump into data", 0x8200000f, 0x402000,
     "execution at 0x402000: the mapping does not allow it"},
    {"bus error", 0x92000010, 0x9000000, "read from 0x9000000: the bus answered with an error"},
    {"bus error without address", 0x92000410, 0,
     "read from an unknown address: the bus answered with an error"},
    {"undefined instruction", 0x02000000, 0, "undefined instruction"},
    {"system call", 0x56000005, 0, "system call 5, which is none of Whit's"},
    {"system register", 0x62000000, 0, "access to a system register"},
    {"brk", 0xf2000001, 0, "breakpoint instruction 1"},
    {"misaligned pc", 0x8a000000, 3, "misaligned program counter"},
    {"misaligned sp", 0x9a000000, 3, "misaligned stack pointer"},
    {"another class", 0xfa000000, 0, "exception of class 0x3e"},
};

static void test_faults(void)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct whit_registers registers = {.esr = faults[i].esr, .far = faults[i].far};
        fault_describe(said, sizeof said, &registers);
        result(faults[i].name, strcmp(said, faults[i].expected) == 0);
    }
}

static void check_end(const char *name, const struct whit_registers *registers, bool is_vm,
                      const char *expected)
{
    static struct reporter reporter = {say};
    struct death death = {.registers = *registers};
    said[0] = '\0';
    death_classify(&death);
    death_report(&reporter, "x", is_vm, &death);
    result(name, strncmp(said, expected, strlen(expected)) == 0);
}

static struct whit_registers exiting(uint64_t code)
{
    struct whit_registers registers = {.esr = 0x56000000};
    registers.x[0] = code;
    registers.x[8] = WHIT_EXIT;
    return registers;
}

int main(void)
{
    struct whit_registers registers = {.esr = 0x92000006, .pc = 0x400123, .sp = 0x3ffffff0};
    test_faults();
    registers.x[30] = 0x400abc;
    check_end("a fault with its registers", &registers, false,
              "program x failed: read from 0x0: nothing is mapped there\n"
              "x: pc 0000000000400123 sp 000000003ffffff0 lr 0000000000400abc\n"
              "x: esr 92000006 far 0000000000000000 ipa 0000000000000000 tls 0000000000000000\n"
              "x: x0  0000000000000000 x1  0000000000000000");
    check_end("the last line of registers", &registers, false, said);
    result("x30 closes it", strstr(said, " x28 0000000000000000 x29 0000000000000000"
                                         " x30 0000000000400abc\n") != NULL);
    registers = exiting(0);
    check_end("exit", &registers, false, "program x ended with code 0\n");
    check_end("power off", &registers, true, "vm x powered off\n");
    registers = exiting(VMM_EXIT_RESET);
    check_end("reset", &registers, true, "vm x asked for a reset\n");
    registers = exiting(3);
    check_end("vmm that fails", &registers, true, "vm x failed: its vmm ended with code 3\n");
    registers = exiting(WHIT_EXIT_ABORT);
    check_end("abort", &registers, false, "program x aborted\n");
    registers.x[8] = 0;
    check_end("svc 0 that is no exit", &registers, false,
              "program x failed: system call 0, which is none of Whit's\n");
    return 0;
}
