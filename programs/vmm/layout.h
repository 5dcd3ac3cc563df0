/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's physical addresses, and where in its RAM the loader puts things.  Pure. */
#ifndef VMM_LAYOUT_H
#define VMM_LAYOUT_H

#include <stdint.h>

#define GUEST_DISTRIBUTOR    UINT64_C(0x08000000)
#define GUEST_REDISTRIBUTORS UINT64_C(0x080a0000)
#define GUEST_UART           UINT64_C(0x09000000)
#define GUEST_RAM            UINT64_C(0x40000000)

enum {
    GUEST_UART_LINE = 33,  /* shared interrupt 1 */
    GUEST_TIMER_LINE = 27, /* virtual timer */
    GUEST_UART_CLOCK_HZ = 24000000,
    GUEST_TREE_BYTES = 0x10000
};

/* Offsets in RAM, half-open ranges. */
struct layout {
    uint64_t kernel, kernel_end; /* kernel_end: behind what its header asks for */
    uint64_t initrd, initrd_end; /* equal: there is none */
    uint64_t tree, tree_end;
};

/* Lays out RAM of `ram` bytes for an arm64 Image (Linux: Documentation/arm64/booting.rst) at
 * `image`.  NULL, or why it cannot be done. */
const char *layout_make(struct layout *layout, uint64_t ram, const void *image,
                        uint64_t image_bytes, uint64_t initrd_bytes);

#endif
