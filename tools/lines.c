// SPDX-License-Identifier: BSD-2-Clause
//
// Counts lines of C and assembly that hold code: not blank, not comment only.
// Prints the sum over the files given.

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum state { CODE, SLASH, LINE_COMMENT, BLOCK_COMMENT, STAR, STRING, CHARACTER };

static unsigned long count_lines(FILE *in)
{
    enum state state = CODE;
    bool has_code = false;
    unsigned long lines = 0;
    int c;

    while ((c = fgetc(in)) != EOF) {
        switch (state) {
        case SLASH:
            state = c == '/' ? LINE_COMMENT : c == '*' ? BLOCK_COMMENT : CODE;
            has_code |= state == CODE;
            break;
        case STAR:
            state = c == '/' ? CODE : c == '*' ? STAR : BLOCK_COMMENT;
            break;
        case BLOCK_COMMENT:
            state = c == '*' ? STAR : BLOCK_COMMENT;
            break;
        case STRING:
        case CHARACTER:
            if (c == '\\')
                fgetc(in);
            else if (c == (state == STRING ? '"' : '\'') || c == '\n')
                state = CODE;
            break;
        case CODE:
            state = c == '/' ? SLASH : c == '"' ? STRING : c == '\'' ? CHARACTER : CODE;
            has_code |= state != SLASH && !isspace(c);
            break;
        case LINE_COMMENT:
            break;
        }
        if (c == '\n') {
            lines += has_code;
            has_code = false;
            if (state != BLOCK_COMMENT)
                state = CODE;
        }
    }
    return lines + has_code;
}

int main(int argc, char **argv)
{
    unsigned long lines = 0;

    for (int i = 1; i < argc; i++) {
        FILE *in = fopen(argv[i], "r");
        if (!in) {
            fprintf(stderr, "lines: cannot read %s: %s.\n", argv[i], strerror(errno));
            return 1;
        }
        lines += count_lines(in);
        fclose(in);
    }
    printf("%lu\n", lines);
    return 0;
}
