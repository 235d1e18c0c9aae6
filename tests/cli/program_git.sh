#!/bin/sh
# SPDX-License-Identifier: MIT
# git on libslab-malloc.so: a history is imported, packed by several threads, checked, cloned,
# merged and looked at, in every mode, as without.
. "$SRCDIR/tests/cli/lib.sh"
. "$SRCDIR/tests/cli/data/programs.sh"
needs git git
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'

history() {
	awk -v n="$1" 'BEGIN {
		for (c = 1; c <= n; c++) {
			aside = c > n / 2 && c % 2
			printf "commit refs/heads/%s\nmark :%d\ncommitter C <c@example.org> %d +0000\ndata 8\nnr %05d\n", \
				(aside ? "side" : "main"), c, 1600000000 + c, c
			if (aside && !begun++) printf "from :%d\n", c - 1
			for (f = 0; f < 3; f++) {
				text = ""
				for (i = 0; i < 80; i++)
					text = text (i % 9 == c % 9 ? "changed in " c : "line " i " of " f) "\n"
				printf "M 100644 inline dir%d/%s%d\ndata %d\n%s\n", f, (c % 2 ? "odd" : "even"), c % 20, length(text), text
			}
		}
	}'
}

work() {
	run "$program" init -q --bare a.git || return
	history "$1" | run "$program" -C a.git fast-import --quiet || return
	run "$program" -C a.git -c pack.threads=2 repack -q -a -d -f --depth=50 --window=20 || return
	run "$program" -C a.git fsck --full --strict 2>&1 || return
	run "$program" clone -q -b main a.git b 2>&1 || return
	run "$program" -C b merge -q -m merged origin/side || return
	run "$program" -C b log --stat -M | cksum
	run "$program" -C b blame dir1/odd1 | cksum
	run "$program" -C b diff --word-diff HEAD~3 | cksum
	run "$program" -C b grep -c 'changed in' HEAD | cksum
	run "$program" -C b gc -q && run "$program" -C b rev-list --all --objects | cksum
}

proves "$program" version
in_every_mode 160 20
finish
