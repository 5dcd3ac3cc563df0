/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs and guests have of the processor's features.  One that has state which the kernel
 * does not switch, or a control at EL2 that it leaves off, is trapped or off by the first two
 * tables, and hidden from guests by the third; so is any that came after them.  All registers are
 * set to what the kernel relies on, whatever firmware left; those that differ between programs and
 * guests are in vcpu.h.  All cores are taken to be alike.
 */
#include "features.h"
#include "arch.h"
#include "errata.h"
#include "init.h"
#include "space.h"
#include "sysreg.h"
#include "vcpu.h"

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

/* 0xf is "not in the form that the architecture has". */
static bool has(uint64_t id, unsigned shift, unsigned least)
{
    const unsigned field = id_field(id, shift);

    return field >= least && field != 0xf;
}

static uint64_t translation_control(void)
{
    const uint64_t wide = arch_vmids() > 256 ? VTCR_VS : 0;

    return VTCR_RES1 | TCR_T0SZ(WHIT_ADDRESS_BITS) | VTCR_SL0_LEVEL1 | TCR_IRGN_WB | TCR_ORGN_WB |
           TCR_SH_INNER | cpu_address_size() << TCR_PS_SHIFT | wide;
}

/* MDCR_EL2.HPMN: none is EL2's own. */
static uint64_t event_counters(void)
{
    const bool pmu = has(READ_SYSREG(id_aa64dfr0_el1), ID_AA64DFR0_PMUVER, 1);

    return pmu ? READ_SYSREG(pmcr_el0) >> PMCR_N_SHIFT & 0x1f : 0;
}

/* Every core: register, value. */
#define SETTINGS(X)                                                                                \
    X(vtcr_el2, translation_control())                                                             \
    X(vttbr_el2, (uintptr_t)empty_slots)                                                           \
    /* FP is switched lazily, by its trap; SVE, SME and trace do not exist. */                     \
    X(cptr_el2, CPTR_RES1 | CPTR_TFP | CPTR_TZ | CPTR_TSM | CPTR_TTA)                              \
    X(mdcr_el2, MDCR_COMMON | event_counters())                                                    \
    /* AArch32 system registers: no guest has them; what is implementation defined: nobody */      \
    X(hstr_el2, 0)                                                                                 \
    X(hacr_el2, 0)                                                                                 \
    X(actlr_el2, 0)                                                                                \
    X(vpidr_el2, READ_SYSREG(midr_el1))                                                            \
    X(vmpidr_el2, READ_SYSREG(mpidr_el1))                                                          \
    /* all timers off */                                                                           \
    X(cnthctl_el2, CNTHCTL_NATIVE)                                                                 \
    X(cntvoff_el2, 0)                                                                              \
    X(cnthp_ctl_el2, 0)                                                                            \
    X(cntp_ctl_el0, 0)                                                                             \
    X(cntv_ctl_el0, 0)

