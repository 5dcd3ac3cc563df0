/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a program: a fault that its supervisor knows (whit/exit.h). */
#include "whit/exit.h"
#include "whit/log.h"
#include "whit/parameters.h"
#include "whit/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Noreturn void end(uint64_t code)
{
    whit_log_flush();
    /* From here on no call, which would not keep the registers. */
    register uint64_t x0 __asm__("x0") = code;
    register uint64_t x8 __asm__("x8") = WHIT_EXIT;

    /* A supervisor that resumes the program anyway meets the same fault again. */
    for (;;) {
        __asm__ volatile("svc #0" : "+r"(x0), "+r"(x8) : : "memory");
    }
}

_Noreturn void _exit(int code)
{
    end((unsigned)code % WHIT_EXIT_CODES);
}

_Noreturn void abort(void)
{
    end(WHIT_EXIT_ABORT);
}

_Noreturn void whit_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    exit(1);
}
