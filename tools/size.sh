#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints the size of the release kernel, which has nothing of kernel/debug, and compares it with
# kernel/size.ratchet, which holds the same three numbers and may only fall.
# `tools/size.sh --record` writes them.

set -eu
cd "$(dirname "$0")/.."

ratchet=kernel/size.ratchet

measure()
{
    echo "lines $(find kernel abi/whit.h -path kernel/debug -prune -o -name '*.[chS]' -exec build/tools/lines {} +)"
    # Loaded sections: those that are written are data (with the stacks), the others code.
    aarch64-linux-gnu-readelf -SW build/kernel-release/whit.elf | sed 's/^ *\[[^]]*\] *//' |
        while read -r _ _ _ _ size _ flags _; do
            case $flags in
            *W*A*) echo "data $((0x$size))" ;;
            *A*) echo "code $((0x$size))" ;;
            esac
        done | awk '{ sum[$1] += $2 }
                    END { print "code_bytes", sum["code"] + 0; print "data_bytes", sum["data"] + 0 }'
}

measured=$(measure)
if [ "${1-}" = --record ]; then
    echo "$measured" >"$ratchet"
fi

echo "$measured" | while read -r what is; do
    allowed=$(sed -n "s/^$what //p" "$ratchet" 2>/dev/null) || allowed=
    printf '%-10s %7d  ratchet %s\n' "$what" "$is" "${allowed:-none}"
done

echo "$measured" | while read -r what is; do
    allowed=$(sed -n "s/^$what //p" "$ratchet" 2>/dev/null) || allowed=
    if [ -n "$allowed" ] && [ "$is" -gt "$allowed" ]; then
        echo "size: $what is $is, above the $allowed of $ratchet." >&2
        exit 1
    fi
done
