#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Fetches the arm64 packages that are used as files and never installed: a Linux kernel and a
# static busybox for the guest, libfdt for the native programs.
#
# apt runs with its own lists and caches under build/apt, so that the system's dpkg architectures
# and package lists stay as they are; mirrors and keys are the system's.
# What was fetched stays in build/cache: a second run fetches nothing.
# `tools/fetch.sh --headers FLAVOUR` fetches what modules of the guest (arm64) and of the real-time guests
# (rt-arm64) are built against: headers, and the programs of Linux's build for this machine.
# `tools/fetch.sh --update` asks the mirror for newer packages; `tools/fetch.sh --realtime` fetches what
# the guests of tools/realtime.sh run: a real-time kernel, cyclictest, stress-ng and their libraries;
# and Xen, for comparison.

set -eu
cd "$(dirname "$0")/.."

top=$PWD
apt=$top/build/apt
cache=$top/build/cache
realtime_packages='rt-tests stress-ng libapparmor1 libbsd0 libc6 libcrypt1 libdrm2 libegl1 libexpat1
    libffi8 libgbm1 libgles2 libglvnd0 libjpeg62-turbo libjudydebian1 libkmod2 liblzma5 libmd0 libnuma1
    libsctp1 libssl3 libwayland-server0 libxxhash0 libzstd1 xen-hypervisor-4.17-arm64 zlib1g'

die()
{
    echo "fetch: $*" >&2
    exit 1
}

# Runs a command up to three times: mirrors have hiccups.
retry()
{
    for pause in 2 5 0; do
        "$@" && return 0
        [ $pause = 0 ] || sleep $pause
    done
    return 1
}

apt_configure()
{
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$cache"
    : >"$apt/status"
    cat >"$apt/apt.conf" <<END
APT::Architecture "arm64";
#clear APT::Architectures;
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Languages "none";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
END
}

apt_knows()
{
    apt-cache -c "$apt/apt.conf" show --no-all-versions "$1" 2>>"$apt/log" | grep -q '^Package:'
}

# Third-party sources without arm64 packages make an update fail that brought all we need, so what
# counts is whether the packages are known afterwards.
read_lists()
{
    apt-get -c "$apt/apt.conf" -qq update >"$apt/log" 2>&1 || true
    for package in linux-image-arm64 busybox-static libfdt-dev; do
        apt_knows "$package" || return 1
    done
}

# The real kernel package is what the metapackage depends on, e.g. linux-image-6.1.0-38-arm64.
kernel_package()
{
    apt-cache -c "$apt/apt.conf" show --no-all-versions "${1:-linux-image-arm64}" 2>>"$apt/log" |
        sed -n 's/^Depends: *\(linux-image-[^ ,]*\).*/\1/p'
}

# Fetches a package unless this very file is there already.
download()
{
    file=$(apt-get -c "$apt/apt.conf" -qq --print-uris download "$1" 2>>"$apt/log" |
        cut -d ' ' -f 2)
    [ -z "$file" ] || [ ! -e "$cache/$file" ] || return 0
    echo "fetch: $1"
    (cd "$cache/partial" && retry apt-get -c "$apt/apt.conf" -qq download "$1" >"$apt/log" 2>&1) ||
        die "$1 could not be downloaded; run again when the network is back. apt says:" \
            "$(tail -n 1 "$apt/log")"
    mv "$cache"/partial/*.deb "$cache/"
}

# The newest fetched package whose name matches a shell pattern; nothing if there is none.
cached()
{
    find "$cache" -maxdepth 1 -name "$1_*_arm64.deb" 2>/dev/null | sort -V | tail -n 1
}

fetch_all()
{
    rm -rf "$cache/partial"
    mkdir -p "$cache/partial"
    apt_configure
    echo "fetch: reading the mirror's list of arm64 packages"
    retry read_lists ||
        die "no mirror in apt's sources offers $package for arm64; run again when the network is" \
            "back. apt says: $(tail -n 1 "$apt/log")"
    for package in "$(kernel_package)" busybox-static libfdt-dev; do
        download "$package"
    done
    rm -rf "$cache/partial"
}

have_all()
{
    [ -n "$(cached 'linux-image-[0-9]*')" ] && [ -n "$(cached busybox-static)" ] &&
        [ -n "$(cached libfdt-dev)" ]
}

# Prints bytes of a file: where, how many.
magic()
{
    dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | od -An -tx1 | tr -d ' \n'
}

# An arm64 Image carries "ARMd" at byte 56; Debian ships it bare or packed by gzip.
extract_kernel()
{
    image=$(find "$1/boot" -name 'vmlinuz-*')
    [ "$(magic "$image" 0 2)" != 1f8b ] || {
        gzip -dc <"$image" >"$1/Image"
        image=$1/Image
    }
    [ "$(magic "$image" 56 4)" = 41524d64 ] || die "$image is not an arm64 Linux image"
    mv "$image" "${2:-build/guest/Image}"
}

extract_all()
{
    work=$top/build/extract
    rm -rf "$work"
    mkdir -p "$work/kernel" "$work/busybox" "$work/fdt" build/guest build/fdt/include

    dpkg-deb --fsys-tarfile "$(cached 'linux-image-[0-9]*')" | tar -xf - -C "$work/kernel" ./boot
    extract_kernel "$work/kernel"

    dpkg-deb -x "$(cached busybox-static)" "$work/busybox"
    mv "$(find "$work/busybox" -name busybox -type f -perm -100)" build/guest/busybox

    dpkg-deb -x "$(cached libfdt-dev)" "$work/fdt"
    mv "$(find "$work/fdt" -name libfdt.a)" build/fdt/libfdt.a
    find "$work/fdt" -name '*fdt*.h' -exec mv {} build/fdt/include/ \;

    rm -rf "$work"
    touch build/guest/Image build/guest/busybox build/fdt/libfdt.a
}

# ---- for tools/realtime.sh, apart from the others

have_realtime()
{
    for package in 'linux-image-[0-9]*-rt-arm64' $realtime_packages; do
        [ -n "$(cached "$package")" ] || return 1
    done
}

fetch_realtime()
{
    mkdir -p "$cache/partial"
    apt_configure
    echo "fetch: reading the mirror's list of arm64 packages"
    retry read_lists ||
        die "no mirror in apt's sources offers $package for arm64; run again when the network is" \
            "back. apt says: $(tail -n 1 "$apt/log")"
    for package in "$(kernel_package linux-image-rt-arm64)" $realtime_packages; do
        download "$package"
    done
    rm -rf "$cache/partial"
}

# Names of the libraries that the files given need.
needed_by()
{
    aarch64-linux-gnu-readelf -d "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]\r*$/\1/p'
}

# The programs, and below lib/ all that they need, each under the name by which it is looked for.
extract_programs()
{
    mkdir -p "$2/lib"
    cp "$1/usr/bin/cyclictest" "$1/usr/bin/stress-ng" "$2/"
    missing="$(needed_by "$2/cyclictest" "$2/stress-ng")"
    while [ -n "$missing" ]; do
        found=
        for name in $missing; do
            [ ! -e "$2/lib/$name" ] || continue
            file=$(find "$1" -name "$name" | head -n 1)
            [ -n "$file" ] || die "no package of the list has $name"
            cp -L "$file" "$2/lib/$name"
            found="$found $2/lib/$name"
        done
        missing=${found:+$(needed_by $found)}
    done
}

extract_realtime()
{
    work=$top/build/extract-realtime
    rm -rf "$work" build/guest/realtime
    mkdir -p "$work/kernel" "$work/programs" build/guest/realtime
    dpkg-deb --fsys-tarfile "$(cached 'linux-image-[0-9]*-rt-arm64')" |
        tar -xf - -C "$work/kernel" ./boot
    extract_kernel "$work/kernel" build/guest/realtime/Image
    for package in $realtime_packages; do
        dpkg-deb -x "$(cached "$package")" "$work/programs"
    done
    extract_programs "$work/programs" build/guest/realtime
    cp "$work/programs/boot/xen-4.17-arm64" build/guest/realtime/xen
    rm -rf "$work"
    touch build/guest/realtime/Image
}

# ---- for modules of guests (tools/guest-module.sh)

# The kernel that was fetched, such as 6.1.0-38-arm64: a module fits no other.
kernel_release()
{
    case $1 in
    rt-*) file=$(cache=$cache/realtime && cached "linux-image-*[0-9]-$1") ;;
    *) file=$(cached "linux-image-*[0-9]-$1") ;;
    esac
    [ -n "$file" ] || die "no Linux kernel for $1 has been fetched yet"
    basename "$file" | sed 's/^linux-image-\([^_]*\)_.*/\1/'
}

