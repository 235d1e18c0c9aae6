#!/bin/sh
# SPDX-License-Identifier: MIT
# Workloads whose work is done by other programs: who takes part, what is measured, what is left
# out, and how a program that is not there is told.
. "$SRCDIR/tests/cli/lib.sh"

# sqlite3 is the one that these tests need anyway.
compare() {
	rm -f db db-wal db-shm
	"$RUNNER" compare --db db --out out.d --quick --blocks 2 --scale 0.05 "$@"
}

expect 'an allocator with functions of its own is left out, with the reason' 0 \
	compare -w program:sqlite3 -a libc,slab
says err 'left out: program:sqlite3: not applicable to .*: null, slab$'
says out 'skipped: program:sqlite3: not applicable'
query "SELECT count(*) FROM v_trial" 4
query "SELECT count(*) FROM v_trial WHERE status <> 'ok'" 0
query "SELECT group_concat(DISTINCT role) FROM v_trial WHERE role IN ('null', 'subject')" ''
query "SELECT count(*) FROM skipped WHERE reason LIKE 'not applicable%null, slab'" 1

sentence='time and memory are those of the program'
query "SELECT count(*) FROM sample WHERE metric = 'cpu_ns_per_op' AND value > 0" 4
query "SELECT count(*) FROM sample WHERE metric = 'rss_peak_bytes' AND value > 1000000" 4
query "SELECT count(*) FROM sample WHERE metric = 'page_faults' AND value > 0" 4
query "SELECT count(*) FROM sample WHERE metric LIKE 'latency%' OR metric LIKE 'rss_mean%'
       OR metric LIKE 'rss_drained%' OR metric LIKE 'live%' OR metric LIKE 'frag%'" 0
query "SELECT count(*) FROM timeline" 0
says out 'cpu ns/op'

expect 'one thread unless more are named' 0 compare -w program:sqlite3 -a libc -t 1,2
query "SELECT group_concat(threads) FROM cell" 1,2
query "SELECT count(*) FROM v_trial WHERE status = 'ok'" 8
expect 'the same run as JSON' 0 "$RUNNER" report --db db --json
query "SELECT json_array_length(readfile('out'), '$.failed')" 0
expect 'the same run as CSV' 0 "$RUNNER" report --db db --csv
says out ',cpu_ns_per_op,ns,'
expect 'the same run as Markdown' 0 "$RUNNER" report --db db --markdown
says out 'program:sqlite3'

expect 'a baseline that cannot take part is a sentence' 2 compare -w program:sqlite3 -a slab,libc \
	--baseline slab
says err "cannot run on the baseline 'slab'.*name another with --baseline"
expect 'no program named' 2 compare -w program -a libc
says err "it takes one of: gcc git lua5.4 python3 redis sqlite3"
expect 'a program that is not known' 2 compare -w program:perl -a libc
says err "no program 'perl'"
expect 'programs run only when they are named' 0 "$RUNNER" compare --db db2 --dry-run -a libc
says_not out 'program:'
expect 'list has them' 0 "$RUNNER" list
says out '^  program  *a real program'

# A script may say so as well.
sed -e 's/^static int prepare(.*/&\n{\n\tsnprintf(plan->why, sizeof(plan->why), "no such machine");\n\treturn WL_ABSENT;\n}\n\nstatic int unused(struct wl_plan *plan)/' \
	-e '1i #include <stdio.h>' -e 's/^WORKLOAD(script)/int (*const used)(struct wl_plan *) = unused;\n&/' \
	"$SRCDIR/workloads/scripts/skeleton.c" >absent.c
rm -f db db-wal db-shm
expect 'a workload that is absent is told, and nothing else was asked for' 2 \
	"$RUNNER" run absent.c --db db --out out.d -a libc -t 1 --blocks 2
says err 'no workload can run; .*: no such machine'
[ -z "$(find . -name 'slabbench.*' -type d)" ] || bad 'the scratch directory stayed'
finish
