#!/bin/sh
# SPDX-License-Identifier: MIT
# redis-server on libslab-malloc.so, on a socket in the test's directory: redis-benchmark, then
# known data, saved by a forked child and loaded again; its digest in every mode is
# that of a run without.
. "$SRCDIR/tests/cli/lib.sh"
. "$SRCDIR/tests/cli/data/programs.sh"
needs redis-server redis-server
server=$program
needs redis-benchmark redis-tools
bench=$program
needs redis-cli redis-tools
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT

# Inline commands, so that they can be read.
data() {
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++) {
			k = i * 7919 % 4001
			v = sprintf("%0*d", i % 300 + 1, i)
			print "SET s:" k " " v "\r"
			print "APPEND s:" (k + i) % 4001 " " v "\r"
			print "RPUSH l:" k % 97 " " v " " i "\r"
			print "HSET h:" k % 89 " f" i % 700 " " v "\r"
			print "ZADD z:" k % 83 " " i % 1000 " m" i % 900 "\r"
			print "SADD e:" k % 79 " " i % 2000 "\r"
			if (i % 3 == 0) print "DEL s:" (k + 17) % 4001 " l:" k % 13 "\r"
			if (i % 5 == 0) print "LPOP l:" k % 97 " 2\r"
		}
	}'
}

ask() {
	"$program" -s here/socket "$@"
}

start() {
	run "$server" --port 0 --unixsocket socket --save '' --daemonize no --enable-debug-command yes \
		--pidfile pid --loglevel warning >log 2>&1 &
	pid=$!
	cd ..
	for _ in $(seq 200); do
		[ "$(ask ping 2>/dev/null)" = PONG ] && return
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	cat here/log >&2
	return 1
}

# Is what runs what was meant to run?
identify() {
	maps=/proc/$(ask info server | tr -d '\r' | sed -n 's/^process_id://p')/maps
	if [ -n "$preload" ]; then
		grep -q libslab-malloc "$maps" || echo 'the drop-in is not in the server'
	else
		! grep -q libslab-malloc "$maps" || echo 'the drop-in is in the server'
	fi
}

load() {
	run "$bench" -s here/socket -q -n "$1" -c 20 -P 16 -r 1000 -d 100 \
		-t set,get,incr,lpush,rpush,lpop,sadd,hset,spop,zadd,lrange_100,mset >bench 2>&1 || return
	grep -c 'requests per second' bench
	ask flushall && data "$1" | run "$program" -s here/socket --pipe | tail -n 1
}

# BGSAVE's child frees and allocates with the locks it was born with.
save() {
	ask bgsave >saving
	for _ in $(seq 500); do
		ask info persistence | grep -q '^rdb_bgsave_in_progress:0' && break
		sleep 0.02
	done
	ask info persistence | grep '^rdb_last_bgsave_status'
}

work() {
	start || return
	identify
	load "$1" || return
	ask dbsize
	ask debug digest
	save
	ask debug reload && ask debug digest
	ask memory purge
	ask flushall async && ask dbsize
	ask shutdown nosave
	wait "$pid" || return
	pid=
	cat here/log >&2
	cd here || return
}

proves "$server" --version
in_every_mode 4000 100
finish
