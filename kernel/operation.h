/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of WHIT_OP: `x` is a copy of the caller's x0-x6, arguments and results as
 * abi/whit.h says; the caller holds tree_lock.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include "cap.h"

/* Those that are no SELDOM, which cap.h explains. */
#define OFTEN

/* Number, function, and how it is compiled. */
#define OPERATIONS(X)                                                                              \
    X(WHIT_OP_NULL, op_null, OFTEN)                                                                \
    X(WHIT_OP_DERIVE, op_derive, SELDOM)                                                           \
    X(WHIT_OP_GIVE, op_give, SELDOM)                                                               \
    X(WHIT_OP_TRANSFER, op_transfer, OFTEN)                                                        \
    X(WHIT_OP_REVOKE, op_revoke, SELDOM)                                                           \
    X(WHIT_OP_DELETE, op_delete, OFTEN)                                                            \
    X(WHIT_OP_SPLIT, op_split, SELDOM)                                                             \
    X(WHIT_OP_JOIN, op_join, SELDOM)                                                               \
    X(WHIT_OP_MAP, op_map, OFTEN)                                                                  \
    X(WHIT_OP_UNMAP, op_unmap, OFTEN)                                                              \
    X(WHIT_OP_DONATE, op_donate, SELDOM)                                                           \
    X(WHIT_OP_MAKE, op_make, OFTEN)                                                                \
    X(WHIT_OP_DESTROY, op_destroy, SELDOM)                                                         \
    X(WHIT_OP_BIND, op_bind, SELDOM)                                                               \
    X(WHIT_OP_START, op_start, SELDOM)                                                             \
    X(WHIT_OP_STOP, op_stop, SELDOM)                                                               \
    X(WHIT_OP_RESUME, op_resume, SELDOM)                                                           \
    X(WHIT_OP_SYNC, op_sync, SELDOM)                                                               \
    X(WHIT_OP_RECEIVE, op_receive, OFTEN)                                                          \
    X(WHIT_OP_TARGET, op_target, SELDOM)                                                           \
    X(WHIT_OP_CLEAR, op_clear, OFTEN)                                                              \
    X(WHIT_OP_TIMER, op_timer, OFTEN)                                                              \
    X(WHIT_OP_IRQ_BIND, op_irq_bind, OFTEN)                                                        \
    X(WHIT_OP_IRQ_ACK, op_irq_ack, OFTEN)                                                          \
    X(WHIT_OP_BUDGET_READ, op_budget_read, SELDOM)                                                 \
    X(WHIT_OP_POWER, op_power, SELDOM)                                                             \
    X(WHIT_OP_LOG, op_log, SELDOM)                                                                 \
    X(WHIT_OP_PRIORITY, op_priority, SELDOM)

#define DECLARE(number, function, often) often status function(struct thread *self, uint64_t *x);
OPERATIONS(DECLARE)

#endif
