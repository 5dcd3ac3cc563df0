/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking an exception to EL1: Arm ARM DDI 0487, D1.3 (AArch64.TakeException). */
#include "inject.h"
#include "syndrome.h"

enum {
    MODE_MASK = 0x1f,
    MODE_AARCH32 = 0x10,
    MODE_EL1T = 4,
    MODE_EL1H = 5,

    VECTOR_EL1T = 0x000, /* of VBAR_EL1 */
    VECTOR_EL1H = 0x200,
    VECTOR_EL0 = 0x400,
    VECTOR_EL0_AARCH32 = 0x600,

    EXTERNAL_ABORT = 0x10,
    SCTLR_SPAN_SHIFT = 23
};

#define PSTATE_DAIF (UINT64_C(0xf) << 6)
#define PSTATE_PAN  (UINT64_C(1) << 22)
/* Flags, DIT, UAO is cleared, PAN and SSBS stay. */
#define PSTATE_KEPT (UINT64_C(0xf) << 28 | UINT64_C(1) << 24 | PSTATE_PAN | UINT64_C(1) << 12)
#define ESR_IL      (UINT64_C(1) << 25)
#define ESR_WNR     (UINT64_C(1) << 6)

static uint64_t vector(uint64_t pstate)
{
    if (pstate & MODE_AARCH32)
        return VECTOR_EL0_AARCH32;
    switch (pstate & MODE_MASK) {
    case MODE_EL1T:
        return VECTOR_EL1T;
    case MODE_EL1H:
        return VECTOR_EL1H;
    default:
        return VECTOR_EL0;
    }
}

static bool is_from_el1(uint64_t pstate)
{
    return (pstate & MODE_MASK) == MODE_EL1T || (pstate & MODE_MASK) == MODE_EL1H;
}

static void take(struct whit_state *state, uint64_t esr)
{
    const uint64_t pstate = state->r.pstate;

    state->el1[WHIT_ESR_EL1] = esr;
    state->el1[WHIT_ELR_EL1] = state->r.pc;
    state->el1[WHIT_SPSR_EL1] = pstate;
    state->r.pc = state->el1[WHIT_VBAR_EL1] + vector(pstate);
    state->r.pstate = (pstate & PSTATE_KEPT) | PSTATE_DAIF | MODE_EL1H;
    /* A core without PAN has SPAN = 1 (it is RES1 there). */
    if (!(state->el1[WHIT_SCTLR_EL1] >> SCTLR_SPAN_SHIFT & 1))
        state->r.pstate |= PSTATE_PAN;
}

void inject_abort(struct whit_state *state, uint64_t esr, uint64_t address)
{
    const bool same = is_from_el1(state->r.pstate);
    unsigned class = syndrome_class(esr);
    uint64_t injected = (esr & ESR_IL) | EXTERNAL_ABORT;

    if (class == CLASS_INSTRUCTION_ABORT) {
        class = same ? CLASS_INSTRUCTION_ABORT_SAME : CLASS_INSTRUCTION_ABORT;
    } else {
        class = same ? CLASS_DATA_ABORT_SAME : CLASS_DATA_ABORT;
        injected |= esr & ESR_WNR;
    }
    state->el1[WHIT_FAR_EL1] = address;
    take(state, (uint64_t) class << 26 | injected);
}

void inject_undefined(struct whit_state *state)
{
    take(state, (uint64_t)CLASS_UNKNOWN << 26 | ESR_IL);
}
