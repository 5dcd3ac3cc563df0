/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root's own words.  Until the console's channel is there they are kept, and given to a debug
 * kernel at once; then they go through the channel.  Without a console root prints on the UART
 * itself, if no program has it.
 */
#ifndef ROOT_OUTPUT_H
#define ROOT_OUTPUT_H

#include "system.h"

/* For everything that root reports. */
extern struct reporter output;

/* The channel to the console exists: kept lines go there, and all later ones. */
void output_to_console(struct system *system);

/* There is no console (any more): maps the UART and prints there. */
void output_to_uart(struct system *system);

/* Waits until what was said has been shown, but not for ever. */
void output_drain(struct system *system);

#endif
