#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Boots a kernel with a boot archive in QEMU, on the machine that all runs and tests use.
#
#   tools/qemu.sh [-k debug|release] [-d SCRIPT [-t SECONDS]] ARCHIVE [QEMU OPTIONS]
#
# ARCHIVE is a path below build/ without .cpio, or "-" for none. With -d a drive script plays
# against the system; otherwise the terminal is the system's, and Ctrl-\ x ends the emulator.
# Later QEMU options override the ones given here, e.g. -cpu max, -m 512M, -M virtualization=off.

set -eu
cd "$(dirname "$0")/.."

kernel=release
script=
seconds=60
while getopts k:d:t: option; do
    case $option in
    k) kernel=$OPTARG ;;
    d) script=$OPTARG ;;
    t) seconds=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
archive=$1
shift

# A reset of the whole board ends the emulator (a guest's reboot is not one).
set -- -machine virt,virtualization=on,gic-version=3,dtb-randomness=off -cpu cortex-a53 -m 1G \
    -nodefaults -display none -no-reboot -serial chardev:console \
    -kernel "build/kernel-$kernel/Image" "$@"
[ "$archive" = - ] || set -- -initrd "build/$archive.cpio" "$@"

if [ -z "$script" ]; then
    # QEMU's signals are off: Ctrl-C is the system's. The multiplexer adds the way out.
    terminal=$(stty -g 2>/dev/null) || terminal=
    trap '[ -z "$terminal" ] || stty "$terminal"' EXIT
    trap 'exit 1' HUP INT TERM
    qemu-system-aarch64 -chardev stdio,id=console,signal=off,mux=on -mon console -echr 0x1c "$@"
    exit
fi

exec build/tools/drive -t "$seconds" -f tools/forbidden "$script" -- \
    qemu-system-aarch64 -chardev stdio,id=console,signal=off "$@"
