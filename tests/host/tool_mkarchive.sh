#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tools/mkarchive: its archives are read back, here field by field and by cpio where there is one.

set -u
cd "$(dirname "$0")/../.." || exit 1

mkarchive=$PWD/build/tools/mkarchive
work=$PWD/build/host/mkarchive.work
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1

check()
{
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        echo "not ok $1 - got \"$2\", expected \"$3\""
    fi
}

bytes()
{
    dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | tr -d '\0'
}

# Field $3 (0 to 12) of the header at offset $2 of archive $1.
field()
{
    echo $((0x$(bytes "$1" $(($2 + 6 + 8 * $3)) 8)))
}

# Prints "NAME MODE SIZE DATA-OFFSET" of each entry.
list()
{
    at=0
    while [ "$(bytes "$1" $at 6)" = 070701 ]; do
        size=$(field "$1" $at 6)
        name_bytes=$(field "$1" $at 11)
        name=$(bytes "$1" $((at + 110)) "$name_bytes")
        [ "$name" != 'TRAILER!!!' ] || return 0
        data=$(((at + 110 + name_bytes + 3) / 4 * 4))
        printf '%s %o %d %d\n' "$name" "$(field "$1" $at 1)" "$size" $data
        at=$(((data + size + 3) / 4 * 4))
    done
    echo "no header at $at"
}

refusal()
{
    "$mkarchive" "$@" 2>&1
    echo "status $?"
}

printf 'hello\n' >small
dd if=/dev/zero bs=1 count=5001 2>/dev/null | tr '\0' 'x' >big
: >empty
chmod 644 small empty
chmod 755 big

"$mkarchive" out.cpio folder/ one=small folder/two=big none=empty three=small
check 'is made' $? 0
listing=$(list out.cpio)
check 'folder' "$(echo "$listing" | sed -n 1p)" 'folder 40755 0 120'
check 'file at a page' "$(echo "$listing" | sed -n 2p)" 'one 100644 6 4096'
check 'executable at a page' "$(echo "$listing" | sed -n 3p)" 'folder/two 100755 5001 8192'
check 'empty file' "$(echo "$listing" | sed -n 4p | cut -d' ' -f1-3)" 'none 100644 0'
check 'last file at a page' "$(echo "$listing" | sed -n 5p)" 'three 100644 6 16384'
check 'entries' "$(echo "$listing" | wc -l)" 5
check 'whole pages' $(($(wc -c <out.cpio) % 4096)) 0
check 'content' "$(bytes out.cpio 4096 6)" hello
bytes out.cpio 8192 5001 | cmp -s - big
check 'long content' $? 0

sleep 1
touch small big
"$mkarchive" again.cpio folder/ one=small folder/two=big none=empty three=small
cmp -s out.cpio again.cpio
check 'same input gives the same bytes' $? 0

"$mkarchive" -a 4 plain.cpio one=small
check 'alignment 4' "$(list plain.cpio)" 'one 100644 6 116'

if command -v cpio >/dev/null; then
    check 'cpio lists it' "$(cpio -it --quiet <out.cpio | tr '\n' ' ')" \
        'folder one folder/two none three '
    mkdir unpacked
    (cd unpacked && cpio -i --quiet <../out.cpio && cmp -s folder/two ../big && cmp -s three ../small)
    check 'cpio unpacks it' $? 0
fi

check 'missing file' "$(refusal bad.cpio one=nothing)" \
    'mkarchive: cannot read nothing, wanted as "one": No such file or directory.
status 1'
check 'no half archive' "$(ls bad.cpio 2>/dev/null)" ''
check 'name twice' "$(refusal bad.cpio one=small one=big)" \
    'mkarchive: the name "one" is given twice.
status 1'
check 'absolute name' "$(refusal bad.cpio /one=small)" \
    'mkarchive: "/one" starts with '\''/'\''; names are relative.
status 1'
check 'no name' "$(refusal bad.cpio =small)" \
    'mkarchive: an entry has no name before the '\''='\''.
status 1'
check 'neither file nor folder' "$(refusal bad.cpio one)" \
    'mkarchive: "one" is neither NAME=FILE nor a folder NAME/.
status 1'
check 'alignment 3' "$(refusal -a 3 bad.cpio one=small)" \
    'mkarchive: the alignment "3" is not a power of two from 4 to 65536.
status 1'
check 'no arguments' "$(refusal)" \
    'mkarchive: usage: mkarchive [-a ALIGNMENT] OUT {NAME=FILE | NAME/}...
status 1'
