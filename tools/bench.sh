#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Path lengths in instructions, under exact counting: measured twice, compared with the targets of
# bench/rows.tsv and with bench/baseline.tsv.  Fails if the two runs differ, if a row got worse, if
# more cores cost something, or if a structural rule of tools/trace.c is broken.
#
#   tools/bench.sh                the table; writes build/bench.tsv and charts
#   tools/bench.sh --quick        one run, one core, no verdict
#   tools/bench.sh --accept       the result becomes the new baseline
#   tools/bench.sh --trace NAME   one operation, instruction by instruction
#   tools/bench.sh --check-doc    is the listing in docs/design/ipc.md that of this kernel?
#   tools/bench.sh --write-doc    it becomes so; what is said of instructions stays with them

set -eu
cd "$(dirname "$0")/.."

mode=${1-}
name=${2-}
out=build/bench
base=0x40200000 # where QEMU loads the kernel's Image
mkdir -p $out
exec 9>$out/lock
flock 9 # one at a time: they write the same files

# $1: name of the run, $2...: QEMU options.  Leaves $out/$1.log, .raw (the plugin's record), .trace
# (what it consists of) and .rows (name, value).
measure()
{
    run=$1
    shift
    bytes=0x$(aarch64-linux-gnu-nm $out/whit.elf | sed -n 's/ . image_end$//p')
    timeout 120 qemu-system-aarch64 \
        -machine virt,virtualization=on,gic-version=3,dtb-randomness=off -cpu cortex-a53 -m 4G \
        -icount shift=0,sleep=off -rtc clock=vm,base=2024-01-01 -nodefaults -nic none \
        -display none -no-reboot -chardev "file,id=console,path=$out/$run.log" \
        -serial chardev:console -kernel $out/Image -initrd build/bench/paths.cpio \
        -plugin "build/tools/plugin.so,out=$out/$run.raw,base=$base,bytes=$bytes" \
        "$@" 2>"$out/$run.err" || true
    if ! grep -q '^bench: done' "$out/$run.log"; then
        echo "bench: the run \"$run\" did not end as it should:" >&2
        cat "$out/$run.err" "$out/$run.log" >&2
        exit 1
    fi
    explain "$run" >"$out/$run.trace" || broken=yes
    {
        tr -d '\r' <"$out/$run.log" | awk -v OFS='\t' '$1 == "row" { print $2, $3 }'
        rows_of_trace <"$out/$run.trace"
    } >"$out/$run.rows"
}

# What a guest counts in its virtual machine (tests/guest/measure.c), on two cores; a tick of its
# counter is an instruction.  Leaves $out/$1.log and .rows.
measure_guest()
{
    run=$1
    timeout 120 qemu-system-aarch64 \
        -machine virt,virtualization=on,gic-version=3,dtb-randomness=off \
        -cpu cortex-a53,cntfrq=1000000000 -m 1G -smp 2 \
        -icount shift=0,sleep=off -rtc clock=vm,base=2024-01-01 -nodefaults -nic none \
        -display none -no-reboot -chardev "file,id=console,path=$out/$run.log" \
        -serial chardev:console -kernel $out/Image -initrd build/bench/vm.cpio \
        2>"$out/$run.err" || true
    if ! grep -q '^bench: done' "$out/$run.log"; then
        echo "bench: the run \"$run\" did not end as it should:" >&2
        cat "$out/$run.err" "$out/$run.log" >&2
        exit 1
    fi
    tr -d '\r' <"$out/$run.log" | awk -v OFS='\t' '$1 == "row" { print $2, $3 }' >"$out/$run.rows"
}

# $1: name of a run, $2...: options of trace.
explain()
{
    run=$1
    shift
    build/tools/trace "$@" bench/paths/marks.h "$out/$run.raw" $base $out/kernel.dis $out/paths.dis
}

# Brings the listing in the document up to what the run "first" recorded.  Fails if it was something
# else, or if nothing is said of an instruction.
document=docs/design/ipc.md
write_document()
{
    explain first -l ipc.roundtrip -m >$out/listing || exit 2
    awk -f tools/listing.awk $out/listing $document $document >$out/ipc.md
    diff $document $out/ipc.md >&2 && ! grep -n '| ? |' $document >&2
}

check_document()
{
    write_document && return
    echo "bench: $document does not describe this kernel: tools/bench.sh --write-doc" >&2
    return 1
}

# Rows that count kernel instructions alone.   ipc.pairs is a number only if all cores have the
# same.
rows_of_trace()
{
    awk -F '\t' -v OFS='\t' -v passes="$(sed -n 's/^#define PAIRS_PASSES *\([0-9]*\).*/\1/p' bench/paths/marks.h)" '
        $1 == "ipc.roundtrip" { print "ipc.roundtrip.kernel", roundtrip = $3 }
        $1 == "ipc.busy" { print $1, $3 - roundtrip }
        $1 == "exit.hvc" { print $1, $3 + $4 }
        $1 == "irq.native" || $1 == "budget.expiry" { print $1, $3 }
        $1 == "notify.remote" { print $2 == 0 ? "notify.remote.send" : "notify.remote.receive", $3 }
        $1 == "ipc.pairs" && !seen[$3]++ { pairs = pairs (pairs == "" ? "" : " or ") $3 / passes }
        $1 == "notify.remote.busy" && $2 == 1 { print $1, $3 }
        $1 == "latency" && $2 == "notify.remote" { print "notify.remote.latency", $3 }
        $1 == "masked" { print "irqoff.max", $2 }
        END { print "ipc.pairs", pairs }'
}

