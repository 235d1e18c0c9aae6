#!/bin/sh
# SPDX-License-Identifier: MIT
# AllocToken: programs that Clang 22 compiles in both ABIs under libslab-malloc, and ./runner tokens.
. "$SRCDIR/tests/cli/lib.sh"

command -v clang-22 >/dev/null 2>&1 || { echo 'clang-22 is not installed'; exit 77; }
lib=$(dirname "$RUNNER")
sources=$SRCDIR/tests/tokens

# build SOURCE PROGRAM TOKENS FLAGS...: with the drop-in linked.
build() {
	source=$1 program=$2 nr=$3 std=-std=gnu11
	case $source in *.cc) std=-std=c++17 ;; esac
	shift 3
	clang-22 $std -O1 -g -Wall -Werror -D_GNU_SOURCE -DNR_TOKENS="$nr" -I"$SRCDIR" -fsanitize=alloc-token \
		-falloc-token-max="$nr" "$sources/$source" -o "$program" "$@" -L"$lib" -lslab-malloc \
		-Wl,-rpath,"$lib" -pthread
}

with() {
	SLAB_OPTIONS=$1 "$2"
}

fast=-fsanitize-alloc-token-fast-abi
cxx=-lstdc++
echo 'int main() { return !new int; }' >try.cc
clang-22 try.cc -o try $cxx >try.out 2>&1 || cxx=

# ---- each block in the set of its type ---------------------------------------------------------

for nr in 2 16 64 256; do
	for abi in '' $fast; do
		expect "C, $nr tokens, ${abi:-default ABI}" 0 build types.c types$nr$abi $nr $abi
		expect "C, $nr tokens, ${abi:-default ABI}" 0 with partition=typed,partitions=$nr ./types$nr$abi
		says out ' blocks, each in its set'
		[ -n "$cxx" ] || continue
		expect "C++, $nr tokens, ${abi:-default ABI}" 0 build operators.cc new$nr$abi $nr $abi $cxx
		expect "C++, $nr tokens, ${abi:-default ABI}" 0 with partition=typed,partitions=$nr ./new$nr$abi
		says out ' blocks, each in its set'
	done
done
for options in virtual=1,dirty=0 engine=cpuslab classes=fine debug=FZPU kfence=1 init_on_free=1,freelist_random=1; do
	expect "C with $options" 0 with partition=typed,$options ./types16
	expect "C with $options, fast ABI" 0 with partition=typed,$options ./types16$fast
done
expect 'fewer sets than tokens: no block is where its token says' 1 with partition=typed,partitions=2 ./types16
says err "not in its token's set"

# A program that was linked with another allocator of this kind, which is not there any more.
nm -u types16 | sed -n 's/.* U \(__alloc_token_[a-z_]*\)$/void \1(void) { __builtin_trap(); }/p' >>stub.c
echo 'int slab_partition_of(void) { return 0; } int slab_errors(void) { return 0; }' >>stub.c
expect 'a library in the place of the drop-in' 0 cc -w -shared -fPIC -fno-builtin stub.c -o libslab-malloc.so.0
expect 'preloaded' 0 env LD_LIBRARY_PATH="$PWD" LD_PRELOAD="$lib/libslab-malloc.so" SLAB_OPTIONS=partition=typed ./types16
says out ' blocks, each in its set'

# ---- ./runner tokens: the numbers --------------------------------------------------------------

expect 'a program of known counts' 0 build counts.c counts 16
expect 'the slots of its types' 0 ./counts slots
read -r data pointers <"$top/out"

