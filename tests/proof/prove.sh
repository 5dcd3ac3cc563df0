#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Proves with Frama-C what tests/proof/contracts names: by WP the contracts of functions, and that
# they have no run-time error under them; by EVA that a driver and what it calls have none at all.
# What is not proved has to be in tests/proof/justified, and what is there must not be proved.
#
#   tests/proof/prove.sh [FILE]       all, or those of one file

set -u
cd "$(dirname "$0")/../.." || exit 1

only=${1-}
work=build/proof/${only:+$(basename "$only" .c)}
seconds=20 # for one goal and prover
failed=0

command -v frama-c >/dev/null || {
    echo "not ok - frama-c is not installed (./whit proof installs it)"
    exit 1
}
rm -rf "$work"
mkdir -p "$work"
# The provers that are installed, for Why3; somebody's own configuration is left alone.
why3 --config "$work/why3.conf" config detect >"$work/provers" 2>&1 || cat "$work/provers"
export WHY3CONFIG="$PWD/$work/why3.conf"

# One argument for each list of names: a,b,c.
commas()
{
    echo "$*" | tr ' ' ','
}

# Names of goals that no prover has proved.
unproved()
{
    sed -n 's/^\[wp\] \[[A-Za-z0-9. ]*\] Goal \([^ ]*\)\(.*\)/\1 \2/p' "$1" | grep -v ': Valid' |
        cut -d ' ' -f 1 | sort
}

# Alarms of EVA, a line each, without the number of the source's line, and without the status of a
# property: it differs from state to state.  Without those that are WP's: what follows in a function
# that has a contract, and assertions whose names begin with wp_.
alarms()
{
    awk '/^\[/ { if (text != "") print text; text = "" }
        /^\[eva:alarm\]/ { text = $0; next }
        text != "" { text = text " " $0 }
        END { if (text != "") print text }' "$1" |
        sed 's/^[^ ]* \([^:]*\):[0-9]*: Warning: */\1 /; s/  */ /g; s/ got status .*//; s/: / /g' | sort -u |
        grep -vE " (postcondition|loop invariant)|assertion 'wp_"
}

# Compares what is left of $1, in the file $log.left, with what is justified; $2 says what is proved.
judge()
{
    sed -n "s|^$1 \([^:]*\):.*|\1|p" tests/proof/justified | sort >"$log.justified"
    if cmp -s "$log.left" "$log.justified"; then
        echo "ok $1: $2"
        return
    fi
    diff "$log.left" "$log.justified" | sed -n \
        -e "s|^< |not ok $1 - neither proved nor justified: |p" \
        -e "s|^> |not ok $1 - justified, but proved or gone: |p"
    failed=1
}

defines='-std=c17 -DWHIT_DEBUG=1 -iquote abi -iquote kernel -include tests/proof/dialect.h'

# analyse OPTIONS ...: Frama-C with the kernel's headers; its words go to the file $log.log.
analyse()
{
    nice frama-c -machdep gcc_x86_64 -c11 \
        -cpp-extra-args="$defines" "$@" >"$log.log" 2>&1
}

# What runs on the machine of tests/proof/machine.c, where addresses are numbers, those of its RAM.
machine='tests/proof/machine.c tests/proof/situation.c
    kernel/budget.c kernel/cap.c kernel/core.c kernel/delegate.c kernel/irq.c kernel/make.c
    kernel/memory.c kernel/portal.c kernel/request.c kernel/sched.c kernel/signal.c kernel/space.c
    kernel/stage2.c kernel/syscall.c kernel/teardown.c kernel/thread.c kernel/timer.c kernel/virq.c'
machine_options='-absolute-valid-range 0x40000000-0x4003ffff -eva-slevel 1000000 -eva-ilevel 64
    -eva-warn-undefined-pointer-comparison none -eva-msg-key=-final-states'

bad_end()
{
    echo "not ok $1 - frama-c ended badly, $log.log says: $(grep -m 1 Error "$log.log")"
    failed=1
}

# prove FILE INLINED FUNCTION ...   What copies and clears is words.h's.
prove()
{
    file=$1
    inlined=$2
    shift 2
    log=$work/$(basename "$file" .c)
    analyse "$file" ${inlined:+-inline-calls "$inlined"} \
        -cpp-extra-args="$defines -include tests/proof/words.h" -wp -wp-model Typed+Cast -wp-rte \
        -wp-fct "$(commas "$@")" -wp-prover cvc4,z3 -wp-timeout $seconds -wp-par "$(nproc)"
    goals=$(sed -n 's/^\[wp\] Proved goals: *\([0-9]*\) \/ *\([0-9]*\).*/\1 of \2/p' "$log.log")
    unproved "$log.log" >"$log.left"
    if [ -z "$goals" ]; then
        bad_end "$file"
    else
        judge "$file" "$* ($goals goals)"
    fi
}

# drive OPTIONS DRIVER FILE ...
drive()
{
    options=$1
    driver=$2
    shift
    log=$work/eva-$(basename "$driver" .c)
    # shellcheck disable=SC2086 # several words
    analyse "$@" -eva -eva-precision 2 -eva-split-return full $options
    reached=$(sed -n 's/.*, \([0-9]*\) statements reached (out of \([0-9]*\)).*/\1 of \2/p' "$log.log")
    alarms "$log.log" >"$log.left"
    if [ -z "$reached" ]; then
        bad_end "$driver"
    else
        judge "$driver" "no run-time error ($reached statements)"
    fi
}

inlined=
while read -r first rest; do
    case $first in
    '' | '#'*) continue ;;
    inline)
        inlined=$(commas $rest)
        continue
        ;;
    machine)
        [ -n "$only" ] && [ "$rest" != "$only" ] ||
            drive "$machine_options" "$rest" $machine
        continue
        ;;
    eva | states)
        options=
        [ "$first" = eva ] || options='-eva-slevel 100000'
        [ -n "$only" ] && [ "${rest%% *}" != "$only" ] || drive "$options" $rest
        continue
        ;;
    esac
    [ -n "$only" ] && [ "$first" != "$only" ] || prove "$first" "$inlined" $rest
    inlined=
done <tests/proof/contracts
exit $failed
