# SPDX-License-Identifier: MIT
# Real programs with libslab-malloc.so in front of them: what they do must be what they do without.
# Sourced by tests/cli/program_*.sh behind lib.sh; each defines work(), which does the work through
# run and prints what came out. Environment of the user that could change it is dropped.
so=$(dirname "$RUNNER")/libslab-malloc.so
modes='- partition=random partition=typed virtual=1'
unset LD_PRELOAD SLAB_OPTIONS LANG LANGUAGE LUA_INIT PYTHONPATH PYTHONHOME GIT_DIR
export LC_ALL=C HOME="$top" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
preload='' options=''

# needs PROGRAM PACKAGE: the path of a real one into $program, not a script of that name that looks
# for another; the test is skipped without one.
needs() {
	program=
	for dir in /usr/bin /bin /usr/local/bin; do
		[ -z "$program" ] && [ -x "$dir/$1" ] && program=$dir/$1
	done
	[ -n "$program" ] && return
	echo "$1 is not installed (package $2)"
	exit 77
}

# run COMMAND...: with the drop-in in front if it is its turn.
run() {
	if [ -n "$preload" ]; then
		env LD_PRELOAD="$preload" SLAB_OPTIONS="$options" "$@"
	else
		"$@"
	fi
}

# proves COMMAND...: the program takes malloc from the drop-in, and that one reads SLAB_OPTIONS;
# otherwise all that follows would test nothing.
proves() {
	sentence="the drop-in is in front of $1"
	[ -r "$so" ] || { bad "there is no $so"; finish; }
	env LD_PRELOAD="$so" LD_BIND_NOW=1 LD_DEBUG=bindings "$@" >out 2>err
	grep "symbol \`malloc'" err >bindings
	# A program at a fixed address may give its own stub out, and be bound to the drop-in itself.
	grep -q "to $so .*symbol \`malloc'" bindings || bad 'malloc is bound to another object'
	awk -v so="$so" -v self="$(basename "$1")" '{
		for (i = 1; i < NF; i++) if ($i == "to") { n = split($(i + 1), part, "/"); to = part[n] }
		n = split(so, part, "/")
		if (to != part[n] && to != self) { print; exit 1 }
	}' bindings >other || bad "$(cat other)"
	env LD_PRELOAD="$so" SLAB_OPTIONS=no_such_option=1 "$@" >out 2>err
	grep -q '^libslab-malloc: SLAB_OPTIONS: ' err || bad 'a wrong SLAB_OPTIONS goes unnoticed'
}

# result N: work N in an empty directory, its result into ../got.
result() {
	rm -rf here
	mkdir here
	cd here || exit 1
	work "$1" >../got 2>../err
	rc=$?
	cd ..
	cp got out
	[ $rc -eq 0 ] || bad "exit $rc"
	! grep -e '^BUG ' -e '^libslab-malloc:' -e 'KFENCE' err >reports || bad "$(head -n 3 reports)"
}

# check N: as without the drop-in, which is in want.N.
check() {
	sentence="work $1 with SLAB_OPTIONS='$options'"
	result "$1"
	cmp -s got "want.$1" || bad "$(diff "want.$1" got | head -n 5)"
}

# in_every_mode LARGE SMALL: the work in all modes, and a small one with all debugging, which is slow.
in_every_mode() {
	for n in "$1" "$2"; do
		sentence="work $n without the drop-in"
		result "$n"
		mv got "want.$n"
		[ -s "want.$n" ] || bad 'no result'
	done
	preload=$so
	for options in $modes; do
		[ "$options" != - ] || options=
		check "$1"
	done
	options=debug=FZPU
	check "$2"
}
