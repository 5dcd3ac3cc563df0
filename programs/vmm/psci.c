/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions by number: ARM DEN 0022, 5.1, and DEN 0028, 7. */
#include "psci.h"

#define SMCCC_VERSION          0x80000000u
#define SMCCC_ARCH_FEATURES    0x80000001u
#define PSCI_VERSION           0x84000000u
#define PSCI_CPU_OFF           0x84000002u
#define PSCI_CPU_ON            0xc4000003u
#define PSCI_CPU_ON_32         0x84000003u
#define PSCI_AFFINITY_INFO     0xc4000004u
#define PSCI_AFFINITY_INFO_32  0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF        0x84000008u
#define PSCI_SYSTEM_RESET      0x84000009u
#define PSCI_FEATURES          0x8400000au

enum {
    VERSION_SMCCC_1_1 = 0x10001,
    VERSION_PSCI_1_1 = 0x10001,
    NO_TRUSTED_OS = 2, /* MIGRATE_INFO_TYPE: nothing has to be migrated */
    AFFINITY_ON = 0,
    AFFINITY_OFF = 1
};

static bool is_known(uint32_t function)
{
    switch (function) {
    case SMCCC_VERSION:
    case PSCI_VERSION:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_CPU_ON_32:
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO_32:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
        return true;
    default:
        return false;
    }
}

static int64_t cpu_on(const struct psci_output *output, const uint64_t *x)
{
    const int cpu = output->find(x[1]);

    if (cpu < 0)
        return PSCI_INVALID_PARAMETERS;
    if (output->is_on((unsigned)cpu))
        return PSCI_ALREADY_ON;
    return output->on((unsigned)cpu, x[2], x[3]);
}

static int64_t affinity_info(const struct psci_output *output, const uint64_t *x)
{
    const int cpu = output->find(x[1]);

    if (cpu < 0 || x[2] != 0)
        return PSCI_INVALID_PARAMETERS;
    return output->is_on((unsigned)cpu) ? AFFINITY_ON : AFFINITY_OFF;
}

bool psci_simple(uint64_t *x)
{
    if ((uint32_t)x[0] != PSCI_VERSION)
        return false;
    x[0] = VERSION_PSCI_1_1;
    return true;
}

enum whit_verdict psci_call(const struct psci_output *output, unsigned cpu, uint64_t *x)
{
    const uint32_t function = (uint32_t)x[0];
    int64_t result = PSCI_NOT_SUPPORTED;

    if (psci_simple(x))
        return WHIT_CONTINUE;
    switch (function) {
    case SMCCC_VERSION:
        result = VERSION_SMCCC_1_1;
        break;
    case SMCCC_ARCH_FEATURES:
        result = (uint32_t)x[1] == SMCCC_VERSION || (uint32_t)x[1] == SMCCC_ARCH_FEATURES
                     ? PSCI_SUCCESS
                     : PSCI_NOT_SUPPORTED;
        break;
    case PSCI_FEATURES:
        result = is_known((uint32_t)x[1]) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
        break;
    case PSCI_MIGRATE_INFO_TYPE:
        result = NO_TRUSTED_OS;
        break;
    case PSCI_CPU_ON:
    case PSCI_CPU_ON_32:
        result = cpu_on(output, x);
        break;
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO_32:
        result = affinity_info(output, x);
        break;
    case PSCI_CPU_OFF:
        output->off(cpu);
        return WHIT_STAY;
    case PSCI_SYSTEM_OFF:
        output->system_off();
        return WHIT_STAY;
    case PSCI_SYSTEM_RESET:
        output->system_reset();
        return WHIT_STAY;
    default:
        break;
    }
    x[0] = (uint64_t)result;
    return WHIT_CONTINUE;
}
