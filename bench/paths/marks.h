/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks: instructions without effect that tell tools/plugin.c where an operation begins and ends.
 * A move of a constant to the zero register, which no compiler emits; its upper byte says what the
 * mark is, its lower one which operation.  tools/bench.sh takes their names from this file.
 */
#ifndef MARKS_H
#define MARKS_H

#define MARK_BEGIN 0x5700
#define MARK_END   0x5800

#define MARK_ipc_roundtrip   1  /* ipc.roundtrip */
#define MARK_notify_noswitch 2  /* notify.noswitch */
#define MARK_notify_wake     3  /* notify.wake */
#define MARK_notify_switch   4  /* notify.switch */
#define MARK_yield_switch    5  /* yield.switch */
#define MARK_fault           6  /* fault.roundtrip */
#define MARK_pagefault       7  /* pagefault.roundtrip */
#define MARK_map             8  /* map.page */
#define MARK_unmap           9  /* unmap.page */
#define MARK_map_1g          10 /* map.1g */
#define MARK_ipc_cap         11 /* ipc.cap */
#define MARK_ipc_busy        12 /* ipc.busy */
#define MARK_budget          13 /* budget.expiry */
#define MARK_irq             14 /* irq.native */
#define MARK_hvc             15 /* exit.hvc */
#define MARK_remote          16 /* notify.remote */
#define MARK_space_create    17 /* space.create */
#define MARK_space_destroy   18 /* space.destroy */
#define MARK_ipc_null        19 /* ipc.null */
#define MARK_ipc_distrust    20 /* ipc.roundtrip.distrust */
#define MARK_sharing         21 /* sharing */
#define MARK_map_1g_2m       22 /* map.1g.2m */
#define MARK_remote_busy     23 /* notify.remote.busy */
#define MARK_pairs           24 /* ipc.pairs */

#define PAIRS_PASSES 32 /* calls of each core in ipc.pairs */

#ifndef __ASSEMBLER__
#define MARK(which, name)                                                                          \
    __asm__ volatile("movz xzr, #%0" : : "i"((which) + MARK_##name) : "memory")
#endif

#endif
