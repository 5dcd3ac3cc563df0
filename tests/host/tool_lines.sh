#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tools/lines: what counts as a line of code.

set -u
cd "$(dirname "$0")/../.." || exit 1

work=$PWD/build/host/lines.work
rm -rf "$work"
mkdir -p "$work"

# count NAME EXPECTED: counts the text on stdin.
count()
{
    cat >"$work/file.c"
    got=$(build/tools/lines "$work/file.c")
    if [ "$got" = "$2" ]; then
        echo "ok $1"
    else
        echo "not ok $1 - counted $got, expected $2"
    fi
}

count 'nothing' 0 </dev/null

count 'blanks and comments' 0 <<'END'

// a line
   /* a block */
/*
 * over "several" lines // and more **/
END

count 'code beside comments' 4 <<'END'
int a; // one
/* one */ int b; /* two
*/ int c;
#include "d.h"
END

count 'comment signs in strings' 4 <<'END'
char *a = "/*";
char *b = "\"//";
char c = '"'; // '
int d = 6 / 2 /* / */;
END

printf 'int a;' | count 'no newline at the end' 1

if build/tools/lines "$work/nothing" 2>"$work/message"; then
    echo 'not ok missing file - status 0'
elif grep -q '^lines: cannot read .*: No such file' "$work/message"; then
    echo 'ok missing file'
else
    echo "not ok missing file - $(cat "$work/message")"
fi
