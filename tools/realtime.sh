#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# How late things run beside guests, and in them, in instructions: each takes one nanosecond of the
# emulated machine's time, on one core, so all comes out the same on every computer.
#
#   tools/realtime.sh wakeup   a Linux guest's timer wake-ups, idle and busy, against bare QEMU
#   tools/realtime.sh loop     a control loop of 1 kHz alone, and beside two guests at full load
#
# `make realtime` builds what it needs, and runs all.

set -eu
cd "$(dirname "$0")/.."

out=build/realtime
cpu="-cpu cortex-a53,cntfrq=1000000000"
machine="-icount shift=0,sleep=off -rtc clock=vm,base=2024-01-01 -nodefaults -nic none
    -display none -no-reboot"
options='mitigations=off nokaslr quiet'
mkdir -p $out

# $1: name of the run, $2: a text that its output must hold, $3: seconds, $4...: QEMU options.
emulate()
{
    run=$1 text=$2 seconds=$3
    shift 3
    timeout "$seconds" qemu-system-aarch64 $machine $cpu \
        -chardev "file,id=console,path=$out/$run.raw" -serial chardev:console "$@" \
        2>"$out/$run.err" || true
    tr -d '\r' <$out/$run.raw >$out/$run.log
    if ! grep -q "$text" "$out/$run.log"; then
        echo "realtime: the run \"$run\" did not end as it should:" >&2
        tail -n 20 "$out/$run.err" "$out/$run.log" >&2
        exit 1
    fi
}

# A guest alone on the board. $1, $2, $3: as above, $4: kernel, $5: initrd, $6: command line.
bare()
{
    tools/bare-tree.sh $out/bare.dtb $cpu -m 512M
    emulate "$1" "$2" "$3" -seed 1 -machine virt,gic-version=3 -m 512M -dtb $out/bare.dtb \
        -kernel "$4" -initrd "$5" -append "console=ttyAMA0 $options $6"
}

# A system of Whit. $1, $2, $3: as above, $4: folder of bench/ with `files`, $5: its description.
whit()
{
    build/tools/mkarchive $out/system.cpio \
        $(sed -n 's|^\([^#=]*\)=\(.*\)$|\1=build/\2|p' "bench/$4/files") system.dtb="$5"
    emulate "$1" "$2" "$3" -machine virt,virtualization=on,gic-version=3,dtb-randomness=off \
        -m 2G -kernel build/kernel-release/Image -initrd $out/system.cpio
}

# $1: the description's node of a guest in $out/system.dtb, $2: the rest of its command line.
command_line()
{
    fdtput -t s $out/system.dtb "$1/arguments" cmdline "console=ttyAMA0 $options $2"
}

# ---- timer wake-ups of a Linux guest

wakeup_values()
{
    awk -v what="$2" '$1 == "wakeup" && $2 == what { print $3, $4, $5, $6 }' "$out/$1.log"
}

wakeup()
{
    bare wakeup-bare '^measured' 200 build/guest/Image build/guest/wakeup.cpio ''
    cp build/obj/bench/wakeup/system.dtb $out/
    command_line /vms/linux ''
    whit wakeup-whit '^measured' 200 wakeup $out/system.dtb
    echo 'wake-up of a Linux guest by its timer, in instructions:'
    printf '%-28s %9s %9s %9s %9s\n' '' least median '99.9 %' most
    for what in idle busy; do
        for run in bare whit; do
            printf '%-28s %9d %9d %9d %9d\n' "$what, $run" \
                $(wakeup_values wakeup-$run $what)
        done
        set -- $(wakeup_values wakeup-bare $what) $(wakeup_values wakeup-whit $what)
        echo "$2 $6" | awk -v what=$what '{ printf "%-38s %9.3f\n", what ", median, Whit / bare", $2 / $1 }'
    done
}

# ---- a control loop beside guests

# Lateness of the loop's run $1: worst, mean, best; and how many periods it missed.
loop_values()
{
    sed -n 's/^\[loop\] \([0-9]*\) periods, \([0-9]*\) missed, lateness: worst \([0-9]*\) ns, mean \([0-9]*\) ns, best \([0-9]*\) ns$/\1 \2 \3 \4 \5/p' "$out/$1.log"
}

loop()
{
    cp build/obj/bench/load/system.dtb $out/
    fdtput -r $out/system.dtb /vms
    whit loop-alone '12000 periods' 100 load $out/system.dtb
    cp build/obj/bench/load/system.dtb $out/
    command_line /vms/one ''
    command_line /vms/two ''
    whit loop-load '12000 periods' 900 load $out/system.dtb
    grep -q 'load: all of it runs' $out/loop-load.log || echo 'realtime: no guest came to its load'
    echo 'lateness of a control loop of 1 kHz, in instructions:'
    printf '%-28s %9s %9s %9s %9s %9s\n' '' periods missed worst mean best
    printf '%-28s %9d %9d %9d %9d %9d\n' alone $(loop_values loop-alone)
    printf '%-28s %9d %9d %9d %9d %9d\n' 'beside two busy guests' $(loop_values loop-load)
}

case ${1-} in
wakeup) wakeup ;;
loop) loop ;;
all)
    wakeup
    loop
    ;;
*)
    sed -n 's/^#   //p' "$0" >&2
    exit 2
    ;;
esac
