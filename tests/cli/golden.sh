#!/bin/sh
# SPDX-License-Identifier: MIT
# What tests/golden makes of callgrind's output, and what it takes for a difference.
. "$SRCDIR/tests/cli/lib.sh"

cat >golden.txt <<'END'
# A comment.
[x86_64 gcc-1 -O2]
other                        10.00     10.00      1.00      1.00      1.00

[x86_64 gcc-2 -O2]
pair                         50.00     38.00     25.00      0.00     14.00
batch                        50.49     38.00     25.00      6.00     14.00
END

compare() {
	awk -v section='x86_64 gcc-2 -O2' -f "$SRCDIR/tests/golden/compare.awk" golden.txt -
}

printf 'batch 50.49 38.00 25.00 6.00 14.00\npair 51.00 38.00 25.00 0.00 14.00\n' >same
sentence='two per cent more are not said'
expect "$sentence" 0 compare <same
says_not out .

sentence='an instruction in fifty more is'
sed 's/51.00/51.01/' same >longer
expect "$sentence" 1 compare <longer
says out '^  pair  *instructions to allocate expected 50.00, found 51.01: +2.0 %$'

sentence='less is said as well'
sed 's/38.00 25.00 6/35.00 25.00 6/' same >shorter
expect "$sentence" 1 compare <shorter
says out '^  batch  *instructions to free  *expected 38.00, found 35.00: -7.9 %$'

sentence='what was nothing and is something is said'
sed 's/0.00 14/1.00 14/' same >store
expect "$sentence" 1 compare <store
says out 'pair  *stores  *expected 0.00, found 1.00: none before$'

sentence='a cell that is missing on either side is said'
sed 's/batch/new/' same >renamed
expect "$sentence" 1 compare <renamed
says out '^  new  *is not in the file$'
says out '^  batch  *was not counted$'
says_not out other

# Lines as callgrind writes them: zeros at the end are left out, files change within a function.
cat >callgrind.out <<'END'
events: Ir Dr Dw I1mr Bc Bi
fn=main
cfn=cell_pair
calls=1 5
7 10000 100
fn=cell_pair
12 3 1
cfn=kmalloc_token
calls=100 20
12 4000 1000 200 1 300
12 3 1
fi=other.h
cfn=kfree
calls=100 40
13 3000 500 100 0 200 100
cfn=kfree'2
calls=1 40
13 100
END
sentence='the costs of the two calls of a cell are told apart and divided'
expect "$sentence" 0 awk -v prefix=typed: -v operations=100 -f "$SRCDIR/tests/golden/count.awk" callgrind.out
says out '^typed:pair  *40.00  *31.00  *15.00  *3.00  *6.00$'

finish
