#!/bin/sh
# SPDX-License-Identifier: MIT
# libslab-malloc.so in front of other programs: they do what they do without it, whenever they
# allocate first, and however little address space they have.
. "$SRCDIR/tests/cli/lib.sh"

library=$SRCDIR/$BUILD/libslab-malloc.so
[ -e "$library" ] || { echo "$library is not built"; exit 77; }
cc=${CC:-cc} cxx=${CXX:-c++}

# slabbed COMMAND...: the command with libslab as its malloc.
slabbed() {
	env LD_PRELOAD="$library" "$@"
}

# same SENTENCE COMMAND...: it ends and prints with libslab what it does without.
same() {
	sentence=$1
	shift
	"$@" >plain.out 2>plain.err
	plain=$?
	expect "$sentence" "$plain" slabbed "$@"
	cmp -s plain.out out || bad 'other output'
	cmp -s plain.err err || bad 'other errors'
}

seq 1 50000 | awk '{ print $1 * 7919 % 50021, "line", $1 }' >numbers
printf '#include <stdio.h>\nint main(void) { return !puts("built"); }\n' >program.c

same 'ls lists a directory' ls -laR /usr/lib/ssl /usr/include/sys
same 'ls of what is not there fails' ls /nowhere
same 'sort sorts' sort -n numbers
same 'sort sorts with threads and little memory' sort --parallel=4 -S 1M numbers
same 'awk counts' awk '{ n[$1 % 997]++ } END { for (i = 0; i < 997; i++) print i, n[i] }' numbers
same 'a shell forks and pipes' sh -c 'for i in 1 2 3 4 5; do (echo $i; ls / | wc -l) | cat; done'
if command -v bash >/dev/null; then
	same 'bash makes arrays' bash -c 'for i in {1..5000}; do a[$i]=x$i; done; echo "${a[@]}" | md5sum'
fi
if command -v python3 >/dev/null; then
	same 'python3 runs' python3 -S -c '
import json, threading
d = {str(i): list(range(i % 50)) for i in range(5000)}
t = [threading.Thread(target=lambda: json.loads(json.dumps(d))) for i in range(4)]
[x.start() for x in t]; [x.join() for x in t]
print(len(json.dumps(d)))'
fi
if command -v "$cc" >/dev/null; then
	same 'the compiler compiles' "$cc" -O2 -c -o /dev/stdout -x c -S program.c
fi

# The bytes that were asked for are guarded, not those of the class.
cat >copy.c <<'END'
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	char *name = malloc(5);

	strcpy(name, argc > 1 ? argv[1] : "slab");
	free(name);
	return 0;
}
END
expect 'a program with an overflow is built' 0 "$cc" -O0 -U_FORTIFY_SOURCE -o copy copy.c
expect 'a copy that fits is no error' 0 slabbed SLAB_OPTIONS=debug=FZU ./copy
says_not err .
expect 'one byte too many is reported' 0 slabbed SLAB_OPTIONS=debug=FZU ./copy slabs
says err '^BUG kmalloc-16 (Not tainted): kmalloc Redzone overwritten$'

# The mode is the option's, and a wrong one is one line.
cat >ask.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int (*get)(const char *, char *, size_t) = dlsym(RTLD_DEFAULT, "slab_option_get");
	char value[64] = "not there";

	free(malloc(1));
	if (get && argc > 1)
		get(argv[1], value, sizeof(value));
	puts(value);
	return 0;
}
END
expect 'a program is built' 0 "$cc" -o ask ask.c -ldl
expect 'libslab is not there by itself' 0 ./ask partition
says out '^not there$'
expect 'SLAB_OPTIONS takes options' 0 slabbed SLAB_OPTIONS=partition=random,stats=1 ./ask partition
says out '^random$'
expect 'the address space is not reserved' 0 slabbed ./ask reserve
says out '^0$'
expect 'SLAB_OPTIONS changes the defaults of the drop-in too' 0 \
	slabbed SLAB_OPTIONS=reserve=1 ./ask reserve
says out '^1$'
expect 'a wrong option is one line, and the defaults are used' 0 \
	slabbed SLAB_OPTIONS=partition=sometimes ./ask partition
says out '^none$'
says err "^libslab-malloc: SLAB_OPTIONS: option partition cannot be 'sometimes'; give none, random or typed; the defaults are used$"
[ "$(wc -l <err)" -eq 1 ] || bad 'not one line'

# Whatever is asked first, libslab starts with the options of the drop-in.
cat >first.c <<'END'
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int slab_option_get(const char *name, char *buf, size_t len);

