/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive.  Nothing in it is trusted to be well formed: all offsets are checked against
 * its end.
 */
#include "archive.h"

#include <stdio.h>
#include <string.h>

enum {
    MAGIC_BYTES = 6,
    FIELD_BYTES = 8,
    HEADER_BYTES = 110,
    FIELD_MODE = 1,
    FIELD_FILE_BYTES = 6,
    FIELD_NAME_BYTES = 11,
    MODE_TYPE = 0170000,
    MODE_REGULAR = 0100000,
    IMAGE_BYTES_MAX = 0x10000000 /* each part: keeps sums from overflowing and below the stack */
};

static const char magic[] = "070701";
static const char trailer[] = "TRAILER!!!";

/* Field `index` of a header: eight hexadecimal digits. */
static bool field_read(const char *header, int index, uint64_t *value)
{
    const char *digit = header + MAGIC_BYTES + index * FIELD_BYTES;
    *value = 0;
    for (int i = 0; i < FIELD_BYTES; i++) {
        char c = digit[i];
        unsigned nibble;
        if (c >= '0' && c <= '9')
            nibble = (unsigned)(c - '0');
        else if (c >= 'A' && c <= 'F')
            nibble = (unsigned)(c - 'A') + 10;
        else if (c >= 'a' && c <= 'f')
            nibble = (unsigned)(c - 'a') + 10;
        else
            return false;
        *value = *value << 4 | nibble;
    }
    return true;
}

static uint64_t align4(uint64_t value)
{
    return (value + 3) & ~(uint64_t)3;
}

bool archive_find(const struct archive *archive, const char *name, struct file *out)
{
    uint64_t at = 0;
    while (at + HEADER_BYTES <= archive->bytes) {
        const char *header = archive->start + at;
        uint64_t mode, bytes, name_bytes;
        if (memcmp(header, magic, MAGIC_BYTES) != 0 || !field_read(header, FIELD_MODE, &mode) ||
            !field_read(header, FIELD_FILE_BYTES, &bytes) ||
            !field_read(header, FIELD_NAME_BYTES, &name_bytes))
            return false;
        uint64_t data = align4(at + HEADER_BYTES + name_bytes);
        const char *entry = header + HEADER_BYTES;
        if (data > archive->bytes || bytes > archive->bytes - data || name_bytes == 0 ||
            !memchr(entry, 0, (size_t)name_bytes) || strcmp(entry, trailer) == 0)
            return false;
        if (strcmp(entry, name) == 0 && (mode & MODE_TYPE) == MODE_REGULAR) {
            *out = (struct file){archive->start + data, bytes, data};
            return true;
        }
        at = align4(data + bytes);
    }
    return false;
}

uint64_t image_file_bytes(const struct whit_image *image)
{
    return image->text_bytes + image->rodata_bytes + image->data_bytes;
}

uint64_t image_space_bytes(const struct whit_image *image)
{
    return image_file_bytes(image) + image->bss_bytes;
}

static bool part_is_good(uint64_t bytes)
{
    return bytes % WHIT_PAGE == 0 && bytes <= IMAGE_BYTES_MAX;
}

const struct whit_image *image_check(const struct file *file, char *problem, size_t problem_bytes)
{
    const struct whit_image *image = (const struct whit_image *)(const void *)file->start;
    problem[0] = '\0';
    if (file->bytes < sizeof *image || file->offset % WHIT_PAGE != 0 ||
        image->magic != WHIT_IMAGE_MAGIC)
        snprintf(problem, problem_bytes, "is no program image");
    else if (image->abi != WHIT_ABI_VERSION)
        snprintf(problem, problem_bytes,
                 "was built for version %u of Whit's ABI, but this system has version %u",
                 (unsigned)image->abi, WHIT_ABI_VERSION);
    else if (!part_is_good(image->text_bytes) || !part_is_good(image->rodata_bytes) ||
             !part_is_good(image->data_bytes) || !part_is_good(image->bss_bytes) ||
             image_file_bytes(image) > file->bytes)
        snprintf(problem, problem_bytes, "is damaged: its header does not fit its size");
    else if (image->entry < WHIT_IMAGE_BASE || image->entry >= WHIT_IMAGE_BASE + image->text_bytes)
        snprintf(problem, problem_bytes, "is damaged: its entry is outside of its text");
    return problem[0] ? NULL : image;
}
