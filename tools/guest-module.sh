#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds guest/whit-priority for one of Debian's kernels against its headers (tools/fetch.sh --headers).
#
#   tools/guest-module.sh FLAVOUR OUT     FLAVOUR: arm64, rt-arm64

set -eu
cd "$(dirname "$0")/.."

headers=$(find build/guest/headers/usr/src -maxdepth 1 -name "linux-headers-*[0-9]-$1" | sort -V | tail -n 1)
[ -n "$headers" ] || {
    echo "guest-module: no headers of Linux for $1: tools/fetch.sh --headers $1" >&2
    exit 1
}
work=build/guest/module-$1
rm -rf "$work"
mkdir -p "$work"
cp guest/whit-priority/Kbuild guest/whit-priority/whit-priority.c "$work/"
# The environment's flags are those of an outer make.
env -u MAKEFLAGS -u MAKELEVEL make -s -C "$headers" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
    M="$PWD/$work" KBUILD_MODPOST_WARN=0 modules >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
cp "$work/whit-priority.ko" "$2"
