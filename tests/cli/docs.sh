#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/update on a copy of the documents: a small run of now, lines of a suite as they were once
# printed, inputs that are wrong. Then the links of the documents themselves.
. "$SRCDIR/tests/cli/lib.sh"
command -v sqlite3 >/dev/null 2>&1 || { echo 'sqlite3 (the program) is not installed'; exit 77; }

mkdir -p tree/docs/img pictures
cp "$SRCDIR/README.md" tree
cp "$SRCDIR/docs/RESULTS.md" "$SRCDIR/docs/update" tree/docs
for name in fragmentation alignment throughput pareto speed; do
	echo "a picture of $name" >pictures/$name.png
done

sentence='a small run'
"$RUNNER" compare -a libc,slab -w trace:dentry-xfs,trace:xfs-buffer -t 1 --scale 0.02 --blocks 2 \
	--rounds 1 --db "$top/db" --out drawn >out 2>err
rc=$?
[ "$rc" -eq 0 ] || [ "$rc" -eq 3 ] || { bad "exit $rc"; finish; }
run=$(sed -n 's/^run \([^ ]*\).*/\1/p' out)
sqlite3 db "UPDATE run SET tool_commit = 'abc1234', tool_dirty = 0"
{
	sed '/^picture/d' out
	printf 'picture pictures/%s\n' alignment.svg alignment.png fragmentation.png pareto.png throughput.png
} >small

# What a suite printed, cut to few cells; a line is broken where its verdict is.
cat >suite <<END
host vm, 6.18.44, governor not visible, THP madvise, 6 blocks, A/A control of ns/op [-89.9% .. +498%]

suite speed: allocator-bound cells; 3 cells

cell                                   slab        slab-malloc
batch:1x16                3.77 ns 1.08 +-149%  3.76 ns 1.08 +-64%

slab against its targets
  a time in each cell of batch, to its fastest peer: 2 of 35 at or below, target 1.00: miss, not
      resolved
      above: batch:1x16 1.078 [0.943 .. 2.680] to tcmalloc, batch:1x64 1.182 [1.005 .. 2.931] to
      tcmalloc
  a time, worst cell, to its fastest peer: 495.7 [354.0 .. 4940.0], n = 6, target 1.10: miss
      large, to tcmalloc; the largest of 64; 1 values below the quantum count as it
  e drained RSS, mean, after 64 threads to that after 2: -, target 1.10: not measured

slab-malloc against its targets
  a time in each cell of batch, to its fastest peer: 8 of 35 at or below, target 1.00: miss
  a time, worst cell, to its fastest peer: 1.05 [1.04 .. 1.06], n = 6, target 1.10: pass
      bleed threads=2, to mimalloc; the largest of 64
  b peak RSS, mean, to libc, the leanest peer over all cells: 1.305 [1.279 .. 1.318], n =
      6, target 1.00: miss
more of each cell: ./runner report --markdown, --csv or --json
run $run  database $top/db
repeat: ./runner compare --suite speed --db $top/db --out drawn --seed 42
picture pictures/speed.png
END

# block FILE NAME: what stands in it.
block() {
	sed -n "/^<!-- run:$2 -->\$/,/^<!-- run:end -->\$/p" "tree/$1"
}

# ---- inputs that are wrong -----------------------------------------------------------------------

refused() {
	expect "$1" 2 tree/docs/update small wrong
	says err "^docs/update: $2"
	[ "$(wc -l <err)" -eq 1 ] || bad 'more than one sentence'
	cmp -s tree/README.md "$SRCDIR/README.md" && cmp -s tree/docs/RESULTS.md "$SRCDIR/docs/RESULTS.md" &&
		[ -z "$(ls tree/docs/img)" ] || bad 'something was written'
}

expect 'no input' 2 tree/docs/update
says err 'usage: docs/update OUTPUT'
refused 'an input that is not there' 'wrong cannot be read'
echo nothing >wrong
refused 'no output of a comparison' "wrong has no single line 'run ID  database FILE'"
sed 's/^run ...../run 00000/' small >wrong
refused 'a run that is not in the database' '.* has no run 00000'
sed "s|database .*|database $top/none|" small >wrong
refused 'a database that is not there' "wrong names the database $top/none, which cannot be read"
sed "s|database .*|database $SRCDIR/README.md|" small >wrong
refused 'something else than a database' '.*file is not a database'
sed 's/^trace:dentry-xfs/trace:other/' small >wrong
refused 'another comparison' 'wrong has no table of trace:dentry-xfs with one thread'
sed '/pareto/d' small >wrong
refused 'a picture that was not drawn' "wrong has no line 'picture .../pareto.png'"
sed 's|/pareto|/none/pareto|' small >wrong
refused 'a picture that is gone' 'wrong names the picture pictures/none/pareto.png'
sed 's/, target/, goal/' suite >wrong
refused 'lines of another form' 'wrong has no lines against targets that it can read'
sed 's/^suite speed/suite few/' suite >wrong
refused 'another suite' 'wrong is of another suite than speed'
cp small wrong
sqlite3 db "UPDATE run SET tool_commit = 'unknown'"
refused 'a commit that is not known' "run $run was measured by a build that does not know its commit"
sqlite3 db "UPDATE run SET tool_commit = 'abc1234', status = 'interrupted'"
refused 'half a run' "run $run of small is interrupted, not complete"
sqlite3 db "UPDATE run SET status = 'complete'"

