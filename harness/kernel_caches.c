// SPDX-License-Identifier: MIT
/* Rows from sysfs directories or from a CSV file. See kernel_caches.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_caches.h"
#include "lib/bits.h"
#include "lib/die.h"

static const char *const names[NR_KERNEL_ATTRIBUTES] = {
	[KERNEL_OBJECT_SIZE] = "object_size",
	[KERNEL_SLAB_SIZE] = "slab_size",
	[KERNEL_OBJS_PER_SLAB] = "objs_per_slab",
	[KERNEL_ORDER] = "order",
	[KERNEL_ALIGN] = "align",
	[KERNEL_MIN_PARTIAL] = "min_partial",
	[KERNEL_CPU_PARTIAL] = "cpu_partial",
	[KERNEL_SHEAF_CAPACITY] = "sheaf_capacity",
	[KERNEL_ALIASES] = "aliases",
	[KERNEL_RECLAIM_ACCOUNT] = "reclaim_account",
	[KERNEL_HWCACHE_ALIGN] = "hwcache_align",
	[KERNEL_DESTROY_BY_RCU] = "destroy_by_rcu",
	[KERNEL_USERSIZE] = "usersize",
	[KERNEL_CACHE_DMA] = "cache_dma",
	[KERNEL_POISON] = "poison",
	[KERNEL_RED_ZONE] = "red_zone",
	[KERNEL_SANITY_CHECKS] = "sanity_checks",
	[KERNEL_STORE_USER] = "store_user",
	[KERNEL_TRACE] = "trace",
};

const char *kernel_attribute_name(enum kernel_attribute a)
{
	return names[a];
}

static struct kernel_cache *append(struct kernel_caches *all, const char *name)
{
	struct kernel_cache *more = realloc(all->cache, (all->nr + 1) * sizeof(*more)), *k;

	if (!more)
		die(EXIT_FAILED, "out of memory for %zu caches", all->nr);
	all->cache = more;
	k = &more[all->nr++];
	memset(k, 0, sizeof(*k));
	snprintf(k->name, sizeof(k->name), "%s", name);
	for (int a = 0; a < NR_KERNEL_ATTRIBUTES; a++)
		k->value[a] = KERNEL_UNKNOWN;
	return k;
}

static long number(const char *text)
{
	char *end;
	long v = strtol(text, &end, 10);

	return end == text ? KERNEL_UNKNOWN : v;
}

/* The first line of @file below @dir, "" if there is none. */
static bool read_line(int dir, const char *file, char *buf, size_t len)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, len - 1);

	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
	return n >= 0;
}

static void refuse_unreadable(const char *dir, const char *name)
{
	if (errno == EACCES || errno == EPERM)
		die(EXIT_USAGE, "%s/%s may not be read by this user; run it as root (sudo)", dir,
		    name);
}

static void read_attributes(struct kernel_cache *k, int at, const char *dir)
{
	char line[256];

	for (int a = 0; a < NR_KERNEL_ATTRIBUTES; a++) {
		if (read_line(at, names[a], line, sizeof(line)))
			k->value[a] = number(line);
		else
			refuse_unreadable(dir, k->name);
	}
	k->has_ctor = read_line(at, "ctor", line, sizeof(line)) && *line;
}

/* A cache may go while its directory is read: then it is no row. */
static void read_cache(struct kernel_caches *all, int root, const char *dir, const char *name)
{
	int at = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char target[PATH_MAX];
	struct kernel_cache *k;
	ssize_t n;

	if (at < 0) {
		refuse_unreadable(dir, name);
		return;
	}
	k = append(all, name);
	n = readlinkat(root, name, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		snprintf(k->alias_of, sizeof(k->alias_of), "%s", basename(target));
	}
	read_attributes(k, at, dir);
	close(at);
	if (k->value[KERNEL_OBJECT_SIZE] <= 0)
		all->nr--;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kernel_cache *)a)->name,
		      ((const struct kernel_cache *)b)->name);
}

void kernel_caches_read(struct kernel_caches *all, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	*all = (struct kernel_caches){ .knows_aliases = true };
	if (!d)
		die(EXIT_USAGE,
		    "%s cannot be read: %s; run it as root, or compare with a recorded kernel by "
		    "--check FILE.csv",
		    dir, strerror(errno));
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			read_cache(all, dirfd(d), dir, e->d_name);
	closedir(d);
	if (!all->nr)
		die(EXIT_USAGE, "%s holds no caches; name the directory with --sysfs", dir);
	qsort(all->cache, all->nr, sizeof(*all->cache), by_name);
}

/* Which column of the file is what. */
struct columns {
	int name, alias_of, ctor, attribute[NR_KERNEL_ATTRIBUTES], nr;
};

static void find_columns(struct columns *c, char *line)
{
	char *word;

	c->name = c->alias_of = c->ctor = -1;
	for (int a = 0; a < NR_KERNEL_ATTRIBUTES; a++)
		c->attribute[a] = -1;
	for (c->nr = 0; (word = strsep(&line, ",")); c->nr++) {
		if (!strcmp(word, "cache"))
			c->name = c->nr;
		if (!strcmp(word, "alias_of"))
			c->alias_of = c->nr;
		if (!strcmp(word, "ctor"))
			c->ctor = c->nr;
		for (int a = 0; a < NR_KERNEL_ATTRIBUTES; a++)
			if (!strcmp(word, names[a]))
				c->attribute[a] = c->nr;
	}
}

static int split(char *line, char **words, int max)
{
	int n = 0;

	while (n < max && (words[n] = strsep(&line, ",")))
		n++;
	return n;
}

static bool read_row(struct kernel_caches *all, const struct columns *c, char *line)
{
	char *words[64];
	struct kernel_cache *k;
	int n = split(line, words, ARRAY_SIZE(words));

	if (n != c->nr)
		return false;
	k = append(all, words[c->name]);
	if (c->alias_of >= 0)
		snprintf(k->alias_of, sizeof(k->alias_of), "%s", words[c->alias_of]);
	k->has_ctor = c->ctor >= 0 && *words[c->ctor];
	for (int a = 0; a < NR_KERNEL_ATTRIBUTES; a++)
		if (c->attribute[a] >= 0)
			k->value[a] = number(words[c->attribute[a]]);
	return k->value[KERNEL_OBJECT_SIZE] > 0;
}

void kernel_caches_read_csv(struct kernel_caches *all, const char *file)
{
	FILE *f = fopen(file, "re");
	struct columns c = { .name = -1 };
	char line[4096];
	int nr = 1;

	*all = (struct kernel_caches){ .nr = 0 };
	if (!f)
		die(EXIT_USAGE, "%s cannot be read: %s; give a file with --check", file,
		    strerror(errno));
	if (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		find_columns(&c, line);
	}
	if (c.name < 0 || c.attribute[KERNEL_OBJECT_SIZE] < 0)
		die(EXIT_USAGE,
		    "%s does not begin with a line of column names; 'cache' and 'object_size' are "
		    "needed (tests/slab/data/geometry-6.18.csv is an example)",
		    file);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		nr++;
		if (!read_row(all, &c, line))
			die(EXIT_USAGE, "%s:%d: %d columns and an object_size are wanted", file, nr,
			    c.nr);
	}
	fclose(f);
	all->knows_aliases = c.alias_of >= 0;
}

void kernel_caches_free(struct kernel_caches *all)
{
	free(all->cache);
	*all = (struct kernel_caches){ .nr = 0 };
}
