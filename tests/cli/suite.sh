#!/bin/sh
# SPDX-License-Identifier: MIT
# Suites on the command line: a user's mistakes, a run of a few cells, what it stores, prints in four
# formats and draws, and a database of format 2 that gets a suite's run.
. "$SRCDIR/tests/cli/lib.sh"
unset GLIBC_TUNABLES MALLOC_CONF

one_line() {
	[ "$(wc -l <err)" -eq 1 ] || bad 'more than one line'
	[ ! -e db ] || bad 'a database was made'
}

cat >few.suite <<'END'
summary a few cells
allocators libc,libc:x=1,no-such,slab,slab:partition=typed
rounds 1
scale 0.01
cell batch:10x64 quick
cell batch:10x64s
cell handover 2,4 quick
target each batch 1.00
target mean 0.90
target options partition=typed 1.01
target crowd 4:2 1.10
END

# ---- mistakes ------------------------------------------------------------------------------------

expect 'an unknown suite' 2 "$RUNNER" compare --db db --suite sped
says err "unknown suite 'sped'; did you mean 'speed'?"
one_line
expect 'a suite file that is not there' 2 "$RUNNER" compare --db db --suite ./none.suite
says err 'the suite ./none.suite cannot be read: No such file'
one_line
expect 'workloads beside a suite' 2 "$RUNNER" compare --db db --suite ./few.suite -w pmem
says err 'says which workloads and threads; leave out -w'
one_line
expect 'threads beside a suite' 2 "$RUNNER" compare --db db --suite ./few.suite -t 2
says err 'leave out -t'
one_line
expect 'a suite at night' 2 "$RUNNER" nightly --db db --suite speed
says err 'nightly runs no suite; ./runner compare --suite speed'
one_line
expect 'an allocator that the user named must be there' 2 "$RUNNER" compare --db db \
	--suite ./few.suite -a libc,no-such
says err "unknown allocator 'no-such'"
one_line
expect 'an option in the environment' 2 \
	env GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$RUNNER" compare --db db --suite ./few.suite
says err 'the environment sets GLIBC_TUNABLES, which changes libc'
one_line
sed 's/^cell handover/cell handovr/' few.suite >wrong.suite
expect 'an unknown workload in a suite' 2 "$RUNNER" compare --db db --suite ./wrong.suite
says err "unknown workload 'handovr'; did you mean 'handover'?"
sed 's/10x64s/10y64/' few.suite >wrong.suite
expect 'a wrong argument in a suite' 2 "$RUNNER" compare --db db --suite ./wrong.suite
says err "'10y64' has no size"
echo 'targets 1' >>wrong.suite
expect 'a wrong line in a suite' 2 "$RUNNER" compare --db db --suite ./wrong.suite
says err "suite 'wrong', line 12: 'targets' is no key"
one_line
head -c 20000 /dev/zero >wrong.suite
expect 'no text' 2 "$RUNNER" compare --db db --suite ./wrong.suite
says err 'is no text of less than'
one_line

expect 'list names the suites' 0 "$RUNNER" list
says out '^  speed  '

# ---- a run ---------------------------------------------------------------------------------------

expect 'the plan of the quick part' 0 "$RUNNER" compare --suite ./few.suite --quick -n --db db
[ "$(grep -c '^cell' out)" -eq 3 ] || bad 'not three cells'
says out '^cell handover threads=4 scale=0.01'
says err 'left out: no-such: this runner has no allocator of that name'

sentence='a run of a suite'
"$RUNNER" compare --suite ./few.suite --blocks 6 --db db --out pictures >out 2>err
rc=$?
[ "$rc" -eq 0 ] || [ "$rc" -eq 3 ] || bad "exit $rc"
says out '^suite few: a few cells; 4 cells'
says out '^batch:10x64s '
says out '^handover threads=4 '
says out '^slab against its targets'
says out 'a time in each cell of batch, to its fastest peer: [012] of 2 at or below, target 1.00'
says out 'c time, mean over the cells, with partition=typed to without: '
says out 'e drained RSS, mean, after 4 threads to that after 2: '
says out '^skipped: no-such: this runner has no allocator'
says out '^skipped: libc:x=1: it takes no options'
says_not out '95% interval\*'
query 'SELECT name FROM suite' few
query "SELECT group_concat(options, ';') FROM (SELECT options FROM suite_own ORDER BY arm)" \
	';partition=typed'
