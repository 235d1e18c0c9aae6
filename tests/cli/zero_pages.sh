# SPDX-License-Identifier: MIT
# What a process pays for the variables of the library that begin as zero: the large tables, of
# which it uses little, lie behind all the others, so that the others share a few pages.
. "$SRCDIR/tests/cli/lib.sh"

[ -f "$SRCDIR/$BUILD/libslab-malloc.so" ] || { echo 'this build has no libslab-malloc.so'; exit 77; }
command -v nm >/dev/null || { echo 'nm is not here (apt-get install binutils)'; exit 77; }

# A table is a variable of a page or more, and what is a few lines long is none. slab_classes is between them and the rest: SPARSE_HEAD.
places='
function hex(s,   i, x) {
	for (i = 1; i <= length(s); i++)
		x = x * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return x
}
$3 == "b" || $3 == "B" {
	at = hex($1)
	if (hex($2) >= 4096 && $4 != "slab_classes")
		first = first && first < at ? first : at
	if (hex($2) < 512)
		last = last > at ? last : at
}
END { print (first > last ? "behind" : "among") }'

for library in libslab.so libslab-malloc.so; do
	expect "large tables of $library" 0 \
		sh -c 'nm -S "$1" | awk "$2"' - "$SRCDIR/$BUILD/$library" "$places"
	says out '^behind$'
done

finish
