#!/bin/sh
# SPDX-License-Identifier: MIT
# A user's mistakes end with exit 2 and one sentence that names the remedy; nothing is measured.
. "$SRCDIR/tests/cli/lib.sh"

one_line() {
	[ "$(wc -l <err)" -eq 1 ] || bad 'more than one line'
	[ ! -e db ] || bad 'a database was made'
}

expect 'unknown command' 2 "$RUNNER" compar
says err "unknown command 'compar'; did you mean 'compare'?"
one_line
expect 'unknown option' 2 "$RUNNER" compare --blcks 3
says err "did you mean 'blocks'?"
one_line
expect 'unknown allocator' 2 "$RUNNER" compare --db db -a jemaloc
says err "unknown allocator 'jemaloc'; did you mean 'jemalloc'?"
one_line
expect 'unknown workload' 2 "$RUNNER" compare --db db -a libc -w dentry-nam
says err "unknown workload 'dentry-nam'; did you mean 'dentry-name'?"
expect 'unknown slab option' 2 "$RUNNER" compare --db db -a slab:partition=tiped -w dentry-name
says err 'partition'
expect 'unknown option of a preloaded slab' 2 "$RUNNER" compare --db db -a slab-malloc:partition=tiped -w dentry-name
says err "option partition cannot be 'tiped'"
one_line
expect 'options for an allocator without any' 2 "$RUNNER" compare --db db -a libc:x=1
says err "'libc' takes no options"
expect 'a library that is not there' 2 "$RUNNER" compare --db db -a mine=/no/such.so
says err '/no/such.so'
one_line
expect 'a trace that is not there' 2 "$RUNNER" compare --db db -a libc -w trace:no-such
says err 'no-such'
expect 'an argument for a workload without one' 2 "$RUNNER" compare --db db -a libc -w xfs-buffer:x
says err "takes nothing behind a colon"
for bad in '--blocks 0' '--blocks 1.5' '--blocks x' '--scale 0' '--scale -1' '--seed -1' \
	'--rounds 0' '--timeout 0' '-t 0' '-t x' '-t 100000'; do
	# shellcheck disable=SC2086 # two words
	expect "bad value $bad" 2 "$RUNNER" compare --db db -a libc -w dentry-name $bad
	says err 'runner: '
done
expect 'a stray word' 2 "$RUNNER" compare libc
says err "unexpected word 'libc'"
one_line
expect 'a baseline that is not compared' 2 "$RUNNER" compare --db db -a libc --baseline jemalloc
says err "the baseline 'jemalloc' is not among the allocators"
expect 'run without a file' 2 "$RUNNER" run
says err 'which file?'
expect 'run with a file that is not there' 2 "$RUNNER" run no.c
says err 'no.c cannot be read'
echo 'this is not C' >text.c
expect 'run with a file that does not compile' 2 "$RUNNER" run text.c --db db
says err 'does not compile'

expect 'slabinfo of a run that cannot be' 2 "$RUNNER" slabinfo x/y --db db
says err "'y' is no trial"
one_line

expect 'help' 0 "$RUNNER" help
says out 'exit codes'
expect 'no command' 0 "$RUNNER"
expect 'option help' 0 "$RUNNER" compare --help
says out 'blocks'
expect 'version' 0 "$RUNNER" version
says out '^slabbench [0-9]'
expect 'list' 0 "$RUNNER" list
says out 'partition=typed'
says out 'dentry-name'
expect 'a plan without a run' 0 "$RUNNER" compare -n -a libc -w trace:dentry-xfs -t 1,2 --db db
says out '^cell trace:dentry-xfs threads=2'
[ ! -e db ] || bad 'a dry run made a database'
finish
