/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identification registers for guests.  A feature that needs state which the kernel does not
 * switch, or a control at EL2 that it leaves off, is hidden; so is any that came after this table.
 * On cores without such features nothing traps.  All cores are taken to be alike.
 */
#include "idregs.h"
#include "sysreg.h"
#include "vcpu.h"

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
uint64_t idregs_guest_hcr;

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

void idregs_init(void)
{
    uint64_t hidden = 0;

#define FILTER(m, n, highest) hidden |= show(m, n, READ_SYSREG(S3_0_C0_C##m##_##n), highest);
#define KEEP(m, n)            values[m][n] = READ_SYSREG(S3_0_C0_C##m##_##n);
#define HIDE(m, n)            hidden |= READ_SYSREG(S3_0_C0_C##m##_##n);
    FILTERED(FILTER)
    UNFILTERED(KEEP)
    HIDDEN(HIDE)
    idregs_guest_hcr = HCR_GUEST | (hidden ? HCR_TID3 : 0);
}

bool idregs_has_aarch32(void)
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
