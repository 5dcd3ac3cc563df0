/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot archive (cpio "newc", tools/mkarchive.c) and the program images in it.  Pure. */
#ifndef ROOT_ARCHIVE_H
#define ROOT_ARCHIVE_H

#include "whit.h"

#include <stdbool.h>
#include <stddef.h>

struct archive {
    const char *start;
    size_t bytes;
};

struct file {
    const char *start;
    uint64_t bytes;
    uint64_t offset; /* of start in the archive */
};

/* Finds a regular file; false if there is none of that name, or the archive is damaged before. */
bool archive_find(const struct archive *archive, const char *name, struct file *out);

/*
 * The header of the program image in `file`, NULL if it cannot be run: *problem then says why,
 * in words that follow the file's name.
 */
const struct whit_image *image_check(const struct file *file, char *problem, size_t problem_bytes);

/* Bytes of the file that are loaded, and of the memory that the image takes. */
uint64_t image_file_bytes(const struct whit_image *image);
uint64_t image_space_bytes(const struct whit_image *image);

#endif
