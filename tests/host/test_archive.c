/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot archive as root reads it, whole and damaged, and the check of program images. */
#include "../../programs/root/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(4096) char memory[1 << 16];

static void result(const char *name, bool good, const char *why)
{
    if (good)
        printf("ok %s\n", name);
    else
        printf("not ok %s - %s\n", name, why);
}

/* Appends an entry; its data starts at a multiple of 4096 as mkarchive has it. */
static size_t add(size_t at, const char *name, unsigned mode, const void *data, size_t bytes)
{
    size_t start = bytes ? (at + 110 + strlen(name) + 1 + 4095) & ~(size_t)4095
                         : (at + 110 + strlen(name) + 1 + 3) & ~(size_t)3;
    char header[112];
    snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1,
             mode, 0, 0, 1, 0, (unsigned)bytes, 0, 0, 0, 0, (unsigned)(start - at - 110), 0);
    memset(memory + at, 0, start - at);
    memcpy(memory + at, header, 110);
    memcpy(memory + at + 110, name, strlen(name));
    if (bytes)
        memcpy(memory + start, data, bytes);
    return (start + bytes + 3) & ~(size_t)3;
}

static struct archive make_archive(void)
{
    size_t at = add(0, "root", 0100755, "ROOT", 4);
    at = add(at, "folder", 040755, NULL, 0);
    at = add(at, "empty", 0100644, NULL, 0);
    at = add(at, "second", 0100644, "two", 3);
    at = add(at, "TRAILER!!!", 0, NULL, 0);
    return (struct archive){memory, at};
}

static void test_archive(void)
{
    struct archive archive = make_archive();
    struct file file;
    result("first file",
           archive_find(&archive, "root", &file) && file.bytes == 4 &&
               memcmp(file.start, "ROOT", 4) == 0 && file.offset % 4096 == 0,
           "");
    result("later file", archive_find(&archive, "second", &file) && file.bytes == 3, "");
    result("empty file", archive_find(&archive, "empty", &file) && file.bytes == 0, "");
    result("no such file", !archive_find(&archive, "secon", &file), "");
    result("a folder is no file", !archive_find(&archive, "folder", &file), "");
    result("the end is no file", !archive_find(&archive, "TRAILER!!!", &file), "");
}

/* Copies of exact size, so that the sanitizer sees every byte read behind the end. */
static void test_damage(void)
{
    struct archive whole = make_archive();
    struct file file;
    bool found = false;
    for (size_t bytes = 0; bytes < 400; bytes++) {
        char *copy = malloc(bytes ? bytes : 1);
        memcpy(copy, memory, bytes);
        struct archive archive = {copy, bytes};
        found = found || archive_find(&archive, "second", &file);
        free(copy);
    }
    result("cut archives", !found, "a file was found behind the end");
    for (size_t at = 0; at < 120; at++)
        for (int value = 0; value < 256; value += 5) {
            make_archive();
            memory[at] = (char)value;
            if (!archive_find(&whole, "second", &file))
                continue;
            if (file.start < memory || file.start + file.bytes > memory + whole.bytes)
                found = true;
        }
    result("damaged headers", !found, "a file lies outside");
}

static struct whit_image image(void)
{
    return (struct whit_image){.magic = WHIT_IMAGE_MAGIC,
                               .abi = WHIT_ABI_VERSION,
                               .stack_bytes = 4096,
                               .entry = WHIT_IMAGE_BASE + 64,
                               .text_bytes = 4096,
                               .rodata_bytes = 4096,
                               .data_bytes = 0,
                               .bss_bytes = 8192};
}

static void check_image(const char *name, const struct whit_image *header, const char *expected)
{
    char problem[120];
    struct file file = {memory, 8192, 4096};
    memcpy(memory, header, sizeof *header);
    const struct whit_image *found = image_check(&file, problem, sizeof problem);
    result(name, strcmp(problem, expected) == 0 && (found != NULL) == (expected[0] == '\0'),
           problem);
}

int main(void)
{
    test_archive();
    test_damage();
    struct whit_image header = image();
    check_image("a good image", &header, "");
    header.magic++;
    check_image("no image", &header, "is no program image");
    header = image();
    header.abi = WHIT_ABI_VERSION + 1;
    char expected[120];
    snprintf(expected, sizeof expected,
             "was built for version %d of Whit's ABI, but this system has version %d",
             WHIT_ABI_VERSION + 1, WHIT_ABI_VERSION);
    check_image("another ABI", &header, expected);
    header = image();
    header.text_bytes = 8192;
    check_image("larger than its file", &header, "is damaged: its header does not fit its size");
    header = image();
    header.bss_bytes = ~(uint64_t)4095;
    check_image("too much bss", &header, "is damaged: its header does not fit its size");
    header = image();
    header.rodata_bytes = 100;
    check_image("not in pages", &header, "is damaged: its header does not fit its size");
    header = image();
    header.entry = WHIT_IMAGE_BASE + 4096;
    check_image("entry outside", &header, "is damaged: its entry is outside of its text");
    return 0;
}
