#!/bin/sh
# SPDX-License-Identifier: MIT
# The frame (configure, Makefile, runner, tests/run, tests/layers, ci/nightly.sh) on a small tree of
# its own, in a directory with a space in its name. apt-get, dpkg-query, sudo and id are replaced by
# scripts that record what they are asked, so that nothing is ever installed.
. "$SRCDIR/tests/cli/lib.sh"

tree="$top/a tree"
bin=$top/bin
PATH=$bin:$PATH
export PATH top
unset MAKEFLAGS MAKELEVEL CC CFLAGS LDFLAGS

# ---- helpers -----------------------------------------------------------------------------------

silent() {
	[ ! -s "$top/$1" ] || bad "std$1 is not empty"
}

file() {
	mkdir -p "$(dirname -- "$1")"
	cat >"$1"
}

program() {
	file "$bin/$1"
	chmod +x "$bin/$1"
}

# ---- the small tree ----------------------------------------------------------------------------

mkdir -p "$tree" "$bin"
cd "$tree" || exit 1
cp "$SRCDIR/Makefile" "$SRCDIR/configure" "$SRCDIR/runner" "$SRCDIR/.clang-format" .
mkdir -p tests ci lib harness allocators/slab workloads
cp -R "$SRCDIR/tests/run" "$SRCDIR/tests/lint" "$SRCDIR/tests/layers" "$SRCDIR"/tests/layers.* tests/
cp "$SRCDIR/ci/nightly.sh" ci/

file lib/die.h <<'END'
void die(const char *why);
END
file lib/die.c <<'END'
#include <stdlib.h>

#include "die.h"

void die(const char *why)
{
	exit(why != NULL);
}
END
file allocators/slab/slab.h <<'END'
__attribute__((visibility("default"))) int slab_answer(void);
END
file allocators/slab/boot.c <<'END'
#include "slab.h"

int slab_answer(void)
{
	return 42;
}
END
file allocators/allocator.h <<'END'
#ifndef ALLOCATOR
#define ALLOCATOR(ident) const char allocator_##ident[]
#endif
END
file allocators/one_more.c <<'END'
#include "allocator.h"

ALLOCATOR(one_more) = "one-more";
END
file allocators/helper.c <<'END'
#include "allocators/slab/slab.h"

int helper(void)
{
	return slab_answer();
}
END
file workloads/walk.c <<'END'
#define WORKLOAD(ident) const char workload_##ident[]

WORKLOAD(walk) = "walk";
END
file harness/main.c <<'END'
#include <stdio.h>
#include <unistd.h>

#include "version.h"

#define REGISTER_ALLOCATOR(ident) extern const char allocator_##ident[];
#define REGISTER_WORKLOAD(ident) extern const char workload_##ident[];
#include "allocators.def"
#include "workloads.def"
#undef REGISTER_ALLOCATOR
#undef REGISTER_WORKLOAD
#define REGISTER_ALLOCATOR(ident) puts(allocator_##ident);
#define REGISTER_WORKLOAD(ident) puts(workload_##ident);

int helper(void);

int main(int argc, char **argv)
{
	char cwd[4096];

#include "allocators.def"
#include "workloads.def"
	printf("%d %s %s\n%s\n", helper(), SLABBENCH_VERSION, SLABBENCH_COMMIT,
	       getcwd(cwd, sizeof(cwd)));
	for (int i = 1; i < argc; i++)
		printf("<%s>\n", argv[i]);
	return argc > 1 && argv[1][0] == 'n' ? 7 : 0;
}
END

# Every package is there but those in $ABSENT; apt-get writes down how it was called. It installs
# nothing, and offers everything but $NOT_OFFERED.
program dpkg-query <<'END'
#!/bin/sh
shift 3
for name; do
	case " ${ABSENT-} " in *" $name "*) ;; *) printf '%s=installed ' "$name" ;; esac
done
END
program apt-get <<'END'
#!/bin/sh
echo "$*" >>"$top/apt"
END
for name in service update-rc.d; do
	program $name <<-'END'
		#!/bin/sh
		echo "${0##*/} $*" >>"$top/services"
	END
