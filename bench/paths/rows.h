/* SPDX-License-Identifier: BSD-2-Clause */
/* The groups of rows; each prints what it measured. */
#ifndef ROWS_H
#define ROWS_H

void rows_ipc(void);
void rows_signal(void);
void rows_fault(void);
void rows_memory(void);
void rows_time(void);
void rows_guest(void);
void rows_remote(void);
void rows_pairs(void);

#endif
