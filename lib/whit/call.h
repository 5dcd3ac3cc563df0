/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls, replies and signals: one inline function for each call of the ABI that is no operation
 * (those are in whit/op.h).  Nothing here keeps state.
 */
#ifndef WHIT_CALL_H
#define WHIT_CALL_H

#include "whit.h"
#include <stdbool.h>
#include <stdint.h>

enum { WHIT_WORDS = 10 };

/*
 * A value that is computed here and not later: an expression that the compiler moves between the
 * assignments to argument registers may become a call of a helper function (a division, say),
 * which does not keep them.
 */
static inline uint64_t whit_settled(uint64_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

/* A message: what is in x0-x9, and at most one capability. */
struct whit_message {
    uint64_t word[WHIT_WORDS];
    uint64_t pass;   /* to send: 0, WHIT_PASS(selector) or WHIT_MOVE(selector) */
    uint64_t passed; /* received: not 0 if a capability came into the slot named by whit_receive */
};

/*
 * Calls `portal` with the message and puts the answer in its place.  The handler can see what
 * happens to be in the other registers: for calls to a server that may know all that its caller
 * knows.  Errors: CAPABILITY, RIGHTS, DEAD, DEADLOCK, DEPTH, CORE, and for a capability that is
 * passed also OCCUPIED, FUNDS, ORIGINAL; the answer then is zeros.
 */
static inline enum whit_error whit_call(uint32_t portal, struct whit_message *message)
{
    const uint64_t on = whit_settled(portal | message->pass);
    const uint64_t w[WHIT_WORDS] = {
        whit_settled(message->word[0]), whit_settled(message->word[1]),
        whit_settled(message->word[2]), whit_settled(message->word[3]),
        whit_settled(message->word[4]), whit_settled(message->word[5]),
        whit_settled(message->word[6]), whit_settled(message->word[7]),
        whit_settled(message->word[8]), whit_settled(message->word[9]),
    };
    register uint64_t x0 __asm__("x0") = w[0];
    register uint64_t x1 __asm__("x1") = w[1];
    register uint64_t x2 __asm__("x2") = w[2];
    register uint64_t x3 __asm__("x3") = w[3];
    register uint64_t x4 __asm__("x4") = w[4];
    register uint64_t x5 __asm__("x5") = w[5];
    register uint64_t x6 __asm__("x6") = w[6];
    register uint64_t x7 __asm__("x7") = w[7];
    register uint64_t x8 __asm__("x8") = w[8];
    register uint64_t x9 __asm__("x9") = w[9];
    register uint64_t x10 __asm__("x10") = on;

    /* Every register that is no message is dead afterwards, so the compiler saves what it still
     * needs; the frame pointer cannot be in a clobber list and is saved by hand. */
    __asm__ volatile("str x29, [sp, #-16]!\n\t"
                     "svc %[call]\n\t"
                     "ldr x29, [sp], #16"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6),
                       "+r"(x7), "+r"(x8), "+r"(x9), "+r"(x10)
                     : [call] "i"(WHIT_CALL)
                     : "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
                       "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2",
                       "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
                       "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25",
                       "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");

    message->word[0] = x0;
    message->word[1] = x1;
    message->word[2] = x2;
    message->word[3] = x3;
    message->word[4] = x4;
    message->word[5] = x5;
    message->word[6] = x6;
    message->word[7] = x7;
    message->word[8] = x8;
    message->word[9] = x9;
    message->passed = x10 & WHIT_PASSED;
    return (enum whit_error)(x10 & ~(uint64_t)WHIT_PASSED);
}

/*
 * For asm: clears what is no part of a message, so that another space does not see what it held:
 * general registers, vector registers (a write of d clears the rest of its v), floating-point
 * control and cumulative flags, condition flags.  x11-x14 are the kernel's own at CALL and REPLY,
 * which never pass them on.
 */
#define WHIT_CLEAR                                                                                 \
    ".irp n, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30\n\t"                   \
    "mov x\\n, xzr\n\t"                                                                            \
    ".endr\n\t"                                                                                    \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"                             \
    "movi d\\n, #0\n\t"                                                                            \
    ".endr\n\t"                                                                                    \
    ".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n\t"                   \
    "movi d\\n, #0\n\t"                                                                            \
    ".endr\n\t"                                                                                    \
    "msr fpcr, xzr\n\t"                                                                            \
    "msr fpsr, xzr\n\t"                                                                            \
    "cmp xzr, xzr\n\t"

