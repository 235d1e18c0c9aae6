#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole way: every allocator and default workload, quick, into an empty directory.
. "$SRCDIR/tests/cli/lib.sh"

# shows SENTENCE COMMAND...: exit 0, or 3: a noisy machine may leave a run unresolved, and it is a
# whole run all the same.
shows() {
	sentence=$1
	shift
	"$@" >"$top/out" 2>"$top/err"
	rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 3 ] || bad "exit $rc: $*"
}

shows 'compare --quick' "$RUNNER" compare --quick --db db --out pictures --json --timeout 120
query 'SELECT status FROM run' complete
query "SELECT count(*) FROM v_trial WHERE status <> 'ok'" 0
query 'PRAGMA integrity_check' ok
query 'PRAGMA foreign_key_check' ''
query "SELECT count(DISTINCT digest) = count(DISTINCT cell) FROM trial" 1
query "SELECT count(DISTINCT workload) >= 5 FROM v_trial" 1
query "SELECT count(*) > 0 FROM v_trial WHERE workload LIKE 'trace:%'" 1
query "SELECT json_extract(readfile('out'), '$.schema_version')" 1
query "SELECT json_array_length(readfile('out'), '$.failed')" 0
query "SELECT json_array_length(readfile('out'), '$.cells') > 100" 1
query "SELECT count(*) FROM json_each(readfile('out'), '$.cells')
       WHERE json_extract(value, '$.metric') = 'harness_share_ratio'
         AND json_extract(value, '$.median') IS NULL" 0
query "SELECT count(DISTINCT json_extract(value, '$.allocator')) >= 4
       FROM json_each(readfile('out'), '$.cells')" 1
# One picture of each kind, if gnuplot is there.
if command -v gnuplot >/dev/null; then
	for name in fragmentation alignment throughput pareto; do
		[ -s pictures/$name.png ] || bad "no picture $name.png"
		[ -s pictures/$name.svg ] || bad "no picture $name.svg"
		[ -s pictures/$name.dat ] || bad "no data $name.dat"
	done
fi
shows 'the same run as a table' "$RUNNER" report --db db
says out 'harness share'
says out 'repeat'
shows 'the same run as CSV' "$RUNNER" report --db db --csv
says out '^workload,params,allocator,metric,unit,n,median'
finish
