/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's PL011 UART (ARM DDI 0183).  Pure: bytes go and come through the functions of its
 * owner.  Baud rate and format are kept and mean nothing.
 */
#ifndef VMM_PL011_H
#define VMM_PL011_H

#include <stdbool.h>
#include <stdint.h>

enum { PL011_FIFO = 16, PL011_BYTES = 0x1000 };

struct pl011_output {
    bool (*transmit)(uint8_t byte); /* false: no room; room will be told by pl011_progress */
    bool (*receive)(uint8_t *byte); /* false: there is none */
    void (*flush)(void);            /* the guest is through with what it transmitted */
    void (*interrupt)(bool asserted);
};

struct pl011 {
    const struct pl011_output *output;
    uint8_t in[PL011_FIFO], out[PL011_FIFO];
    unsigned in_count, out_count;
    uint32_t raw;  /* interrupts that stick: RIS without the receive interrupts */
    uint32_t mask; /* IMSC */
    uint32_t control, line_control, levels, baud, fraction, dma;
};

void pl011_init(struct pl011 *uart, const struct pl011_output *output);
uint32_t pl011_read(struct pl011 *uart, uint32_t offset);
void pl011_write(struct pl011 *uart, uint32_t offset, uint32_t value);

/* Bytes have come, or there is room again. */
void pl011_progress(struct pl011 *uart);

#endif
