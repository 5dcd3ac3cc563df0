#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# docs/security.md: each test that it names exists.

set -u
cd "$(dirname "$0")/../.." || exit 1

page=docs/security.md

# The names between backquotes, one a line.
named()
{
    grep -o '`[^`]*`' "$page" | tr -d '`' | grep -E '^(host|system|models)/' | sort -u
}

# Whether the test exists that $1 names.
exists()
{
    case $1 in
    host/NAME* | system/NAME | models/NAME) return 0 ;;
    host/*:\ *)
        file=tests/host/test_$(expr "$1" : 'host/\([^:]*\)').c
        grep -qF "\"${1#*: }\"" "$file"
        ;;
    host/tool_*) [ -e "tests/$1.sh" ] ;;
    system/*) grep -qE "^(long:)?${1#system/} " tests/system/list ;;
    models/*) [ -e "tests/models/${1#models/}.pml" ] ;;
    *) return 1 ;;
    esac
}

mkdir -p build/host
count=0
named >build/host/security.names
while read -r name; do
    if exists "$name" 2>/dev/null; then
        count=$((count + 1))
    else
        echo "not ok a test of $page - there is none called \"$name\""
    fi
done <build/host/security.names
if [ $count -ge 50 ]; then
    echo "ok tests named in $page ($count)"
else
    echo "not ok tests named in $page - only $count found"
fi
