// SPDX-License-Identifier: MIT
/*
 * Where a program lies and what it finds around it: the system's own directories first, because a
 * name in the user's PATH may be a script that only looks for the program; and of the environment
 * what does not change the work.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

extern char **environ;

static bool is_program(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[SELFMAG] = "";
	bool elf;

	if (fd < 0)
		return false;
	elf = read(fd, magic, SELFMAG) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG);
	close(fd);
	return elf && !access(path, X_OK);
}

static bool search(const char *list, const char *file, char *path, size_t len)
{
	for (const char *dir = list; dir && *dir;) {
		size_t n = strcspn(dir, ":");

		if (n && (size_t)snprintf(path, len, "%.*s/%s", (int)n, dir, file) < len &&
		    is_program(path))
			return true;
		dir += n + (dir[n] == ':');
	}
	return false;
}

bool program_find(const struct program *p, char *path, size_t len)
{
	return search("/usr/bin:/bin:/usr/local/bin", p->file, path, len) ||
	       search(getenv("PATH"), p->file, path, len);
}

/* What would change the answer, or the work. */
static bool is_dropped(const char *var)
{
	static const char *const prefixes[] = { "LD_PRELOAD=", "LD_DEBUG", "LC_",  "LANG",
						"GIT_",	       "PYTHON",   "LUA_", "GCC_",
						"HOME=",       "XDG_",	   "CPATH" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(var, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static size_t add(struct program_env *env, size_t n, const char *const *vars)
{
	for (; vars && *vars && n < ARRAY_SIZE(env->var) - 1; vars++)
		env->var[n++] = (char *)(uintptr_t)*vars;
	return n;
}

void program_environment(struct program_env *env, const struct program *p, const char *malloc,
			 const char *const *more)
{
	static const char *const ours[] = { "LC_ALL=C", "HOME=/nonexistent", NULL };
	size_t n = add(env, add(env, add(env, 0, ours), p->env), more);

	if (malloc) {
		snprintf(env->preload, sizeof(env->preload), "LD_PRELOAD=%s", malloc);
		env->var[n++] = env->preload;
	}
	for (char **var = environ; *var && n < ARRAY_SIZE(env->var) - 1; var++)
		if (!is_dropped(*var))
			env->var[n++] = *var;
	env->var[n] = NULL;
}
