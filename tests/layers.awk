# SPDX-License-Identifier: MIT
# The first file is the table (tests/layers), the others are sources. Variables: files, all sources;
# names, the identifiers of the allocators and workloads. Exit 1 if a line breaks a rule.

function complain(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	bad = 1
}

function directory(path) {
	return sub(/\/[^\/]*$/, "", path) ? path : "."
}

# The line without comments; `comment` stays set while a block comment is open.
function code(line,    i, c, two, out, string) {
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (comment) {
			if (two == "*/") {
				comment = 0
				i++
			}
		} else if (string) {
			out = out c
			if (c == "\\")
				out = out substr(line, ++i, 1)
			else if (c == string)
				string = ""
		} else if (two == "//") {
			break
		} else if (two == "/*") {
			comment = 1
			i++
		} else {
			if (c == "\"" || c == "'")
				string = c
			out = out c
		}
	}
	return out
}

function check_include(path,    to) {
	if (path in generated) {
		if (!((path, here) in may_generated))
			complain(here " may not include " path)
		return
	}
	if (path !~ /\//) {
		if (!((here "/" path) in exists))
			complain("\"" path "\" is not in " here "; include other directories by their path from the root")
		return
	}
	to = directory(path)
	if (!(path in exists))
		complain("\"" path "\" is not a file of this tree")
	else if (to == here)
		complain("\"" path "\" is in the same directory; include it by bare name")
	else if (!((here, to) in may))
		complain(here " may not include " to " (tests/layers)")
}

# A name counts as a word of its own, written with - or with _, or with options behind it.
function check_names(line,    i, name, edge) {
	edge = "[^-A-Za-z0-9_]"
	for (i = 1; i <= nr_names; i++) {
		name = word[i]
		if ((FILENAME, name) in allowed)
			continue
		gsub(/_/, "[-_]", name)
		if (line ~ ("\"([^\"]*,)?" name "[:,]") ||
		    (!((here, word[i]) in allowed) && (" " line " ") ~ (edge name edge)))
			complain(here " names '" word[i] "'; ask the registry")
	}
}

BEGIN {
	n = split(files, file, /[ \n]+/)
	for (i = 1; i <= n; i++)
		exists[file[i]] = 1
	nr_names = split(names, word, /[ \n]+/)
}

FILENAME == ARGV[1] {
	sub(/#.*/, "")
	if (NF == 0)
		next
	if ($1 ~ /:$/) {
		sub(/:$/, "", $1)
		layer[$1] = 1
		for (i = 2; i <= NF; i++)
			may[$1, $i] = 1
	} else if ($2 == "<") {
		generated[$1] = 1
		for (i = 3; i <= NF; i++)
			may_generated[$1, $i] = 1
	} else if ($2 == "!") {
		nameless[$1] = 1
		for (i = 3; i <= NF; i++)
			allowed[$1, $i] = 1
	} else {
		complain("not a rule: " $0)
	}
	next
}

FNR == 1 {
	comment = 0
	here = directory(FILENAME)
	if (!(here in layer))
		complain(here " has no line in tests/layers")
}

{
	text = code($0)
	if (match(text, /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/)) {
		path = substr(text, RSTART, RLENGTH)
		gsub(/^[^"]*"|"$/, "", path)
		check_include(path)
	} else if (here in nameless) {
		check_names(text)
	}
}

END {
	exit bad
}
