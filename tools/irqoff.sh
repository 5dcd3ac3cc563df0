#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The longest stretches with interrupts masked, in instructions, under a stress that tries to
# lengthen them (tests/system/irqoff), on one core and on two.  Fails if one is above the target,
# unless tests/system/irqoff/known says by how much it may be.
#
#   tools/irqoff.sh               the stress, on the release kernel
#   tools/irqoff.sh --suite       every test in the emulator, on the kernel that it is meant for

set -eu
cd "$(dirname "$0")/.."

target=2500
out=build/irqoff
source=tests/system/irqoff/irqoff.c
mkdir -p $out

# $1: debug or release.  The options of QEMU that load the plugin, its record in $2.
plugin()
{
    aarch64-linux-gnu-nm -n "build/kernel-$1/whit.elf" >"$out/$1.symbols"
    echo "-plugin build/tools/masked.so,out=$2,image=build/kernel-$1/Image,symbols=$out/$1.symbols"
}

# The phases of the stress: NUMBER NAME.
names()
{
    sed -n 's/^#define PHASE_\([a-z]*\) *\([0-9]*\).*/\2 \1/p' $source
}

# Table of a record: PHASE COUNT and where the instructions were.  Fails if one is too many.
print_stress()
{
    names | awk -v target=$target '
        FILENAME == "-" { name[$1] = $2; next }
        FILENAME ~ /known$/ { if (!/^#/) known[$1] = $2; next }
        $1 == "ended" { ended = name[$4]; next }
        {
            phase = name[$1]
            limit = phase in known ? known[phase] : target
            note = $2 > limit ? "TOO LONG" : $2 > target ? "known" : ""
            over += $2 > target
            bad += $2 > limit
            most = $2 > most ? $2 : most
            where = ""
            for (i = 4; i < NF && i < 12; i += 2)
                where = where " " $i " " $(i + 1)
            printf "%-9s %8d %-8s from %s:%s\n", phase, $2, note, $3, where
        }
        END {
            printf "longest stretch with interrupts masked: %d instructions, target %d; " \
                   "%d phases above it\n", most, target, over
            if (ended != "end") { print "the stress did not end as it should: " ended; bad++ }
            exit bad > 0
        }' - tests/system/irqoff/known "$1"
}

# One test: $1 name, $2 kernel, $3 script, $4 seconds, $5 archive, $6... options.
run_test()
{
    name=$1 kernel=$2 script=$3 seconds=$4 archive=$5
    shift 5
    # shellcheck disable=SC2046
    tools/qemu.sh -k "$kernel" -d "tests/system/$script" -t $((seconds * 5)) "$archive" \
        $(plugin "$kernel" "$out/$name.masked") "$@" >"$out/$name.log" 2>&1 </dev/null ||
        echo "$name did not end as it should: $out/$name.log"
    awk -v name="$name" '$1 != "ended" && $2 > most { most = $2; line = $0 }
        END { $0 = line; printf "%8d  %-24s from", $2, name
              for (i = 3; i <= NF && i < 10; i++) printf " %s", $i
              print "" }' "$out/$name.masked"
}

suite()
{
    while read -r name archive script seconds options; do
        case $name in
        '' | '#'* | long:*) continue ;;
        esac
        case " $options" in
        *" -kernel "*) continue ;; # not the kernel that the plugin knows
        esac
        kernel=debug
        [ "$name" = "${name#release:}" ] || kernel=release
        # shellcheck disable=SC2086
        run_test "${name#release:}" $kernel "$script" "$seconds" "$archive" $options
    done <tests/system/list | sort -rn >$out/suite
    cat $out/suite
    limit=$(sed -n 's/^suite //p' tests/system/irqoff/known)
    awk -v target=$target -v limit="${limit:-$target}" '{
        print "longest stretch with interrupts masked: " $1 " instructions, target " target
        exit $1 > limit || $1 == 0
    }' $out/suite
}

stress()
{
    failed=0
    for cores in 1 2; do
        # shellcheck disable=SC2046
        timeout 120 qemu-system-aarch64 -machine virt,virtualization=on,gic-version=3 \
            -cpu cortex-a53 -m 1G -smp $cores -icount shift=0,sleep=off -rtc clock=vm \
            -nodefaults -display none -no-reboot -kernel build/kernel-release/Image \
            -initrd build/tests/irqoff.cpio $(plugin release $out/$cores.masked)
        echo "cores: $cores"
        print_stress $out/$cores.masked || failed=1
    done
    return $failed
}

case ${1-} in
--suite) suite ;;
*) stress ;;
esac
