/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy and memset for normal memory, where unaligned accesses are allowed: the C library's go
 * byte by byte, and rings, logs and guest images are copied often.
 */
    .text

/* void *memcpy(void *to, const void *from, size_t bytes) */
    .global memcpy
    .type memcpy, %function
memcpy:
    mov     x3, x0
1:  subs    x2, x2, #32
    b.lo    2f
    ldp     x4, x5, [x1], #16
    ldp     x6, x7, [x1], #16
    stp     x4, x5, [x3], #16
    stp     x6, x7, [x3], #16
    b       1b
    /* The rest, below 32: a piece for each bit of its length (x2 is that minus 32). */
2:  tbz     x2, #4, 3f
    ldp     x4, x5, [x1], #16
    stp     x4, x5, [x3], #16
3:  tbz     x2, #3, 4f
    ldr     x4, [x1], #8
    str     x4, [x3], #8
4:  tbz     x2, #2, 5f
    ldr     w4, [x1], #4
    str     w4, [x3], #4
5:  tbz     x2, #1, 6f
    ldrh    w4, [x1], #2
    strh    w4, [x3], #2
6:  tbz     x2, #0, 7f
    ldrb    w4, [x1]
    strb    w4, [x3]
7:  ret
    .size memcpy, . - memcpy

/* void *memset(void *to, int byte, size_t bytes) */
    .global memset
    .type memset, %function
memset:
    mov     x3, x0
    and     x1, x1, #0xff
    orr     x1, x1, x1, lsl #8
    orr     x1, x1, x1, lsl #16
    orr     x1, x1, x1, lsl #32
1:  subs    x2, x2, #16
    b.lo    2f
    stp     x1, x1, [x3], #16
    b       1b
2:  tbz     x2, #3, 3f
    str     x1, [x3], #8
3:  tbz     x2, #2, 4f
    str     w1, [x3], #4
4:  tbz     x2, #1, 5f
    strh    w1, [x3], #2
5:  tbz     x2, #0, 6f
    strb    w1, [x3]
6:  ret
    .size memset, . - memset