/*
 * The same for a server that is not trusted: it sees the message and no other register, and what
 * it leaves in them, in the floating-point control register too, does not reach the caller.
 */
static inline enum whit_error whit_call_distrusting(uint32_t portal, struct whit_message *message)
{
    const uint64_t on = whit_settled(portal | message->pass);
    const uint64_t w[WHIT_WORDS] = {
        whit_settled(message->word[0]), whit_settled(message->word[1]),
        whit_settled(message->word[2]), whit_settled(message->word[3]),
        whit_settled(message->word[4]), whit_settled(message->word[5]),
        whit_settled(message->word[6]), whit_settled(message->word[7]),
        whit_settled(message->word[8]), whit_settled(message->word[9]),
    };
    register uint64_t x0 __asm__("x0") = w[0];
    register uint64_t x1 __asm__("x1") = w[1];
    register uint64_t x2 __asm__("x2") = w[2];
    register uint64_t x3 __asm__("x3") = w[3];
    register uint64_t x4 __asm__("x4") = w[4];
    register uint64_t x5 __asm__("x5") = w[5];
    register uint64_t x6 __asm__("x6") = w[6];
    register uint64_t x7 __asm__("x7") = w[7];
    register uint64_t x8 __asm__("x8") = w[8];
    register uint64_t x9 __asm__("x9") = w[9];
    register uint64_t x10 __asm__("x10") = on;

    /* What the compiler still needs it has saved: all else is a clobber, as in whit_call. */
    __asm__ volatile("mrs x11, fpcr\n\t"
                     "stp x29, x11, [sp, #-16]!\n\t" WHIT_CLEAR "svc %[call]\n\t"
                     "ldp x29, x11, [sp], #16\n\t"
                     "msr fpcr, x11\n\t"
                     "msr fpsr, xzr"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6),
                       "+r"(x7), "+r"(x8), "+r"(x9), "+r"(x10)
                     : [call] "i"(WHIT_CALL)
                     : "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
                       "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2",
                       "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
                       "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25",
                       "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");

    message->word[0] = x0;
    message->word[1] = x1;
    message->word[2] = x2;
    message->word[3] = x3;
    message->word[4] = x4;
    message->word[5] = x5;
    message->word[6] = x6;
    message->word[7] = x7;
    message->word[8] = x8;
    message->word[9] = x9;
    message->passed = x10 & WHIT_PASSED;
    return (enum whit_error)(x10 & ~(uint64_t)WHIT_PASSED);
}

/* Sets `bits` of the signal; never blocks.  Errors: CAPABILITY, RIGHTS. */
static inline enum whit_error whit_notify(uint32_t signal, uint64_t bits)
{
    __asm__("" : "+r"(signal), "+r"(bits)); /* as in whit_operate */

    const uint64_t set = whit_settled(bits), on = whit_settled(signal);
    register uint64_t x0 __asm__("x0") = set;
    register uint64_t x10 __asm__("x10") = on;

    __asm__ volatile("svc %[call]"
                     : "+r"(x0), "+r"(x10)
                     : [call] "i"(WHIT_NOTIFY)
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "cc", "memory");
    return (enum whit_error)x10;
}

/*
 * Blocks until a bit of the signal is set or `deadline` (ticks of the physical counter, 0: none)
 * has come, takes all bits and stores them in *bits; the deadline sets WHIT_TIMEOUT.  Only for the
 * thread that is the signal's waiter.  Errors: CAPABILITY, RIGHTS, STATE.
 */
static inline enum whit_error whit_wait(uint32_t signal, uint64_t deadline, uint64_t *bits)
{
    __asm__("" : "+r"(signal), "+r"(deadline)); /* as in whit_operate */

    const uint64_t until = whit_settled(deadline), on = whit_settled(signal);
    register uint64_t x0 __asm__("x0") = until;
    register uint64_t x10 __asm__("x10") = on;

    __asm__ volatile("svc %[call]"
                     : "+r"(x0), "+r"(x10)
                     : [call] "i"(WHIT_WAIT)
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "cc", "memory");
    *bits = x10 == WHIT_OK ? x0 : 0;
    return (enum whit_error)x10;
}

/* Lets the next ready budget of the same priority run. */
static inline void whit_yield(void)
{
    register uint64_t x10 __asm__("x10") = 0;

    __asm__ volatile("svc %[call]"
                     : "+r"(x10)
                     : [call] "i"(WHIT_YIELD)
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "cc", "memory");
}

#endif
