/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI 1.1 (ARM DEN 0022) and SMCCC 1.1 (ARM DEN 0028) for guests.  Pure: what has to happen to
 * virtual CPUs is done by the functions of its owner.
 */
#ifndef VMM_PSCI_H
#define VMM_PSCI_H

#include "whit.h"
#include <stdbool.h>

enum psci_result {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_DENIED = -3,
    PSCI_ALREADY_ON = -4,
    PSCI_INTERNAL_FAILURE = -6
};

struct psci_output {
    /* The CPU with this affinity, or a negative number. */
    int (*find)(uint64_t affinity);
    bool (*is_on)(unsigned cpu);
    enum psci_result (*on)(unsigned cpu, uint64_t entry, uint64_t context);
    void (*off)(unsigned cpu);
    void (*system_off)(void);
    void (*system_reset)(void);
};

/* Answers what touches no state of the machine; false if it is something else. */
bool psci_simple(uint64_t *x);

/* The hypercall of `cpu` in x[0] to x[3]; its result goes to x[0].  WHIT_STAY: it does not go on.
 */
enum whit_verdict psci_call(const struct psci_output *output, unsigned cpu, uint64_t *x);

#endif
