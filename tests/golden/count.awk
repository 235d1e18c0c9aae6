# SPDX-License-Identifier: MIT
# From callgrind's output, with names and positions written out, a row for each cell: its name
# behind -v prefix, instructions of the allocation and of the free, loads, stores and branches of
# both, each divided by -v operations. A cell cell_NAME() calls one function that allocates and one
# that frees, so the costs of its calls are theirs. A realloc() counts as an allocation.
/^events:/ {
	for (i = 2; i <= NF; i++)
		column[$i] = i # a cost line begins with its position
}
/^fn=/ {
	cell = /^fn=cell_/ ? substr($0, 9) : ""
	if (cell != "" && !(cell in seen)) {
		seen[cell]
		name[++nr] = cell
	}
}
/^cfn=/ { kind = tolower($0) ~ /free|delete/ ? "free" : "alloc" }
/^calls=/ && cell != "" && getline > 0 {
	instructions[cell, kind] += $column["Ir"]
	loads[cell] += $column["Dr"]
	stores[cell] += $column["Dw"]
	branches[cell] += $column["Bc"] + $column["Bi"]
}
END {
	for (i = 1; i <= nr; i++) {
		cell = name[i]
		printf "%-24s %9.2f %9.2f %9.2f %9.2f %9.2f\n", prefix cell,
			instructions[cell, "alloc"] / operations, instructions[cell, "free"] / operations,
			loads[cell] / operations, stores[cell] / operations, branches[cell] / operations
	}
}
