#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The errors of each call: the manual against itself, and against tests/system/conform, which
# provokes each of them in the emulator.

set -u
cd "$(dirname "$0")/../.." || exit 1

manual=docs/abi.md
work=build/host/conform
mkdir -p $work

# same NAME FILE FILE: two lists of pairs.
same()
{
    if [ ! -s "$2" ]; then
        echo "not ok $1 - found none"
    elif cmp -s "$2" "$3"; then
        echo "ok $1 ($(wc -l <"$2"))"
    else
        echo "not ok $1 - only in one of them: $(sort "$2" "$3" | uniq -u | tr '\n' ';')"
    fi
}

for from in lines lists; do
    awk -v from=$from -f tools/abi-errors.awk $manual | sort >$work/$from
done
sed -n 's/.*PAIR(\(CALL\|OPERATION\)(\([A-Z_]*\)), \([A-Z]*\), .*/\1 \2 \3/p' \
    tests/system/conform/pairs.h |
    sed 's/^CALL /WHIT_/; s/^OPERATION /WHIT_OP_/' | sort >$work/program

same 'lines and lists of the manual name the same errors' $work/lines $work/lists
same 'each is provoked' $work/lines $work/program

# Each call and operation says what it costs.
missing=$(awk '
    /^## / { call = "" }
    /^### WHIT_/ { call = $2; says[call] = 0 }
    call != "" && /Cost: / { says[call] = 1 }
    END { for (call in says) if (!says[call]) printf " %s", call }' $manual)
if [ -z "$missing" ]; then
    echo 'ok each says what it costs'
else
    echo "not ok each says what it costs -$missing"
fi
