#!/bin/sh
# SPDX-License-Identifier: MIT
# The database as a user meets it: refused without a byte changed, shared by two runs at once, whole
# after kill -9, and readable with sqlite3 alone.
. "$SRCDIR/tests/cli/lib.sh"

command -v sqlite3 >/dev/null 2>&1 || { echo 'sqlite3 (the program) is not installed'; exit 77; }

compare() {
	"$RUNNER" compare -a libc -w dentry-name -t 1 --scale 0.1 "$@"
}

# refused WORDS FILE: compare and report end with 5, say WORDS in one line, and leave FILE as it is.
refused() {
	before=$(cksum <"$2")
	expect "compare with $2" 5 compare --blocks 2 --db "$2"
	says err "$1"
	[ "$(grep -c '^runner: ' "$top/err")" -eq 1 ] || bad 'more than one sentence'
	expect "report of $2" 5 "$RUNNER" report --db "$2"
	says err "$1"
	[ "$before" = "$(cksum <"$2")" ] || bad "$2 was changed"
	for side in "$2-wal" "$2-shm" "$2-journal"; do
		[ ! -e "$side" ] || bad "$side was left behind"
	done
}

# ---- a database that is refused ------------------------------------------------------------------

seq 1000 >notes.txt
refused 'is not a SQLite database' notes.txt
: >empty
refused 'is an empty file' empty
sqlite3 foreign.db 'CREATE TABLE t (x)'
refused 'is a database of another program' foreign.db
expect 'a directory' 5 compare --db "$top"
says err 'is a directory'
expect 'no database yet' 5 "$RUNNER" report --db db
says err './runner compare makes it'
[ ! -e db ] || bad 'report made a database'

# ---- two runs at once ----------------------------------------------------------------------------

compare --blocks 2 --db db --out out.1 >/dev/null 2>err.1 &
expect 'a run beside another one' 0 compare --blocks 2 --db db --out out.2
wait $!
rc=$?
[ "$rc" -eq 0 ] || bad "the other run ended with $rc: $(cat err.1)"
query "SELECT count(*) FROM run WHERE status = 'complete'" 2
query 'SELECT count(DISTINCT run) FROM v_sample' 2
query 'PRAGMA integrity_check' ok
query 'PRAGMA application_id' 1095516739
query 'PRAGMA user_version' 3

# ---- kill -9 -------------------------------------------------------------------------------------

blocks_of_last="SELECT count(DISTINCT block) FROM trial WHERE run = (SELECT max(id) FROM run)"
"$RUNNER" compare -a libc -w dentry-name -t 1 --scale 0.1 --blocks 500 --db db --out out.3 >/dev/null 2>&1 &
victim=$!
for _ in $(seq 300); do
	[ "$(sqlite3 -readonly db "SELECT count(*) FROM run" 2>/dev/null)" = 3 ] &&
		[ "$(sqlite3 -readonly db "$blocks_of_last" 2>/dev/null)" -gt 1 ] 2>/dev/null && break
	sleep 0.1
done
kill -9 "$victim"
wait "$victim" 2>/dev/null
query "SELECT status FROM run WHERE id = (SELECT max(id) FROM run)" running
expect 'the next run' 0 compare --blocks 2 --db db --out out.4
query "SELECT count(*) FROM run WHERE status = 'interrupted'" 1
query "SELECT count(*) FROM (SELECT count(*) AS n FROM trial GROUP BY run, block HAVING n <>
	(SELECT count(*) FROM arm WHERE run = trial.run))" 0
query 'PRAGMA integrity_check' ok

# ---- newer, then damaged -------------------------------------------------------------------------

cp db newer.db
sqlite3 newer.db 'PRAGMA user_version = 4' >/dev/null
refused 'has format 4, this runner knows format 3' newer.db
cp db damaged.db
dd if=/dev/zero of=damaged.db bs=4096 seek=3 count=4 conv=notrunc 2>/dev/null
before=$(cksum <damaged.db)
expect 'a damaged database' 5 compare --blocks 2 --db damaged.db
says err 'is damaged'
[ "$before" = "$(cksum <damaged.db)" ] || bad 'the damaged database was changed'

finish