int main(int argc, char **argv)
{
	static char unused[4096], value[64];

	setvbuf(stdout, unused, _IOFBF, sizeof(unused));
	if (argc > 2)
		malloc_info(0, stdout);
	slab_option_get(argv[1], value, sizeof(value));
	fflush(stdout);
	strcat(value, "\n");
	return write(1, value, strlen(value)) < 0;
}
END
expect 'a program that asks first is built' 0 \
	"$cc" -o first first.c -L"$SRCDIR/$BUILD" -Wl,-rpath,"$SRCDIR/$BUILD" -lslab-malloc
expect 'a question before any malloc() starts it with the options' 0 env SLAB_OPTIONS=partition=random ./first partition
says out '^random$'
expect 'and 16 bytes are the alignment' 0 ./first minalign
says out '^16$'
expect 'malloc_info() before any malloc() too' 0 env SLAB_OPTIONS=partition=typed ./first partition info
says out '^typed$'

# Nothing of C++ is needed by the library itself.
expect 'no symbol of a C++ library is undefined' 0 sh -c "nm -D -u '$library' | grep -c GLIBCXX; :"
says out '^0$'

cat >plus.cc <<'END'
#include <cstdio>
#include <cstdint>
#include <new>

struct alignas(512) wide { char c[100]; };
static volatile std::size_t too_much = SIZE_MAX / 4;
static int calls;

static void give_up()
{
	if (++calls == 3)
		throw std::bad_alloc();
}

template <class F> static void say(const char *what, F f)
{
	try {
		std::printf("%s: %s\n", what, f() ? "memory" : "null");
	} catch (const std::bad_alloc &) {
		std::printf("%s: bad_alloc after %d calls\n", what, calls);
	}
	calls = 0;
}

static void all_forms()
{
	std::align_val_t align{512};

	say("new", [] { return ::operator new(too_much); });
	say("new[]", [] { return ::operator new[](too_much); });
	say("nothrow", [] { return ::operator new(too_much, std::nothrow); });
	say("nothrow[]", [] { return ::operator new[](too_much, std::nothrow); });
	say("aligned", [=] { return ::operator new(too_much, align); });
	say("aligned[]", [=] { return ::operator new[](too_much, align); });
	say("aligned nothrow", [=] { return ::operator new(too_much, align, std::nothrow); });
	say("aligned nothrow[]", [=] { return ::operator new[](too_much, align, std::nothrow); });
}

int main()
{
	wide *one = new wide, *many = new wide[3], *maybe = new (std::nothrow) wide[2];

	std::printf("%d\n", int((std::uintptr_t(one) | std::uintptr_t(many) | std::uintptr_t(maybe)) % 512));
	delete one;
	delete[] many;
	delete[] maybe;
	::operator delete(::operator new(100), std::size_t(100));
	::operator delete[](::operator new[](100), std::size_t(100));
	::operator delete(::operator new(100, std::align_val_t{64}), std::size_t(100), std::align_val_t{64});
	::operator delete[](::operator new[](100, std::align_val_t{64}), std::size_t(100), std::align_val_t{64});
	::operator delete(::operator new(100, std::nothrow), std::nothrow);
	::operator delete[](::operator new[](100, std::nothrow), std::nothrow);
	all_forms();
	std::set_new_handler(give_up);
	all_forms();
	return 0;
}
END
if command -v "$cxx" >/dev/null; then
	expect 'a program in C++ is built' 0 "$cxx" -std=c++17 -O0 -o plus plus.cc
	same 'the forms of new and delete do what those of the C++ library do' ./plus
	says out '^0$'
	says out '^aligned\[\]: bad_alloc after 3 calls$'
	says out '^aligned nothrow: null$'
else
	echo "no C++ compiler: the operators are not tested"
fi

# The first allocation may come in a constructor, in a library, in a handler of exit(), in a thread.
cat >plugin.c <<'END'
#include <stdlib.h>
#include <string.h>

static char *early;

__attribute__((constructor(101))) static void begin(void)
{
	early = strdup("plugin");
}

__attribute__((destructor(101))) static void end(void)
{
	free(early);
	free(malloc(100));
}

char *plugin_name(void)
{
	return strdup(early);
}
END
cat >host.c <<'END'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static char *kept;

static void at_exit(void)
{
	free(kept);
	kept = malloc(5000000);
	free(kept);
}

static void *load(void *arg)
{
	void *plugin = dlopen("./plugin.so", RTLD_NOW);
	char *(*name)(void) = (char *(*)(void))dlsym(plugin, "plugin_name");
	char *s = name();

	printf("%s\n", s);
	free(s);
	dlclose(plugin);
	return arg;
}

