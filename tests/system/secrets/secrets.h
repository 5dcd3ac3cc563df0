/* SPDX-License-Identifier: BSD-2-Clause */
/* registers.S: calls with a known value in every register, and handlers that look at all. */
#ifndef SECRETS_H
#define SECRETS_H

#include <stdint.h>

/* registers.S knows this layout. */
struct registers {
    uint64_t x[31], flags;
    uint64_t v[64]; /* V0-V31, low half first */
    uint64_t fpcr, fpsr;
    uint64_t tls, sp; /* sp is set only by enter_spy, if it is not 0 */
};
_Static_assert(sizeof(struct registers) == 800, "registers.S has this size");

/* Loads all registers but sp from *in, executes the instruction, stores all of them in *out. */
typedef void probe_function(const struct registers *in, struct registers *out);
probe_function probe_fault; /* svc #0 */
probe_function probe_call, probe_reply, probe_notify, probe_wait, probe_yield, probe_op;
probe_function probe_unknown; /* svc #7 */

extern uint64_t probe_sp; /* sp at the last of them */

/* Where the program goes on after its call. */
extern const char probe_call_end[], probe_op_end[];

/* Calls `portal` with sp 0 and this TPIDR_EL0, and says what both are afterwards. */
struct wild {
    uint64_t sp, tls;
};
void call_wild(uint64_t portal, uint64_t tls, struct wild *after);

/* Fills all registers that a call of a function may change, and the callee's too, which the caller
 * of this has to name as clobbers; x29 and x30 excepted. */
void fill_registers(void);
extern struct registers fill_with;

void start_handler(void);  /* replies to nobody */
void start_receiver(void); /* the same, but takes a capability into slot x0 first */
void start_caller(void);   /* calls portal x0, then svc #0 */

/* Stores what it finds in spy_seen and answers with spy_answer.  If that fails, what it finds then
 * goes to spy_failed, and the answer is spy_answer with x10 0. */
void enter_spy(void);
extern struct registers spy_seen, spy_answer, spy_failed;
extern uint64_t spy_count;

void enter_wait(void); /* waits for the signal that is the badge */

/* A guest that fills all registers but sp, executes hvc #0 twice, and then nothing. */
extern const char guest_code[], guest_code_end[];
#define GUEST_SECRET UINT64_C(0x6e57000000000000) /* x0; x1 is one more, and so on */

#endif
