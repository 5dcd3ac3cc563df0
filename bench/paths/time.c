/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: a driver's, and the timer that ends a budget.  What is counted is the kernel's part,
 * from the vector to the other thread's first instruction: by the plugin alone.
 */
#include "console.h"
#include "marks.h"
#include "rows.h"
#include "whit/op.h"
#include "whit/parameters.h"
#include "world.h"

/* PL011, in words: interrupt mask, and its bit for a transmitter that has room. */
enum { PL011_IMSC = 14, PL011_TXIM = 0x20 };

enum { SHOTS = 3, BUDGET_TICKS = 200, PERIOD_TICKS = 60000000 };

static uint32_t driver_signal, spin_signal; /* the driver's in the second space */
static volatile uint64_t driven;

static void drive(void)
{
    uint64_t bits;

    for (;;) {
        (void)whit_wait(driver_signal, 0, &bits);
        MARK(MARK_END, irq);
        driven++;
    }
}

static void row_irq(void)
{
    volatile uint32_t *uart = (volatile uint32_t *)(uintptr_t)UART_WINDOW;
    uint32_t line = new_slot(), signal = new_signal(0);
    uint32_t driver = new_thread(world_other, 0, PRIORITY_HIGH);

    driver_signal = lend(signal, world_other, WHIT_R_CONTROL);
    world_need("a driver", whit_target(signal, WHIT_TARGET_WAITER, driver, 0, 0));
    world_need("a driver", whit_start(driver, (uintptr_t)drive, new_stack(), 0, 0));
    world_need("a line",
               whit_derive(whit_boot->irq, WHIT_SELF, line, WHIT_R_CONTROL, UART_LINE, 1));
    world_need("a line", whit_irq_bind(line, signal, 1, 0));
    settle();
    disown_float();
    for (unsigned i = 1; i <= SHOTS; i++) {
        MARK(MARK_BEGIN, irq);
        uart[PL011_IMSC] = PL011_TXIM; /* what was printed before makes it interrupt at once */
        while (driven != i) {
        }
        uart[PL011_IMSC] = 0;
        world_need("an end of interrupt", whit_irq_ack(line));
    }
    world_need("the driver's end", whit_stop(driver));
}

/* Uses its budget up, at every activation. */
static void spin(void)
{
    uint64_t bits;

    (void)whit_wait(spin_signal, 0, &bits);
    MARK(MARK_BEGIN, budget);
    for (;;) {
        __asm__ volatile("" : : : "memory");
    }
}

static void shot_budget(void)
{
    uint32_t thread = new_thread(WHIT_SELF, 0, PRIORITY_HIGH);

    world_need("a small budget",
               whit_bind(thread, WHIT_ROLE_BUDGET,
                         new_budget(0, PRIORITY_HIGH, BUDGET_TICKS, PERIOD_TICKS)));
    spin_signal = new_signal(0);
    world_need("a spinner", whit_target(spin_signal, WHIT_TARGET_WAITER, thread, 0, 0));
    world_need("a spinner", whit_start(thread, (uintptr_t)spin, new_stack(), 0, 0));
    settle();
    disown_float();
    (void)whit_notify(spin_signal, 1);
    MARK(MARK_END, budget);
    world_need("the spinner's end", whit_stop(thread));
}

void rows_time(void)
{
    row_irq();
    for (unsigned i = 0; i < SHOTS; i++) {
        shot_budget();
    }
}
