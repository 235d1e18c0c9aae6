#!/bin/sh
# SPDX-License-Identifier: MIT
# slab.h and the profiling headers from C++, with call sites in a program, in its templates and in
# a shared library that is unloaded before the sites are printed.
. "$SRCDIR/tests/cli/lib.sh"

cxx=
for program in "${CXX:-c++}" g++ clang++ clang++-22; do
	command -v "$program" >/dev/null && cxx=$program && break
done
[ -n "$cxx" ] || { echo 'no C++ compiler here (apt-get install g++)'; exit 77; }
# shellcheck disable=SC2086 # CC may have arguments
command -v ${CC:-cc} >/dev/null || { echo 'no C compiler here'; exit 77; }

cat >plugin.c <<'END'
#include "slab.h"
void *plugin_alloc(void);
void *plugin_alloc(void)
{
	return kmalloc(300, GFP_KERNEL);
}
END

cat >program.cc <<'END'
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include "codetag.h"
#include "memcontrol.h"
#include "slab.h"

template <typename T> T *make()
{
	return static_cast<T *>(kmalloc(sizeof(T), GFP_KERNEL));
}

static inline void *plain()
{
	auto in_lambda = [] { return kzalloc(20, GFP_KERNEL); };
	return in_lambda();
}

int main()
{
	static char text[65536];
	if (slab_boot("profiling=1"))
		return 1;
	void *plugin = dlopen("./plugin.so", RTLD_NOW);
	if (!plugin)
		return 2;
	void *p = reinterpret_cast<void *(*)()>(dlsym(plugin, "plugin_alloc"))();
	void *all[] = { make<char[40]>(), make<long[100]>(), plain(), p };
	struct mem_cgroup *m = mem_cgroup_create(nullptr, MEM_CGROUP_UNLIMITED);
	mem_cgroup_put(m);
	dlclose(plugin);
	slab_allocinfo(text, sizeof(text));
	fputs(text, stdout);
	for (void *q : all)
		kfree(q);
	return slab_check(nullptr, nullptr) != 0;
}
END

lib=$SRCDIR/$BUILD
sentence='a shared library with call sites of its own builds from slab.h'
# shellcheck disable=SC2086
expect "$sentence" 0 ${CC:-cc} -O2 -fPIC -shared -Wall -Wextra -Werror -I"$SRCDIR/allocators/slab" \
	-o plugin.so plugin.c -L"$lib" -lslab

sentence='the headers are C++ without a warning'
expect "$sentence" 0 "$cxx" -std=c++17 -O2 -Wall -Wextra -Werror -I"$SRCDIR/allocators/slab" \
	-o program program.cc -L"$lib" -lslab -ldl

sentence='each site of the program and of the unloaded library is named'
expect "$sentence" 0 env LD_LIBRARY_PATH="$lib" ./program
says out '^ *512  *1 plugin.c:5 func:plugin_alloc$'
says out '^ *64  *1 program.cc:10 func:make$'
says out '^ *1024  *1 program.cc:10 func:make$'
says out '^ *32  *1 program.cc:15 func:operator()$'

finish
