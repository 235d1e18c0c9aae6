#!/bin/sh
# SPDX-License-Identifier: MIT
# An allocator or a workload that goes wrong: its cell says so, the others go on, exit 4; what was
# measured is in the database. Ctrl-C: stored blocks stay, exit 130.
. "$SRCDIR/tests/cli/lib.sh"
data=$SRCDIR/tests/cli/data
cc=${CC:-cc}

for what in CRASH HANG SCRIBBLE EMPTY NOTHING DIRTY; do
	$cc -O1 -shared -fPIC -D$what -o bad_$what.so "$data/bad_malloc.c" || exit 1
done

# compare ALLOCATOR [OPTIONS]: with libc beside it, small.
compare() {
	allocator=$1
	shift
	rm -f db db-wal db-shm
	"$RUNNER" compare --db db --out out.d -a "libc,$allocator" -w dentry-name -t 1 --scale 0.1 \
		--blocks 2 "$@"
}

expect 'an allocator that crashes' 4 compare "bad=$top/bad_CRASH.so"
says err 'bad: failed: died by signal 6'
query "SELECT count(*) FROM v_trial WHERE allocator = 'bad' AND status = 'failed'" 2
query "SELECT count(*) FROM v_trial WHERE allocator = 'libc' AND status = 'ok'" 2
query "SELECT status FROM run" complete

expect 'an allocator that hangs' 4 compare "bad=$top/bad_HANG.so" --timeout 2
says err 'bad: timeout'
query "SELECT count(*) FROM v_trial WHERE allocator = 'bad' AND status = 'timeout'" 2

expect 'an allocator that returns wrong data' 4 compare "bad=$top/bad_SCRIBBLE.so"
query "SELECT count(*) FROM v_trial WHERE allocator = 'bad' AND status = 'ok'" 0
query "SELECT count(*) FROM v_trial WHERE allocator = 'libc' AND status = 'ok'" 2

expect 'an allocator that runs out' 4 compare "bad=$top/bad_EMPTY.so"
says err 'NULL'

expect 'a library that is no malloc' 3 compare "bad=$top/bad_NOTHING.so"
says err 'bad: invalid: malloc is .*libc'
query "SELECT count(*) FROM v_trial WHERE allocator = 'bad' AND status = 'invalid'" 2

# script WHAT [ALLOCATOR]: a user's workload that goes wrong.
script() {
	rm -f db db-wal db-shm
	sed "1i #define $1" "$data/bad_script.c" >script.c
	"$RUNNER" run script.c --db db --out out.d -a "libc${2:+,$2}" -t 1 --blocks 2 --timeout 2
}

expect 'a script that works' 0 script NONE
query "SELECT count(*) FROM v_trial WHERE status = 'ok'" 6
expect 'a script that crashes' 4 script CRASH
says err 'died by signal 11'
expect 'a script whose prepare crashes' 2 script PREPARE_CRASH
says err 'prepare'
expect 'a script that refuses' 2 script REFUSE
says err 'it does not feel like it'
expect 'a script whose data wander' 4 script WANDER
says err 'read back different data'
expect 'a script that hangs' 4 script HANG
says err 'timeout'

expect 'an allocator whose calloc does not clear' 4 script NONE "bad=$top/bad_DIRTY.so"
query "SELECT count(*) FROM v_trial WHERE status = 'mismatch'" 2
says out 'read back'

# Ctrl-C after the first block: it stays, the run is 'interrupted'.
sentence='Ctrl-C'
rm -f db db-wal db-shm
"$RUNNER" compare --db db --out out.d -a libc -w dentry-name -t 1 --scale 0.1 --blocks 500 \
	>out 2>err &
pid=$!
for _ in $(seq 150); do
	sleep 0.2
	[ "$(sqlite3 db 'SELECT count(*) FROM trial' 2>/dev/null || echo 0)" -gt 3 ] && break
done
kill -INT $pid
wait $pid
[ $? -eq 130 ] || bad 'exit is not 130'
says err 'interrupted'
query 'SELECT status FROM run' interrupted
query 'SELECT count(*) > 3 AND count(*) % 3 = 0 FROM trial' 1
query 'PRAGMA integrity_check' ok
[ -z "$(find . -name 'slabbench.*' -type d)" ] || bad 'the scratch directory stayed'
[ -z "$(pgrep -P $pid)" ] || bad 'children stayed'
finish