done
program apt-cache <<'END'
#!/bin/sh
shift
for name; do
	case " ${NOT_OFFERED-} " in *" $name "*) ;; *) echo "$name | 1 | somewhere" ;; esac
done
END
program id <<'END'
#!/bin/sh
echo "${TEST_UID:-0}"
END
program sudo <<'END'
#!/bin/sh
[ "$SUDO_WORKS" = yes ] || exit 1
[ "$1" != -n ] || shift
echo "sudo $1" >>"$top/sudo"
exec "$@"
END

# ---- configure ---------------------------------------------------------------------------------

expect 'help names every option' 0 ./configure --help
says out '--without-PEER'
expect 'an unknown option is a sentence' 2 ./configure --frobnicate
says err "unknown argument '--frobnicate'"
expect 'an absent compiler is a sentence' 2 ./configure CC=no-such-cc
says err "'no-such-cc' is not there"

program poor-cc <<'END'
#!/bin/sh
# A compiler on a machine without sqlite3.
case " $* " in *lsqlite3*) echo 'fatal error: sqlite3.h: No such file' >&2; exit 1 ;; esac
exec cc "$@"
END
expect 'a missing library names its package' 2 ./configure CC=poor-cc
says err 'missing: libsqlite3-dev; apt-get install libsqlite3-dev'
[ ! -e config.mak ] || bad 'a failed configure left config.mak'
grep -q 'sqlite3.h: No such file' config.log || bad 'config.log lacks what the compiler said'

expect 'configure answers line by line' 0 ./configure --prefix="$top/my usr" --without-jemalloc 'CFLAGS=-O1 -g'
says out '^checking for a C compiler \.\.\.* '
says out '^checking for jemalloc \.\.\.* no (--without-jemalloc)'
grep -q ' jemalloc ' config.h || bad 'config.h does not know that jemalloc is left out'
expect 'configure is made again with its own command line' 0 sh -c 'sleep 0.01; touch configure; make config.mak'
grep -q "^CFLAGS = -O1 -g" config.mak || bad 'CFLAGS were lost'
grep -q "^PREFIX = $top/my usr" config.mak || bad '--prefix was lost'

# ---- installing packages -----------------------------------------------------------------------

expect 'nothing missing asks apt for nothing' 0 ./configure --install-deps
[ ! -e "$top/apt" ] || bad 'apt-get was called'

export ABSENT='libzstd-dev gnuplot-nox'
expect 'root installs what is missing and nothing else' 0 ./configure --install-deps
says err 'installing what is missing'
says err 'gnuplot-nox  *draws the figures'
[ "$(grep -c . "$top/apt")" = 1 ] || bad 'apt-get was not called once'
grep -q 'install --no-install-recommends libzstd-dev gnuplot-nox$' "$top/apt" || bad "$(cat "$top/apt")"

