#!/bin/sh
# SPDX-License-Identifier: MIT
# Counts the instructions of allocations and frees under callgrind, exactly, and compares them with
# fast_path.txt beside it: nobody makes the path longer, or shorter, unseen.
#
#   usage: tests/golden/run.sh [--bless]     from anywhere; --bless writes what was counted
#
#   BUILD=build      where the programs were built, by one compiler there and by another in clang/
set -u
export LC_ALL=C
cd -- "$(dirname -- "$0")/../.." || exit 2
golden=tests/golden/fast_path.txt
build=${BUILD:-build}
operations=$(awk '$2 == "NR_OPERATIONS" { print $3 + 0 }' tests/golden/cells.h)

if ! command -v valgrind >/dev/null; then
	echo 'valgrind is not here (apt-get install valgrind, or ./configure --install-deps)'
	exit 77
fi
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT

# What counts depend on, as fast_path.txt names a section.
section() {
	"$1/tests/golden/slab" '?' | awk '{
		line = $1 " " $2 " " $3
		for (i = 4; i <= NF; i++)
			if ($i ~ /^-(O|m|f)/ && $i !~ /^-falloc-token-max/) line = line " " $i
		print line
	}'
}

# Without what debuggers read, which valgrind may be too old for.
strip_all() {
	strip -g -o "$tmp/slab" "$1/tests/golden/slab" && strip -g -o "$tmp/malloc" "$1/tests/golden/malloc" &&
		strip -g -o "$tmp/libslab-malloc.so" "$1/libslab-malloc.so"
}

# count PRELOADED PREFIX OPTIONS PROGRAM [CELL...]: the rows of one run. One CPU, one node and a seed
# make counts the same everywhere; so do memset() and memcpy() as every CPU has them.
count() {
	preloaded=$1 prefix=$2 options=$3 program=$4
	shift 4
	env LD_BIND_NOW=1 GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512VL,-AVX2,-AVX,-ERMS,-FSRM \
		LD_PRELOAD="$preloaded" SLAB_OPTIONS="single_thread=1,seed=1,cpus=2,nodes=1,$options" \
		valgrind --tool=callgrind --callgrind-out-file="$tmp/out" --toggle-collect=measure \
		--cache-sim=yes --branch-sim=yes --compress-strings=no --compress-pos=no \
		"$tmp/$program" "$@" >"$tmp/log" 2>&1 ||
		{ cat "$tmp/log"; echo "failed: $program $*"; return 1; } >&2
	awk -v prefix="$prefix" -v operations="$operations" -f tests/golden/count.awk "$tmp/out" |
		sort -V
}

count_all() {
	so=$tmp/libslab-malloc.so
	count '' '' '' slab &&
		count '' random: partition=random slab kmalloc_64 kzalloc_64 batch_1000x64 &&
		count '' typed: partition=typed slab kmalloc_64 kzalloc_64 batch_1000x64 &&
		count "$so" '' '' malloc &&
		count "$so" random: partition=random malloc malloc_64 calloc_64 new_64 &&
		count "$so" typed: partition=typed malloc malloc_64 calloc_64 new_64 \
			realloc_moves_64_256 token_realloc_moves_64_256 \
			token_malloc_64 token_new_64 fast_token_malloc_64 fast_token_new_64
}

# The file with the section replaced by what was counted, or with one more.
bless() {
	touch "$golden"
	{ echo "[$1]"; cat "$tmp/rows"; } >"$tmp/section"
	awk -v name="[$1]" '
		FILENAME == ARGV[1] { new = new $0 "\n"; next }
		/^\[/ { skip = $0 == name; if (skip) { printf "%s", new; done = 1 } }
		/^$/ { skip = 0 }
		!skip { print; after = !/^$/ }
		END { if (!done) printf "%s%s", after ? "\n" : "", new }' "$tmp/section" "$golden" >"$tmp/golden" &&
		cat "$tmp/golden" >"$golden"
}

compared=0 bad=0 reason='nothing is built there; make tests'
for where in "$build" "$build/clang"; do
	[ -x "$where/tests/golden/slab" ] || continue
	name=$(section "$where")
	if [ "${1-}" != --bless ] && ! grep -qxF "[$name]" "$golden"; then
		reason="$golden has no [$name], what this build is; tests/golden/run.sh --bless adds it"
		echo "$reason"
		continue
	fi
	strip_all "$where" && count_all >"$tmp/rows" || exit 2
	compared=$((compared + 1))
	if [ "${1-}" = --bless ]; then
		bless "$name"
	elif ! awk -v section="$name" -f tests/golden/compare.awk "$golden" "$tmp/rows" >"$tmp/said"; then
		bad=1
		printf '%s:\n' "$name"
		cat "$tmp/said"
	fi
done
if [ $bad -ne 0 ]; then
	echo 'If that is meant, tests/golden/run.sh --bless writes it down, and the commit says why.'
	exit 1
fi
[ $compared -gt 0 ] || { echo "$reason"; exit 77; }
