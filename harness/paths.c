// SPDX-License-Identifier: MIT
/* Paths from /proc/self/exe. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/die.h"
#include "paths.h"

static void cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash && slash != path)
		*slash = '\0';
}

/* The program is ROOT/build/runner, ROOT/build/VARIANT/runner or PREFIX/bin/runner. */
const char *paths_root(void)
{
	static char root[PATH_MAX];
	char probe[PATH_MAX + 32];

	if (*root)
		return root;
	if (!realpath("/proc/self/exe", root))
		die(EXIT_FAILED, "/proc/self/exe cannot be read: %m");
	cut(root);
	cut(root);
	snprintf(probe, sizeof(probe), "%s/../workloads/workload.h", root);
	if (!access(probe, R_OK))
		cut(root);
	return root;
}

void paths_default_db(char *buf, size_t len)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.4000s/results", paths_root());
	if (access(dir, W_OK))
		snprintf(buf, len, "slabbench.db");
	else
		snprintf(buf, len, "%.4000s/slabbench.db", dir);
}

void paths_dirname(const char *path, char *buf, size_t len)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(buf, len, ".");
	else
		snprintf(buf, len, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

void paths_make_dir(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1;; p++) {
		char held = *p;

		if (held != '/' && held != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			die(EXIT_STORAGE, "the directory %s cannot be made: %m", part);
		*p = held;
		if (!held)
			return;
	}
}

/* A link is removed, never followed. */
static void remove_entry(int dir, const char *path, const char *name)
{
	char inner[PATH_MAX];
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
		unlinkat(dir, name, 0);
	else if ((size_t)snprintf(inner, sizeof(inner), "%s/%s", path, name) < sizeof(inner))
		paths_remove_dir(inner);
}

void paths_remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			remove_entry(dirfd(dir), path, d->d_name);
	closedir(dir);
	rmdir(path);
}
