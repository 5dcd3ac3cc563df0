/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mistakes of processors that the kernel has to work around, and the firmware's workarounds for
 * branch prediction: which of them a core needs.
 */
#ifndef ERRATA_H
#define ERRATA_H

#include <stdbool.h>
#include <stdint.h>

struct core;

enum erratum {
    /* AT may be executed speculatively while the registers of two regimes are mixed: whoever
     * exchanges them keeps stage-1 walks off meanwhile, with barriers (vcpu.h). */
    ERRATUM_SPECULATIVE_AT = 1,
    /* A TLBI can miss an entry: it is done twice (translation.c). */
    ERRATUM_TLBI_TWICE = 2
};

/* The errata (enum erratum) of a processor, by MIDR_EL1. */
uint32_t errata_find(uint64_t midr);

/* A call of the firmware's: function and argument; the first result. */
typedef int64_t firmware_call(uint64_t function, uint64_t argument);

/*
 * Asks the firmware (SMCCC 1.1, ARM DEN 0028 and ARM DEN 0070) for this core's workarounds.
 * Switches that against speculative loads on for good.  Returns the function that has to be called
 * whenever the kernel is entered from below, or 0.
 */
uint32_t errata_firmware(firmware_call *call);

/* Those of all cores that have started, for what acts on all of them. */
extern uint32_t errata_present;

/* What this core needs is done from here on. */
void errata_init(struct core *core);

/* Not 0 in a test's kernel: is called at every entry, whatever core and firmware say. */
extern const volatile uint32_t errata_forced;

#endif
