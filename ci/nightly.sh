#!/bin/sh
# SPDX-License-Identifier: MIT
# One night: measures the tree as it is, keeps the log, and ends with the exit code of
# `./runner nightly` (0 as before, 1 a regression; README.md lists the others).
#
#   usage: ci/nightly.sh [ARGUMENT of ./runner nightly]...
#
#   NIGHTLY_LOGS=DIR    where the logs go [results/runs/nightly]
#
# It fetches nothing: what is measured is what is checked out. ci/nightly.cron and
# ci/github-nightly.yml call it.
set -u

root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
logs=${NIGHTLY_LOGS:-$root/results/runs/nightly}
mkdir -p "$logs" || exit 5
log=$logs/$(date -u +%Y-%m-%dT%H%M%SZ).log

# A pipe would give tee's exit code, so the runner's own travels in a file.
code=$(mktemp) || exit 5
trap 'rm -f "$code"' EXIT
{
	"$root/runner" nightly "$@"
	echo $? >"$code"
} 2>&1 | tee "$log"
rc=$(cat "$code")
echo "ci/nightly.sh: exit $rc, log in $log"
exit "$rc"
