#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs the host tests that `make coverage` has built for gcov, and prints how many lines and branches
# of the kernel's core they reached, file by file, then each line and branch that they did not.
# Fails if a line was not reached, or more than one branch in twenty, or if something that
# tests/host/unreached.md says cannot be reached was reached after all.
#
#   tools/coverage.sh TEST...      programs below build/coverage/

set -eu
cd "$(dirname "$0")/.."

out=build/coverage
mkdir -p build/host # where some tests put what they compile

find "$out/obj" -name '*.gcda' -exec rm -f {} +
for test in "$@"; do
    timeout 300 "$test" >"$test.log" 2>&1 </dev/null || {
        echo "$test failed; $test.log ends:"
        tail -n 5 "$test.log"
        exit 1
    }
done

# Every source of the core, also one that no test links, and what tests include themselves.  The same
# source may be in several objects; what one of them reached is reached.
{
    printf "$out/obj/%s.gcno\n" kernel/*.c
    find "$out/obj/tests" -name '*.gcda'
} | while read -r data; do
    gcov -b -c -t "$data" 2>/dev/null
done | awk '
    /^ *-: *0:Source:/ {
        file = $0
        sub(/.*Source:(tests\/host\/\.\.\/\.\.\/)?/, "", file)
        wanted = file ~ /^kernel\/[a-z0-9_]+\.[ch]$/
    }
    !wanted { next }
    /^ *[^ :]+: *[1-9][0-9]*:/ {
        match($0, /^ *[^:]+: *[0-9]+:/)
        head = substr($0, 1, RLENGTH)
        split(head, part, ":")
        number = part[2] + 0
        if (part[1] ~ /-$/)
            next
        text[file, number] = substr($0, RLENGTH + 1)
        times[file, number] += part[1] + 0
        if (!(file in last) || number > last[file])
            last[file] = number
    }
    /^branch/ {
        if ($2 + 1 > numbers[file, number])
            numbers[file, number] = $2 + 1
        taken[file, number, $2] += $4 + 0
    }
    END {
        for (file in last)
            for (number = 1; number <= last[file]; number++) {
                if (!((file, number) in text))
                    continue
                lost = ""
                all = 0
                for (i = 0; i < numbers[file, number]; i++) {
                    if (!((file, number, i) in taken))
                        continue # a call has that number
                    all++
                    if (!taken[file, number, i])
                        lost = lost (lost == "" ? "" : ",") i
                }
                printf "%s\t%d\t%d\t%d\t%s\t%s\n", file, number, times[file, number],
                       all, lost == "" ? "-" : lost, text[file, number]
            }
    }' | sort -k1,1 -k2,2n >"$out/lines"

awk -F '\t' -v list=tests/host/unreached.md '
    function percent(all, without) { return all ? 100 * (all - without) / all : 100 }
    function show(name, l, m, b, o) {
        printf "%-20s %5d/%5d %7.2f%% %6d/%6d %7.2f%%\n", name, l - m, l, percent(l, m),
               b - o, b, percent(b, o)
    }
    function show_file() {
        if (file != "")
            show(file, lines, missed, all, lost)
        lines = missed = all = lost = 0
    }
    BEGIN {
        printf "%-20s %11s %8s %13s %8s\n", "", "lines", "", "branches", ""
        while ((getline entry <list) > 0)
            if (entry ~ /^- `kernel\/[^`]*`: `[^`]*`/) {
                split(entry, part, "`")
                argued[part[2], part[4]] = 1
            }
    }
    {
        if ($1 != file)
            show_file()
        file = $1
        text = $6
        gsub(/^ +| +$/, "", text)
        lines++; every_line++; all += $4; every_branch += $4
        here = $5 == "-" ? 0 : split($5, part, ",")
        lost += here; every_lost += here
        where = sprintf("%s:%d: %s", $1, $2, text)
        if ($3 == 0) {
            missed++; every_missed++
            unreached = unreached where "\n"
        } else if (here)
            partly = partly where " (branch " $5 ")\n"
        if (here || $3 == 0)
            found[$1, text] = 1
    }
    END {
        show_file()
        show("total", every_line, every_missed, every_branch, every_lost)
        printf "%s%s", unreached == "" ? "" : "\nlines that are not reached:\n", unreached
        printf "%s%s", partly == "" ? "" : "\nbranches that are not reached:\n", partly
        for (entry in argued)
            if (!(entry in found)) {
                split(entry, part, SUBSEP)
                print list " lists what is reached, or not there: " part[1] ": " part[2]
                failed = 1
            }
        if (every_missed || !every_line) {
            print every_missed " lines are not reached; all must be"
            failed = 1
        }
        if (percent(every_branch, every_lost) < 95) {
            print "fewer than 95 % of the branches are reached"
            failed = 1
        }
        exit failed
    }' "$out/lines"
