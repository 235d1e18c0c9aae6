#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make install` puts into a prefix is enough: each public header compiles alone, in C and in
# C++, and a program builds against the library there and runs.
. "$SRCDIR/tests/cli/lib.sh"

unset CFLAGS LDFLAGS
prefix=$top/usr
PKG_CONFIG_PATH=$prefix/lib/pkgconfig
export PKG_CONFIG_PATH
cc=${CC:-cc} cxx=${CXX:-c++}
strict='-Wall -Wextra -Werror'
languages="$cc:c:gnu11"
! command -v "$cxx" >/dev/null || languages="$languages $cxx:c++:gnu++17"

# `-o all`: install what was built, with whatever flags that was.
expect 'make install fills a prefix' 0 make -s -C "$SRCDIR" -o all O="$BUILD" PREFIX="$prefix" DESTDIR= install

for header in "$prefix"/include/*.h; do
	name=${header##*/}
	printf '#include <%s>\nint main(void) { return 0; }\n' "$name" >alone
	for language in $languages; do
		IFS=: read -r compiler x std <<-END
			$language
		END
		# shellcheck disable=SC2086 # words
		expect "$name compiles alone as $x" 0 "$compiler" -x "$x" -std="$std" $strict \
			-I"$prefix/include" -fsyntax-only alone
	done
done
expect 'slab.h is among them' 0 test -e "$prefix/include/slab.h"

# slab.h alone offers what it includes; each other header, a function that the library has.
cat >program <<'END'
#include <codetag.h>
#include <memcontrol.h>
#include <mempool.h>
#include <pmalloc.h>
#include <rcupdate.h>
#include <shrinker.h>
#include <slab.h>
#include <stdio.h>
#include <usercopy.h>
#include <vmalloc.h>

struct item {
	long value;
	struct rcu_head rcu;
};

int main(void)
{
	char text[64];
	void *p = kmalloc(100, GFP_KERNEL);
	struct item *item = kmalloc_obj(*item);
	struct shrinker *shrinker = shrinker_alloc(0, "test");
	struct pmalloc_pool *pool = pmalloc_create_pool(PMALLOC_MODE_RO);

	printf("%zu bytes, %d, %d\n", ksize(p), slab_slabinfo(text, sizeof(text)) > sizeof(text),
	       check_heap_object(p, 100, true));
	kfree(p);
	kfree_rcu(item, rcu);
	kvfree_rcu_barrier();
	shrinker_free(shrinker);
	pmalloc_destroy_pool(pool);
	vfree(vmalloc(1));
	mempool_destroy(NULL);
	mem_cgroup_drain_stocks();
	slab_allocinfo(NULL, 0);
	return slab_errors() || !node_page_state(0, NR_SLAB_UNRECLAIMABLE_B);
}
END
for language in $languages; do
	IFS=: read -r compiler x std <<-END
		$language
	END
	# shellcheck disable=SC2086 # words
	expect "a program in $x builds" 0 "$compiler" -x "$x" -std="$std" $strict -I"$prefix/include" \
		program -o "program-$x" -L"$prefix/lib" -Wl,-rpath,"$prefix/lib" -lslab -lurcu-bp -lurcu-common
	expect "a program in $x runs" 0 "./program-$x"
	says out '^128 bytes, 1, 1$'
done

printf '#include <stdlib.h>\nint main(void) { free(malloc(5)); return 0; }\n' >any.c
expect 'any program runs with the installed malloc' 0 "$cc" -o any any.c
expect 'preloaded' 0 env LD_PRELOAD="$prefix/lib/libslab-malloc.so" ./any
says_not err .
expect 'a program links against it' 0 "$cc" -fno-builtin any.c -o any-linked -L"$prefix/lib" -Wl,-rpath,"$prefix/lib" -lslab-malloc
expect 'and runs' 0 ./any-linked
expect 'the runner finds it beside itself' 0 "$prefix/bin/runner" list
says out "$prefix/bin/../lib/libslab-malloc.so"

if command -v pkg-config >/dev/null; then
	expect 'pkg-config knows the prefix' 0 pkg-config --cflags --libs slab
	says out "-I$prefix/include .*-L$prefix/lib -lslab"
fi

finish
