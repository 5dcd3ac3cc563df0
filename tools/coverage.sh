#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs the host tests that `make coverage` has built with gcov and prints how many lines and
# branches of the kernel's core they reached, file by file. With lcov, build/coverage/html is a
# report. Fails if less was reached than tests/host/coverage.ratchet says, in lines or branches
# not reached.
#
#   tools/coverage.sh [FILE.c]      only this file of kernel/, with the places that were missed

set -eu
cd "$(dirname "$0")/.."

out=build/coverage
ratchet=tests/host/coverage.ratchet

find "$out/obj" -name '*.gcda' -exec rm -f {} +
for test in "$out"/test_*; do
    [ -x "$test" ] || continue
    timeout 300 "$test" >"$test.log" 2>&1 </dev/null || {
        echo "$test failed; $test.log ends:"
        tail -n 5 "$test.log"
        exit 1
    }
done

# A file's lines, with how often each ran and where each of its branches went.
rm -rf "$out/gcov"
mkdir -p "$out/gcov"
for data in "$out"/obj/kernel/*.gcda; do
    gcov -b -c -t "$data" 2>/dev/null | awk -v file="$(basename "$data" .c.gcda).c" '
        $0 ~ "0:Source:" { wanted = $0 ~ "Source:kernel/" file "$" }
        wanted { print }' >"$out/gcov/$(basename "$data" .c.gcda).c.gcov"
done

# Branches that a call takes when the callee does not return are none of the source.
count='
    /^ *[^ :]+: *[0-9]+:/ {
        split($0, part, ":"); times = part[1]; gsub(/ /, "", times)
        line = part[2] + 0; text = substr($0, index($0, part[2] ":") + length(part[2]) + 1)
        if (line && times != "-") {
            lines++
            if (times ~ /^[#=]/) { missed++; if (list) print FILENAME ":" line ": " text }
        }
        reached = times !~ /^[#=]/
    }
    /^branch/ && !/\(throw\)/ {
        branches++
        if (/never executed/ || / taken 0( |$)/) {
            lost++
            if (list && reached) print FILENAME ":" line ": branch " $2 ": " text
        }
    }'
if [ $# = 1 ]; then
    awk -v list=1 "$count" "$out/gcov/$1.gcov" | sed "s|^$out/gcov/||;s|\.gcov:|:|"
    exit
fi

printf '%-14s %12s %7s %14s %7s\n' file lines '' branches ''
for file in "$out"/gcov/*.gcov; do
    awk "$count"'
        END { print name, lines + 0, missed + 0, branches + 0, lost + 0 }' \
        name="$(basename "$file" .gcov)" "$file"
done | awk '
    function percent(all, without) { return all ? 100 * (all - without) / all : 100 }
    function show(name, l, m, b, o) {
        printf "%-14s %5d/%5d %7.2f%% %6d/%6d %7.2f%%\n", name, l - m, l, percent(l, m),
               b - o, b, percent(b, o)
    }
    { show($1, $2, $3, $4, $5); l += $2; m += $3; b += $4; o += $5 }
    END { show("total", l, m, b, o); print "missed lines", m; print "missed branches", o }
' | tee "$out/summary"

if command -v lcov >/dev/null; then
    {
        lcov --quiet --capture --directory "$out/obj/kernel" --base-directory . \
            --rc lcov_branch_coverage=1 --output-file "$out/all.info" &&
            lcov --quiet --extract "$out/all.info" "$PWD/kernel/*.c" \
                --rc lcov_branch_coverage=1 --output-file "$out/core.info" &&
            genhtml --quiet --branch-coverage --output-directory "$out/html" "$out/core.info"
    } >"$out/lcov.log" 2>&1 && echo "report: $out/html/index.html" ||
        echo "lcov failed: $out/lcov.log"
fi

status=0
for what in lines branches; do
    limit=$(sed -n "s/^$what //p" "$ratchet")
    is=$(sed -n "s/^missed $what //p" "$out/summary")
    if [ "$is" -gt "$limit" ]; then
        echo "$is $what are not reached; $ratchet permits $limit"
        status=1
    elif [ "$is" -lt "$limit" ]; then
        echo "$is $what are not reached: $ratchet can be lowered from $limit"
    fi
done
exit $status
