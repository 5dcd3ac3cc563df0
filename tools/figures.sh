#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Measures and prints the figures of docs/figures.md that come out the same on every machine: the
# kernel's size, and how many instructions the boot takes.  `make figures` builds what it needs.
#
# A guest boots in a virtual machine (bench/guest), and alone on the same emulated board, with the
# same kernel, initrd, command line, memory and devices; then both once more, told to print nothing.
# tools/count.c counts.

set -eu
cd "$(dirname "$0")/.."

out=build/figures
machine="-cpu cortex-a53 -icount shift=0,sleep=off -rtc clock=vm,base=2024-01-01
    -nodefaults -nic none -display none -no-reboot"
mkdir -p $out

# $1: name of the run, $2: further arguments of the plugin, $3...: QEMU options.
boot()
{
    run=$1
    plugin=build/tools/count.so,out=$out/$run.counts$2
    shift 2
    timeout 100 qemu-system-aarch64 $machine -chardev "file,id=console,path=$out/$run.log" \
        -serial chardev:console -plugin "$plugin" "$@" 2>"$out/$run.err" || true
    if ! grep -q '^init ' "$out/$run.counts"; then
        echo "figures: the guest did not reach its first process ($run):" >&2
        cat "$out/$run.err" "$out/$run.log" >&2
        exit 1
    fi
}

# $1: name of the run, $2: the guest's command line.
boot_whit()
{
    tree=$out/system.dtb
    cp build/obj/bench/guest/system.dtb $tree
    fdtput -t s $tree /vms/linux/arguments cmdline "$2"
    build/tools/mkarchive $out/guest.cpio \
        $(sed -n 's|^\([^#=]*\)=\(.*\)$|\1=build/\2|p' bench/guest/files) system.dtb=$tree
    boot "$1" ,kernel=build/kernel-release/Image \
        -machine virt,virtualization=on,gic-version=3,dtb-randomness=off -m 1G \
        -kernel build/kernel-release/Image -initrd $out/guest.cpio
}

# $1: name of the run, $2: the guest's command line.
boot_bare()
{
    tree=$out/bare.dtb
    tools/bare-tree.sh $tree $machine -m 512M
    boot "$1" '' -seed 1 -machine virt,gic-version=3 -m 512M -dtb $tree \
        -kernel build/guest/Image -initrd build/bench/guest-initrd.cpio -append "$2"
}

# Instructions of a run between two events: kernel, programs, guest, sum.
between()
{
    awk -v from="$2" -v to="$3" '
        $1 == from { for (i = 2; i <= 4; i++) start[i] = $i }
        $1 == to {
            for (i = 2; i <= 4; i++) sum += $i - start[i]
            print $2 - start[2], $3 - start[3], $4 - start[4], sum
        }' "$out/$1.counts"
}

# Time stamp of the guest's kernel when it starts its first process, in seconds.
stamp()
{
    sed -n 's/^\[ *\([0-9.]*\)\] Run \/init.*/\1/p' "$out/$1.log"
}

row()
{
    printf '%-58s %12s\n' "$1" "$2"
}

# $1: what the guest does, $2 and $3: the runs on bare QEMU and on Whit.
compare()
{
    what=$1
    bare=$(between "$2" guest init | cut -d ' ' -f 4)
    set -- $(between "$3" guest init)
    row "guest start to /init, $what: bare QEMU" "$bare"
    row "VM start to /init, $what: Whit, in all" "$4"
    row '    of the guest itself' "$3"
    row '    of the programs (vmm, console, uart, root)' "$2"
    row '    of the kernel' "$1"
    row '    in all, beyond bare QEMU' \
        "$(echo "$4 $bare" | awk '{ printf "%.1f %%", 100 * ($1 / $2 - 1) }')"
}

boot_whit whit console=ttyAMA0
boot_bare bare console=ttyAMA0
boot_whit whit-quiet 'console=ttyAMA0 quiet'
boot_bare bare-quiet 'console=ttyAMA0 quiet'

tools/size.sh | while read -r what is _; do
    row "kernel, $what" "$is"
done
echo 'instructions:'
set -- $(between whit kernel program)
row 'kernel entry to root' "$4"
set -- $(between whit kernel guest)
row 'kernel entry to the start of the VM' "$4"
compare 'printing its log' bare whit
compare 'quiet' bare-quiet whit-quiet
echo "the guest's clock at /init, in seconds:"
row 'bare QEMU' "$(stamp bare)"
row 'Whit' "$(stamp whit)"