# The common headers are named by version and features: common, or common-rt.
common_headers()
{
    version=${1%-arm64}
    case $version in
    *-rt) echo "linux-headers-${version%-rt}-common-rt" ;;
    *) echo "linux-headers-$version-common" ;;
    esac
}

# Linux's build runs on this machine, so its programs are of the system's own lists.
fetch_kbuild()
{
    kbuild=linux-kbuild-$(echo "$1" | cut -d . -f 1,2)
    [ -z "$(find "$cache/headers" -name "${kbuild}_*.deb")" ] || return 0
    echo "fetch: $kbuild"
    (cd "$cache/headers" && retry apt-get -qq download "$kbuild" >"$apt/log" 2>&1) ||
        die "$kbuild could not be downloaded. apt says: $(tail -n 1 "$apt/log")"
}

# Everything is unpacked as it would be installed, below build/guest/headers; the makefile of the
# flavour then names the common one there.
headers()
{
    release=$(kernel_release "$1")
    common=$(common_headers "$release")
    to=$top/build/guest/headers
    [ ! -e "$to/$release" ] || return 0
    mkdir -p "$cache/headers" "$to"
    if [ -z "$(find "$cache/headers" -name "linux-headers-${release}_*.deb")" ] ||
        [ -z "$(find "$cache/headers" -name "${common}_*.deb")" ]; then
        apt_configure
        echo "fetch: reading the mirror's list of arm64 packages"
        retry read_lists || die "no mirror in apt's sources offers $package for arm64"
        for package in "linux-headers-$release" "$common"; do
            echo "fetch: $package"
            (cd "$cache/headers" &&
                retry apt-get -c "$apt/apt.conf" -qq download "$package" >"$apt/log" 2>&1) ||
                die "$package could not be downloaded. It fits only the kernel that was fetched:" \
                    "run tools/fetch.sh --update if the mirror has a newer one"
        done
    fi
    fetch_kbuild "$release"
    for file in "linux-headers-${release}_" "${common}_" "linux-kbuild-"; do
        dpkg-deb -x "$(find "$cache/headers" -name "$file*.deb" | sort -V | tail -n 1)" "$to"
    done
    echo "include $to/usr/src/$common/Makefile" >"$to/usr/src/linux-headers-$release/Makefile"
    touch "$to/$release"
}

if [ "${1-}" = --headers ]; then
    headers "$2"
    exit
fi
if [ "${1-}" = --realtime ]; then
    cache=$cache/realtime
    have_realtime || fetch_realtime
    extract_realtime
    exit
fi
if [ "${1-}" = --update ] || ! have_all; then
    fetch_all
    extract_all
elif ! { [ -s build/guest/Image ] && [ -s build/guest/busybox ] && [ -s build/fdt/libfdt.a ]; }; then
    extract_all
fi
