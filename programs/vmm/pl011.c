/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a PL011: ARM DDI 0183, chapter 3. */
#include "pl011.h"

#include <string.h>

enum {
    DR = 0x00,
    RSR = 0x04,
    FR = 0x18,
    IBRD = 0x24,
    FBRD = 0x28,
    LCR_H = 0x2c,
    CR = 0x30,
    IFLS = 0x34,
    IMSC = 0x38,
    RIS = 0x3c,
    MIS = 0x40,
    ICR = 0x44,
    DMACR = 0x48,
    ID = 0xfe0,

    FR_CTS = 1 << 0,
    FR_DSR = 1 << 1,
    FR_DCD = 1 << 2,
    FR_RXFE = 1 << 4,
    FR_TXFF = 1 << 5,
    FR_RXFF = 1 << 6,
    FR_TXFE = 1 << 7,

    INT_RX = 1 << 4,
    INT_TX = 1 << 5,
    INT_RT = 1 << 6, /* receive time-out: something has been in the FIFO for a while */
    INT_ALL = 0x7ff,

    CR_RESET = 0x300, /* receive and transmit enabled */
    IFLS_RESET = 0x12,
    LCR_H_FIFOS = 1 << 4
};

/* Peripheral and PrimeCell identification, one byte in each word. */
static const uint8_t identification[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

void pl011_init(struct pl011 *uart, const struct pl011_output *output)
{
    memset(uart, 0, sizeof *uart);
    uart->output = output;
    uart->control = CR_RESET;
    uart->levels = IFLS_RESET;
}

/* Bytes in the receive FIFO at which INT_RX is raised (IFLS 5:3: 1/8, 1/4, 1/2, 3/4, 7/8). */
static unsigned receive_level(const struct pl011 *uart)
{
    static const uint8_t level[8] = {2, 4, 8, 12, 14, 14, 14, 14};

    return uart->line_control & LCR_H_FIFOS ? level[uart->levels >> 3 & 7] : 1;
}

/* The receive interrupts follow the FIFO, so that none is lost; RT needs no time to pass. */
static uint32_t raw_interrupts(const struct pl011 *uart)
{
    uint32_t raw = uart->raw;

    if (uart->in_count >= receive_level(uart))
        raw |= INT_RX;
    if (uart->in_count != 0)
        raw |= INT_RT;
    return raw;
}

static void update(struct pl011 *uart)
{
    uart->output->interrupt((raw_interrupts(uart) & uart->mask) != 0);
}

static void fill(struct pl011 *uart)
{
    while (uart->in_count < PL011_FIFO && uart->output->receive(&uart->in[uart->in_count]))
        uart->in_count++;
}

static void drain(struct pl011 *uart)
{
    unsigned sent = 0;

    while (sent < uart->out_count && uart->output->transmit(uart->out[sent]))
        sent++;
    if (sent == 0)
        return;
    uart->out_count -= sent;
    memmove(uart->out, uart->out + sent, uart->out_count);
    uart->raw |= INT_TX;
}

void pl011_progress(struct pl011 *uart)
{
    fill(uart);
    drain(uart);
    update(uart);
}

static uint32_t read_data(struct pl011 *uart)
{
    uint32_t byte = uart->in[0];

    if (uart->in_count == 0)
        return 0;
    uart->in_count--;
    memmove(uart->in, uart->in + 1, uart->in_count);
    fill(uart);
    update(uart);
    return byte;
}

static uint32_t read_flags(const struct pl011 *uart)
{
    uint32_t flags = FR_CTS | FR_DSR | FR_DCD;

    if (uart->in_count == 0)
        flags |= FR_RXFE;
    if (uart->in_count == PL011_FIFO)
        flags |= FR_RXFF;
    if (uart->out_count == 0)
        flags |= FR_TXFE;
    if (uart->out_count == PL011_FIFO)
        flags |= FR_TXFF;
    return flags;
}

uint32_t pl011_read(struct pl011 *uart, uint32_t offset)
{
    switch (offset) {
    case DR:
        return read_data(uart);
    case FR:
        return read_flags(uart);
    case IBRD:
        return uart->baud;
    case FBRD:
        return uart->fraction;
    case LCR_H:
        return uart->line_control;
    case CR:
        return uart->control;
    case IFLS:
        return uart->levels;
    case IMSC:
        return uart->mask;
    case RIS:
        return raw_interrupts(uart);
    case MIS:
        return raw_interrupts(uart) & uart->mask;
    case DMACR:
        return uart->dma;
    default:
        return offset >= ID && offset < PL011_BYTES ? identification[(offset - ID) / 4] : 0;
    }
}

/* Most bytes pass at once; the FIFO holds those that the console has no room for. */
static void write_data(struct pl011 *uart, uint8_t byte)
{
    if (uart->out_count == PL011_FIFO)
        return; /* FR said so */
    uart->out[uart->out_count++] = byte;
    drain(uart);
}

void pl011_write(struct pl011 *uart, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case DR:
        write_data(uart, (uint8_t)value);
        break;
    case IBRD:
        uart->baud = value & 0xffff;
        break;
    case FBRD:
        uart->fraction = value & 0x3f;
        break;
    case LCR_H:
        uart->line_control = value & 0xff;
        break;
    case CR:
        uart->control = value & 0xffff;
        uart->output->flush(); /* Linux restores it behind each message of its kernel */
        break;
    case IFLS:
        uart->levels = value & 0x3f;
        break;
    case IMSC:
        uart->mask = value & INT_ALL;
        break;
    case ICR:
        uart->raw &= ~value;
        break;
    case DMACR:
        uart->dma = value & 7;
        break;
    default:
        return;
    }
    update(uart);
}
