#!/bin/sh
# SPDX-License-Identifier: MIT
# Every option of libslab's table is described to users, in the comment of slab_boot() and in the
# table of README.md.
set -u
cd -- "$(dirname -- "$0")/../.." || exit 2
awk '
FILENAME ~ /slab\.h$/ {
	for (i = 2; /^ \*   [a-z]/ && i <= NF; i++)
		if (split($i, part, "=") == 2)
			described[part[1]] = 1
}
FILENAME == "README.md" && split($0, cell, "`") > 2 && cell[1] == "| " { tabled[cell[2]] = 1 }
FILENAME ~ /options\.c$/ && match($0, /(NUMBER\("|\.name = ")[a-z_]+"/) {
	name = substr($0, RSTART, RLENGTH - 1)
	sub(/.*"/, "", name)
	nr++
	if (!(name in described)) {
		printf "%s:%d: option %s is not described in slab.h\n", FILENAME, FNR, name
		bad = 1
	}
	if (!(name in tabled)) {
		printf "%s:%d: option %s is not in README.md\n", FILENAME, FNR, name
		bad = 1
	}
}
END {
	if (!nr)
		print "no option found in options.c"
	exit bad || !nr
}' README.md allocators/slab/slab.h allocators/slab/options.c
