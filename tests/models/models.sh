#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Verifies the models of the protocols between cores with spin, and that each model can fail: every
# mutation that its header names plants a mistake, which spin must find.
#
#   tests/models/models.sh [NAME]     all of them, or NAME.pml
#
# In a model's header: "check safety: WHAT", "check ltl CLAIM: WHAT" (under weak fairness), and
# "mutation DEFINE safety" or "mutation DEFINE ltl CLAIM".

set -u
cd "$(dirname "$0")/../.." || exit 1

top=$PWD
work=$top/build/models
depth=1000000
failed=0

command -v spin >/dev/null || {
    echo "not ok - spin is not installed (./whit test installs it)"
    exit 1
}
# Runs spin on model $1 for claim $3 ("-": assertions and invalid end states) with option $2; the
# verifier's answer goes to the file "answer" in the current directory.
verify()
{
    spin $2 -a "$top/tests/models/$1.pml" >spin.log 2>&1 || {
        cat spin.log
        return 1
    }
    if [ "$3" = - ]; then
        gcc -O1 -w -DNOFAIR -DNOCLAIM -DSAFETY -DVECTORSZ=2048 -o pan pan.c || return 1
        ./pan -m$depth -E >answer 2>&1
    else
        gcc -O1 -w -DNFAIR=3 -DVECTORSZ=2048 -o pan pan.c || return 1
        ./pan -m$depth -a -f -N "$3" >answer 2>&1
    fi
    # Only a search that came to its end says anything.
    ! grep -q 'max search depth too small\|out of memory\|pan: reached' answer
}

errors()
{
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' answer
}

states()
{
    sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' answer
}

# prove NAME CLAIM: no error, and every statement is reached.
prove()
{
    if verify "$1" '' "$2" && [ "$(errors)" = 0 ]; then
        echo "ok $1 $2: $(states) states"
    else
        echo "not ok $1 $2 - $(grep -m 1 '^pan\|rror' answer 2>/dev/null)"
        failed=1
    fi
}

# refute NAME DEFINE CLAIM: an error is found.
refute()
{
    if verify "$1" "-D$2" "$3" && [ "$(errors)" -gt 0 ]; then
        echo "ok $1 with $2: $(grep -m 1 '^pan:1' answer | sed 's/^pan:1: *//; s/ (at depth.*//')"
    else
        echo "not ok $1 with $2 - spin does not find the planted mistake"
        failed=1
    fi
}

# The header's lines, without what they say to people.
directives()
{
    sed -n 's/^ \* \(check\|mutation\) \([^:]*\).*/\1 \2/p' "tests/models/$1.pml" |
        sed 's/ safety$/ -/; s/ ltl / /'
}

for model in tests/models/${1:-*}.pml; do
    name=$(basename "$model" .pml)
    rm -rf "$work/$name"
    mkdir -p "$work/$name" && directives "$name" >"$work/$name/directives"
    cd "$work/$name" || exit 1
    while read -r what first second; do
        case $what in
        check) prove "$name" "$first" ;;
        mutation) refute "$name" "$first" "$second" ;;
        esac
    done <directives
    cd "$top" || exit 1
done
exit $failed