/* Cores whose identification register has a field of at least this: register, value. */
#define OPTIONS(X)                                                                                 \
    /* fine-grained traps: none, but those by zero of what does not exist here */                  \
    X(mmfr0, ID_AA64MMFR0_FGT, 1, HFGRTR_EL2, 0)                                                   \
    X(mmfr0, ID_AA64MMFR0_FGT, 1, HFGWTR_EL2, 0)                                                   \
    X(mmfr0, ID_AA64MMFR0_FGT, 1, HFGITR_EL2, 0)                                                   \
    X(mmfr0, ID_AA64MMFR0_FGT, 1, HDFGRTR_EL2, 0)                                                  \
    X(mmfr0, ID_AA64MMFR0_FGT, 1, HDFGWTR_EL2, 0)                                                  \
    /* later features: off for EL1 */                                                              \
    X(mmfr1, ID_AA64MMFR1_HCX, 1, HCRX_EL2, 0)                                                     \
    /* limited-ordering regions: none */                                                           \
    X(mmfr1, ID_AA64MMFR1_LO, 1, LORC_EL1, 0)                                                      \
    /* the timer of EL2's virtual counter: off */                                                  \
    X(mmfr1, ID_AA64MMFR1_VH, 1, CNTHV_CTL_EL2, 0)                                                 \
    /* activity monitors: for nobody */                                                            \
    X(pfr0, ID_AA64PFR0_AMU, 1, AMUSERENR_EL0, 0)                                                  \
    X(pfr0, ID_AA64PFR0_AMU, 1, cptr_el2, READ_SYSREG(cptr_el2) | CPTR_TAM)                        \
    /* memory partitions: one for all, and nobody else may choose one */                           \
    X(pfr0, ID_AA64PFR0_MPAM, 1, MPAM2_EL2, MPAM2_TRAP)                                            \
    X(pfr0, ID_AA64PFR0_MPAM, 1, MPAM1_EL1, 0)                                                     \
    X(pfr0, ID_AA64PFR0_MPAM, 1, MPAM0_EL1, 0)                                                     \
    /* what programs can read and nothing switches */                                              \
    X(pfr0, ID_AA64PFR0_CSV2, 2, SCXTNUM_EL0, 0)                                                   \
    /* nothing is traced */                                                                        \
    X(dfr0, ID_AA64DFR0_TRACEFILT, 1, TRFCR_EL2, 0)                                                \
    /* the cycle counter runs, at all levels; programs may read it, and nothing else */            \
    X(dfr0, ID_AA64DFR0_PMUVER, 1, pmintenclr_el1, UINT32_MAX)                                     \
    X(dfr0, ID_AA64DFR0_PMUVER, 1, pmcntenclr_el0, UINT32_MAX)                                     \
    X(dfr0, ID_AA64DFR0_PMUVER, 1, pmccfiltr_el0, PMCCFILTR_NSH)                                   \
    X(dfr0, ID_AA64DFR0_PMUVER, 1, pmcntenset_el0, PMCNTEN_CYCLES)                                 \
    X(dfr0, ID_AA64DFR0_PMUVER, 1, pmuserenr_el0, PMUSERENR_CR)                                    \
    X(dfr0, ID_AA64DFR0_PMUVER, 1, pmcr_el0, PMCR_E | PMCR_P | PMCR_C | PMCR_LC)

/* ---- what guests see: on cores without features to hide nothing traps */

/*
 * Per field of four bits the highest value that guests may see (DDI0487 D19.2); 0xf: any, as 0xf
 * may say "not implemented" there.  Register S3_0_C0_C<m>_<n>.
 */
#define FILTERED(X)                                                                                \
    /* PFR0, without RME, AMU, MPAM, secure EL2, SVE; CSV2 without SCXTNUM */                      \
    X(4, 0, 0xf10100001fffffff)                                                                    \
    /* PFR1: branch targets and SSBS only; without MTE, SME, NMI */                                \
    X(4, 1, 0x0000000000000021)                                                                    \
    /* DFR0, without trace, profiling and branch records */                                        \
    X(5, 0, 0x000000f0f0f0ff0f)                                                                    \
    /* ISAR0, without transactions */                                                              \
    X(6, 0, 0xfffffffff0fffff0)                                                                    \
    /* ISAR1, without 64-byte stores and pointer authentication */                                 \
    X(6, 1, 0x00ffffff00fff00f)                                                                    \
    /* ISAR2, without pointer authentication, memory copies and WFI with time-out */               \
    X(6, 2, 0x0000000000f000f0)                                                                    \
    /* MMFR0, without ECV and fine-grained traps */                                                \
    X(7, 0, 0x0000ffffffffffff)                                                                    \
    /* MMFR1, without limited ordering regions and what HCRX_EL2 controls */                       \
    X(7, 1, 0xf00ff0f0fff0ffff)                                                                    \
    /* MMFR2, without nested virtualisation, EVT and FWB */                                        \
    X(7, 2, 0xf0ff00fff0ffffff)

