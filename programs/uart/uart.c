/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL011 driver: moves bytes between the device and the channel "console".  It sleeps in one wait
 * and is woken by the interrupt or by the console's doorbell; it never polls.  Line speed and
 * format stay as the firmware set them.
 *
 * Grants: device "uart", irq "uart", channel "console".
 */
#include "pl011.h"
#include "whit/program.h"

#include <stdio.h>

struct uart {
    uintptr_t base;
    uint32_t irq;
    uint64_t irq_bits;
    uint32_t mask; /* IMSC: which interrupts are wanted */
    uint32_t overruns;
    uint8_t chunk[64]; /* taken from the console, not yet sent: [at, count) */
    uint32_t at, count;
    struct whit_channel console;
};

static void uart_want(struct uart *uart, uint32_t interrupts, bool on)
{
    uint32_t mask = on ? uart->mask | interrupts : uart->mask & ~interrupts;

    if (mask != uart->mask) {
        uart->mask = mask;
        pl011_write(uart->base, PL011_IMSC, mask);
    }
}

/* Takes what was received while the console has room; without room the bytes stay in the FIFO, its
 * interrupts off, until the console rings. */
static void uart_receive(struct uart *uart)
{
    while (whit_ring_room(&uart->console.out) > 0 || whit_ring_want_room(&uart->console.out, 1)) {
        if ((pl011_read(uart->base, PL011_FR) & PL011_FR_RX_EMPTY) != 0) {
            uart_want(uart, PL011_INT_RX | PL011_INT_TIMEOUT, true);
            return;
        }
        uint32_t data = pl011_read(uart->base, PL011_DR);
        uint8_t byte = (uint8_t)data;

        (void)whit_channel_put(&uart->console, &byte, 1);
        if ((data & PL011_DR_OVERRUN) != 0) {
            uart->overruns++;
        }
    }
    uart_want(uart, PL011_INT_RX | PL011_INT_TIMEOUT, false);
}

/* In chunks, so that a console that waits for room is not woken for every byte. */
static bool uart_have_byte(struct uart *uart)
{
    if (uart->at == uart->count) {
        uart->at = 0;
        uart->count = whit_channel_read(&uart->console, uart->chunk, sizeof uart->chunk);
    }
    return uart->at < uart->count;
}

/*
 * Fills the transmit FIFO.  The interrupt fires when the FIFO drains through its level, so it is
 * wanted only while the FIFO is full and more is waiting (DDI 0183, 3.3.8).
 */
static void uart_transmit(struct uart *uart)
{
    while (uart_have_byte(uart)) {
        if ((pl011_read(uart->base, PL011_FR) & PL011_FR_TX_FULL) != 0) {
            uart_want(uart, PL011_INT_TX, true);
            return;
        }
        pl011_write(uart->base, PL011_DR, uart->chunk[uart->at++]);
    }
    uart_want(uart, PL011_INT_TX, false);
}

static void uart_start(struct uart *uart)
{
    pl011_write(uart->base, PL011_IMSC, 0);
    pl011_write(uart->base, PL011_ICR, PL011_INT_ALL);
    uint32_t line = pl011_read(uart->base, PL011_LCR_H);

    if ((line & PL011_LCR_H_FIFOS) == 0) {
        pl011_write(uart->base, PL011_LCR_H, line | PL011_LCR_H_FIFOS);
    }
    uint32_t control = pl011_read(uart->base, PL011_CR);

    pl011_write(uart->base, PL011_CR, control | PL011_CR_ENABLE | PL011_CR_TX | PL011_CR_RX);
}

static void uart_find(struct uart *uart)
{
    const struct whit_grant *device = whit_grant(WHIT_GRANT_DEVICE, "uart");
    const struct whit_grant *irq = whit_grant(WHIT_GRANT_IRQ, "uart");

    if (device == NULL || irq == NULL) {
        whit_fail("needs the device and the irq \"uart\"");
    }
    if (!whit_channel_open(&uart->console, whit_grant(WHIT_GRANT_CHANNEL, "console"))) {
        whit_fail("needs the channel \"console\"");
    }
    uart->base = (uintptr_t)device->address;
    uart->irq = irq->selector;
    uart->irq_bits = irq->value;
}

static void uart_report(struct uart *uart)
{
    if (uart->overruns != 0) {
        printf("[... %lu or more bytes of input lost]\n", (unsigned long)uart->overruns);
        uart->overruns = 0;
    }
}

int main(void)
{
    static struct uart uart;

    uart_find(&uart);
    uart_start(&uart);
    for (;;) {
        uart_receive(&uart);
        uart_transmit(&uart);
        uart_report(&uart);
        uint64_t bits = whit_wait_events(0);

        if ((bits & uart.irq_bits) != 0) {
            pl011_write(uart.base, PL011_ICR, pl011_read(uart.base, PL011_MIS));
            (void)whit_irq_ack(uart.irq);
        }
    }
}
