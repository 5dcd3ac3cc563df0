#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs a system: in a terminal the user has its console, otherwise systems/NAME/tour.drive plays
# against it under exact instruction counting, so that figures in its output mean something.
# systems/NAME/options, if there, holds further QEMU options.

set -eu
cd "$(dirname "$0")/.."

name=$1
options=$(cat "systems/$name/options" 2>/dev/null) || options=

if [ -t 0 ] && [ -t 1 ]; then
    echo "Ctrl-\ x ends the emulator, whatever the system does."
    echo "Times depend on this machine; those of the scripted tour (</dev/null) do not."
    exec tools/qemu.sh "systems/$name" $options
fi
if [ ! -e "systems/$name/tour.drive" ]; then
    echo "run: the system \"$name\" has no scripted tour; run it in a terminal." >&2
    exit 1
fi
exec tools/qemu.sh -d "systems/$name/tour.drive" -t 120 "systems/$name" \
    -icount shift=0,sleep=off -rtc clock=vm,base=2024-01-01 $options
