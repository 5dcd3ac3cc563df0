#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The shape of the architecture-neutral core, kernel/*.[ch]: one kernel for all machines and boards,
# so nothing in it is compiled or left out; it knows no machine, and has no errors of its own.

set -u
cd "$(dirname "$0")/../.." || exit 1

# report NAME WHAT-IS-WRONG
report()
{
    if [ -z "$2" ]; then
        echo "ok $1"
    else
        echo "not ok $1 - $(echo "$2" | head -n 5)"
    fi
}

# Directives that choose, of a file without the guard that every header begins and ends with.
choices()
{
    guard=$(basename "$1" .h | tr '[:lower:]' '[:upper:]')_H
    sed "/^#ifndef $guard\$/,/^#define $guard\$/d; \$ { /^#endif\$/d; }" "$1" |
        grep -E '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif|else|endif)' | sed "s|^|$1: |"
}

wrong=
files=0
for file in kernel/*.[ch]; do
    wrong="$wrong$(choices "$file")"
    files=$((files + 1))
done
[ "$files" -gt 20 ] || wrong="only $files files"
report 'no conditional compilation' "$wrong"

report 'no assembly but an empty one' \
    "$(grep -nE '\basm\b|__asm__' kernel/*.[ch] | grep -v '__asm__ volatile("" :')"

report 'no header of a machine' "$(grep -nE '#include "(aarch64/|gic|sysreg|mmu|vcpu)' kernel/*.[ch])"

report 'one enum of errors' \
    "$(grep -rnE 'enum whit_error \{' abi kernel lib programs --include='*.[ch]' |
        grep -v '^abi/whit.h:')$(grep -nE '(define|^ +)[[:space:]]*(WHIT_)?E_[A-Z]+([[:space:]]*=|,)' \
        kernel/*.[ch])"
