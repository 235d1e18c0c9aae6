#!/bin/sh
# SPDX-License-Identifier: MIT
# gcc on libslab-malloc.so: driver, compiler, assembler and linker make the same bytes in every mode
# as without, and what they make does the same.
. "$SRCDIR/tests/cli/lib.sh"
. "$SRCDIR/tests/cli/data/programs.sh"
needs gcc gcc

source() {
	awk -v n="$1" 'BEGIN {
		print "#include <stdio.h>\nstruct s { struct s *next; double d; long v[16]; };"
		for (i = 0; i < n; i++) {
			printf "static long f%d(struct s *s, long a)\n{\n\tlong r = a * %d, i;\n", i, i * 37 + 1
			for (j = 0; j < 6; j++) {
				k = (i * 7 + j * 3) % 16
				printf "\tfor (i = 0; i < %d; i++)\n\t\tif ((s->v[i %% 16] ^ r) & %d)\n", k + 3, k + 1
				printf "\t\t\tr += s->v[%d] - i;\n\t\telse\n\t\t\ts->v[%d] += r %% %d;\n", k, 15 - k, k + 2
			}
			if (i) printf "\tr += a > %d ? f%d(s, a - 1) : 0;\n", i % 5, int(i / 2)
			print "\ts->d += (double)r / 3;\n\treturn r;\n}"
		}
		print "int main(void)\n{\n\tstruct s s = { 0 };\n\tunsigned long r = 0;"
		for (i = 0; i < n; i++) printf "\tr = r * 31 + f%d(&s, %d);\n", i, i % 9
		print "\tprintf(\"%lu\\n\", r);\n\treturn 0;\n}"
	}'
}

work() {
	source "$1" >test.c
	run "$program" -O2 -g -fwrapv -c -o test.o test.c && cksum test.o || return
	run "$program" -o test test.o && cksum test && ./test || return
	run "$program" -E test.c | cksum
	! run "$program" -c -o none.o -x c - <<-'END' 2>errors || return
		int f(void) { return g + h(1 };
	END
	grep -c 'error:' errors
}

proves "$program" -x c -S -o - /dev/null
in_every_mode 20 2
finish
