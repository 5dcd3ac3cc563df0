// SPDX-License-Identifier: BSD-2-Clause
//
// Writes a cpio archive ("newc", as for Linux initramfs) of files and folders.
// The data of each file starts at a multiple of the alignment, 4096 unless -a says otherwise, so
// that a loader can map it in place. The room before it is made by NULs at the end of the name.
// The output depends on names, contents and execute bits only.

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    HEADER_BYTES = 110, // "070701" and 13 fields of 8 hexadecimal digits
    RECORD_ALIGN = 4,
    NAME_MAX_BYTES = 255,
    MODE_FOLDER = 0040755,
    MODE_FILE = 0100644,
    MODE_EXECUTABLE = 0100755,
};

struct archive {
    FILE *out;
    const char *path;
    uint64_t offset;
    uint64_t align;
    uint32_t entries;
};

// The output, removed on failure so that no half archive is left.
static const char *unfinished;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("mkarchive: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    if (unfinished)
        remove(unfinished);
    exit(1);
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) / align * align;
}

static void put(struct archive *archive, const void *bytes, size_t count)
{
    if (fwrite(bytes, 1, count, archive->out) != count)
        die("cannot write %s: %s.", archive->path, strerror(errno));
    archive->offset += count;
}

static void pad(struct archive *archive, uint64_t align)
{
    while (archive->offset % align != 0)
        put(archive, "", 1);
}

// Writes a header and its name; afterwards the offset is where the data starts.
static void put_header(struct archive *archive, const char *name, unsigned mode, uint64_t size)
{
    uint64_t after_header = archive->offset + HEADER_BYTES;
    uint64_t align = size > 0 ? archive->align : RECORD_ALIGN;
    uint64_t name_end = after_header + strlen(name) + 1;
    uint64_t data = round_up(name_end, align);
    // With the smallest alignment the padding stays outside the name, as other writers have it.
    uint64_t name_bytes = (align > RECORD_ALIGN ? data : name_end) - after_header;
    unsigned links = mode == MODE_FOLDER ? 2 : 1;
    char header[HEADER_BYTES + 1];

    snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
             ++archive->entries, mode, 0U, 0U, links, 0U, (uint32_t)size, 0U, 0U, 0U, 0U,
             (uint32_t)name_bytes, 0U);
    put(archive, header, HEADER_BYTES);
    put(archive, name, strlen(name) + 1);
    while (archive->offset < data)
        put(archive, "", 1);
}

static void put_file(struct archive *archive, const char *name, const char *path)
{
    struct stat info;
    FILE *in = fopen(path, "rb");
    if (!in || fstat(fileno(in), &info) != 0)
        die("cannot read %s, wanted as \"%s\": %s.", path, name, strerror(errno));
    if (!S_ISREG(info.st_mode))
        die("%s, wanted as \"%s\", is not a regular file.", path, name);
    if ((uint64_t)info.st_size > UINT32_MAX)
        die("%s has 4 GiB or more; the archive format cannot hold it.", path);

    uint64_t size = (uint64_t)info.st_size;
    unsigned mode = info.st_mode & S_IXUSR ? MODE_EXECUTABLE : MODE_FILE;
    put_header(archive, name, mode, size);

    uint64_t end = archive->offset + size;
    char buffer[65536];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, in)) > 0)
        put(archive, buffer, count);
    if (ferror(in) || archive->offset != end)
        die("%s changed or failed while it was read.", path);
    fclose(in);
    pad(archive, RECORD_ALIGN);
}

static void check_name(const char *name, size_t length)
{
    if (length == 0)
        die("an entry has no name before the '='.");
    if (name[0] == '/')
        die("\"%.*s\" starts with '/'; names are relative.", (int)length, name);
    if (length > NAME_MAX_BYTES)
        die("the name \"%.*s\" has more than %d bytes.", (int)length, name, NAME_MAX_BYTES);
}

static bool same_name(const char *a, const char *b)
{
    size_t a_length = strcspn(a, "=");
    size_t b_length = strcspn(b, "=");
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

// An entry is NAME=FILE, or NAME/ for a folder.
static void put_entry(struct archive *archive, const char *entry)
{
    char name[NAME_MAX_BYTES + 1];
    const char *equals = strchr(entry, '=');
    size_t length = equals ? (size_t)(equals - entry) : strlen(entry);
    bool folder = !equals && length > 1 && entry[length - 1] == '/';

    if (!equals && !folder)
        die("\"%s\" is neither NAME=FILE nor a folder NAME/.", entry);
    if (folder)
        length--;
    check_name(entry, length);
    memcpy(name, entry, length);
    name[length] = '\0';

    if (folder)
        put_header(archive, name, MODE_FOLDER, 0);
    else
        put_file(archive, name, equals + 1);
}

static uint64_t parse_align(const char *text)
{
    char *end;
    unsigned long align = strtoul(text, &end, 10);
    if (*end != '\0' || align < RECORD_ALIGN || align > 65536 || (align & (align - 1)) != 0)
        die("the alignment \"%s\" is not a power of two from 4 to 65536.", text);
    return align;
}

int main(int argc, char **argv)
{
    struct archive archive = {.align = 4096};
    int first = 1;

    if (argc > 2 && strcmp(argv[1], "-a") == 0) {
        archive.align = parse_align(argv[2]);
        first = 3;
    }
    if (argc <= first)
        die("usage: mkarchive [-a ALIGNMENT] OUT {NAME=FILE | NAME/}...");

    archive.path = argv[first++];
    for (int i = first; i < argc; i++)
        for (int j = first; j < i; j++)
            if (same_name(argv[i], argv[j]))
                die("the name \"%.*s\" is given twice.", (int)strcspn(argv[i], "="), argv[i]);

    archive.out = fopen(archive.path, "wb");
    if (!archive.out)
        die("cannot write %s: %s.", archive.path, strerror(errno));
    unfinished = archive.path;

    for (int i = first; i < argc; i++)
        put_entry(&archive, argv[i]);
    put_header(&archive, "TRAILER!!!", 0, 0);
    // The last page is the archive's alone, and cpio reads blocks of 512 bytes.
    pad(&archive, archive.align > 512 ? archive.align : 512);

    if (fclose(archive.out) != 0)
        die("cannot write %s: %s.", archive.path, strerror(errno));
    return 0;
}
