/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answering a portal call from C, without the copies and clears of whit_serve: for a server whose
 * callers may know all that it knows.  The portal's entry is then a C function that never returns,
 * whose arguments are the first eight words of the message:
 *
 *     _Noreturn void enter_sum(uint64_t a, uint64_t b)
 *     {
 *         whit_reply(&(struct whit_message){.word = {a + b}});
 *     }
 *
 * Its thread starts at whit_serve_start with the stack that every entry then begins on.
 */
#ifndef WHIT_REPLY_H
#define WHIT_REPLY_H

#include "whit/call.h"

/* First instruction of a handler thread: replies to nobody, so that it is idle with this sp. */
void whit_serve_start(void);

/*
 * Answers the caller with the message and its capability; the words that are not set go as zeros.
 * If the capability cannot be passed, the caller gets the words without it.
 */
static inline __attribute__((always_inline)) _Noreturn void
whit_reply(const struct whit_message *answer)
{
    const uint64_t on = whit_settled(answer->pass);
    const uint64_t w[WHIT_WORDS] = {
        whit_settled(answer->word[0]), whit_settled(answer->word[1]), whit_settled(answer->word[2]),
        whit_settled(answer->word[3]), whit_settled(answer->word[4]), whit_settled(answer->word[5]),
        whit_settled(answer->word[6]), whit_settled(answer->word[7]), whit_settled(answer->word[8]),
        whit_settled(answer->word[9]),
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

    /* It comes back only if a capability could not be passed; nothing has to survive it. */
    __asm__ volatile("svc %[reply]\n\t"
                     "mov x10, xzr\n\t"
                     "svc %[reply]"
                     :
                     : "r"(x0), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6), "r"(x7),
                       "r"(x8), "r"(x9), "r"(x10), [reply] "i"(WHIT_REPLY)
                     : "memory");
    __builtin_unreachable();
}

/*
 * The same for callers that are not trusted: they see the answer and no other register.  The entry
 * then begins with whit_enter_distrusting.
 */
static inline __attribute__((always_inline)) _Noreturn void
whit_reply_distrusting(const struct whit_message *answer)
{
    const uint64_t on = whit_settled(answer->pass);
    const uint64_t w[WHIT_WORDS] = {
        whit_settled(answer->word[0]), whit_settled(answer->word[1]), whit_settled(answer->word[2]),
        whit_settled(answer->word[3]), whit_settled(answer->word[4]), whit_settled(answer->word[5]),
        whit_settled(answer->word[6]), whit_settled(answer->word[7]), whit_settled(answer->word[8]),
        whit_settled(answer->word[9]),
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

    __asm__ volatile(WHIT_CLEAR "svc %[reply]\n\t"
                                "mov x10, xzr\n\t"
                                "svc %[reply]"
                     :
                     : "r"(x0), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6), "r"(x7),
                       "r"(x8), "r"(x9), "r"(x10), [reply] "i"(WHIT_REPLY)
                     : "memory");
    __builtin_unreachable();
}

/* Floating point rounds and traps as the caller liked it, until this. */
static inline void whit_enter_distrusting(void)
{
    __asm__ volatile("msr fpcr, xzr" : : : "memory");
}

/* Answers a call that the kernel made for a thread (fault, exit): it reads no other word. */
static inline __attribute__((always_inline)) _Noreturn void
whit_reply_verdict(enum whit_verdict verdict)
{
    register uint64_t x0 __asm__("x0") = (uint64_t)verdict;
    register uint64_t x10 __asm__("x10") = 0;

    __asm__ volatile("svc %[reply]" : : "r"(x0), "r"(x10), [reply] "i"(WHIT_REPLY) : "memory");
    __builtin_unreachable();
}

/*
 * Defines the portal entry `name`, which enters the C function `function` with all ten words and
 * the badge as its eleven arguments: the last three lie on the stack (AAPCS64, stage C).
 */
#define WHIT_ENTRY(name, function)                                                                 \
    void name(void);                                                                               \
    __asm__(".pushsection .text." #name ",\"ax\"\n\t"                                              \
            ".global " #name "\n\t"                                                                \
            ".type " #name ", %function\n" #name ":\n\t"                                           \
            "str x10, [sp, #-16]!\n\t"                                                             \
            "stp x8, x9, [sp, #-16]!\n\t"                                                          \
            "b " #function "\n\t"                                                                  \
            ".popsection")

#endif
