/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats sentences for the user. */
#include "reporter.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_BYTES = 400 };

void report(struct reporter *reporter, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reporter->line(reporter, text);
}