tokens() {
	"$RUNNER" tokens "$@"
}
csv() {
	tokens --csv ./counts "$@"
}
# row PID_ROW SLOT FIELDS: of the first, second process the fields from objects on.
row() {
	got=$(awk -F, -v nr="$1" -v slot="$2" 'NR > 1 && $1 "," $2 != last { n++; last = $1 "," $2 }
		{ sub(/\r$/, "") } NR > 1 && $4 == slot && ++seen[slot] == nr { print $5","$6","$7","$8","$9","$10","$11 }' "$top/out")
	[ "$got" = "$3" ] || bad "slot $2 of process $1 has '$got', not '$3'"
}

expect 'objects and bytes' 0 csv
row 1 "$data" 30,30,1440,30,1440,30,1440
row 1 "$pointers" 20,20,640,20,640,20,640
row 1 untokened 0,0,0,0,0,0,0
expect 'what is freed is not left, and the peak is what was live at once' 0 csv come
row 1 "$pointers" 130,130,4160,20,640,30,960
expect 'growth makes no object where a block stays' 0 csv grow
row 1 "$pointers" 20,20,640,20,640,20,640
got=$(awk -F, -v slot="$data" '$4 == slot { print $8 "," $9 "," ($11 >= 96000000 + 1440) }' "$top/out")
[ "$got" = 30,1440,1 ] || bad "growth left $got"
expect 'threads' 0 csv threads
row 1 "$data" 4030,4030,193440,4030,193440,4030,193440
row 1 "$pointers" 8020,8020,256640,8020,256640,8020,256640
expect 'a child counts what it allocates itself' 0 csv fork
row 1 "$pointers" 21,21,672,20,640,21,672
row 2 "$data" 7,7,336,7,336,7,336
row 2 "$pointers" 0,0,0,0,0,0,0
expect 'an image that is replaced' 0 csv exec
row 1 "$data" 30,30,1440,30,1440,30,1440
row 2 "$pointers" 130,130,4160,20,640,30,960
expect 'calls without a token' 0 csv untokened
row 1 untokened 50,0,3200,50,3200,50,3200
row 1 0 50,0,3200,50,3200,50,3200
expect 'both ABIs count alike' 0 build counts.c counts 16 $fast
expect 'both ABIs count alike' 0 csv come
row 1 "$pointers" 130,130,4160,20,640,30,960

# ---- ./runner tokens: how a program ends, and what is asked for ---------------------------------

expect 'the exit code is the program’s' 7 tokens ./counts exit
says out '^process [0-9]*, counts: 50 objects, 50 of them tokened$'
expect 'a crash: what was counted by then' 139 tokens ./counts crash
says out 'ended by signal 11'
says out '^all  *50 '
expect 'killed' 137 tokens ./counts kill
says out '^all  *50 '
expect 'the table' 0 tokens ./counts untokened
says out '^partition=typed, 16 slots$'
says out "^$(printf %02d "$data")  *30  *30.0%  *30 "
says out '^untokened  *50  *50.0%  *0 '
says out 'of the tokened: 60.0% without pointers or of unknown type (00 to 07), 40.0% with pointers (08 to 15)'
says out 'has 60.0%, 9.60 times the mean; Gini 0.89; 14 of 16 slots unused'
expect 'a program without tokens' 0 tokens sh -c 'echo said'
says out 'nothing was tokened: build the program with Clang 22'
says err '^said$'
says_not out '^said$'
expect 'a file for the report' 0 tokens -o report sh -c 'echo said'
says out '^said$'
grep -q '^partition=typed' report || bad 'the report is not in its file'
expect 'several processes' 0 tokens --each sh -c './counts; ./counts come; :'
says out 'all processes together'
says out '^all  *[0-9]*  *100%  *210 '
expect 'another number of sets' 0 tokens --partitions=64 ./counts
says out '64 slots'
expect 'the same among the options' 0 tokens --options=partition=typed,partitions=64 ./counts
says out '64 slots'
expect 'the random mode' 0 tokens --options=partition=random,seed=1 ./counts
says out '^partition=random, 16 slots'
expect 'no sets' 0 tokens --options=partition=none ./counts
says out '^partition=none, 1 slots'
if command -v sqlite3 >/dev/null 2>&1; then
	expect 'JSON' 0 sh -c '"$RUNNER" tokens --json ./counts fork >json'
	got=$(sqlite3 :memory: "SELECT json_valid(j), j->>'$.all.objects', j->>'$.skew.unused_slots',
		json_array_length(j, '$.slots'), j->>'$.processes[1].all.objects', j->>'$.argv[1]'
		FROM (SELECT CAST(readfile('json') AS TEXT) AS j)")
	[ "$got" = '1|58|14|16|7|fork' ] || bad "it says $got"
fi
expect 'a file by hand' 0 env SLAB_OPTIONS=token_stats=kept,partition=typed ./counts come
expect 'a file by hand' 0 tokens --csv --read kept
row 1 "$pointers" 130,130,4160,20,640,30,960
expect 'more processes into the same file' 0 env SLAB_OPTIONS=token_stats=kept,partition=typed ./counts
expect 'more processes into the same file' 0 tokens --read=kept
says out '^all  *210 '
expect 'a file that cannot be' 0 env SLAB_OPTIONS=token_stats=/nowhere/x ./counts
says err 'the file of token_stats cannot be written, so nothing is counted'

# ---- mistakes: one sentence --------------------------------------------------------------------

one_line() {
	[ "$(wc -l <"$top/err")" -eq 1 ] || bad 'more than one line'
}
expect 'no program' 2 tokens
says err 'give a program, or --read FILE'
one_line
expect 'a program that is not there' 2 tokens ./no-such-program
says err '^runner: tokens: ./no-such-program cannot be run: No such file or directory'
one_line
expect 'a file that is not there' 2 tokens --read nowhere
one_line
expect 'a file of another kind' 2 tokens --read "$SRCDIR/Makefile"
says err 'is no file of token_stats=FILE'
one_line
expect 'a number of sets that there is not' 2 tokens --partitions=17 ./counts
says err 'give 2, 16, 64 or 256'
one_line
expect 'an unknown option' 2 tokens --partition=16 --eech ./counts
says err "did you mean 'each'?"
expect 'a program’s own options are its own' 0 tokens sh -c 'test $# = 2' sh --each --eech
mkdir -p away
cp "$RUNNER" "$lib/libslab.so.0" away
expect 'no drop-in' 2 away/runner tokens ./counts
says err 'libslab-malloc.so is not beside the program (make)'
one_line
echo 'int main(void) { return 0; }' >static.c
if cc -static static.c -o static 2>/dev/null; then
	expect 'a program that takes no library' 3 tokens ./static
	says err 'did not run with our malloc'
	one_line
fi
expect 'help' 0 tokens --help
[ -n "$cxx" ] || echo 'the C++ part is left out: there is no C++ library to build with'
finish
