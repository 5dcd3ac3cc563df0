/* SPDX-License-Identifier: BSD-2-Clause */
/* Selectors in the attacking guests' own table, and how long they sleep, in ticks. */
#ifndef ATTACK_H
#define ATTACK_H

#define ATTACK_PORTAL 1
#define ATTACK_SIGNAL 2
#define ATTACK_FIRST  3
#define ATTACK_SECOND 4
#define ATTACK_SLEEP  2000

#endif
