#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Path lengths in instructions, under exact counting: measured twice, compared with the targets of
# bench/rows.tsv and with bench/baseline.tsv.  Fails if the two runs differ or a row got worse.
#
#   tools/bench.sh             the table; writes build/bench.tsv
#   tools/bench.sh --quick     one run, no comparison with the baseline
#   tools/bench.sh --accept    ... and makes the result the new baseline

set -eu
cd "$(dirname "$0")/.."

mode=${1-}
out=build/bench
mkdir -p $out

# $1: name of the run, $2...: QEMU options. Leaves $out/$1.log and $out/$1.rows (name, value).
measure()
{
    run=$1
    shift
    timeout 120 qemu-system-aarch64 \
        -machine virt,virtualization=on,gic-version=3,dtb-randomness=off -cpu cortex-a53 -m 1G \
        -icount shift=0,sleep=off -rtc clock=vm,base=2024-01-01 -nodefaults -nic none \
        -display none -no-reboot -chardev file,id=console,path=$out/$run.log \
        -serial chardev:console -kernel build/kernel-release/Image \
        -initrd build/bench/paths.cpio "$@" 2>$out/$run.err || true
    if ! grep -q '^bench: done' $out/$run.log; then
        echo "bench: the run \"$run\" did not end as it should:" >&2
        cat $out/$run.err $out/$run.log >&2
        exit 1
    fi
    tr -d '\r' <$out/$run.log | awk '$1 == "row" { print $2 "\t" $3 }' >$out/$run.rows
}

measure first
if [ "$mode" != --quick ]; then
    measure second
    if ! cmp -s $out/first.rows $out/second.rows; then
        echo "bench: two runs differ:" >&2
        diff $out/first.rows $out/second.rows >&2 || true
        exit 1
    fi
fi

[ -e bench/baseline.tsv ] || : >$out/none
baseline=bench/baseline.tsv
[ -e $baseline ] || baseline=$out/none

# Columns of build/bench.tsv: name, value, unit, target, what it was in the tree.
awk -F '\t' -v OFS='\t' '
    FILENAME == ARGV[1] { value[$1] = $2; next }
    FILENAME == ARGV[2] { was[$1] = $2; next }
    /^#/ { next }
    { print $1, ($1 in value) ? value[$1] : "-", "instructions", $2, ($1 in was) ? was[$1] : "-" }
' $out/first.rows $baseline bench/rows.tsv >build/bench.tsv

awk -F '\t' '
    BEGIN { printf "%-24s %8s %8s %8s\n", "instructions", "value", "target", "was" }
    {
        note = ""
        if ($2 == "-")
            note = "not measured"
        else if ($4 != "-" && $2 + 0 > $4 + 0) { note = "MISS"; misses++ }
        if ($2 != "-" && $5 != "-" && $2 + 0 > $5 + 0) { note = note " WORSE"; worse++ }
        printf "%-24s %8s %8s %8s  %s\n", $1, $2, $4, $5, note
    }
    END {
        printf "%d targets missed, %d rows worse than the baseline\n", misses, worse
        exit worse > 0
    }
' build/bench.tsv || [ "$mode" = --accept ] || [ "$mode" = --quick ] || exit 1

if [ "$mode" = --accept ]; then
    awk -F '\t' -v OFS='\t' '$2 != "-" { print $1, $2 }' build/bench.tsv >bench/baseline.tsv
fi
