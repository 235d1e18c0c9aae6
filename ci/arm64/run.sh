#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the restartable sequences of libslab on an emulated arm64 machine with two CPUs and a Debian
# kernel: about two minutes, not part of `make check`. Needs on Debian:
#   apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm cpio
# KERNEL=FILE is an arm64 Image; without it the Debian package linux-image-arm64 is downloaded.
# Exit 0 if both engines end in "ok".
set -eu

cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for tool in aarch64-linux-gnu-gcc qemu-system-aarch64 cpio; do
	command -v "$tool" >/dev/null || {
		echo "$tool is missing: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm cpio" >&2
		exit 77
	}
done

# Debian's kernel, without installing it.
download() {
	index="$dir/Packages"
	mirror=${MIRROR:-http://deb.debian.org/debian}
	wget -q -O - "$mirror/dists/bookworm/main/binary-arm64/Packages.xz" | xz -d >"$index"
	name=$(awk '/^Package: linux-image-arm64$/ { found = 1 } found && /^Depends:/ { print $2; exit }' "$index")
	path=$(awk -v name="$name" '$0 == "Package: " name { found = 1 } found && /^Filename:/ { print $2; exit }' "$index")
	wget -q -O "$dir/kernel.deb" "$mirror/$path"
	dpkg -x "$dir/kernel.deb" "$dir/kernel"
	KERNEL=$(echo "$dir"/kernel/boot/vmlinuz-*)
}

make -s build/gen/version.h >/dev/null 2>&1 || true
mkdir "$dir/root"
aarch64-linux-gnu-gcc -std=gnu11 -D_GNU_SOURCE= -O2 -I. -Ibuild/gen -pthread -static \
	-o "$dir/root/init" ci/arm64/init.c allocators/slab/*.c ${ARM64_LIBS:-}
(cd "$dir/root" && echo init | cpio -o -H newc --quiet | gzip -1 >../initrd.gz)

[ -n "${KERNEL:-}" ] || download
timeout 300 qemu-system-aarch64 -M virt -cpu max -smp 2 -m 1024 -nographic -no-reboot \
	-kernel "$KERNEL" -initrd "$dir/initrd.gz" -append 'console=ttyAMA0 quiet panic=-1' \
	>"$dir/log" </dev/null || true
cat "$dir/log"
[ "$(grep -c ': ok' "$dir/log")" = 2 ]
