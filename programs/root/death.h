/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a program ended, in words.  Pure. */
#ifndef ROOT_DEATH_H
#define ROOT_DEATH_H

#include "reporter.h"
#include "whit.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit codes of a vmm, besides 0 (its guest powered off) and failures. */
enum { VMM_EXIT_OFF = 0, VMM_EXIT_RESET = 16 };

struct death {
    bool exited; /* else it is a fault */
    uint64_t code;
    struct whit_registers registers;
};

/* Takes what the kernel says of a call that it made for a fault: exit or not. */
void death_classify(struct death *death);

/* The reason of a fault in one phrase, from the syndrome. */
void fault_describe(char *out, size_t bytes, const struct whit_registers *registers);

/* Reports the end of `name`: reason, and for a fault the registers. */
void death_report(struct reporter *reporter, const char *name, bool is_vm,
                  const struct death *death);

#endif
