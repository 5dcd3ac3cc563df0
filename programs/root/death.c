/* SPDX-License-Identifier: BSD-2-Clause */
/* Decodes exception syndromes (Arm ARM, ESR_EL2) for people. */
#include "death.h"

#include "whit/exit.h"
#include <stdio.h>

enum {
    ESR_CLASS_SHIFT = 26,
    ESR_CLASS_MASK = 0x3f,
    CLASS_UNKNOWN = 0x00,
    CLASS_FP = 0x07,
    CLASS_ILLEGAL_STATE = 0x0e,
    CLASS_SVC = 0x15,
    CLASS_HVC = 0x16,
    CLASS_SMC = 0x17,
    CLASS_SYSTEM_REGISTER = 0x18,
    CLASS_SVE = 0x19,
    CLASS_FETCH = 0x20,
    CLASS_PC_ALIGNMENT = 0x22,
    CLASS_DATA = 0x24,
    CLASS_SP_ALIGNMENT = 0x26,
    CLASS_FP_EXCEPTION = 0x2c,
    CLASS_SERROR = 0x2f,
    CLASS_BREAKPOINT = 0x30,
    CLASS_STEP = 0x32,
    CLASS_WATCHPOINT = 0x34,
    CLASS_BRK = 0x3c,
    ESR_WRITE = 1 << 6,        /* WnR */
    ESR_CACHE = 1 << 8,        /* CM: then WnR is set, but it is no store */
    ESR_FAR_INVALID = 1 << 10, /* FnV */
    ESR_STATUS_MASK = 0x3f,
    STATUS_TRANSLATION = 0x04, /* with the level in bits 1:0, as the next two */
    STATUS_ACCESS_FLAG = 0x08,
    STATUS_PERMISSION = 0x0c,
    STATUS_EXTERNAL = 0x10,
    STATUS_ALIGNMENT = 0x21,
    REGISTERS_PER_LINE = 4,
    GENERAL_REGISTERS = 31
};

static unsigned fault_class(const struct whit_registers *registers)
{
    return (unsigned)(registers->esr >> ESR_CLASS_SHIFT) & ESR_CLASS_MASK;
}

static const char *abort_cause(unsigned status)
{
    switch (status & ~3U) {
    case STATUS_TRANSLATION:
        return "nothing is mapped there";
    case STATUS_ACCESS_FLAG:
    case STATUS_PERMISSION:
        return "the mapping does not allow it";
    default:
        break;
    }
    if (status == STATUS_EXTERNAL)
        return "the bus answered with an error";
    if (status == STATUS_ALIGNMENT)
        return "the address is not aligned";
    return "the access failed";
}

static void abort_describe(char *out, size_t bytes, const struct whit_registers *registers)
{
    const char *access = "read from";
    if (fault_class(registers) == CLASS_FETCH)
        access = "execution at";
    else if (registers->esr & ESR_CACHE)
        access = "cache maintenance at";
    else if (registers->esr & ESR_WRITE)
        access = "write to";
    unsigned status = registers->esr & ESR_STATUS_MASK;
    if (status == STATUS_EXTERNAL && (registers->esr & ESR_FAR_INVALID))
        snprintf(out, bytes, "%s an unknown address: %s", access, abort_cause(status));
    else
        snprintf(out, bytes, "%s 0x%llx: %s", access, (unsigned long long)registers->far,
                 abort_cause(status));
}

static const char *class_name(unsigned class)
{
    static const struct {
        unsigned class;
        const char *name;
    } names[] = {
        {CLASS_UNKNOWN, "undefined instruction"},
        {CLASS_FP, "floating point that is switched off"},
        {CLASS_ILLEGAL_STATE, "illegal execution state"},
        {CLASS_HVC, "hypervisor call"},
        {CLASS_SMC, "secure monitor call"},
        {CLASS_SYSTEM_REGISTER, "access to a system register"},
        {CLASS_SVE, "scalable vector instruction"},
        {CLASS_PC_ALIGNMENT, "misaligned program counter"},
        {CLASS_SP_ALIGNMENT, "misaligned stack pointer"},
        {CLASS_FP_EXCEPTION, "floating-point exception"},
        {CLASS_SERROR, "asynchronous bus error"},
        {CLASS_BREAKPOINT, "hardware breakpoint"},
        {CLASS_STEP, "single step"},
        {CLASS_WATCHPOINT, "watchpoint"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].class == class)
            return names[i].name;
    return NULL;
}

void fault_describe(char *out, size_t bytes, const struct whit_registers *registers)
{
    unsigned class = fault_class(registers);
    unsigned immediate = registers->esr & 0xffff;
    if (class == CLASS_DATA || class == CLASS_FETCH)
        abort_describe(out, bytes, registers);
    else if (class == CLASS_SVC)
        snprintf(out, bytes, "system call %u, which is none of Whit's", immediate);
    else if (class == CLASS_BRK)
        snprintf(out, bytes, "breakpoint instruction %u", immediate);
    else if (class_name(class))
        snprintf(out, bytes, "%s", class_name(class));
    else
        snprintf(out, bytes, "exception of class 0x%x", class);
}

void death_classify(struct death *death)
{
    const struct whit_registers *registers = &death->registers;
    death->exited = fault_class(registers) == CLASS_SVC && (registers->esr & 0xffff) == 0 &&
                    registers->x[8] == WHIT_EXIT;
    death->code = death->exited ? registers->x[0] : 0;
}

static void registers_report(struct reporter *reporter, const char *name,
                             const struct whit_registers *r)
{
    report(reporter, "%s: pc %016llx sp %016llx lr %016llx", name, (unsigned long long)r->pc,
           (unsigned long long)r->sp, (unsigned long long)r->x[30]);
    report(reporter, "%s: esr %08llx far %016llx ipa %016llx tls %016llx", name,
           (unsigned long long)r->esr, (unsigned long long)r->far, (unsigned long long)r->ipa,
           (unsigned long long)r->tls);
    for (int i = 0; i < GENERAL_REGISTERS; i += REGISTERS_PER_LINE) {
        char line[128];
        size_t length = 0;
        for (int j = i; j < i + REGISTERS_PER_LINE && j < GENERAL_REGISTERS; j++)
            length += (size_t)snprintf(line + length, sizeof line - length, " x%-2d %016llx", j,
                                       (unsigned long long)r->x[j]);
        report(reporter, "%s:%s", name, line);
    }
}

static void exit_report(struct reporter *reporter, const char *name, bool is_vm, uint64_t code)
{
    if (is_vm && code == VMM_EXIT_OFF)
        report(reporter, "vm %s powered off", name);
    else if (is_vm && code == VMM_EXIT_RESET)
        report(reporter, "vm %s asked for a reset", name);
    else if (is_vm)
        report(reporter, "vm %s failed: its vmm ended with code %llu", name,
               (unsigned long long)code);
    else if (code == WHIT_EXIT_ABORT)
        report(reporter, "program %s aborted", name);
    else if (code == WHIT_EXIT_RETURN)
        report(reporter, "program %s failed: a thread returned that must not", name);
    else
        report(reporter, "program %s ended with code %llu", name, (unsigned long long)code);
}

void death_report(struct reporter *reporter, const char *name, bool is_vm,
                  const struct death *death)
{
    char reason[128];
    if (death->exited) {
        exit_report(reporter, name, is_vm, death->code);
        return;
    }
    fault_describe(reason, sizeof reason, &death->registers);
    report(reporter, is_vm ? "vm %s failed: its vmm faulted: %s" : "program %s failed: %s", name,
           reason);
    registers_report(reporter, name, &death->registers);
}
