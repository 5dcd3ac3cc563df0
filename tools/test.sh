#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds and runs the tests: checks of the source, unit tests on this machine, tests in the
# emulator, scripted tours. The last line is "N passed, N failed".
#
#   tools/test.sh [--long] [PATTERN]      only tests whose name holds PATTERN
#
# A host test prints "ok NAME" or "not ok NAME - why" for each thing it tests.
# tests/system/list has the emulator's: one line "NAME ARCHIVE SCRIPT SECONDS QEMU-OPTIONS" each;
# a name that begins with "long:" runs only with --long, one with "release:" on the release kernel.

set -u
cd "$(dirname "$0")/.." || exit 1

logs=build/logs
long=
[ "${1-}" != --long ] || { long=1 && shift; }
export LONG="$long" # for unit tests that can go on for longer
pattern=${1-}
passed=0
failed=0
limit=300 # seconds, for a program that counts for itself

rm -rf "$logs"
mkdir -p "$logs/host" "$logs/system" "$logs/tour" "$logs/check"

build()
{
    make --no-print-directory -j "$(nproc)" "$@"
}

wanted()
{
    case $1 in
    *"$pattern"*) return 0 ;;
    *) return 1 ;;
    esac
}

# Reports test $1 with $2 passed and $3 failed, and shows its log if any failed.
report()
{
    passed=$((passed + $2))
    failed=$((failed + $3))
    if [ "$3" = 0 ]; then
        echo "ok      $1 ($2)"
    else
        echo "FAILED  $1 ($3 of $(($2 + $3))), $logs/$1.log ends:"
        tail -n 40 "$logs/$1.log" | sed 's/^/    /'
    fi
}

# Runs a command as one test, passed if its status is 0.
run_one()
{
    name=$1
    shift
    if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
        report "$name" 1 0
    else
        report "$name" 0 1
    fi
}

# Runs a program that counts for itself. Ending badly, or without a word, is one failure more.
run_counted()
{
    name=$1
    shift
    timeout "$limit" "$@" >"$logs/$name.log" 2>&1 </dev/null
    status=$?
    good=$(grep -c '^ok ' "$logs/$name.log")
    bad=$(grep -c '^not ok ' "$logs/$name.log")
    if [ $((good + bad)) = 0 ] || { [ $status != 0 ] && [ "$bad" = 0 ]; }; then
        echo "not ok - $name ended with status $status after $good tests" >>"$logs/$name.log"
        bad=$((bad + 1))
    fi
    report "$name" "$good" "$bad"
}

run_checks()
{
    for check in check-clang format-check size coverage bench irqoff; do
        ! wanted "check/$check" || run_one "check/$check" build "$check"
    done
    [ ! -e "$logs/check/irqoff.log" ] || grep '^longest' "$logs/check/irqoff.log"
    [ -z "$long" ] || ! wanted check/irqoff-suite ||
        run_one check/irqoff-suite build irqoff IRQOFF=--suite
    [ -z "$long" ] || ! wanted check/time || run_one check/time build time TIME=--twice
    ! wanted check/models || run_counted check/models tests/models/models.sh
    [ -z "$long" ] || ! wanted check/proof || run_counted check/proof tests/proof/prove.sh
}

run_host_tests()
{
    for test in tests/host/test_*.c tests/host/tool_*.sh; do
        [ -e "$test" ] || continue
        name=host/$(basename "${test%.*}" | sed 's/^test_//')
        wanted "$name" || continue
        case $test in
        *.c) run_counted "$name" "build/host/$(basename "${test%.c}")" ;;
        *.sh) run_counted "$name" sh "$test" ;;
        esac
    done
}

# The harness of the executable model: ten million sequences; and under libFuzzer.
run_model()
{
    if [ -n "$long" ] && wanted host/model-long; then
        build build/long/test_model >>"$logs/build.log" 2>&1
        limit=36000
        run_counted host/model-long build/long/test_model long 10000000 "$(nproc)"
        limit=300
    fi
    if ! wanted host/fuzz-model; then
        return 0
    elif [ -e "$(clang -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer-$(uname -m).a" ]; then
        run_one host/fuzz-model build fuzz-host SECONDS=20
    else
        echo "skipped host/fuzz-model: clang has no libFuzzer here (libclang-rt-14-dev)"
    fi
}

run_system_tests()
{
    [ -e tests/system/list ] || return 0
    while read -r name archive script seconds options; do
        case $name in
        '' | '#'*) continue ;;
        long:*) [ -n "$long" ] || continue ;;
        esac
        name=${name#long:}
        kernel=debug
        [ "$name" = "${name#release:}" ] || kernel=release
        name=system/${name#release:}
        wanted "$name" || continue
        [ -z "$long" ] || [ "$archive" = - ] ||
            build "build/$archive.cpio" >>"$logs/build.log" 2>&1 </dev/null
        run_one "$name" tools/qemu.sh -k "$kernel" -d "tests/system/$script" -t "$seconds" \
            "$archive" $options
    done <tests/system/list
}

run_tours()
{
    for tour in systems/*/tour.drive; do
        [ -e "$tour" ] || continue
        name=$(basename "$(dirname "$tour")")
        ! wanted "tour/$name" || run_one "tour/$name" tools/run.sh "$name"
    done
}

finish()
{
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
    exit
}

echo "builds everything first; what make says is in $logs/build.log"
if ! build test-build >"$logs/build.log" 2>&1; then
    report build 0 1
    finish
fi
run_checks
run_host_tests
run_model
run_system_tests
run_tours
finish
