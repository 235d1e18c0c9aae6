# SPDX-License-Identifier: MIT
# Helpers of the command-line tests, sourced by them. $RUNNER is the program, $SRCDIR the checkout,
# the working directory is empty and removed afterwards.
set -u
nr_bad=0
top=$PWD

# expect SENTENCE CODE COMMAND...: the command ends with CODE; its output is in out and err.
expect() {
	sentence=$1 code=$2
	shift 2
	"$@" >"$top/out" 2>"$top/err"
	rc=$?
	[ "$rc" -eq "$code" ] || bad "exit $rc instead of $code: $*"
}

bad() {
	nr_bad=$((nr_bad + 1))
	printf '%s: %s\n' "$sentence" "$1"
	sed 's/^/  out| /' "$top/out" | tail -n 15
	sed 's/^/  err| /' "$top/err" | tail -n 15
}

says() {
	grep -q -e "$2" "$top/$1" || bad "std$1 does not say '$2'"
}

says_not() {
	! grep -q -e "$2" "$top/$1" || bad "std$1 says '$2'"
}

# query SQL WANTED: one value of the database db.
query() {
	got=$(sqlite3 db "$1" 2>&1)
	[ "$got" = "$2" ] || bad "$1 gives '$got', not '$2'"
}

finish() {
	[ "$nr_bad" -eq 0 ] || printf '%d checks failed\n' "$nr_bad"
	[ "$nr_bad" -eq 0 ]
	exit
}
