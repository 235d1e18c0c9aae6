#!/bin/sh
# SPDX-License-Identifier: MIT
# ./runner geometry: one cache, a recorded kernel, this kernel; and every way to ask wrongly.
. "$SRCDIR/tests/cli/lib.sh"

data=$SRCDIR/tests/slab/data
geometry() {
	"$RUNNER" geometry "$@"
}

# ---- one cache -----------------------------------------------------------------------------------

expect 'an object without flags' 0 geometry --size 100 --cpus 2 --page-size 4K
says out '^flags -; 2 CPUs, 4096-byte pages, rules of 7.2$'
says out '^slab size  *104  bytes'
says out '^objects per slab  *39$'
says out '^order  *0  at least 0 with 39 objects$'
says out '^free pointer  *48  from the object, inside it$'
says out '^sheaf capacity  *60  objects$'
says out '^may be shared  *yes$'
says out '^waste  *196  bytes of 4096 in a slab (4.8 %): 156 in slots, 40 behind the last$'
says_not out 'red zone'
expect 'a size beyond the largest' 2 geometry --size 5000000
says err 'a number from 1 to 4194304 is wanted'
expect 'an object with every debug letter' 0 geometry --size 64 --align 64 --flags KMALLOC --debug FZPU
says out '^slab size  *256 '
says out '^left red zone  *64 '
says out '^alloc track  *80 '
says out '^free track  *112 '
says out '^size asked for  *144 '
says out '^sheaf capacity  *0  no sheaves$'
says out '^may be shared  *no$'
expect 'letter O takes what raises the order' 0 geometry --size 4096 --align 4096 --debug FZPUO
says out '^flags CONSISTENCY_CHECKS;'
says out '^slab size  *4096 '
expect 'flags may be written as the kernel does' 0 geometry --size 40 --flags SLAB_HWCACHE_ALIGN,SLAB_ACCOUNT
says out '^flags HWCACHE_ALIGN,ACCOUNT;'
says out '^align  *64 '
expect 'more CPUs want more objects' 0 geometry --size 1024 --cpus 64 --page-size 4096
says out '^objects per slab  *32$'
expect 'larger pages' 0 geometry --size 1024 --cpus 2 --page-size 64K
says out '^objects per slab  *64$'
expect 'the rules of 6.18' 0 geometry --size 256 --rules 6.18
says out '^sheaf capacity  *0 '
says out '^cpu partial  *52 '
expect 'sheaves that were asked for' 0 geometry --size 256 --rules 6.18 --sheaf-capacity 32
says out '^sheaf capacity  *32 '
expect 'a constructor moves the free pointer' 0 geometry --size 96 --ctor
says out '^free pointer  *96  from the object, behind it$'
expect 'a place for the free pointer' 0 geometry --size 96 --flags TYPESAFE_BY_RCU --freeptr-offset 8
says out '^free pointer  *8  from the object, inside it$'
expect 'an order of its own' 0 geometry --size 5000 --min-order 5 --page-size 4K
says out '^order  *5  at least 5 '
expect 'three objects of 640 KiB in 2 MiB' 0 geometry --size 655360 --flags HUGE_BLOCKS --page-size 4K
says out '^objects per slab  *3$'
says out '^order  *9 '
expect 'extensions in the padding' 0 geometry --size 100 --align 64 --nomerge --ext-bytes 16
says out '^extension  *104  from the slot'

# ---- a recorded kernel ---------------------------------------------------------------------------

expect 'a recorded kernel' 0 geometry --check "$data/geometry-6.18.csv" --cpus 2
[ "$(cat "$top/out")" = '430 caches, 0 mismatches' ] || bad 'not 430 and 0'
expect 'a recorded kernel without merging' 0 geometry --check "$data/geometry-6.18-nomerge.csv" \
	--cpus 2 --nomerge
[ "$(cat "$top/out")" = '282 caches, 0 mismatches' ] || bad 'not 282 and 0'
expect 'the same on more CPUs' 1 geometry --check "$data/geometry-6.18.csv" --cpus 64
says out '^kmalloc-192: order is 0 in the kernel, 1 here$'
says out '^kmalloc-192: objs_per_slab is 21 in the kernel, 42 here$'
says out '^430 caches, [1-9][0-9]* mismatches$'
expect 'the same by the rules of 7.2' 1 geometry --check "$data/geometry-6.18-nomerge.csv" --cpus 2 \
	--nomerge --rules 7.2
! grep -v -e ': sheaf_capacity is ' -e ': cpu_partial is ' "$top/out" | grep -v 'mismatches$' ||
	bad 'more differs than the help says'
expect 'a merged kernel is not one without merging' 1 geometry --check "$data/geometry-6.18.csv" \
	--cpus 2 --nomerge
says out '^:0000024: aliases is 1 in the kernel, 0 here$'
says out '^:0000024: sharing is possible in the kernel, not here$'
sed 's/^kmalloc-64,,64,64,/kmalloc-64,,64,72,/' "$data/geometry-6.18.csv" >changed.csv
expect 'a changed row' 1 geometry --check changed.csv --cpus 2
says out '^kmalloc-64: slab_size is 72 in the kernel, 64 here$'
[ "$(tail -n 1 "$top/out")" = '430 caches, 1 mismatches' ] || bad 'not one'

