// SPDX-License-Identifier: MIT
/*
 * Where a preloaded library lies: beside the program, for ours; else the directories that the
 * dynamic linker searches, in its order, so that the path shown is the path used. Parent's side;
 * not thread-safe.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "config.h"

/* Multiarch first, as Debian's linker does; then the traditional ones. */
static const char *const patterns[] = {
	"/usr/local/lib/%s",
	"/usr/local/lib/*-linux-gnu*/%s",
	"/lib/*-linux-gnu*/%s",
	"/usr/lib/*-linux-gnu*/%s",
	"/lib64/%s",
	"/usr/lib64/%s",
	"/lib/%s",
	"/usr/lib/%s",
};

static bool match(const char *pattern, char *path, size_t len)
{
	bool found = false;
	glob_t g;

	if (!glob(pattern, 0, NULL, &g)) {
		found = !access(g.gl_pathv[0], R_OK) &&
			(size_t)snprintf(path, len, "%s", g.gl_pathv[0]) < len;
		globfree(&g);
	}
	return found;
}

/* A directory list as in LD_LIBRARY_PATH. */
static bool search_list(const char *list, const char *file, char *path, size_t len)
{
	for (const char *dir = list; dir && *dir;) {
		size_t n = strcspn(dir, ":");

		if (n && (size_t)snprintf(path, len, "%.*s/%s", (int)n, dir, file) < len &&
		    !access(path, R_OK))
			return true;
		dir += n + (dir[n] == ':');
	}
	return false;
}

/* Beside the program that runs, and where `make install` puts libraries for it. */
static bool search_home(const char *file, char *path, size_t len)
{
	static const char *const forms[] = { "%.*s/%s", "%.*s/../lib/%s" };
	char program[512];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	program[n > 0 ? n : 0] = '\0';
	slash = strrchr(program, '/');
	for (int i = 0; slash && i < 2; i++)
		if ((size_t)snprintf(path, len, forms[i], (int)(slash - program), program, file) <
			    len &&
		    !access(path, R_OK))
			return true;
	return false;
}

static bool search(const char *file, char *path, size_t len)
{
	char pattern[256];

	if (search_home(file, path, len))
		return true;
	if (search_list(getenv("LD_LIBRARY_PATH"), file, path, len))
		return true;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		snprintf(pattern, sizeof(pattern), patterns[i], file);
		if (match(pattern, path, len))
			return true;
	}
	return false;
}

/* The words that ./configure --without-NAME left, each between blanks. */
static bool left_out(const char *name)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(CONFIG_WITHOUT_PEERS, word) != NULL;
}

bool allocator_locate(const struct allocator *a, char *path, size_t len)
{
	if (!a->preload[0]) {
		path[0] = '\0';
		return true;
	}
	if (left_out(a->name)) {
		snprintf(path, len, "left out by ./configure --without-%s", a->name);
		return false;
	}
	for (size_t i = 0; i < 4 && a->preload[i]; i++)
		if (search(a->preload[i], path, len))
			return true;
	if (a->package)
		snprintf(path, len, "%s is not installed (package %s)", a->preload[0], a->package);
	else
		snprintf(path, len, "%s is not beside the program (make)", a->preload[0]);
	return false;
}