query 'SELECT count(*) FROM v_suite' 12
query "SELECT count(*) FROM v_suite WHERE NOT is_own AND ratio <> 1" 0
query "SELECT count(*) FROM v_trial WHERE status <> 'ok'" 0
query 'PRAGMA foreign_key_check' ''
if command -v gnuplot >/dev/null; then
	[ -s pictures/speed.svg ] && [ -s pictures/speed.png ] || bad 'no pictures'
	[ ! -e pictures/pareto.svg ] || bad 'pictures of the panels too'
fi
cp out first
expect 'the report again' 0 sh -c '"$RUNNER" report --db db || [ $? -eq 3 ]'
sed '/^picture/d' first >wanted
cmp -s wanted out || bad 'it differs'

# ---- the same numbers in every format ------------------------------------------------------------

expect 'CSV of it' 0 sh -c '"$RUNNER" report --csv --db db || [ $? -eq 3 ]'
[ "$(grep -c ',attributable_ns,ns,6,' out)" -eq 12 ] || bad 'not a row for each cell and allocator'
expect 'Markdown of it' 0 sh -c '"$RUNNER" report --markdown --db db || [ $? -eq 3 ]'
says out '^## suite few$'
says out '^| cell | slab | slab:partition=typed | libc |$'
says out '^### slab against its targets$'
cp out markdown
expect 'JSON of it' 0 sh -c '"$RUNNER" report --json --db db || [ $? -eq 3 ]'
cp out json
query "SELECT json_extract(readfile('json'), '$.suite.name')" few
query "SELECT json_array_length(readfile('json'), '$.suite.cells')" 4
query "SELECT group_concat(json_extract(value, '$.target'), ' ')
	FROM json_each(readfile('json'), '$.suite.subjects[0].targets')" 'each mean mean options crowd'
query "SELECT count(*) FROM v_suite v, json_each(readfile('json'), '$.suite.cells') c,
	json_each(c.value, '$.allocators') a
	WHERE v.workload = json_extract(c.value, '$.workload')
	AND v.threads = json_extract(c.value, '$.threads')
	AND v.allocator = json_extract(a.value, '$.allocator')
	AND v.peer = json_extract(c.value, '$.peer')
	AND abs(v.ratio / json_extract(a.value, '$.ratio') - 1) < 1e-9
	AND abs(v.low / json_extract(a.value, '$.low') - 1) < 1e-9
	AND abs(v.high / json_extract(a.value, '$.high') - 1) < 1e-9
	AND abs(v.attributable_ns / json_extract(a.value, '$.ns') - 1) < 1e-9" 12
if command -v python3 >/dev/null; then
	expect 'text and Markdown say what JSON says' 0 \
		python3 "$SRCDIR/tests/cli/data/suite_words.py" json first markdown
else
	echo 'text and Markdown are not compared with JSON: python3 is missing'
fi

# ---- other runs, and a database of format 2 -----------------------------------------------------

sqlite3 db 'DROP VIEW v_suite; DROP TABLE suite_own; DROP TABLE suite;
	PRAGMA user_version = 2' >/dev/null
expect 'an older database is read as it is' 0 sh -c '"$RUNNER" report --db db || [ $? -eq 3 ]'
says_not out 'against its targets'
sentence='the next run brings it up to date'
"$RUNNER" compare -a libc,slab -w batch:10x64 -t 1 --scale 0.01 --blocks 2 --db db --out plain >out 2>err
query 'PRAGMA user_version' 3
query 'SELECT count(*) FROM suite' 0
says_not err 'picture speed'
[ ! -e plain/speed.svg ] || bad 'a picture of a suite'
finish
