// SPDX-License-Identifier: MIT
/*
 * The folder of views: where it is, which files it holds, and the SQL in their comments. Assumes
 * text files without NUL bytes. Main thread only, no lock.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bits.h"
#include "lib/die.h"
#include "paths.h"
#include "plot_view.h"

static bool holds_style(const char *folder)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/style.gp", folder);

	return n < (int)sizeof(path) && !access(path, R_OK);
}

bool plot_folder(char *folder, size_t len)
{
	static const char *const below[] = { "plots", "share/slabbench/plots" };
	const char *env = getenv("SLABBENCH_PLOTS");

	if (env && *env) {
		if (snprintf(folder, len, "%s", env) < (int)len && holds_style(folder))
			return true;
		warn("no pictures: SLABBENCH_PLOTS is '%s', which holds no style.gp", env);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		if (snprintf(folder, len, "%s/%s", paths_root(), below[i]) < (int)len &&
		    holds_style(folder))
			return true;
	warn("no pictures: there is no folder plots below %s; set SLABBENCH_PLOTS", paths_root());
	return false;
}

static int is_view(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && dot > entry->d_name && !strcmp(dot, ".gp") &&
	       strcmp(entry->d_name, "style.gp") != 0;
}

/* Byte order, whatever the locale: the same order of pictures everywhere. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

char **plot_names(const char *folder)
{
	struct dirent **entry;
	int nr = scandir(folder, &entry, is_view, by_name);
	char **name;

	if (nr < 0)
		return NULL;
	name = calloc((size_t)nr + 1, sizeof(*name));
	for (int i = 0; i < nr; i++) {
		if (name)
			name[i] = strndup(entry[i]->d_name, strlen(entry[i]->d_name) - 3);
		free(entry[i]);
	}
	free(entry);
	return name;
}

char *plot_read(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

/* The text behind the line `#! KEYWORD`, or NULL. */
static const char *find_block(const char *text, const char *keyword)
{
	size_t len = strlen(keyword);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "#! ", 3) && !strncmp(line + 3, keyword, len) &&
		    line[3 + len] == '\n')
			return line + 3 + len + 1;
	}
	return NULL;
}

char *plot_block(const char *text, const char *keyword)
{
	const char *line = find_block(text, keyword);
	char *block, *end;

	if (!line)
		return NULL;
	block = end = malloc(strlen(line) + 1);
	while (block && *line == '#' && strncmp(line, "#! end", 6) != 0) {
		size_t len = strcspn(line + 1, "\n");

		end = mempcpy(end, line + 1, len);
		*end++ = '\n';
		line += 1 + len + (line[1 + len] == '\n');
	}
	if (block)
		*end = '\0';
	return block;
}
