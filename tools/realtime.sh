#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# How late things run beside guests, and in them, in instructions: each takes one nanosecond of the
# emulated machine's time, on one core, so all comes out the same on every computer.
#
#   tools/realtime.sh wakeup   a Linux guest's timer wake-ups, idle and busy, against bare QEMU
#   tools/realtime.sh loop     a control loop of 1 kHz alone, and beside two guests at full load
#   tools/realtime.sh guest    cyclictest in a guest that also computes, beside another guest and a
#                              program: alone, with priorities of whole machines, with an urgent budget
#   tools/realtime.sh xen      the same two guests on Xen
#
# `make realtime` builds what it needs, and runs all.

set -eu
cd "$(dirname "$0")/.."

out=build/realtime
cpu="-cpu cortex-a53,cntfrq=1000000000"
machine="-icount shift=0,sleep=off -rtc clock=vm,base=2024-01-01 -nodefaults -nic none
    -display none -no-reboot"
options='mitigations=off nokaslr quiet'
# Wake-ups of cyclictest.  A handful near the guest's start are late by other things than most, and which
# ones depends on where its RAM disk lies: of few wake-ups they would be the 99.9 %.
loops=20000
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
    bare wakeup-bare '^measured' 600 build/guest/Image build/guest/wakeup.cpio ''
    cp build/obj/bench/wakeup/system.dtb $out/
    command_line /vms/linux ''
    whit wakeup-whit '^measured' 600 wakeup $out/system.dtb
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
    whit loop-load '12000 periods' 3600 load $out/system.dtb
    grep -q 'load: all of it runs' $out/loop-load.log || echo 'realtime: no guest came to its load'
    echo 'lateness of a control loop of 1 kHz, in instructions:'
    printf '%-28s %9s %9s %9s %9s %9s\n' '' periods missed worst mean best
    printf '%-28s %9d %9d %9d %9d %9d\n' alone $(loop_values loop-alone)
    printf '%-28s %9d %9d %9d %9d %9d\n' 'beside two busy guests' $(loop_values loop-load)
}

# ---- the same guests on Xen

# Xen hands no random seed over, without which each system call of a guest costs 9,000 more: the guests
# there do without what needs it.
# A guest of the tree $out/xen.dtb, without a Dom0. $1: its name, $2: role, $3, $4: where its kernel and
# its RAM disk are.
xen_guest()
{
    node=/chosen/$1
    fdtput -p -c $out/xen.dtb $node $node/module@$3 $node/module@$4
    fdtput -t s $out/xen.dtb $node compatible xen,domain
    fdtput -t i $out/xen.dtb $node '#address-cells' 2
    fdtput -t i $out/xen.dtb $node '#size-cells' 2
    fdtput -t x $out/xen.dtb $node memory 0 80000
    fdtput -t i $out/xen.dtb $node cpus 1
    fdtput $out/xen.dtb $node vpl011
    fdtput -t s $out/xen.dtb $node/module@$3 compatible multiboot,kernel multiboot,module
    fdtput -t x $out/xen.dtb $node/module@$3 reg 0 $3 0 "$(printf %x "$(wc -c <$image)")"
    fdtput -t s $out/xen.dtb $node/module@$3 bootargs "console=ttyAMA0 $options randomize_kstack_offset=off $2"
    fdtput -t s $out/xen.dtb $node/module@$4 compatible multiboot,ramdisk multiboot,module
    fdtput -t x $out/xen.dtb $node/module@$4 reg 0 $4 0 "$(printf %x "$(wc -c <$initrd)")"
}

# $1: name of the run, $2: seconds, $3: "yes" for the second guest too.
xen_run()
{
    tools/bare-tree.sh $out/xen.dtb -machine virtualization=on $cpu -m 2G
    fdtput -t s $out/xen.dtb /chosen xen,xen-bootargs \
        'console=dtuart dtuart=/pl011@9000000 loglvl=warning'
    fdtput -t i $out/xen.dtb /chosen '#address-cells' 2
    fdtput -t i $out/xen.dtb /chosen '#size-cells' 2
    # What is added last comes first, and is DOM1.
    [ "$3" != yes ] || xen_guest domU2 'role=stress' 68000000 6c000000
    xen_guest domU1 "role=rt loops=$loops" 60000000 64000000
    echo 'expect DOM1: cyclictest' >$out/xen.drive
    echo 'expect reboot: Power down' >>$out/xen.drive
    # Without a Dom0 nothing switches the machine off: the script ends it.
    build/tools/drive -t "$2" $out/xen.drive -- qemu-system-aarch64 $machine $cpu -seed 1 \
        -machine virt,virtualization=on,gic-version=3 -m 2G -dtb $out/xen.dtb -serial stdio \
        -kernel build/guest/realtime/xen \
        -device loader,file=$image,addr=0x60000000,force-raw=on \
        -device loader,file=$initrd,addr=0x64000000,force-raw=on \
        -device loader,file=$image,addr=0x68000000,force-raw=on \
        -device loader,file=$initrd,addr=0x6c000000,force-raw=on >$out/$1.raw 2>$out/$1.err ||
        echo "realtime: the run \"$1\" did not end as it should: $(tail -n 1 $out/$1.err)" >&2
    tr -d '\r' <$out/$1.raw | sed 's/^(XEN) DOM1: //' >$out/$1.log
}