/* The formatter cannot decide on these rows. */
/* clang-format off */
/* AArch32 and media features: as they are, none needs anything of EL2. */
#define UNFILTERED(X)                                                                              \
    X(1, 0) X(1, 1) X(1, 2) X(1, 3) X(1, 4) X(1, 5) X(1, 6) X(1, 7) X(2, 0) X(2, 1) X(2, 2)        \
    X(2, 3) X(2, 4) X(2, 5) X(2, 6) X(2, 7) X(3, 0) X(3, 1) X(3, 2) X(3, 4) X(3, 5) X(3, 6)

/* Not shown at all, but a value other than 0 is a reason to trap. */
#define HIDDEN(X) X(4, 4) X(4, 5) X(5, 1) X(5, 4) X(5, 5) X(6, 3) X(7, 3) X(7, 4)
/* clang-format on */

/* Accesses without state to switch stay untrapped; ERX and LOR registers belong to nobody. */
#define HCR_GUEST                                                                                  \
    (HCR_COMMON | HCR_SWIO | HCR_PTW | HCR_FB | HCR_BSU_IS | HCR_TWI | HCR_TSC | HCR_TIDCP |       \
     HCR_TACR | HCR_TSW | HCR_TLOR | HCR_TERR)

static uint64_t values[8][8]; /* by m and n */
uint64_t features_guest_hcr;

static uint64_t filter(uint64_t raw, uint64_t highest)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 4) {
        uint64_t field = raw >> shift & 0xf, limit = highest >> shift & 0xf;
        if (field > limit)
            field = field == 0xf ? 0 : limit;
        value |= field << shift;
    }
    return value;
}

static uint64_t show(unsigned m, unsigned n, uint64_t raw, uint64_t highest)
{
    values[m][n] = filter(raw, highest);
    return raw ^ values[m][n];
}

static void idregs_init(void)
{
    uint64_t hidden = 0;

#define FILTER(m, n, highest) hidden |= show(m, n, READ_SYSREG(S3_0_C0_C##m##_##n), highest);
#define KEEP(m, n)            values[m][n] = READ_SYSREG(S3_0_C0_C##m##_##n);
#define HIDE(m, n)            hidden |= READ_SYSREG(S3_0_C0_C##m##_##n);
    FILTERED(FILTER)
    UNFILTERED(KEEP)
    HIDDEN(HIDE)
    features_guest_hcr = HCR_GUEST | (hidden ? HCR_TID3 : 0);
}

bool features_has_aarch32(void)
{
    return id_field(values[4][0], ID_AA64PFR0_EL0) == 2;
}

bool vcpu_register_trap(struct thread *thread, uint64_t esr)
{
    const unsigned m = (unsigned)(esr >> 1) & 0xf, n = (unsigned)(esr >> 17) & 7;
    const unsigned rt = (unsigned)(esr >> 5) & 0x1f;

    if (!vcpu_is_answered(esr) || m == 0 || m > 7)
        return false;
    if (rt != 31)
        thread->save->x[rt] = values[m][n];
    thread->save->pc += 4;
    return true;
}

/* ---- each core */

void features_init(void)
{
#define SET(register, value) WRITE_SYSREG(register, value);
    SETTINGS(SET)
    const uint64_t pfr0 = READ_SYSREG(id_aa64pfr0_el1), dfr0 = READ_SYSREG(id_aa64dfr0_el1);
    const uint64_t mmfr0 = READ_SYSREG(id_aa64mmfr0_el1), mmfr1 = READ_SYSREG(id_aa64mmfr1_el1);
#define SET_IF(id, shift, least, register, value)                                                  \
    if (has(id, shift, least))                                                                     \
        WRITE_SYSREG(register, value);
    OPTIONS(SET_IF)
    if (has(mmfr0, ID_AA64MMFR0_FGT, 1) && has(pfr0, ID_AA64PFR0_AMU, 1))
        WRITE_SYSREG(HAFGRTR_EL2, 0);
    if (has(pfr0, ID_AA64PFR0_MPAM, 1) && (READ_SYSREG(MPAMIDR_EL1) & MPAMIDR_HAS_HCR))
        WRITE_SYSREG(MPAMHCR_EL2, 0);
    isb();
    idregs_init();
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
