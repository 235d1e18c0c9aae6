#!/bin/sh
# SPDX-License-Identifier: MIT
# Every header compiles alone, and twice.
set -u
cd -- "$(dirname -- "$0")/../.." || exit 2
bad=0
for header in $(find lib allocators workloads harness studies tests -name '*.h' 2>/dev/null | sort); do
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE= -I. -I"$BUILD/gen" -Wall -Wextra -Werror -fsyntax-only -x c - ||
		bad=1
done
exit $bad
