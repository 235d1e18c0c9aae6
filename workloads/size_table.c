// SPDX-License-Identifier: MIT
/* Shipped tables lie in a folder of a directory above the program: the checkout or a prefix. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/bits.h"
#include "size_table.h"

#define MAX_ABOVE 5 /* from build/VARIANT/tests/harness to the checkout */

static const char *const folders[] = { "workloads/data", "share/slabbench/workloads/data" };

struct reader {
	struct size_table *table;
	uint32_t least, most;
	unsigned int line;
	const char *path;
	char *why;
	size_t why_len;
};

static FILE *open_in(const char *dir, const char *name, char *path, size_t len)
{
	FILE *f = NULL;

	for (size_t i = 0; !f && i < ARRAY_SIZE(folders); i++) {
		snprintf(path, len, "%s/%s/%s.sizes", dir, folders[i], name);
		f = fopen(path, "re");
	}
	return f;
}

/* In the directories above the program, the nearest first. */
static FILE *open_shipped(const char *name, char *path, size_t len)
{
	char dir[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	FILE *f = NULL;

	dir[n < 0 ? 0 : n] = '\0';
	for (int i = 0; !f && i <= MAX_ABOVE && strchr(dir, '/'); i++) {
		*strrchr(dir, '/') = '\0';
		f = open_in(dir, name, path, len);
	}
	return f;
}

static int refuse(const struct reader *r, const char *what)
{
	snprintf(r->why, r->why_len, "line %u of %.120s %s; a line is BYTES COUNT", r->line,
		 r->path, what);
	return -1;
}

static int add(struct reader *r, uint64_t bytes, uint64_t count)
{
	struct size_table *t = r->table;
	uint32_t size = bytes < r->least ? r->least : (uint32_t)bytes;

	if (bytes > r->most || !count)
		return 0;
	if (count > UINT32_MAX)
		return refuse(r, "counts too many requests");
	if (t->nr && size < t->bytes[t->nr - 1])
		return refuse(r, "has a smaller size than the line before");
	if (!t->nr || size != t->bytes[t->nr - 1]) {
		if (t->nr == SIZE_TABLE_MAX)
			return refuse(r, "is one too many");
		t->bytes[t->nr++] = size;
	}
	t->total += count;
	t->below[t->nr - 1] = t->total;
	return 0;
}

static int read_line(struct reader *r, const char *line)
{
	uint64_t bytes, count;
	int end = 0;

	if (line[strspn(line, " \t\n")] == '\0' || *line == '#')
		return 0;
	if (strchr(line, '-') ||
	    sscanf(line, "%" SCNu64 " %" SCNu64 " %n", &bytes, &count, &end) != 2 || line[end])
		return refuse(r, "is not understood");
	return add(r, bytes, count);
}

static int read_all(struct reader *r, FILE *f)
{
	char line[256];

	while (fgets(line, sizeof(line), f)) {
		r->line++;
		if (read_line(r, line))
			return -1;
	}
	if (r->table->nr)
		return 0;
	snprintf(r->why, r->why_len, "%.120s has no size of %" PRIu32 " to %" PRIu32 " bytes",
		 r->path, r->least, r->most);
	return -1;
}

int size_table_read(struct size_table *table, const char *name, uint32_t least, uint32_t most,
		    char *why, size_t why_len)
{
	char path[PATH_MAX + 512];
	bool own = strchr(name, '/');
	FILE *f = own ? fopen(name, "re") : open_shipped(name, path, sizeof(path));
	struct reader r = { table, least, most, 0, own ? name : path, why, why_len };
	int err;

	table->nr = 0;
	table->total = 0;
	if (!f) {
		snprintf(why, why_len,
			 "there are no sizes '%.80s' (%s); shipped ones are the "
			 "files workloads/data/NAME.sizes",
			 name, strerror(errno));
		return -1;
	}
	err = read_all(&r, f);
	fclose(f);
	return err;
}

uint32_t size_table_draw(const struct size_table *t, struct random *r)
{
	uint64_t wanted = random_below(r, t->total);
	uint32_t low = 0, high = t->nr - 1;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (t->below[mid] > wanted)
			high = mid;
		else
			low = mid + 1;
	}
	return t->bytes[low];
}
