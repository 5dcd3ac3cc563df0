/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers: access by name, and one definition for each field that the kernel uses.
 * Registers that the assembler does not know at ARMv8.0 are named by their encoding at the end.
 * Usable from C and from assembly.
 */
#ifndef SYSREG_H
#define SYSREG_H

#ifdef __ASSEMBLER__
#define BIT(n)              (1 << (n))
#define FIELD(value, shift) ((value) << (shift))
#else
#include <stdint.h>
#define BIT(n)              (UINT64_C(1) << (n))
#define FIELD(value, shift) (UINT64_C(value) << (shift))

#define SYSREG_NAME_(name) #name
#define SYSREG_NAME(name)  SYSREG_NAME_(name)
#define READ_SYSREG(name)                                                                          \
    __extension__({                                                                                \
        uint64_t sysreg_;                                                                          \
        __asm__ volatile("mrs %0, " SYSREG_NAME(name) : "=r"(sysreg_));                            \
        sysreg_;                                                                                   \
    })
#define WRITE_SYSREG(name, value)                                                                  \
    __asm__ volatile("msr " SYSREG_NAME(name) ", %x0" : : "rZ"((uint64_t)(value)) : "memory")

/* Later instructions are fetched and executed with the effect of earlier register writes. */
static inline void isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

/* A field of an identification register: four bits, unsigned. */
static inline unsigned id_field(uint64_t value, unsigned shift)
{
    return (unsigned)(value >> shift) & 0xf;
}
#endif

#define CURRENT_EL_2 FIELD(2, 2)

/* HCR_EL2 */
#define HCR_VM     BIT(0) /* stage 2 on */
#define HCR_SWIO   BIT(1) /* invalidation by set/way also cleans */
#define HCR_PTW    BIT(2) /* stage-1 walk that hits device memory faults */
#define HCR_FMO    BIT(3) /* FIQ, IRQ, SError to EL2; virtual ones on */
#define HCR_IMO    BIT(4)
#define HCR_AMO    BIT(5)
#define HCR_FB     BIT(9)       /* broadcast the guest's TLB and cache maintenance */
#define HCR_BSU_IS FIELD(1, 10) /* a guest's barriers reach at least the inner shareable domain */
#define HCR_DC     BIT(12)      /* with stage 1 off memory is normal write-back */
#define HCR_TWI    BIT(13)      /* traps WFI, WFE, ... */
#define HCR_TID3   BIT(18)
#define HCR_TSC    BIT(19) /* SMC */
#define HCR_TIDCP  BIT(20) /* implementation-defined registers */
#define HCR_TACR   BIT(21) /* ACTLR_EL1 */
#define HCR_TSW    BIT(22) /* cache maintenance by set/way */
#define HCR_TGE    BIT(27) /* exceptions of EL0 to EL2, stage 1 off */
#define HCR_RW     BIT(31) /* EL1 is AArch64 */
#define HCR_TLOR   BIT(35) /* limited-ordering-region registers */
#define HCR_TERR   BIT(36) /* error record registers */

/* What every thread runs with: stage 2 on, physical interrupts to EL2. */
#define HCR_COMMON (HCR_VM | HCR_RW | HCR_FMO | HCR_IMO | HCR_AMO)
/* A program: all its exceptions to EL2; DC because its stage 1 is off and memory shall be cached.
 */
#define HCR_NATIVE (HCR_COMMON | HCR_TGE | HCR_DC)

/* SCTLR_EL2, E2H = 0 */
#define SCTLR_EL2_RES1                                                                             \
    (BIT(4) | BIT(5) | BIT(11) | BIT(16) | BIT(18) | BIT(22) | BIT(23) | BIT(28) | BIT(29))
#define SCTLR_M   BIT(0)
#define SCTLR_C   BIT(2)
#define SCTLR_SA  BIT(3) /* the stack pointer must be aligned */
#define SCTLR_I   BIT(12)
#define SCTLR_WXN BIT(19) /* what is writable is not executable */

/* SCTLR_EL1, as far as it acts on EL0 while HCR_EL2.TGE = 1 */
#define SCTLR_EL1_RES1 (BIT(11) | BIT(20) | BIT(22) | BIT(23) | BIT(28) | BIT(29))
#define SCTLR_EL1_SA0  BIT(4)
#define SCTLR_EL1_DZE  BIT(14) /* DC ZVA allowed */
#define SCTLR_EL1_UCT  BIT(15) /* CTR_EL0 readable */
#define SCTLR_EL1_NTWE BIT(18) /* WFE does not trap */
#define SCTLR_EL1_UCI  BIT(26) /* cache maintenance by address allowed */
/* Programs load code themselves: cache maintenance is theirs.  WFI is not: it is a fault. */
#define SCTLR_EL1_NATIVE                                                                           \
    (SCTLR_EL1_RES1 | SCTLR_EL1_SA0 | SCTLR_EL1_DZE | SCTLR_EL1_UCT | SCTLR_EL1_NTWE |             \
     SCTLR_EL1_UCI)

/* TCR_EL2, E2H = 0, and VTCR_EL2 */
#define TCR_EL2_RES1     (BIT(23) | BIT(31))
#define VTCR_RES1        BIT(31)
#define TCR_T0SZ(bits)   (64 - (bits))
#define TCR_IRGN_WB      FIELD(1, 8)
#define TCR_ORGN_WB      FIELD(1, 10)
#define TCR_SH_INNER     FIELD(3, 12)
#define TCR_PS_SHIFT     16
#define TCR_TBI          BIT(20) /* top byte of addresses ignored */
#define VTCR_SL0_LEVEL1  FIELD(1, 6)
#define VTCR_VS          BIT(19) /* VMIDs of 16 bits */
#define VTTBR_VMID_SHIFT 48

