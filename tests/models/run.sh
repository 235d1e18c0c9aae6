#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the models beside it: a line "run: -DFLAGS... holds" (or fails) in a model is one run, with
# these definitions, over all its states. A model that must fail shows that the property can.
set -u
cd -- "$(dirname -- "$0")/../.." || exit 2
root=$(pwd -P)
if ! command -v spin >/dev/null; then
	echo 'spin is not here (apt-get install spin, or ./configure --install-deps)'
	exit 77
fi
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2

bad=0

# judge MODEL EXPECTED FLAGS...
judge() {
	model=$1 expected=$2
	shift 2
	rm -f pan*
	spin -a "$@" "$root/$model" >out 2>&1 && ${CC:-cc} -O1 -w -DSAFETY -o pan pan.c >>out 2>&1 &&
		./pan -m100000 >>out 2>&1
	case $(sed -n 's/.*errors: \([0-9]*\).*/\1/p' out) in
	0) found=holds ;;
	[1-9]*) found=fails ;;
	*) found='was not checked' ;;
	esac
	# Only the model's own assertions count: no deadlock, no search cut short.
	if [ "$found" = fails ] && ! grep -q 'assertion violated' out; then
		found='ends in another error'
	fi
	! grep -q 'max search depth too small' out || found='was not searched to its end'
	if [ "$found" != "$expected" ]; then
		printf '%s with "%s" %s; it should be: %s\n' "$model" "$*" "$found" "$expected"
		cat out
		bad=1
	else
		printf '%-26s %s %s\n' "${model##*/}" "$*" "$found"
	fi
}

for model in "$root"/tests/models/*.pml; do
	name=tests/models/${model##*/}
	runs=$(sed -n 's/^ \* run: //p' "$model")
	[ -n "$runs" ] || { echo "$name says no run"; bad=1; }
	while read -r run; do
		# shellcheck disable=SC2086 # flags are a list
		[ -z "$run" ] || judge "$name" "${run##* }" ${run% *}
	done <<-END
		$runs
	END
done
exit $bad
