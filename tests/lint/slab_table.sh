#!/bin/sh
# SPDX-License-Identifier: MIT
# The table of files in allocators/slab/README.md names each file of the folder once, and no file
# includes one of a later row, but for boot.h. A name without a suffix is its .c and its .h.
set -u
cd -- "$(dirname -- "$0")/../../allocators/slab" || exit 2
[ -e README.md ] || { echo 'allocators/slab has no README.md'; exit 77; }
exec awk '
function complain(what) { print FILENAME ":" FNR ": " what; bad = 1 }
function add(name) {
	if (name in row)
		complain(name " is in the table twice")
	row[name] = rows
}
function enter(name) {
	if (name ~ /\./ ? !(name in here) : !(name ".c" in here) && !(name ".h" in here))
		complain("there is no " name)
	if (name ~ /\./) {
		add(name)
		return
	}
	if (name ".c" in here) add(name ".c")
	if (name ".h" in here) add(name ".h")
}
BEGIN { for (i = 2; i < ARGC; i++) here[ARGV[i]] }
FILENAME == "README.md" {
	if (/^## /) on = /^## Files/
	if (!on || !/^\| `/) next
	rows++
	split($0, cell, "|")
	n = split(cell[2], word, "`")
	for (i = 2; i <= n; i += 2) enter(word[i])
	next
}
FNR == 1 && !(FILENAME in row) { complain("not in the table of README.md") }
/^#include "[^\/"]*"/ {
	split($0, word, "\"")
	if (word[2] in row && row[word[2]] > row[FILENAME] && word[2] != "boot.h")
		complain(word[2] " stands below " FILENAME " in README.md")
}
END { exit bad }' README.md *.[ch]