# ---- what is written -----------------------------------------------------------------------------

expect 'both outputs' 0 tree/docs/update small suite
says_not err .
block README.md default >out
says out '^    host '
says out '^    trace:dentry-xfs threads=1 scale=0.02 '
says_not out '^    trace:xfs-buffer'
says out '^    summary  '
says out "^    run $run  database results/slabbench.db\$"
says out '^    repeat: ./runner compare -a libc,slab '
says_not out '--db'
says_not out 'picture'
says out '^Measured 20..-..-.., commit abc1234\.$'

sentence='a row for each target'
block README.md speed >out
cat >wanted <<'END'
| | what | target | slab | slab-malloc |
|---|---|---|---|---|
| a | time in each cell of batch, to its fastest peer | 1.00 | 2 of 35 at or below: miss, not resolved | 8 of 35 at or below: miss |
| a | time, worst cell, to its fastest peer | 1.10 | 495.7 [354.0 .. 4940.0], n = 6 (large, to tcmalloc): miss | 1.05 [1.04 .. 1.06], n = 6 (bleed threads=2, to mimalloc): pass |
| e | drained RSS, mean, after 64 threads to that after 2 | 1.10 | not measured |  |
| b | peak RSS, mean, to libc, the leanest peer over all cells | 1.00 |  | 1.305 [1.279 .. 1.318], n = 6: miss |
END
grep '^|' out | cmp -s - wanted || bad 'another table'

sentence='the whole outputs'
block docs/RESULTS.md default-output | sed -e '1,/^```$/d' -e '/^```$/,$d' >out
sed -e '/^picture/d' -e "s|  database .*|  database results/slabbench.db|" -e "s| --db $top/db --out drawn||" \
	-e 's/ *$//' small | cmp -s - out || bad 'not as it came'
block docs/RESULTS.md speed-output >out
says out '^repeat: ./runner compare --suite speed --seed 42$'
says out '^      above: batch:1x16 1.078'
block docs/RESULTS.md speed-about >out
says out "^Run $run, 20.* UTC, commit abc1234\\."
says out '^    ./runner compare --suite speed --seed 42$'

sentence='the questions are asked again'
block docs/RESULTS.md question >out
[ "$(grep -c '<!-- run:question' out)" -eq 3 ] || bad 'not three'
says out '^    slab *[0-9.]* *[0-9.]* \.\. '
says out '^    trace:xfs-buffer  1  '
says_not out 'jemalloc'
says_not out "'$run'"

sentence='the pictures'
for name in fragmentation alignment throughput pareto speed; do
	cmp -s pictures/$name.png tree/docs/img/$name.png || bad "$name differs"
done

cp -r tree once
expect 'a second time' 0 tree/docs/update suite small
diff -r once tree >out || bad 'changes something'

# ---- links ---------------------------------------------------------------------------------------

# The headings of file $1 as links name them.
anchors() {
	sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

sentence='every link leads somewhere'
: >out
for file in README.md CONTRIBUTING.md docs/METHOD.md docs/RESULTS.md allocators/slab/README.md \
	allocators/slab/dropin/README.md harness/README.md plots/README.md results/README.md \
	workloads/README.md workloads/traces/README.md; do
	links=$(grep -o '](\([^)]*\))' "$SRCDIR/$file" | sed -e 's/^](//' -e 's/)$//')
	for link in $links; do
		case $link in
		http* | mailto*) continue ;;
		'#'*) to=$SRCDIR/$file ;;
		*) to=$SRCDIR/$(dirname "$file")/${link%%#*} ;;
		esac
		[ -e "$to" ] || { bad "$file: $link is not there"; continue; }
		case $link in
		*'#'*) anchors "$to" | grep -qx -e "${link#*#}" || bad "$file: $link has no such heading" ;;
		esac
	done
done
finish
