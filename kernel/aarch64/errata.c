/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of errata, and what the firmware knows of this core. */
#include "errata.h"

/* Arm's part numbers, MIDR_EL1 bits 31:24 and 15:4. */
enum { MODEL_MASK = 0xff00fff0 };
#define ARM_MODEL(part)            (0x41000000u | (uint32_t)(part) << 4)
/* Revision rNpM, as far as it orders: variant and revision of MIDR_EL1. */
#define RELEASE(variant, revision) ((variant) << 4 | (revision))
#define RELEASE_ALL                RELEASE(15, 15)

static const struct {
    uint32_t model;
    uint32_t last; /* release that has it */
    uint32_t errata;
} table[] = {
    {ARM_MODEL(0xd05), RELEASE(2, 0), ERRATUM_SPECULATIVE_AT}, /* Cortex-A55 1530923 */
    {ARM_MODEL(0xd05), RELEASE_ALL, ERRATUM_TLBI_TWICE},       /* Cortex-A55 2441007 */
    {ARM_MODEL(0xd07), RELEASE_ALL, ERRATUM_SPECULATIVE_AT},   /* Cortex-A57 1319537 */
    {ARM_MODEL(0xd08), RELEASE_ALL, ERRATUM_SPECULATIVE_AT},   /* Cortex-A72 1319367 */
    {ARM_MODEL(0xd0b), RELEASE(2, 0), ERRATUM_SPECULATIVE_AT}, /* Cortex-A76 1165522 */
    {ARM_MODEL(0xd0b), RELEASE(3, 0), ERRATUM_TLBI_TWICE},     /* Cortex-A76 1286807 */
    {ARM_MODEL(0xd46), RELEASE(1, 1), ERRATUM_TLBI_TWICE},     /* Cortex-A510 2441009 */
};

uint32_t errata_find(uint64_t midr)
{
    const uint32_t release = RELEASE((uint32_t)(midr >> 20) & 0xf, (uint32_t)midr & 0xf);
    uint32_t errata = 0;

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if ((midr & MODEL_MASK) == table[i].model && release <= table[i].last)
            errata |= table[i].errata;
    return errata;
}

#define PSCI_FEATURES         0x8400000a
#define SMCCC_VERSION         0x80000000
#define SMCCC_ARCH_FEATURES   0x80000001
#define SMCCC_WORKAROUND_1    0x80008000 /* branch targets of others (CVE-2017-5715) */
#define SMCCC_WORKAROUND_2    0x80007fff /* speculative loads (CVE-2018-3639) */
#define SMCCC_WORKAROUND_3    0x80003fff /* as 1, and branch history (CVE-2022-23960) */
#define SMCCC_VERSION_1_1     0x10001
#define SMCCC_WORKAROUND_2_ON 1

uint32_t errata_firmware(firmware_call *call)
{
    if (call(PSCI_FEATURES, SMCCC_VERSION) < 0 || call(SMCCC_VERSION, 0) < SMCCC_VERSION_1_1)
        return 0;
    /* 0: this core needs it; positive: it does not; negative: the firmware does not know it. */
    if (call(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_2) == 0)
        (void)call(SMCCC_WORKAROUND_2, SMCCC_WORKAROUND_2_ON);
    if (call(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_3) == 0)
        return SMCCC_WORKAROUND_3;
    return call(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_1) == 0 ? SMCCC_WORKAROUND_1 : 0;
}
