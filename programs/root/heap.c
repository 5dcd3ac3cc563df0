/* SPDX-License-Identifier: BSD-2-Clause */
/* Root's own tables: a pointer that only moves up. */
#include "heap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { HEAP_ALIGN = 16 };

void *heap_take(struct heap *heap, size_t count, size_t bytes_each)
{
    size_t left = (size_t)(heap->end - heap->next) & ~(size_t)(HEAP_ALIGN - 1);
    if (bytes_each != 0 && count > left / bytes_each)
        heap->exhausted();

    size_t bytes = (count * bytes_each + HEAP_ALIGN - 1) & ~(size_t)(HEAP_ALIGN - 1);
    void *taken = heap->next;
    heap->next += bytes;
    return memset(taken, 0, bytes);
}

const char *heap_text(struct heap *heap, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    size_t bytes = length < 0 ? 1 : (size_t)length + 1;
    char *text = heap_take(heap, bytes, 1);
    vsnprintf(text, bytes, format, again);
    va_end(again);
    va_end(args);
    return text;
}
