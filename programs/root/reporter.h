/* SPDX-License-Identifier: BSD-2-Clause */
/* Where sentences for the user go: root's output, or a test. */
#ifndef ROOT_REPORTER_H
#define ROOT_REPORTER_H

struct reporter {
    void (*line)(struct reporter *reporter, const char *text); /* without its end of line */
};

/* Formats one line; what does not fit into 400 characters is cut. */
__attribute__((format(printf, 2, 3))) void report(struct reporter *reporter, const char *format,
                                                  ...);

#endif
