/* SPDX-License-Identifier: BSD-2-Clause */
/* Which errata and which firmware workarounds a core gets. */
#include "aarch64/errata.h"
#include "world.h"

static const struct {
    const char *name;
    uint32_t midr, errata;
} processors[] = {
    {"Cortex-A53 has none", 0x410fd034, 0},
    {"Cortex-A55 r0p0 has both", 0x410fd050, ERRATUM_SPECULATIVE_AT | ERRATUM_TLBI_TWICE},
    {"Cortex-A55 r2p0 has both", 0x412fd050, ERRATUM_SPECULATIVE_AT | ERRATUM_TLBI_TWICE},
    {"Cortex-A55 r2p1 repeats only", 0x412fd051, ERRATUM_TLBI_TWICE},
    {"Cortex-A57", 0x411fd070, ERRATUM_SPECULATIVE_AT},
    {"Cortex-A72", 0x410fd083, ERRATUM_SPECULATIVE_AT},
    {"Cortex-A76 r3p0 repeats only", 0x413fd0b0, ERRATUM_TLBI_TWICE},
    {"Cortex-A76 r3p1 has none", 0x413fd0b1, 0},
    {"Cortex-A510 r1p1", 0x411fd461, ERRATUM_TLBI_TWICE},
    {"the same part number of another maker", 0x510fd083, 0},
    {"the next part number", 0x410fd093, 0},
};

static void test_table(void)
{
    for (unsigned i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
        test_begin(processors[i].name);
        EQUAL(errata_find(processors[i].midr), processors[i].errata);
        EQUAL(errata_find(processors[i].midr | UINT64_C(1) << 32), processors[i].errata);
    }
}

/* ---- a firmware */

static int64_t version, has_version, feature[3]; /* answers; feature: workarounds 1, 2, 3 */
static unsigned switched_on, unexpected;

static int64_t *feature_of(uint64_t function)
{
    switch (function) {
    case 0x80008000:
        return &feature[0];
    case 0x80007fff:
        return &feature[1];
    case 0x80003fff:
        return &feature[2];
    default:
        unexpected++;
        return &feature[0];
    }
}

static int64_t firmware(uint64_t function, uint64_t argument)
{
    switch (function) {
    case 0x8400000a: /* PSCI_FEATURES */
        return argument == 0x80000000 ? has_version : -1;
    case 0x80000000:
        return version;
    case 0x80000001:
        return *feature_of(argument);
    case 0x80007fff:
        switched_on += argument == 1;
        return 0;
    default:
        unexpected++;
        return -1;
    }
}

static uint32_t ask(int64_t one, int64_t two, int64_t three)
{
    feature[0] = one;
    feature[1] = two;
    feature[2] = three;
    switched_on = unexpected = 0;
    return errata_firmware(firmware);
}

static void test_firmware(void)
{
    test_begin("a firmware without SMCCC 1.1 is asked nothing else");
    has_version = -1;
    version = 0x10001;
    EQUAL(ask(0, 0, 0), 0);
    EQUAL(switched_on, 0);
    has_version = 0;
    version = 0x10000;
    EQUAL(ask(0, 0, 0), 0);
    EQUAL(switched_on, 0);

    test_begin("workaround 3 replaces 1");
    version = 0x10002;
    EQUAL(ask(0, -1, 0), 0x80003fff);
    EQUAL(ask(0, -1, 1), 0x80008000);
    EQUAL(ask(0, -1, -1), 0x80008000);

    test_begin("cores that do not need them do not pay");
    EQUAL(ask(1, 1, 1), 0);
    EQUAL(ask(-1, -2, -1), 0);
    EQUAL(switched_on, 0);

    test_begin("workaround 2 is switched on once");
    EQUAL(ask(1, 0, 1), 0);
    EQUAL(switched_on, 1);
    EQUAL(unexpected, 0);
}

int main(void)
{
    test_table();
    test_firmware();
    return test_finish();
}
