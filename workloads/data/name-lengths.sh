#!/bin/sh
# Write name_lengths.h: how many file names of each length the trees given as arguments hold.
#
#	workloads/data/name-lengths.sh /usr /etc /var > workloads/data/name_lengths.h
#
# Lengths are in bytes, as the kernel counts them; every entry of the trees counts, directories
# too; other file systems mounted below are left out. Only the counts are kept, no name.
set -eu
[ $# -gt 0 ] || { echo "usage: name-lengths.sh DIRECTORY... > name_lengths.h" >&2; exit 2; }

system=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-unknown}" || echo unknown)

LC_ALL=C find "$@" -xdev -printf '%f\0' 2>/dev/null |
LC_ALL=C tr '\n\0' '?\n' |
LC_ALL=C awk -v dirs="$*" -v system_name="$system" -v day="$(date -u +%Y-%m-%d)" '
{ n++; l = length($0); sum += l; count[l]++; if (l >= 40) long_names++
  if (l > longest) longest = l }
END {
	print "/* SPDX-License-Identifier: MIT */"
	print "/*"
	print " * How many names of each length, in bytes, a real tree holds: the lengths that the dentry-name"
	print " * workload draws from. Made by workloads/data/name-lengths.sh, which ran"
	print " *"
	print " *\tLC_ALL=C find " dirs " -xdev -printf \"%f\\0\""
	print " *"
	print " * on a machine with a compiler and libraries for development installed,"
	print " * " system_name ", " day ":"
	printf " * %d names, mean %.1f bytes, %.1f %% of 40 or more.\n", n, sum / n, 100 * long_names / n
	print " */"
	print "#ifndef WORKLOADS_DATA_NAME_LENGTHS_H"
	print "#define WORKLOADS_DATA_NAME_LENGTHS_H"
	print ""
	print "#include <stdint.h>"
	print ""
	print "/* clang-format off */"
	print "static const uint32_t name_lengths[256] = {"
	for (row = 0; row <= longest; row += 8) {
		line = "\t"
		for (i = row; i < row + 8; i++)
			line = line (i > row ? " " : "") count[i] + 0 ","
		print line
	}
	print "};"
	print "/* clang-format on */"
	print ""
	print "#endif"
}'
