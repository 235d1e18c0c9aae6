#!/bin/sh
# SPDX-License-Identifier: MIT
# ./runner slabinfo: the state of the caches of a stored trial, and every trial that has none.
. "$SRCDIR/tests/cli/lib.sh"

command -v sqlite3 >/dev/null 2>&1 || { echo 'sqlite3 (the program) is not installed'; exit 77; }

# Two blocks may leave the run unresolved, which is no matter here.
measure() {
	"$RUNNER" compare -w dentry-name -t 1 --scale 0.1 --blocks 2 --out pictures "$@"
	rc=$?
	[ $rc -ne 3 ] || rc=0
	return $rc
}
slabinfo() {
	"$RUNNER" slabinfo "$@"
}
one_line() {
	[ "$(wc -l <"$top/err")" -eq 1 ] || bad 'more than one line'
}

expect 'no database yet' 5 slabinfo --db db
says err './runner compare makes it'
expect 'a run of two allocators with caches' 0 measure -a libc,slab,slab:partition=typed --db db
run=$(sqlite3 db 'SELECT max(id) FROM run')
query "SELECT count(*) FROM slabinfo" 2
query "SELECT count(DISTINCT block) FROM v_slabinfo" 1
expect 'several trials are listed' 0 slabinfo --db db
[ "$(wc -l <"$top/out")" -eq 2 ] || bad 'not two'
says out "^./runner slabinfo $run/[0-9]*  dentry-name threads=1  slab$"
says out "^./runner slabinfo $run/[0-9]*  dentry-name threads=1  slab:partition=typed$"
trial=$(sqlite3 db "SELECT trial FROM v_slabinfo WHERE allocator = 'slab'")
expect 'one of them is printed' 0 slabinfo "$run/$trial" --db db
[ "$(head -n 1 "$top/out")" = 'slabinfo - version: 2.1' ] || bad 'not version 2.1'
says out '^# name            <active_objs> <num_objs> <objsize>'
says out '^kmalloc-64 .* : tunables    0    0    0 : slabdata '
[ "$(sqlite3 db "SELECT text FROM slabinfo WHERE trial = $trial" | sed '$d')" = "$(cat "$top/out")" ] ||
	[ "$(sqlite3 db "SELECT text FROM slabinfo WHERE trial = $trial")" = "$(cat "$top/out")" ] ||
	bad 'what is printed is not what is stored'
active=$(awk 'NR > 2 { n += $2 } END { print n + 0 }' "$top/out")
[ "$active" -gt 1000 ] || bad "only $active objects were live at the peak"
expect 'a run may be begun' 0 slabinfo "$(echo "$run" | cut -c 1-30)/$trial" --db db
says out '^slabinfo - version: 2.1$'
expect 'the newest run is meant' 0 slabinfo "/$trial" --db db
says out '^slabinfo - version: 2.1$'

none=$(sqlite3 db "SELECT id FROM trial WHERE id NOT IN (SELECT trial FROM slabinfo) LIMIT 1")
expect 'a trial without' 2 slabinfo "$run/$none" --db db
says err "trial $none of run $run has no slabinfo"
one_line
expect 'a trial that is not there' 2 slabinfo "$run/4711" --db db
says err 'has no slabinfo'
expect 'a trial that is no number' 2 slabinfo "$run/x" --db db
says err "'x' is no trial"
one_line
expect 'a run that is not there' 2 slabinfo 9999 --db db
says err "no run whose id begins with '9999'"
expect 'an unknown option' 2 slabinfo --dbb db
says err "did you mean 'db'?"
expect 'help' 0 slabinfo --help

expect 'a run of one allocator with caches' 0 measure -a libc,slab --db one.db
expect 'the only one is printed' 0 slabinfo --db one.db
says out '^slabinfo - version: 2.1$'
cp one.db none.db
sqlite3 none.db 'DELETE FROM slabinfo'
expect 'none is a sentence' 2 slabinfo --db none.db
says err 'has no slabinfo; only allocators with caches of their own'
one_line

# ---- a database of format 1 ----------------------------------------------------------------------

sqlite3 one.db 'DROP VIEW v_suite; DROP TABLE suite_own; DROP TABLE suite;
	DROP VIEW v_slabinfo; DROP TABLE slabinfo; PRAGMA user_version = 1' >/dev/null
expect 'an old database is read as it is' 0 sh -c '"$RUNNER" report --db one.db || [ $? -eq 3 ]'
expect 'an old database has none' 2 slabinfo --db one.db
says err 'was made before slabinfo was stored'
[ "$(sqlite3 one.db 'PRAGMA user_version')" = 1 ] || bad 'reading changed the format'
expect 'the next run brings it up to date' 0 measure -a libc,slab --db one.db
[ "$(sqlite3 one.db 'PRAGMA user_version')" = 3 ] || bad 'the format is not 3'
[ "$(sqlite3 one.db 'SELECT count(*) FROM run')" = 2 ] || bad 'the old run is gone'
expect 'the new run has one' 0 slabinfo --db one.db
says out '^slabinfo - version: 2.1$'
finish
