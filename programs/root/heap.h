/* SPDX-License-Identifier: BSD-2-Clause */
/* Root's own tables: taken once from memory that grows with the description, never given back. */
#ifndef ROOT_HEAP_H
#define ROOT_HEAP_H

#include <stddef.h>

struct heap {
    char *next, *end;
    void (*exhausted)(void); /* does not return */
};

/* Zeroed and aligned for any type.  Calls `exhausted` if there is not enough left. */
void *heap_take(struct heap *heap, size_t count, size_t bytes_each);

/* A formatted string. */
__attribute__((format(printf, 2, 3))) const char *heap_text(struct heap *heap, const char *format,
                                                            ...);

#endif
