/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to the GIC's virtual CPU interface. */
#include "ich.h"
#include "listreg.h"
#include "sysreg.h"

#define ICH_HCR_EN                  BIT(0)
#define ICH_HCR_UIE                 BIT(1) /* maintenance interrupt at underflow */
#define ICH_VMCR_PRIORITY_SHIFT     24
#define ICH_VTR_PRIORITY_BITS_SHIFT 29

unsigned ich_list_registers;
static unsigned ap_registers; /* of each group */

#define EACH_LIST_REGISTER(X)                                                                      \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

uint64_t ich_read(unsigned index)
{
    switch (index) {
#define READ_LR(n)                                                                                 \
    case n:                                                                                        \
        return READ_SYSREG(ich_lr##n##_el2);
        EACH_LIST_REGISTER(READ_LR)
    default:
        return 0;
    }
}

void ich_write(unsigned index, uint64_t value)
{
    switch (index) {
#define WRITE_LR(n)                                                                                \
    case n:                                                                                        \
        WRITE_SYSREG(ich_lr##n##_el2, value);                                                      \
        break;
        EACH_LIST_REGISTER(WRITE_LR)
    default:
        break;
    }
}

uint64_t ich_empty(void)
{
    return READ_SYSREG(ich_elrsr_el2);
}

uint64_t ich_ended(void)
{
    return READ_SYSREG(ich_eisr_el2);
}

void ich_want_refill(bool wanted)
{
    uint64_t hcr = READ_SYSREG(ich_hcr_el2);

    if (wanted != ((hcr & ICH_HCR_UIE) != 0))
        WRITE_SYSREG(ich_hcr_el2, hcr ^ ICH_HCR_UIE);
}

void ich_init(void)
{
    const uint64_t vtr = READ_SYSREG(ich_vtr_el2);
    const unsigned bits = (unsigned)(vtr >> ICH_VTR_PRIORITY_BITS_SHIFT & 7) + 1;

    ich_list_registers = ((unsigned)vtr & 0xf) + 1;
    ap_registers = bits <= 5 ? 1 : 1u << (bits - 5);
    ich_off();
}

void ich_off(void)
{
    WRITE_SYSREG(ich_hcr_el2, 0);
}

unsigned ich_priority_mask(uint64_t vmcr)
{
    return (unsigned)(vmcr >> ICH_VMCR_PRIORITY_SHIFT);
}

/* Accesses to registers that are not implemented are undefined, so the rows are nested by number.
 */
#define SAVE_AP(n)                                                                                 \
    vcpu->ap0r[n] = READ_SYSREG(ich_ap0r##n##_el2);                                                \
    vcpu->ap1r[n] = READ_SYSREG(ich_ap1r##n##_el2)
#define LOAD_AP(n)                                                                                 \
    WRITE_SYSREG(ich_ap0r##n##_el2, vcpu->ap0r[n]);                                                \
    WRITE_SYSREG(ich_ap1r##n##_el2, vcpu->ap1r[n])

void ich_save(struct vcpu *vcpu)
{
    vcpu->vmcr = READ_SYSREG(ich_vmcr_el2);
    for (unsigned i = 0; i < ich_list_registers; i++)
        vcpu->lr[i] = ich_read(i);
    SAVE_AP(0);
    if (ap_registers > 1) {
        SAVE_AP(1);
    }
    if (ap_registers > 2) {
        SAVE_AP(2);
        SAVE_AP(3);
    }
}

void ich_load(const struct vcpu *vcpu)
{
    WRITE_SYSREG(ich_vmcr_el2, vcpu->vmcr);
    for (unsigned i = 0; i < ich_list_registers; i++)
        ich_write(i, vcpu->lr[i]);
    LOAD_AP(0);
    if (ap_registers > 1) {
        LOAD_AP(1);
    }
    if (ap_registers > 2) {
        LOAD_AP(2);
        LOAD_AP(3);
    }
    WRITE_SYSREG(ich_hcr_el2, ICH_HCR_EN);
}
