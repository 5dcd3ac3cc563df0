// SPDX-License-Identifier: BSD-2-Clause
//
// The functions that compilers expect of every environment.  No unaligned access: they also run
// with the MMU off.

    .text

// void *memset(void *to, int byte, size_t bytes)
    .global memset
    .type memset, %function
memset:
    mov     x3, x0
    and     x1, x1, #0xff
    orr     x1, x1, x1, lsl #8
    orr     x1, x1, x1, lsl #16
    orr     x1, x1, x1, lsl #32
    tst     x0, #7
    b.ne    3f
1:  subs    x2, x2, #16
    b.lo    2f
    stp     x1, x1, [x3], #16
    b       1b
2:  add     x2, x2, #16
3:  cbz     x2, 5f
4:  strb    w1, [x3], #1
    subs    x2, x2, #1
    b.ne    4b
5:  ret

// void *memcpy(void *to, const void *from, size_t bytes)
    .global memcpy
    .type memcpy, %function
memcpy:
    mov     x3, x0
    orr     x4, x0, x1
    tst     x4, #7
    b.ne    3f
1:  subs    x2, x2, #16
    b.lo    2f
    ldp     x4, x5, [x1], #16
    stp     x4, x5, [x3], #16
    b       1b
2:  add     x2, x2, #16
3:  cbz     x2, 5f
4:  ldrb    w4, [x1], #1
    strb    w4, [x3], #1
    subs    x2, x2, #1
    b.ne    4b
5:  ret

// void *memmove(void *to, const void *from, size_t bytes): memcpy goes upwards, so it may overlap with
// what lies above.
    .global memmove
    .type memmove, %function
memmove:
    sub     x3, x0, x1
    cmp     x3, x2                  // unsigned: below the source, or clear of it
    b.hs    memcpy
1:  cbz     x2, 2f
    sub     x2, x2, #1
    ldrb    w4, [x1, x2]
    strb    w4, [x0, x2]
    b       1b
2:  ret

// int memcmp(const void *a, const void *b, size_t bytes)
    .global memcmp
    .type memcmp, %function
memcmp:
    cbz     x2, 2f
1:  ldrb    w3, [x0], #1
    ldrb    w4, [x1], #1
    subs    w3, w3, w4
    b.ne    3f
    subs    x2, x2, #1
    b.ne    1b
2:  mov     w3, #0
3:  mov     w0, w3
    ret

// int strcmp(const char *a, const char *b)
    .global strcmp
    .type strcmp, %function
strcmp:
1:  ldrb    w2, [x0], #1
    ldrb    w3, [x1], #1
    subs    w4, w2, w3
    b.ne    2f
    cbnz    w2, 1b
2:  mov     w0, w4
    ret
