/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the guest exited: fields of ESR (Arm ARM DDI 0487, D19.2.37), and an access to a device. */
#ifndef VMM_SYNDROME_H
#define VMM_SYNDROME_H

#include <stdbool.h>
#include <stdint.h>

enum syndrome_class {
    CLASS_UNKNOWN = 0x00,
    CLASS_HVC64 = 0x16,
    CLASS_SMC64 = 0x17,
    CLASS_REGISTER = 0x18, /* MSR, MRS or system instruction */
    CLASS_INSTRUCTION_ABORT = 0x20,
    CLASS_INSTRUCTION_ABORT_SAME = 0x21,
    CLASS_DATA_ABORT = 0x24,
    CLASS_DATA_ABORT_SAME = 0x25
};

static inline unsigned syndrome_class(uint64_t esr)
{
    return (unsigned)(esr >> 26) & 0x3f;
}

static inline unsigned syndrome_instruction_bytes(uint64_t esr)
{
    return esr >> 25 & 1 ? 4 : 2;
}

/* Data aborts: is the access described, is it a write, of how many bytes, of which register? */
static inline bool syndrome_is_decoded(uint64_t esr)
{
    return (esr >> 24 & 1) != 0;
}

static inline bool syndrome_is_write(uint64_t esr)
{
    return (esr >> 6 & 1) != 0;
}

static inline unsigned syndrome_bytes(uint64_t esr)
{
    return 1u << (esr >> 22 & 3);
}

static inline unsigned syndrome_register(uint64_t esr)
{
    return (unsigned)(esr >> 16) & 0x1f;
}

/* What a load leaves in its register: extended by sign (SSE) to 32 or 64 bits (SF). */
static inline uint64_t syndrome_extend(uint64_t esr, uint64_t value)
{
    const unsigned unused = 64 - 8 * syndrome_bytes(esr);

    value = value << unused >> unused;
    if (esr >> 21 & 1)
        value = (uint64_t)((int64_t)(value << unused) >> unused);
    return esr >> 15 & 1 ? value : value & 0xffffffff;
}

/* Register traps: which register, as op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. */
#define SYSTEM_REGISTER(op0, op1, crn, crm, op2)                                                   \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

static inline unsigned syndrome_system_register(uint64_t esr)
{
    const unsigned iss = (unsigned)esr;

    return SYSTEM_REGISTER(iss >> 20 & 3, iss >> 14 & 7, iss >> 10 & 15, iss >> 1 & 15,
                           iss >> 17 & 7);
}

static inline unsigned syndrome_transfer_register(uint64_t esr)
{
    return (unsigned)(esr >> 5) & 0x1f;
}

static inline bool syndrome_is_register_read(uint64_t esr)
{
    return (esr & 1) != 0;
}

#endif