# ---- this kernel ---------------------------------------------------------------------------------

# cache NAME ATTRIBUTE=VALUE...: a directory as sysfs has it.
cache() {
	mkdir -p "sys/$1"
	dir=sys/$1
	shift
	for word; do
		echo "${word#*=}" >"$dir/${word%%=*}"
	done
}

cache :a-0000104 object_size=104 slab_size=104 objs_per_slab=39 order=0 align=8 min_partial=5 \
	reclaim_account=1 aliases=1 hwcache_align=0 'ctor='
ln -s :a-0000104 sys/buffer_head
ln -s :a-0000104 sys/another
cache rcu object_size=96 slab_size=104 objs_per_slab=39 order=0 align=8 destroy_by_rcu=1 aliases=0
cache own object_size=96 slab_size=96 objs_per_slab=42 order=0 align=8 destroy_by_rcu=1
cache made object_size=96 slab_size=104 objs_per_slab=39 order=0 align=8 ctor=init_once+0x0/0x10
cache debug object_size=64 slab_size=160 objs_per_slab=25 order=0 align=8 red_zone=1 poison=1 \
	store_user=1
expect 'directories as in sysfs' 0 geometry --kernel --sysfs sys --cpus 2 --page-size 4K
[ "$(cat "$top/out")" = '7 caches, 0 mismatches' ] || bad 'not 7 and 0'
cache :a-0000104 aliases=2
expect 'more users than names' 1 geometry --kernel --sysfs sys --cpus 2 --page-size 4K
says out '^buffer_head: aliases is 2 in the kernel, 1 here$'
cache :a-0000104 aliases=1 reclaim_account=0
expect 'a name that does not fit' 1 geometry --kernel --sysfs sys --cpus 2 --page-size 4K
says out '^:a-0000104: name is :a-0000104 in the kernel, :-0000104 here$'

nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$RUNNER" "$@"
}
if [ -r /sys/kernel/slab/kmalloc-64/order ]; then
	case $(uname -r) in
	6.18.*)
		expect 'this kernel' 0 geometry --kernel
		says out '^[1-9][0-9]* caches, 0 mismatches$'
		;;
	*) echo "kernel $(uname -r) is not 6.18: it is not compared" ;;
	esac
	if nobody version >/dev/null 2>&1; then
		expect 'this kernel for somebody else' 2 nobody geometry --kernel
		says err 'run it as root'
		[ "$(wc -l <"$top/err")" -eq 1 ] || bad 'more than one line'
	fi
elif [ -d /sys/kernel/slab ]; then
	expect 'this kernel for somebody else' 2 geometry --kernel
	says err 'run it as root'
fi

# ---- mistakes ------------------------------------------------------------------------------------

one_line() {
	[ "$(wc -l <"$top/err")" -eq 1 ] || bad 'more than one line'
}

expect 'nothing asked' 2 geometry
says err 'give one of --size N, --kernel and --check FILE.csv'
one_line
expect 'two things asked' 2 geometry --size 8 --kernel
says err 'give one of'
expect 'an unknown option' 2 geometry --szie 8
says err "did you mean 'size'?"
one_line
expect 'a stray word' 2 geometry 100
says err "unexpected word '100'"
expect 'an unknown flag' 2 geometry --size 8 --flags HWCACHE_ALING
says err "did you mean 'HWCACHE_ALIGN'?"
one_line
expect 'an unknown letter' 2 geometry --size 8 --debug FX
says err "'X' is no letter; give some of F Z P U T A O -"
for bad in '--size 0' '--size x' '--size 1.5' '--size 4194305' '--size 8 --align 24' \
	'--size 8 --cpus 0' '--size 8 --page-size 8K' '--size 8 --rules 5' '--size 8 --ext-bytes 4' \
	'--size 8 --min-order 11' '--size 8 --slab-min-order 5' '--size 8 --min-order 10' \
	'--size 96 --freeptr-offset 8' '--size 4194304 --debug Z'; do
	# shellcheck disable=SC2086 # words
	expect "bad value $bad" 2 geometry $bad --page-size 4K
	says err '^runner: '
done
expect 'a file that is not there' 2 geometry --check no.csv
says err 'no.csv cannot be read'
one_line
echo 'this is not a table' >text.csv
expect 'a file that is no table' 2 geometry --check text.csv
says err 'does not begin with a line of column names'
printf 'cache,object_size\na,8\nb\n' >short.csv
expect 'a short row' 2 geometry --check short.csv
says err 'short.csv:3: 2 columns'
expect 'a directory that is not there' 2 geometry --kernel --sysfs "$top/none"
says err 'cannot be read'
mkdir none
expect 'an empty directory' 2 geometry --kernel --sysfs "$top/none"
says err 'holds no caches; name the directory with --sysfs'
expect 'help' 0 geometry --help
says out 'mismatches'
finish
