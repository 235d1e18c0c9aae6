#!/bin/sh
# SPDX-License-Identifier: MIT
# No function body is longer than 60 lines. The style puts a function's braces alone at column 0.
set -u
cd -- "$(dirname -- "$0")/../.." || exit 2
# shellcheck disable=SC2046 # paths of this tree have no spaces
awk -v limit=60 '
/^{/ { start = FNR }
/^}/ && start {
	if (FNR - start - 1 > limit) {
		printf "%s:%d: %d lines in one function, %d are allowed\n", FILENAME, start, FNR - start - 1, limit
		bad = 1
	}
	start = 0
}
END { exit bad }' /dev/null $(find lib allocators workloads harness studies tests -name '*.[ch]' 2>/dev/null | sort)
