#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The device tree with which a guest runs alone on the emulated board, for comparison: the board's
# own, without the devices that a virtual machine does not have.  A seed for random numbers as the
# vmm gives it, but none for the kernel's place in memory.  QEMU fills the seed anew at each start:
# -seed makes it the same.
#
#   tools/bare-tree.sh OUT.dtb QEMU-OPTIONS...       (with -m and -smp as in the run to come)

set -eu
tree=$1
shift
qemu-system-aarch64 -machine virt,gic-version=3,dumpdtb="$tree" -nodefaults -nic none -display none \
    "$@" 2>"$tree.err"
for node in $(fdtget -l "$tree" /); do
    case $node in
    cpus | memory@* | chosen | intc@* | timer | psci | apb-pclk | pl011@*) ;;
    *) fdtput -r "$tree" "/$node" ;;
    esac
done
for node in $(fdtget -l "$tree" /intc@8000000); do
    fdtput -r "$tree" "/intc@8000000/$node"
done
fdtput -d "$tree" /chosen kaslr-seed
fdtput -t bx "$tree" /chosen rng-seed $(seq 10 73)