# ---- a real-time task in a guest

# $1: name of the run, $2: what is said of it in the table.
guest_row()
{
    printf '%-44s %8s %8s %8s %8s %8s\n' "$2" \
        $(awk '$1 == "cyclictest" { print $3, $4, $5, $6 }' "$out/$1.log") \
        "$(sed -n 's/^\[busy\] share \([0-9]*\) %$/\1 %/p' "$out/$1.log" | tail -n 1)"
}

# $1: name of the run, $2: seconds, $3...: changes of the description, by fdtput.
guest_run()
{
    run=$1 seconds=$2
    shift 2
    cp build/obj/bench/realtime/system.dtb $out/
    command_line /vms/rt "role=rt loops=$loops"
    command_line /vms/stress 'role=stress'
    for change in "$@"; do
        eval "fdtput $change"
    done
    whit "$run" '^cyclictest' "$seconds" realtime $out/system.dtb
}

guest()
{
    tree=$out/system.dtb
    image=build/guest/realtime/Image initrd=build/guest/realtime.cpio
    bare guest-bare '^cyclictest' 3600 $image $initrd "role=rt loops=$loops"
    guest_run guest-alone 3600 '-r $tree /vms/stress' '-r $tree /programs/busy'
    guest_run guest-above 7200
    guest_run guest-below 7200 '$tree /vms/rt priority 70'
    guest_run guest-urgent 7200 '$tree /vms/rt priority 70' '-p -c $tree /vms/rt/urgent/timer' \
        '$tree /vms/rt/urgent/timer priority 100' '$tree /vms/rt/urgent/timer budget-us 900' \
        '$tree /vms/rt/urgent/timer period-us 1000' '$tree /vms/rt/urgent/timer length-us 300'
    guest_run guest-module 7200 '$tree /vms/rt priority 70' '-p -c $tree /vms/rt/urgent/timer' \
        '$tree /vms/rt/urgent/timer priority 100' '$tree /vms/rt/urgent/timer budget-us 900' \
        '$tree /vms/rt/urgent/timer period-us 1000' '$tree /vms/rt/urgent/timer length-us 100' \
        '-p -c $tree /vms/rt/realtime' '$tree /vms/rt/realtime priority 100' \
        '$tree /vms/rt/realtime budget-us 5000' '$tree /vms/rt/realtime period-us 10000' \
        '-t s $tree /vms/rt/arguments cmdline "console=ttyAMA0 $options role=rt loops=$loops module=yes"'
    echo 'wake-up latency of cyclictest in a guest with background, in instructions; the share of the'
    echo 'native program, which is to have 30 %:'
    printf '%-44s %8s %8s %8s %8s %8s\n' '' least median '99.9 %' most program
    guest_row guest-bare 'the guest alone on bare QEMU'
    guest_row guest-alone 'alone on Whit'
    guest_row guest-above 'more urgent as a whole than all others'
    guest_row guest-below 'less urgent as a whole than all others'
    guest_row guest-urgent 'less urgent, its timer with an urgent budget'
    guest_row guest-module 'with 100 us for an activation, and the module'
}

xen()
{
    image=build/guest/realtime/Image initrd=build/guest/realtime.cpio
    xen_run xen-alone 3600 no
    xen_run xen-both 7200 yes
    echo 'the same guest on Xen 4.17, credit2, without a Dom0 and without the native program:'
    guest_row xen-alone 'alone'
    guest_row xen-both 'beside the other guest'
}

case ${1-} in
wakeup) wakeup ;;
loop) loop ;;
guest) guest ;;
xen) xen ;;
all)
    wakeup
    loop
    guest
    xen
    ;;
*)
    sed -n 's/^#   //p' "$0" >&2
    exit 2
    ;;
esac
