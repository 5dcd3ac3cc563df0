/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the guest's kernel, initial RAM disk and device tree go: in this order, 2 MiB aligned. */
#include "layout.h"

#include <string.h>

struct image_header {
    uint32_t code[2];
    uint64_t text_offset, image_size, flags, reserved[3];
    uint32_t magic, pe;
};

#define IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */
#define ALIGNMENT   UINT64_C(0x200000)

static uint64_t align(uint64_t offset)
{
    return (offset + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

const char *layout_make(struct layout *layout, uint64_t ram, const void *image,
                        uint64_t image_bytes, uint64_t initrd_bytes)
{
    struct image_header header;

    if (image_bytes < sizeof header)
        return "the kernel is too short for an arm64 Image";
    memcpy(&header, image, sizeof header);
    if (header.magic != IMAGE_MAGIC)
        return "the kernel is no arm64 Image";
    if (header.flags & 1)
        return "the kernel is big-endian";
    if (header.text_offset > ram || header.image_size > ram || image_bytes > ram ||
        initrd_bytes > ram)
        return "the guest's memory is too small for its kernel and initial RAM disk";
    layout->kernel = header.text_offset;
    layout->kernel_end =
        header.text_offset + (header.image_size > image_bytes ? header.image_size : image_bytes);
    layout->initrd = align(layout->kernel_end);
    layout->initrd_end = layout->initrd + initrd_bytes;
    layout->tree = align(layout->initrd_end);
    layout->tree_end = layout->tree + GUEST_TREE_BYTES;
    return layout->tree_end <= ram
               ? NULL
               : "the guest's memory is too small for its kernel and initial RAM disk";
}