ABSENT='redis-server lua5.4'
expect 'a service that a package starts is stopped again' 0 ./configure --install-deps
[ "$(cat "$top/services")" = 'service redis-server stop
update-rc.d redis-server disable' ] || bad "$(cat "$top/services")"
rm -f "$top/services"
ABSENT=lua5.4
expect 'a service that was there before is left alone' 0 ./configure --install-deps
[ ! -e "$top/services" ] || bad "$(cat "$top/services")"
ABSENT='libzstd-dev gnuplot-nox'

rm -f "$top/apt"
export TEST_UID=1000 SUDO_WORKS=yes
expect 'a user with sudo installs by sudo' 0 ./configure --install-deps
grep -q '^sudo env' "$top/sudo" || bad 'sudo was not asked'

rm -f "$top/apt"
SUDO_WORKS=no
expect 'neither root nor sudo prints the command and stops' 2 ./configure --install-deps
says err 'apt-get install --no-install-recommends libzstd-dev gnuplot-nox$'
[ ! -e "$top/apt" ] || bad 'apt-get was called'

rm -f config.mak
expect 'ensure stops when the build needs what it cannot install' 2 ./configure --ensure
ABSENT=gnuplot-nox
expect 'ensure goes on without what the build does not need' 0 ./configure --ensure
says err 'going on without'
ABSENT=libsqlite3-dev
expect 'ensure sees a package that is gone' 2 ./configure --ensure
says err 'apt-get install --no-install-recommends libsqlite3-dev'

export TEST_UID=0 ABSENT=''
./configure 'CFLAGS=-O1 -DHASH=#' >/dev/null
ABSENT=libsqlite3-dev
expect 'ensure installs it and configures as before' 0 ./configure --ensure
says err 'installing what is missing'
grep -q '^CFLAGS = -O1 -DHASH=' config.mak || bad 'CFLAGS were lost'

export ABSENT=clang-22 NOT_OFFERED=clang-22
expect 'a package nobody offers is said, not fatal' 0 ./configure --install-deps
says err 'going on without clang-22'
ABSENT=libzstd-dev NOT_OFFERED=libzstd-dev
expect 'a needed package nobody offers stops' 2 ./configure --install-deps
says err 'libzstd-dev could not be installed'
ABSENT='' NOT_OFFERED=''

# ---- make --------------------------------------------------------------------------------------

expect 'make help needs no configuration' 0 make help
says out 'SAN=NAME'
expect 'an unknown sanitizer is a sentence' 2 make SAN=heap
says err 'SAN=heap is unknown; use SAN=address'
./configure >/dev/null
expect 'make builds quietly' 0 make -j2
says out '^  CC      build/harness/main.o$'
silent err
for made in build/runner build/libslab.so build/libslab.a build/libslab.so.0; do
	[ -e $made ] || bad "$made was not made"
done
expect 'the program finds its library beside it' 0 build/runner
says out '^one-more$'
says out '^42 0.1 unknown$'
! nm build/libslab.a | grep -q ' T die$' || bad 'libslab.a holds die()'
expect 'a second make does nothing' 0 make -s
silent out
expect 'V=1 prints commands' 0 sh -c 'touch harness/main.c; make V=1'
says out '-std=gnu11.*-c -o build/harness/main.o'
expect 'another compiler flag builds again' 0 make CFLAGS=-O0
says out 'CC      build/lib/die.o'
make -s >/dev/null

echo 'int slab_extra(void); int slab_extra(void) { return 1; }' >allocators/slab/extra.c
echo '#include "allocator.h"
ALLOCATOR(another) = "another";' >allocators/another.c
expect 'a new file joins without a list' 0 make
[ "$(cat build/gen/allocators.def)" = 'REGISTER_ALLOCATOR(another)
REGISTER_ALLOCATOR(one_more)' ] || bad 'the registry is wrong'
rm allocators/slab/extra.c allocators/another.c
expect 'a removed file leaves' 0 make
! build/runner | grep -q another || bad 'the removed adapter is still there'
! nm build/libslab.a | grep -q slab_extra || bad 'the removed object is still in libslab.a'

expect 'a warning is an error' 2 sh -c 'echo "static int unused;" >lib/warned.c; make WERROR=-Werror'
rm lib/warned.c
expect 'install puts things under DESTDIR' 0 make install DESTDIR="$top/dest" PREFIX=/usr
expect 'the installed program finds the installed library' 0 "$top/dest/usr/bin/runner"
for made in include/slab.h lib/libslab.a lib/libslab.so lib/pkgconfig/slab.pc; do
	[ -e "$top/dest/usr/$made" ] || bad "$made is not installed"
done

# ---- the door ----------------------------------------------------------------------------------

make clean >/dev/null
rm -f config.mak config.h
mkdir -p "$top/elsewhere"
ln -s "$tree/runner" "$top/elsewhere/link"
cd "$top/elsewhere" || exit 1
expect 'the door builds, through a link, and stays in the directory of the caller' 0 ./link 'a b' --json
says err 'CC      build/lib/die.o'
says out "^$top/elsewhere$"
says out '^<a b>$'
[ "$(head -n 1 "$top/out")" = one-more ] || bad 'stdout holds more than the program wrote'
expect 'the door has nothing to say the second time' 0 ./link
silent err
cd "$tree" || exit 1
expect 'nightly gives the exit code of the runner and keeps the log' 7 ci/nightly.sh --quick
cat results/runs/nightly/*.log >"$top/out"
says out '^<nightly>$'
says out '^<--quick>$'

# ---- tests/run ---------------------------------------------------------------------------------

file tests/cli/fine.sh <<'END'
[ -z "$(ls)" ] && [ -d "$TMPDIR" ] && [ -x "$RUNNER" ]
END
file tests/cli/broken.sh <<'END'
echo 'what went wrong'
exit 3
END
file tests/cli/absent.sh <<'END'
echo 'no such device here'
exit 77
END
file tests/cli/hangs.sh <<'END'
sleep 60
END
file tests/cli/counted.sh <<'END'
echo '[  PASSED  ] 5 test(s).'
echo '[  SKIPPED ] 2 test(s), listed below:'
END
file tests/cli/lies.sh <<'END'
echo '[  PASSED  ] 1 test(s).'
echo '[  FAILED  ] 1 test(s), listed below:'
END
run_tests() {
	TEST_TIMEOUT=1 RUNNER=$tree/build/runner BUILD=build tests/run "$@"
}
expect 'a scripts directory is empty and its own' 0 run_tests tests/cli/fine.sh
says out '^1 passed, 0 failed, 0 skipped$'
file tests/cli/talks.sh <<'END'
seq 1000
exit 1
END
expect 'a long output is shown by its ends' 1 run_tests tests/cli/talks.sh
says out '| 1000$'
says out '(900 lines more; run tests/cli/talks.sh alone)'
[ "$(grep -c '     | ' "$top/out")" = 100 ] || bad 'not 100 lines'
rm tests/cli/talks.sh
expect 'cases are counted, failures shown, skips explained, hangs ended' 1 run_tests tests/cli/*.sh
says out '| what went wrong$'
says out '^skip .*no such device here$'
says out '^FAIL .*hangs.sh .*ended after 1 s$'
says out '^failed: tests/cli/broken.sh tests/cli/hangs.sh tests/cli/lies.sh$'
says out '^7 passed, 3 failed, 3 skipped$'

# ---- what reads the sources ----------------------------------------------------------------------

expect 'the small tree keeps the layers' 0 tests/layers.sh
echo '#include "harness/main.h"' >lib/up.h
echo 'int x; /* walk */' >harness/main.h
expect 'an include upwards is found' 1 tests/layers.sh
says out 'lib/up.h:1: lib may not include harness'
rm lib/up.h
expect 'a name in a comment is no matter' 0 tests/layers.sh
echo 'const char *first = "one-more:option=1";' >harness/main.h
expect 'an allocator named by the harness is found' 1 tests/layers.sh
says out "harness/main.h:1: harness names 'one_more'"
echo 'harness ! one_more' >>tests/layers
expect 'an allowed word with options is still a name' 1 tests/layers.sh
echo 'const char *one_more = "one-more";' >harness/main.h
expect 'an allowed word is a word' 0 tests/layers.sh
echo '#include "lib/die.h"
#include "../lib/die.h"
#include "nowhere.h"' >harness/main.h
expect 'includes go by bare name or from the root' 1 tests/layers.sh
[ "$(grep -c . "$top/out")" = 2 ] || bad 'two lines are wrong'

{ echo 'void f(void)'; echo '{'; seq 61 | sed 's/.*/	f();/'; echo '}'; } >lib/long.c
expect 'a function of 61 lines is found' 1 tests/lint/functions.sh
says out 'lib/long.c:2: 61 lines in one function'
sed -i 3d lib/long.c
expect 'a function of 60 lines is not' 0 tests/lint/functions.sh
echo 'size_t f(void);' >harness/main.h
expect 'a header that needs another is found' 1 env BUILD=build tests/lint/headers.sh
says err 'size_t'

finish