int main(void)
{
	atexit(at_exit);
	kept = malloc(100);
	for (int i = 0; i < 20; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, load, NULL);
		pthread_join(thread, NULL);
	}
	return 0;
}
END
# What libslab calls while it starts may allocate itself.
cat >wrapper.c <<'END'
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static char *last;

int open(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
	char *copy = malloc(strlen(path) + 1), *more = calloc(3, 7);

	strcpy(copy, path);
	more = realloc(more, 100);
	free(last);
	free(more);
	more = malloc(65530); /* more than is set aside, if only by the bytes before each block */
	if (more)
		memset(more, 1, 65530);
	free(more);
	last = copy;
	return next(path, flags, 0600);
}
END
expect 'a plug-in is built' 0 "$cc" -shared -fPIC -o plugin.so plugin.c
expect 'its host is built' 0 "$cc" -o host host.c -ldl -lpthread
expect 'a wrapper of open() is built' 0 "$cc" -D_GNU_SOURCE -shared -fPIC -o wrapper.so wrapper.c -ldl
same 'plug-ins come and go' ./host
expect 'an open() that allocates is no trouble while libslab starts' 0 \
	env LD_PRELOAD="$library $top/wrapper.so" ./host
says out '^plugin$'
says_not err .

# Loaded beside another malloc, by name.
cat >beside.c <<'END'
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *library = dlopen(argv[1], RTLD_NOW | (argc > 2 ? RTLD_DEEPBIND : RTLD_LOCAL));
	void *(*take)(size_t) = library ? (void *(*)(size_t))dlsym(library, "malloc") : NULL;
	void (*give)(void *) = library ? (void (*)(void *))dlsym(library, "free") : NULL;

	for (size_t size = 1; take && size < 8 << 20; size *= 2)
		give(take(size));
	puts(library ? "loaded" : dlerror());
	return library ? dlclose(library) : 1;
}
END
expect 'a program that loads it is built' 0 "$cc" -o beside beside.c -ldl
expect 'dlopen() takes it, with its thread-local memory' 0 ./beside "$library"
says out '^loaded$'
expect 'also in a scope of its own' 0 ./beside "$library" deep

# A sanitizer's malloc in the program is before ours, and stays it.
cat >sanitized.c <<'END'
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char *line = NULL, *copy = strdup("copy");
	size_t size = 0;
	void *p = NULL;

	p = reallocarray(p, 10, 100);
	free(realloc(p, 5000));
	free(copy);
	free(pvalloc(10));
	if (posix_memalign(&p, 64, 1000) || getline(&line, &size, stdin) < 0)
		return 1;
	free(p);
	free(line);
	malloc_trim(0);
	puts("sane");
	return 0;
}
END
sanitized() {
	echo a line | slabbed ./sanitized
}
for compiler in "$cc" clang-22; do
	for flags in '-fsanitize=address -static-libasan' -fsanitize=undefined '-fsanitize=thread -static-libsan'; do
		"$compiler" -g $flags -o sanitized sanitized.c >built 2>&1 || continue
		echo a line | ./sanitized >plain.out 2>&1 || continue
		expect "a program with $flags of $compiler runs" 0 sanitized
		says out '^sane$'
		says_not err .
	done
done

# Linked instead of preloaded.
expect 'a program is linked with the library' 0 \
	"$cc" -o linked ask.c -L"$SRCDIR/$BUILD" -Wl,-rpath,"$SRCDIR/$BUILD" -Wl,--no-as-needed -lslab-malloc -ldl
expect 'it runs on libslab' 0 ./linked partition
says out '^none$'

# A program with rights that its caller has not does not listen to it.
secure=$(mktemp -d /tmp/slab-secure.XXXXXX)
trap 'rm -rf "$secure"' EXIT
cp linked "$secure" && chmod 755 "$secure" && chmod 4755 "$secure/linked"
as_nobody() {
	setpriv --reuid=65534 --clear-groups "$@"
}
if [ "$(id -u)" -eq 0 ] && as_nobody "$secure/linked" partition >out 2>err && as_nobody test -r "$library"; then
	expect 'a program with AT_SECURE ignores SLAB_OPTIONS' 0 \
		env SLAB_OPTIONS=partition=random setpriv --reuid=65534 --clear-groups "$secure/linked" partition
	says out '^none$'
else
	echo 'no other user can run the program: AT_SECURE is not tested'
fi

# Little address space, from the start.
for kib in 1000000 200000 65536 40000; do
	expect "ls runs in $kib KiB" 0 sh -c "ulimit -v $kib; LD_PRELOAD='$library' exec ls /"
	expect "threads and plug-ins run in $kib KiB" 0 \
		sh -c "ulimit -v $kib; LD_PRELOAD='$library' exec ./host"
	says out '^plugin$'
done

finish
