// SPDX-License-Identifier: MIT
/* Suites by name: *.suite in the checkout's workloads/suites, or where they were installed. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/die.h"
#include "paths.h"
#include "suggest.h"
#include "suite.h"

#define SUFFIX ".suite"

static void folder(char *dir, size_t len)
{
	snprintf(dir, len, "%.2000s/workloads/suites", paths_root());
	if (access(dir, R_OK))
		snprintf(dir, len, "%.2000s/share/slabbench/workloads/suites", paths_root());
}

static int is_suite(const struct dirent *d)
{
	size_t len = strlen(d->d_name), n = strlen(SUFFIX);

	return len > n && !strcmp(d->d_name + len - n, SUFFIX);
}

char **suite_names(void)
{
	char dir[PATH_MAX];
	struct dirent **found;
	char **names;
	int nr;

	folder(dir, sizeof(dir));
	nr = scandir(dir, &found, is_suite, alphasort);
	names = calloc((size_t)(nr > 0 ? nr : 0) + 1, sizeof(*names));
	if (!names)
		die(EXIT_FAILED, "out of memory");
	for (int i = 0; i < nr; i++) {
		names[i] = strndup(found[i]->d_name, strlen(found[i]->d_name) - strlen(SUFFIX));
		free(found[i]);
	}
	if (nr >= 0)
		free(found);
	return names;
}

void suite_free_names(char **names)
{
	for (char **n = names; *n; n++)
		free(*n);
	free(names);
}

__attribute__((noreturn)) static void unknown(const char *name)
{
	struct suggest s = { .word = name };

	for (char **n = suite_names(); *n; n++)
		suggest_offer(&s, *n);
	die(EXIT_USAGE, "unknown suite '%s'%s (./runner list)", name, suggest_text(&s));
}

static FILE *open_suite(const char *name)
{
	char dir[PATH_MAX], path[PATH_MAX + 128];
	FILE *f;

	if (strchr(name, '/')) {
		f = fopen(name, "re");
		if (!f)
			die(EXIT_USAGE, "the suite %s cannot be read: %s", name, strerror(errno));
		return f;
	}
	folder(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/%.64s" SUFFIX, dir, name);
	f = fopen(path, "re");
	if (!f)
		unknown(name);
	return f;
}

/* "dir/mine.suite" is called "mine". */
static void call(const char *path, char *name, size_t len)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base), suffix = strlen(SUFFIX);

	if (n > suffix && !strcmp(base + n - suffix, SUFFIX))
		n -= suffix;
	snprintf(name, len, "%.*s", (int)n, base);
}

void suite_load(struct suite *s, const char *name, char text[SUITE_TEXT])
{
	FILE *f = open_suite(name);
	size_t n = fread(text, 1, SUITE_TEXT - 1, f);
	char why[512], called[64];
	bool whole = feof(f) && !ferror(f);

	fclose(f);
	text[n] = '\0';
	call(name, called, sizeof(called));
	if (!whole || strlen(text) != n)
		die(EXIT_USAGE, "the suite %s is no text of less than %d bytes", name, SUITE_TEXT);
	if (suite_parse(s, called, text, why, sizeof(why)))
		die(EXIT_USAGE, "%s", why);
}