/* MAIR_EL2: the kernel's two memory types, by index */
#define MAIR_DEVICE 0
#define MAIR_NORMAL 1
#define MAIR_VALUE  (FIELD(0x04, 8 * MAIR_DEVICE) | FIELD(0xff, 8 * MAIR_NORMAL))

/* CPTR_EL2, E2H = 0 */
#define CPTR_RES1 FIELD(0x22ff, 0)
#define CPTR_TZ   BIT(8) /* SVE; reads as one where there is none */
#define CPTR_TFP  BIT(10)
#define CPTR_TSM  BIT(12) /* SME; reads as one where there is none */
#define CPTR_TTA  BIT(20) /* trace registers */
#define CPTR_TAM  BIT(30) /* activity monitors */

/* CPACR_EL1 */
#define CPACR_FPEN FIELD(3, 20) /* no trap to EL1 */

/* MDCR_EL2 */
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM   BIT(6)
#define MDCR_TDA   BIT(9) /* debug registers */
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)
#define MDCR_TPMS  BIT(14) /* statistical profiling */
#define MDCR_TTRF  BIT(19) /* trace filter */

/* PMU */
#define PMCR_E         BIT(0)
#define PMCR_P         BIT(1)
#define PMCR_C         BIT(2)
#define PMCR_LC        BIT(6) /* the cycle counter overflows at 64 bits */
#define PMCR_N_SHIFT   11
#define PMCNTEN_CYCLES BIT(31)
#define PMCCFILTR_NSH  BIT(27) /* counts at EL2 too */
#define PMUSERENR_CR   BIT(2)  /* EL0 may read the cycle counter */

/* CNTHCTL_EL2, E2H = 0; CNTKCTL_EL1; CNT*_CTL */
#define CNTHCTL_EL1PCTEN BIT(0) /* physical counter does not trap from EL1 and EL0 */
#define CNTHCTL_EL1PCEN  BIT(1) /* physical timer ... */
#define CNTHCTL_GUEST    CNTHCTL_EL1PCTEN
/* CNTKCTL_EL1 keeps programs from the timer.  QEMU 7.2 looks at EL1PCEN for EL0's counter too. */
#define CNTHCTL_NATIVE   (CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN)
#define CNTKCTL_EL0PCTEN BIT(0)
#define CNT_CTL_ENABLE   BIT(0)
#define CNT_CTL_IMASK    BIT(1)

/* GIC CPU interface */
#define ICC_SRE_SRE        BIT(0)
#define ICC_SRE_DFB        BIT(1)
#define ICC_SRE_DIB        BIT(2)
#define ICC_SRE_ENABLE     BIT(3) /* EL1 may access ICC_SRE_EL1 */
#define ICC_CTLR_EOIMODE   BIT(1) /* end-of-interrupt only drops the priority */
#define ICC_IGRPEN1_ENABLE BIT(0)

/* Shifts of fields in identification registers */
#define ID_AA64PFR0_EL0       0
#define ID_AA64PFR0_MPAM      40
#define ID_AA64PFR0_AMU       44
#define ID_AA64PFR0_CSV2      56
#define ID_AA64DFR0_PMUVER    8
#define ID_AA64DFR0_TRACEFILT 40
#define ID_AA64MMFR0_PARANGE  0
#define ID_AA64MMFR0_FGT      56
#define ID_AA64MMFR1_VMIDBITS 4
#define ID_AA64MMFR1_VH       8
#define ID_AA64MMFR1_LO       16
#define ID_AA64MMFR1_HCX      40

/* Affinity fields of MPIDR_EL1 */
#define MPIDR_AFFINITY FIELD(0xff00ffffff, 0)

/* MDCR_EL2.HPMN aside: programs may read the cycle counter, guests may not touch the PMU.  No TDE:
 * a guest keeps its BRK, and HCR_EL2.TGE = 1 counts as TDE = 1 (DDI0487 D19.2, HCR_EL2.TGE). */
#define MDCR_COMMON (MDCR_TDA | MDCR_TDOSA | MDCR_TDRA | MDCR_TPMS | MDCR_TTRF)
#define MDCR_GUEST  (MDCR_TPM | MDCR_TPMCR)

/* By encoding: newer than ARMv8.0 */
#define HCRX_EL2        S3_4_C1_C2_2
#define HFGRTR_EL2      S3_4_C1_C1_4
#define HFGWTR_EL2      S3_4_C1_C1_5
#define HFGITR_EL2      S3_4_C1_C1_6
#define HDFGRTR_EL2     S3_4_C3_C1_4
#define HDFGWTR_EL2     S3_4_C3_C1_5
#define HAFGRTR_EL2     S3_4_C3_C1_6
#define TRFCR_EL2       S3_4_C1_C2_1
#define LORC_EL1        S3_0_C10_C4_3
#define MPAM2_EL2       S3_4_C10_C5_0
#define MPAMHCR_EL2     S3_4_C10_C4_0
#define MPAM1_EL1       S3_0_C10_C5_0
#define MPAM0_EL1       S3_0_C10_C5_1
#define MPAM2_TRAP      (BIT(48) | BIT(49)) /* accesses to MPAM0 and MPAM1 from EL1 */
#define MPAMIDR_EL1     S3_0_C10_C4_4
#define MPAMIDR_HAS_HCR BIT(17)
#define AMUSERENR_EL0   S3_3_C13_C2_3
#define SCXTNUM_EL0     S3_3_C13_C0_7
#define CNTHV_CTL_EL2   S3_4_C14_C3_1

#endif
