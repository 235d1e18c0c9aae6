# SPDX-License-Identifier: MIT
# The rows of -v section in the file of goldens, then the rows just counted: each number may differ
# by 2 %. Says what does not hold; ends with 1 if anything does not.
function complain(text) { print "  " text; bad = 1 }
function differ(cell, what, was, is) {
	if (is - was > was * 0.02 || was - is > was * 0.02)
		complain(sprintf("%-24s %-24s expected %.2f, found %.2f: %s", cell, what, was, is,
			was > 0 ? sprintf("%+.1f %%", (is - was) / was * 100) : "none before"))
}
BEGIN {
	split("instructions to allocate,instructions to free,loads,stores,branches", what, ",")
}
FILENAME == ARGV[1] {
	if (/^\[/) on = $0 == "[" section "]"
	else if (on && /^[a-z]/) golden[$1] = $0
	next
}
{
	if (!($1 in golden)) {
		complain(sprintf("%-24s is not in the file", $1))
		next
	}
	split(golden[$1], was)
	for (i = 2; i <= 6; i++) differ($1, what[i - 1], was[i], $i)
	delete golden[$1]
}
END {
	for (cell in golden) complain(sprintf("%-24s was not counted", cell))
	exit bad
}
