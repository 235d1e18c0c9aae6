// SPDX-License-Identifier: MIT
/*
 * Whose malloc a program has, by the dynamic linker's own account: with LD_DEBUG=bindings it writes
 * a line for each symbol that it resolves,
 *
 *	4417:	binding file A [0] to B [0]: normal symbol `malloc' [GLIBC_2.2.5]
 *
 * for the program, for all its libraries, and for the programs that it starts. LD_BIND_NOW makes it
 * resolve everything at once. A library that is only mapped proves nothing: redis-server is linked
 * with an allocator of its own.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

bool program_own_malloc(char *path, size_t len)
{
	void *address = dlsym(RTLD_DEFAULT, "malloc");
	char resolved[PATH_MAX];
	Dl_info info;

	return address && dladdr(address, &info) && info.dli_fname && strchr(info.dli_fname, '/') &&
	       realpath(info.dli_fname, resolved) &&
	       (size_t)snprintf(path, len, "%s", resolved) < len;
}

/* The words between @from and @to of a line, without the " [0]" of the namespace. */
static bool between(const char *line, const char *from, const char *to, char *buf, size_t len)
{
	const char *a = strstr(line, from), *b = a ? strstr(a + strlen(from), to) : NULL;

	if (!b)
		return false;
	a += strlen(from);
	snprintf(buf, len, "%.*s", (int)(b - a), a);
	return true;
}

struct binding {
	char user[PATH_MAX], object[PATH_MAX];
};

/* The next binding of malloc from @at on; where to go on, NULL if there is none. */
static const char *next(const char *at, struct binding *b)
{
	while ((at = strstr(at, "binding file "))) {
		const char *end = strchrnul(at, '\n'), *what = strstr(at, "symbol `malloc'");

		if (what && what < end &&
		    between(at, "binding file ", " [", b->user, sizeof(b->user)) &&
		    between(at, "] to ", " [", b->object, sizeof(b->object)))
			return end;
		at = end;
	}
	return NULL;
}

static bool is_right(const struct binding *b, const char *malloc)
{
	char resolved[PATH_MAX];

	return realpath(b->object, resolved) && !strcmp(resolved, malloc);
}

/*
 * A program that was linked to a fixed address and takes malloc's, gives its own stub out as the
 * address of malloc: libraries are bound to the program, and the program to malloc.
 */
static bool is_stub(const char *text, const char *object, const char *malloc)
{
	struct binding b;

	while ((text = next(text, &b)))
		if (!strcmp(b.user, object) && is_right(&b, malloc))
			return true;
	return false;
}

/* How many bindings are right; -1 if one is not. */
static int check(struct program_seat *seat, const char *text, const char *malloc)
{
	const char *at = text;
	struct binding b;
	int nr = 0;

	while ((at = next(at, &b))) {
		if (!is_right(&b, malloc) && !is_stub(text, b.object, malloc)) {
			snprintf(seat->why, sizeof(seat->why),
				 "%.80s takes malloc from %.60s, not from %.60s", b.user, b.object,
				 malloc);
			return -1;
		}
		nr++;
	}
	return nr;
}

/* The memfd as a string; free with munmap(). */
static char *map_text(int fd, size_t *bytes)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st))
		return NULL;
	*bytes = (size_t)st.st_size + 1;
	text = ftruncate(fd, st.st_size + 1)
		       ? MAP_FAILED
		       : mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	return text == MAP_FAILED ? NULL : text;
}

static int judge(struct program_seat *seat, const char *malloc)
{
	size_t bytes;
	char *text = map_text(seat->err, &bytes);
	int nr = text ? check(seat, text, malloc) : 0;

	if (text)
		munmap(text, bytes);
	if (!nr)
		snprintf(seat->why, sizeof(seat->why),
			 "%.100s calls no malloc that can be replaced: is it linked statically?",
			 seat->path);
	return nr > 0 ? 0 : -1;
}

int program_prove(struct program_seat *seat, const char *malloc)
{
	static const char *const tell[] = { "LD_DEBUG=bindings", "LD_BIND_NOW=1", NULL };
	const struct program *p = seat->program;
	char *argv[PROGRAM_MAX_ARGS] = { (char *)(uintptr_t)p->file };
	struct wl_usage unused = { 0 };
	struct program_env env;
	struct process idle = {
		seat->path, argv, env.var, seat->dir, seat->in, seat->out, seat->err
	};
	pid_t pid;

	for (int i = 0; p->idle[i]; i++)
		argv[i + 1] = (char *)(uintptr_t)p->idle[i];
	program_environment(&env, p, malloc, tell);
	pid = process_start(&idle);
	if (pid < 0) {
		snprintf(seat->why, sizeof(seat->why), "%s could not be started: %s", seat->path,
			 strerror(-pid));
		return -1;
	}
	process_wait(pid, &unused);
	return judge(seat, malloc);
}
