#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the restartable sequences of libslab on an emulated arm64 machine with two CPUs and a Debian
# kernel: about two minutes, not part of `make check`. Needs on Debian:
#   apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm cpio
# KERNEL=FILE is an arm64 Image, URCU=DIR has liburcu for arm64 (include/, lib/): without them the
# Debian packages are downloaded (MIRROR=http://deb.debian.org/debian).
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

# Unpack an arm64 package of Debian without installing it: name, or a package that depends on it.
mirror=${MIRROR:-http://deb.debian.org/debian}
unpack() {
	path=$(awk -v name="$1" '$0 == "Package: " name { found = 1 } found && /^Filename:/ { print $2; exit }' "$dir/Packages")
	wget -q -O "$dir/package.deb" "$mirror/$path"
	dpkg -x "$dir/package.deb" "$dir/$2"
}

[ -n "${KERNEL:-}" ] && [ -n "${URCU:-}" ] ||
	wget -q -O - "$mirror/dists/bookworm/main/binary-arm64/Packages.xz" | xz -d >"$dir/Packages"
if [ -z "${KERNEL:-}" ]; then
	unpack "$(awk '/^Package: linux-image-arm64$/ { found = 1 } found && /^Depends:/ { print $2; exit }' "$dir/Packages")" kernel
	KERNEL=$(echo "$dir"/kernel/boot/vmlinuz-*)
fi
[ -n "${URCU:-}" ] || {
	unpack liburcu-dev urcu
	URCU=$dir/urcu/usr
}

make -s build/gen/version.h >/dev/null 2>&1 || true
mkdir "$dir/root"
aarch64-linux-gnu-gcc -std=gnu11 -D_GNU_SOURCE= -O2 -I. -Ibuild/gen -pthread -static \
	-I"$URCU/include/aarch64-linux-gnu" -I"$URCU/include" -o "$dir/root/init" ci/arm64/init.c \
	allocators/slab/*.c "$URCU/lib/aarch64-linux-gnu/liburcu-bp.a" \
	"$URCU/lib/aarch64-linux-gnu/liburcu-common.a"
(cd "$dir/root" && echo init | cpio -o -H newc --quiet | gzip -1 >../initrd.gz)

timeout 300 qemu-system-aarch64 -M virt -cpu max -smp 2 -m 1024 -nographic -no-reboot \
	-kernel "$KERNEL" -initrd "$dir/initrd.gz" -append 'console=ttyAMA0 quiet panic=-1' \
	>"$dir/log" </dev/null || true
cat "$dir/log"
[ "$(grep -c ': ok' "$dir/log")" = 2 ]
