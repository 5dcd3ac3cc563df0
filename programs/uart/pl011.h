/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of Arm's PrimeCell UART (PL011), ARM DDI 0183, chapter 3. */
#ifndef PL011_H
#define PL011_H

#include <stdint.h>

enum pl011_register {
    PL011_DR = 0x000,
    PL011_FR = 0x018,
    PL011_LCR_H = 0x02c,
    PL011_CR = 0x030,
    PL011_IFLS = 0x034,
    PL011_IMSC = 0x038,
    PL011_MIS = 0x040,
    PL011_ICR = 0x044
};

enum pl011_bit {
    PL011_DR_OVERRUN = 1 << 11,
    PL011_FR_RX_EMPTY = 1 << 4,
    PL011_FR_TX_FULL = 1 << 5,
    PL011_LCR_H_FIFOS = 1 << 4,
    PL011_CR_ENABLE = 1 << 0,
    PL011_CR_TX = 1 << 8,
    PL011_CR_RX = 1 << 9,
    PL011_INT_RX = 1 << 4,      /* receive FIFO at its level */
    PL011_INT_TX = 1 << 5,      /* transmit FIFO drained to its level */
    PL011_INT_TIMEOUT = 1 << 6, /* bytes below the level wait in the receive FIFO */
    PL011_INT_ALL = 0x7ff
};

static inline uint32_t pl011_read(uintptr_t base, enum pl011_register at)
{
    return *(volatile uint32_t *)(base + at);
}

static inline void pl011_write(uintptr_t base, enum pl011_register at, uint32_t value)
{
    *(volatile uint32_t *)(base + at) = value;
}

#endif
