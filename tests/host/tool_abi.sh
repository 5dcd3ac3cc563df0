#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The manual, docs/abi.md, against the header, abi/whit.h: whatever the one names, the other has.

set -u
cd "$(dirname "$0")/../.." || exit 1

header=abi/whit.h
manual=docs/abi.md
# Of the language, not of the ABI: include guard, numbers of enumerators.
internal='^WHIT_ABI_H$|_COUNT$|^WHIT_(KINDS|ROLES)$'

names()
{
    grep -oE 'WHIT_[A-Z0-9_]*[A-Z0-9]' "$@" | sort -u | grep -vE "$internal"
}

# Names defined in the lines of the header from $1 to the next closing brace.
block()
{
    sed -n "/$1/,/};/p" "$header" | names | grep -E "$2"
}

# check NAME NAMES...: each of NAMES is a word of the manual.
check()
{
    what=$1
    shift
    missing=
    for name in "$@"; do
        grep -qw "$name" "$manual" || missing="$missing $name"
    done
    if [ $# = 0 ]; then
        echo "not ok $what - no such names found in $header"
    elif [ -n "$missing" ]; then
        echo "not ok $what - not in $manual:$missing"
    else
        echo "ok $what ($#)"
    fi
}

# The calls are one block of definitions, from the first to the next empty line.
calls=$(sed -n '/^#define WHIT_CALL /,/^$/s/^#define \(WHIT_[A-Z]*\) .*/\1/p' "$header")
operations=$(block '^enum whit_op ' '_OP_')

# Word splitting is meant.
# shellcheck disable=SC2086
{
    check 'calls' $calls
    check 'operations' $operations
    check 'errors' $(block '^enum whit_error ' '_E_|_OK$')
    check 'kinds' $(block '^enum whit_kind ' .)
    check 'rights' $(names "$header" | grep '^WHIT_R_')
    check 'targets' $(block '^enum whit_target ' '_TARGET_')
    check 'roles' $(block '^enum whit_role ' '_ROLE_')
    check 'all names' $(names "$header")
}

# Each call and operation has a section of its own.
missing=
for name in $calls $operations; do
    grep -qx "### $name" "$manual" || missing="$missing $name"
done
if [ -z "$missing" ]; then
    echo 'ok sections'
else
    echo "not ok sections - without one:$missing"
fi

# The manual says the value of each error.
wrong=
value=0
for name in $(sed -n '/^enum whit_error /,/};/s/^    \(WHIT_[A-Z_]*\)[ ,].*/\1/p' "$header"); do
    [ "$name" != WHIT_E_COUNT ] || break
    grep -q "^| \`$name\` | $value |" "$manual" || wrong="$wrong $name"
    value=$((value + 1))
done
if [ -z "$wrong" ] && [ "$value" -gt 1 ]; then
    echo "ok values of errors ($value)"
else
    echo "not ok values of errors - not $value or not there:$wrong"
fi

# Names of the library, which the manual mentions, are in lower case.
strange=
for name in $(names "$manual"); do
    grep -qw "$name" "$header" || strange="$strange $name"
done
if [ -z "$strange" ]; then
    echo 'ok nothing that the header lacks'
else
    echo "not ok nothing that the header lacks - $strange"
fi
