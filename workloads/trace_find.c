// SPDX-License-Identifier: MIT
/* Shipped traces by name. */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bits.h"
#include "trace_find.h"

#define SUFFIX	 ".ktr.zst"
#define MAX_LIST 32

static const char *const below[] = {
	"../workloads/traces",
	"../share/slabbench/traces",
	"../share/slabbench/workloads/traces",
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

static bool is_path(const char *arg)
{
	return strchr(arg, '/') || ends_with(arg, ".ktr") || ends_with(arg, SUFFIX);
}

/* The program's own folder, "" if that cannot be told. */
static void program_folder(char *dir, size_t len)
{
	ssize_t n = readlink("/proc/self/exe", dir, len - 1);
	char *slash;

	dir[n < 0 ? 0 : n] = 0;
	slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
}

/* Folder number @i into @dir; false behind the last. It need not be there, and may be "". */
static bool folder(unsigned int i, char *dir, size_t len)
{
	const char *own = getenv("SLABBENCH_TRACES");
	size_t at;

	if (i > ARRAY_SIZE(below))
		return false;
	if (i == 0) {
		snprintf(dir, len, "%s", own ? own : "");
		return true;
	}
	program_folder(dir, len);
	at = strlen(dir);
	if (snprintf(dir + at, len - at, "/%s", below[i - 1]) >= (int)(len - at))
		*dir = 0;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Add the names of @dir's traces to @list. */
static void list_folder(const char *dir, char *list, size_t len)
{
	DIR *d = *dir ? opendir(dir) : NULL;
	char *names[MAX_LIST];
	size_t nr = 0, at = strlen(list);

	for (struct dirent *e; d && nr < MAX_LIST && (e = readdir(d));) {
		if (!ends_with(e->d_name, SUFFIX))
			continue;
		names[nr] = strndup(e->d_name, strlen(e->d_name) - strlen(SUFFIX));
		nr += names[nr] != NULL;
	}
	if (d)
		closedir(d);
	qsort(names, nr, sizeof(*names), by_name);
	for (size_t i = 0; i < nr; i++) {
		if (at < len)
			at += (size_t)snprintf(list + at, len - at, "%s%s", at ? ", " : "",
					       names[i]);
		free(names[i]);
	}
}

static int refuse(const char *arg, char *why, size_t why_len)
{
	char list[256] = "", dir[PATH_MAX];

	for (unsigned int i = 0; !*list && folder(i, dir, sizeof(dir)); i++)
		list_folder(dir, list, sizeof(list));
	if (!*list)
		snprintf(why, why_len,
			 "no trace '%.60s': no shipped traces are found, name a file or the folder "
			 "that has them in SLABBENCH_TRACES",
			 arg);
	else if (!*arg)
		snprintf(why, why_len,
			 "trace needs a name or a file: trace:FILE.ktr.zst, or one of "
			 "%s",
			 list);
	else
		snprintf(why, why_len, "no trace '%.60s'; shipped are %s, others are named by file",
			 arg, list);
	return -1;
}

int trace_find(const char *arg, char *path, size_t path_len, char *why, size_t why_len)
{
	char dir[PATH_MAX];

	if (is_path(arg)) {
		snprintf(path, path_len, "%s", arg);
		return 0;
	}
	for (unsigned int i = 0; *arg && folder(i, dir, sizeof(dir)); i++) {
		int len = snprintf(path, path_len, "%s/%s" SUFFIX, dir, arg);

		if (*dir && len < (int)path_len && !access(path, F_OK))
			return 0;
	}
	return refuse(arg, why, why_len);
}
