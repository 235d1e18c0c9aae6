// SPDX-License-Identifier: MIT
/* Reading the small text files of /proc and /sys. A file that is absent is an empty answer. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static FILE *open_under(const char *root, const char *path)
{
	char full[4096];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return fopen(full, "re");
}

int machine_line(const char *root, const char *path, char *buf, int len)
{
	FILE *f = open_under(root, path);
	char *got = NULL;

	*buf = '\0';
	if (f) {
		got = fgets(buf, len, f);
		fclose(f);
	}
	buf[strcspn(buf, "\n")] = '\0';
	return got ? 0 : -1;
}

/* What follows @key and its ':' or '=' in @line, without the quotes of os-release; or NULL. */
static char *value_behind(char *line, const char *key)
{
	size_t len = strlen(key);
	char *value = line + len, *end;

	if (strncmp(line, key, len))
		return NULL;
	while (*value == ' ' || *value == '\t')
		value++;
	if (*value != ':' && *value != '=')
		return NULL;
	value += 1 + strspn(value + 1, " \t\"");
	for (end = value + strlen(value); end > value && strchr("\n \"", end[-1]); end--)
		end[-1] = '\0';
	return value;
}

int machine_key(const char *root, const char *path, const char *key, char *buf, int len)
{
	FILE *f = open_under(root, path);
	char line[8192];
	char *value = NULL;

	*buf = '\0';
	if (!f)
		return -1;
	while (!value && fgets(line, sizeof(line), f))
		value = value_behind(line, key);
	fclose(f);
	if (!value)
		return -1;
	snprintf(buf, (size_t)len, "%s", value);
	return 0;
}

int machine_list_count(const char *list)
{
	int count = 0;

	while (isdigit((unsigned char)*list)) {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		count += (int)(last - first + 1);
		list = *end == ',' ? end + 1 : end;
	}
	return count;
}
