#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks every #include against tests/layers, and that the directories named there with "!" know no
# allocator and no workload by name.
set -u
cd -- "$(dirname -- "$0")/.." || exit 2

files=$(find lib allocators workloads harness studies tests -name '*.[ch]' 2>/dev/null | sort)
names=$(grep -l -e '^ALLOCATOR(' -e '^WORKLOAD(' allocators/*.c workloads/*.c 2>/dev/null |
	sed 's|.*/||; s|\.c$||')

# shellcheck disable=SC2086 # paths of this tree have no spaces
exec awk -v files="$files" -v names="$names" -f tests/layers.awk tests/layers $files
