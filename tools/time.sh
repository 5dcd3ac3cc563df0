#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Makes build/time.tsv of what bench/time prints: per row the number of samples, the least, the
# median, 99.9 % and the greatest, and the target for the greatest (bench/time/rows.tsv); histograms
# in build/time.svg, a schedule in build/schedule.svg.  One instruction is one nanosecond and one
# tick, so that all of it is the same at every run.
#
#   tools/time.sh          the table; fails if a row misses its target
#   tools/time.sh --twice  runs it twice, and fails also if the two differ

set -eu
cd "$(dirname "$0")/.."

out=build/bench/time.out
mkdir -p $out

# $1: name of the run.
run()
{
    timeout 900 qemu-system-aarch64 \
        -machine virt,virtualization=on,gic-version=3,dtb-randomness=off \
        -cpu cortex-a53,cntfrq=1000000000 -m 4G -icount shift=0,sleep=off \
        -rtc clock=vm,base=2024-01-01 -nodefaults -nic none -display none -no-reboot \
        -chardev "file,id=console,path=$out/$1.log" -serial chardev:console \
        -kernel build/kernel-release/Image -initrd build/bench/time.cpio 2>"$out/$1.err" || true
    tr -d '\r' <"$out/$1.log" >"$out/$1.txt"
    if ! grep -q '^bench: done' "$out/$1.txt"; then
        echo "time: the run \"$1\" did not end as it should:" >&2
        tail -n 5 "$out/$1.err" "$out/$1.txt" >&2
        exit 1
    fi
}

# Lines "ROW VALUE COUNT", by row and value.
samples()
{
    awk '$1 == "sample" { count[$2 " " $3] += $4 }
         END { for (key in count) print key, count[key] }' "$1" | sort -k1,1 -k2,2n
}

# Columns: row, unit, samples, least, median, 99.9 %, greatest, target ("-": none), what it is.
table()
{
    awk -v OFS='\t' '
        FILENAME == ARGV[1] {
            if (!/^#/) {
                split($0, field, "\t")
                order[++rows] = field[1]
                unit[field[1]] = field[2]; target[field[1]] = field[3]; text[field[1]] = field[4]
            }
            next
        }
        {
            row = $1
            if (!(row in total))
                least[row] = $2
            greatest[row] = $2
            value[row, ++values[row]] = $2
            count[row, values[row]] = $3
            total[row] += $3
        }
        function part(row, share,    sum, i) {
            for (i = 1; i <= values[row]; i++) {
                sum += count[row, i]
                if (sum >= total[row] * share)
                    return value[row, i]
            }
            return greatest[row]
        }
        END {
            for (i = 1; i <= rows; i++) {
                row = order[i]
                if (row in total)
                    print row, unit[row], total[row], least[row], part(row, 0.5), \
                          part(row, 0.999), greatest[row], target[row], text[row]
                else
                    print row, unit[row], 0, "-", "-", "-", "-", target[row], text[row]
            }
        }' bench/time/rows.tsv "$1"
}

# Prints the table; fails if a row was not measured or misses its target: "<=N": the greatest,
# ">=N": the least, "=ROW": the same as that row.
judge()
{
    awk -F '\t' '
        {
            least[$1] = $4; greatest[$1] = $7; median[$1] = $5; line[++n] = $0
        }
        END {
            printf "%-22s %-7s %7s %8s %8s %8s %8s  %s\n", "", "unit", "samples", "min", \
                   "median", "99.9 %", "max", "target"
            for (i = 1; i <= n; i++) {
                split(line[i], f, "\t")
                note = ""
                limit = f[8]; sub(/^[<>]?=/, "", limit)
                if (f[3] == 0) { note = "NOT MEASURED"; bad++ }
                else if (f[8] ~ /^<=/ && f[7] + 0 > limit + 0) { note = "MISS"; bad++ }
                else if (f[8] ~ /^>=/ && f[4] + 0 < limit + 0) { note = "MISS"; bad++ }
                else if (f[8] ~ /^=/ && f[7] != greatest[limit]) { note = "MISS"; bad++ }
                printf "%-22s %-7s %7s %8s %8s %8s %8s  %s %s\n", f[1], f[2], f[3], f[4], f[5], \
                       f[6], f[7], f[8], note
            }
            printf "%d rows miss their target\n", bad
            exit bad > 0
        }' build/time.tsv
}

# Late rows as histograms; and who ran when, from a trace.
draw()
{
    command -v gnuplot >/dev/null || return 0
    for row in loop.alone loop.busy timer.latency; do
        awk -v row=$row '$1 == row { print $2, $3 }' $out/samples >$out/$row.dat
    done
    awk '$1 == "span" && $4 > $3 && $3 < 6000000 { print $2, $3 / 1000, $4 / 1000 }' \
        $out/first.txt | awk '{ lane = $1 == "control" ? 4 : $1 == "stream" ? 3 : \
                                       $1 == "left" ? 2 : 1
                                print lane, $2, $3 }' >$out/spans.dat
    gnuplot bench/time/charts.gp
}

run first
if [ "${1-}" = --twice ]; then
    run second
    if ! cmp -s $out/first.txt $out/second.txt; then
        echo "time: two runs differ:" >&2
        diff $out/first.txt $out/second.txt | head >&2
        exit 1
    fi
fi
samples $out/first.txt >$out/samples
table $out/samples >build/time.tsv
draw
judge
