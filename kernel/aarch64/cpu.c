/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2 control registers of one core, each set to what the kernel relies on whatever firmware left.
 * Features that the kernel does not know stay trapped or off.  The registers that differ between
 * programs and guests are set by vcpu_core_init().
 */
#include "errata.h"
#include "init.h"
#include "space.h"
#include "sysreg.h"

uint64_t cpu_address_size(void)
{
    enum { PARANGE_48 = 5 }; /* more than 48 bits needs other table formats */
    const unsigned range = id_field(READ_SYSREG(id_aa64mmfr0_el1), ID_AA64MMFR0_PARANGE);

    return range < PARANGE_48 ? range : PARANGE_48;
}

unsigned cpu_address_bits(void)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48};

    return bits[cpu_address_size()];
}

static void init_translation(void)
{
    enum { VMID_16 = 2 };
    const unsigned vmid = id_field(READ_SYSREG(id_aa64mmfr1_el1), ID_AA64MMFR1_VMIDBITS);

    WRITE_SYSREG(vtcr_el2, VTCR_RES1 | VTCR_T0SZ(WHIT_ADDRESS_BITS) | VTCR_SL0_LEVEL1 |
                               VTCR_IRGN_WB | VTCR_ORGN_WB | VTCR_SH_INNER |
                               cpu_address_size() << VTCR_PS_SHIFT |
                               (vmid == VMID_16 ? VTCR_VS : 0));
    WRITE_SYSREG(vttbr_el2, (uintptr_t)empty_slots);
}

static void init_traps(void)
{
    const uint64_t pfr0 = READ_SYSREG(id_aa64pfr0_el1);
    const uint64_t mmfr0 = READ_SYSREG(id_aa64mmfr0_el1), mmfr1 = READ_SYSREG(id_aa64mmfr1_el1);
    const bool amu = id_field(pfr0, ID_AA64PFR0_AMU) != 0;

    /* FP is switched lazily, by its trap; SVE, SME, trace and activity monitors do not exist. */
    WRITE_SYSREG(cptr_el2,
                 CPTR_RES1 | CPTR_TFP | CPTR_TZ | CPTR_TSM | CPTR_TTA | (amu ? CPTR_TAM : 0));
    WRITE_SYSREG(hstr_el2, 0);  /* AArch32 system registers: no guest has them */
    WRITE_SYSREG(hacr_el2, 0);  /* implementation defined */
    WRITE_SYSREG(actlr_el2, 0); /* implementation-defined registers are not for EL1 */
    WRITE_SYSREG(vpidr_el2, READ_SYSREG(midr_el1));
    WRITE_SYSREG(vmpidr_el2, READ_SYSREG(mpidr_el1));
    /* Fine-grained traps: none, but for those that zero sets on features that do not exist here. */
    if (id_field(mmfr0, ID_AA64MMFR0_FGT) != 0) {
        WRITE_SYSREG(HFGRTR_EL2, 0);
        WRITE_SYSREG(HFGWTR_EL2, 0);
        WRITE_SYSREG(HFGITR_EL2, 0);
        WRITE_SYSREG(HDFGRTR_EL2, 0);
        WRITE_SYSREG(HDFGWTR_EL2, 0);
        if (amu)
            WRITE_SYSREG(HAFGRTR_EL2, 0);
    }
    if (id_field(mmfr1, ID_AA64MMFR1_HCX) != 0)
        WRITE_SYSREG(HCRX_EL2, 0); /* later features: off for EL1 */
    if (id_field(mmfr1, ID_AA64MMFR1_LO) != 0)
        WRITE_SYSREG(LORC_EL1, 0); /* limited-ordering regions: none */
    if (id_field(pfr0, ID_AA64PFR0_AMU) != 0)
        WRITE_SYSREG(AMUSERENR_EL0, 0); /* not for EL0 */
    if (id_field(pfr0, ID_AA64PFR0_MPAM) != 0) {
        /* One partition for all, and nobody else may choose one. */
        WRITE_SYSREG(MPAM2_EL2, MPAM2_TRAP);
        if (READ_SYSREG(MPAMIDR_EL1) & MPAMIDR_HAS_HCR)
            WRITE_SYSREG(MPAMHCR_EL2, 0);
        WRITE_SYSREG(MPAM1_EL1, 0);
        WRITE_SYSREG(MPAM0_EL1, 0);
    }
}

static void init_debug(void)
{
    const uint64_t dfr0 = READ_SYSREG(id_aa64dfr0_el1);
    const unsigned pmu = id_field(dfr0, ID_AA64DFR0_PMUVER);
    enum { PMU_NOT_ARCHITECTED = 0xf };
    uint64_t counters = 0;

    if (id_field(dfr0, ID_AA64DFR0_TRACEFILT) != 0)
        WRITE_SYSREG(TRFCR_EL2, 0); /* nothing is traced */
    if (pmu != 0 && pmu != PMU_NOT_ARCHITECTED) {
        counters = READ_SYSREG(pmcr_el0) >> PMCR_N_SHIFT & 0x1f;
        /* The cycle counter runs, at all levels; programs may read it, and nothing else. */
        WRITE_SYSREG(pmintenclr_el1, UINT32_MAX);
        WRITE_SYSREG(pmcntenclr_el0, UINT32_MAX);
        WRITE_SYSREG(pmccfiltr_el0, PMCCFILTR_NSH);
        WRITE_SYSREG(pmcntenset_el0, PMCNTEN_CYCLES);
        WRITE_SYSREG(pmuserenr_el0, PMUSERENR_CR);
        WRITE_SYSREG(pmcr_el0, PMCR_E | PMCR_P | PMCR_C | PMCR_LC);
    }
    WRITE_SYSREG(mdcr_el2, MDCR_COMMON | counters); /* HPMN: no event counter is EL2's own */
}

static void init_time(void)
{
    WRITE_SYSREG(cnthctl_el2, CNTHCTL_NATIVE);
    WRITE_SYSREG(cntvoff_el2, 0);
    WRITE_SYSREG(cnthp_ctl_el2, 0); /* all timers off, */
    WRITE_SYSREG(cntp_ctl_el0, 0);
    WRITE_SYSREG(cntv_ctl_el0, 0);
    if (id_field(READ_SYSREG(id_aa64mmfr1_el1), ID_AA64MMFR1_VH) != 0)
        WRITE_SYSREG(CNTHV_CTL_EL2, 0); /* ... the one of EL2's virtual counter too */
}

/* What firmware left in registers that programs can read and nothing switches. */
static void init_programs(void)
{
    enum { CSV2_2 = 2 };

    if (id_field(READ_SYSREG(id_aa64pfr0_el1), ID_AA64PFR0_CSV2) >= CSV2_2)
        WRITE_SYSREG(SCXTNUM_EL0, 0);
}

uint32_t errata_present;
const volatile uint32_t errata_forced;

void errata_init(struct core *core)
{
    const uint32_t errata = errata_find(READ_SYSREG(midr_el1));
    const uint32_t function = errata_firmware(firmware);

    (void)__atomic_fetch_or(&errata_present, errata, __ATOMIC_RELAXED);
    core->errata = errata;
    core->guard = errata_forced ? errata_forced : function;
    if (core->guard)
        WRITE_SYSREG(vbar_el2, (uintptr_t)vectors_guarded);
}

void cpu_init(void)
{
    init_translation();
    init_traps();
    init_debug();
    init_time();
    init_programs();
    isb();
}