# Of a kernel that is not rebuilt while it is measured.
prepare()
{
    cp build/kernel-release/Image build/kernel-release/whit.elf $out/
    aarch64-linux-gnu-objdump -d --no-show-raw-insn $out/whit.elf >$out/kernel.dis
    aarch64-linux-gnu-objdump -d --no-show-raw-insn build/bench/paths.elf >$out/paths.dis
}

same()
{
    if ! cmp -s "$1" "$2"; then
        echo "bench: $3" >&2
        diff "$1" "$2" >&2 || true
        exit 1
    fi
}

# Columns of build/bench.tsv: name, value, unit, target, what it was in the tree.
join_rows()
{
    [ -e bench/baseline.tsv ] && was=bench/baseline.tsv || was=/dev/null
    awk -F '\t' -v OFS='\t' '
        FILENAME == "bench/rows.tsv" {
            if (!/^#/)
                print $1, ($1 in value) ? value[$1] : "-", "instructions", $2, \
                      ($1 in was) ? was[$1] : "-"
            next
        }
        FILENAME == "bench/baseline.tsv" { was[$1] = $2; next }
        { value[$1] = $2 }
    ' "$@" "$was" bench/rows.tsv
}

# The table; fails if a row got worse.
print_table()
{
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
    ' build/bench.tsv
}

# What one core does alone takes the same number of instructions, however many cores there are;
# not what ends in a grace period, and what several cores do together.
compare_cores()
{
    for run in "$@"; do
        grep -v -e '^notify.remote' -e '^space.destroy' -e '^irqoff' \
            "$out/$run.rows" >"$out/$run.alone"
        same $out/first.alone "$out/$run.alone" "one core and the run \"$run\" differ:"
    done
}

# Two ways of counting must agree: the program's, by PMCCNTR_EL0, and the plugin's, which also sees
# the two instructions that read the counter, and twice the one that faults and is executed again.
compare_counts()
{
    awk -F '\t' '
        FILENAME == ARGV[1] { row[$1] = $2; next }
        $1 ~ /^(notify.wake|notify.switch|fault|pagefault|map|unmap|space)/ {
            count = $3 + $4 - ($1 == "pagefault.roundtrip" ? 3 : 2)
            if (count != row[$1]) {
                print "bench: " $1 ": the program counted " row[$1] ", the plugin " count
                wrong = 1
            }
        }
        END { exit wrong }
    ' $out/first.rows $out/first.trace >&2
}

# Charts, if gnuplot is here; operations of more than a thousand instructions would hide the rest.
draw_charts()
{
    command -v gnuplot >/dev/null || return 0
    awk -F '\t' 'NF > 8 && $3 + 0 > 0 && $3 < 1000 && $2 == 0' $out/first.trace >$out/kinds.tsv
    gnuplot bench/charts.gp
}

broken=
prepare
case $mode in
--check-doc)
    measure first
    check_document
    exit
    ;;
--write-doc)
    measure first
    write_document || cp $out/ipc.md $document
    exit
    ;;
esac
if [ "$mode" = --trace ]; then
    case $name in
    *remote* | sharing) measure two -smp 2 && explain two -l "$name" ;;
    *) measure first && explain first -l "$name" ;;
    esac
    exit
fi
measure first
compare_counts
measure_guest guest
set -- $out/first.rows $out/guest.rows
if [ "$mode" != --quick ]; then
    measure second
    same $out/first.rows $out/second.rows "two runs differ:"
    measure_guest guest-again
    same $out/guest.rows $out/guest-again.rows "two runs of the guest differ:"
    measure two -smp 2
    measure four -smp 4
    compare_cores first two four
    {
        grep '^notify.remote' $out/two.rows
        for run in two four; do
            sed -n "s/^ipc.pairs\t/ipc.pairs.$run\t/p" $out/$run.rows
        done
    } >$out/cores.rows
    set -- $out/first.rows $out/guest.rows $out/cores.rows
fi
join_rows "$@" >build/bench.tsv
draw_charts
verdict=0
print_table || verdict=1
cat $out/first.trace $out/two.trace 2>/dev/null | sed -n 's/^broken\t/BROKEN RULE: /p' |
    tr '\t' ' ' | sort -u
[ -z "$broken" ] || verdict=1
[ "$mode" = --quick ] || check_document || verdict=1

case $mode in
--accept)
    awk -F '\t' -v OFS='\t' '$2 != "-" { print $1, $2 }' build/bench.tsv >bench/baseline.tsv
    ;;
--quick) ;;
*) exit $verdict ;;
esac
