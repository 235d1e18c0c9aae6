// SPDX-License-Identifier: MIT
/* One row after another: what was asked for, what ours makes of it, what differs. */
#include <string.h>

#include "geometry_compare.h"
#include "lib/bits.h"

struct comparison {
	FILE *out;
	const struct machine *machine;
	const struct kernel_caches *all;
	const struct kernel_cache *cache;
	size_t nr_mismatches;
};

/* Wishes that sysfs does not show. */
static const struct {
	const char *name;
	unsigned int sheaf_capacity;
	slab_flags_t flags;
} wishes[] = {
	{ "maple_node", 32, 0 },
	{ "vm_area_struct", 32, 0 },
	{ "kmem_cache", 0, SLAB_NO_SHEAVES },
	{ "kmem_cache_node", 0, SLAB_NO_SHEAVES },
};

static const struct {
	enum kernel_attribute attribute;
	slab_flags_t flag;
} flags[] = {
	{ KERNEL_RECLAIM_ACCOUNT, SLAB_RECLAIM_ACCOUNT },
	{ KERNEL_HWCACHE_ALIGN, SLAB_HWCACHE_ALIGN },
	{ KERNEL_DESTROY_BY_RCU, SLAB_TYPESAFE_BY_RCU },
	{ KERNEL_CACHE_DMA, SLAB_CACHE_DMA },
	{ KERNEL_POISON, SLAB_POISON },
	{ KERNEL_RED_ZONE, SLAB_RED_ZONE },
	{ KERNEL_SANITY_CHECKS, SLAB_CONSISTENCY_CHECKS },
	{ KERNEL_STORE_USER, SLAB_STORE_USER },
	{ KERNEL_TRACE, SLAB_TRACE },
};

static void differ(struct comparison *c, const char *attribute, const char *kernel,
		   const char *ours)
{
	fprintf(c->out, "%s: %s is %s in the kernel, %s here\n", c->cache->name, attribute, kernel,
		ours);
	c->nr_mismatches++;
}

static void check(struct comparison *c, enum kernel_attribute a, long ours)
{
	long kernel = c->cache->value[a];
	char text[2][24];

	if (kernel == KERNEL_UNKNOWN || kernel == ours)
		return;
	snprintf(text[0], sizeof(text[0]), "%ld", kernel);
	snprintf(text[1], sizeof(text[1]), "%ld", ours);
	differ(c, kernel_attribute_name(a), text[0], text[1]);
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* A shared cache has one name of its own and those of its users. */
static bool is_named(const struct kernel_cache *k, const char *name)
{
	return !strcmp(k->name, name);
}

static void add_wishes(struct layout *l, const struct kernel_cache *k)
{
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
		if (is_named(k, wishes[i].name)) {
			l->sheaf_capacity = wishes[i].sheaf_capacity;
			l->flags |= wishes[i].flags;
		}
	if (begins(k->name, "kmalloc-") || begins(k->name, "dma-kmalloc-")) {
		l->flags |= SLAB_KMALLOC;
		l->align = l->size & (0u - l->size);
	}
}

static void add_alignment(const struct machine *m, struct layout *l, const struct kernel_cache *k)
{
	unsigned int usual = geometry_alignment(m, l->flags, l->align, l->size);
	long kernel = k->value[KERNEL_ALIGN];

	if (!(l->flags & SLAB_KMALLOC) && kernel > (long)usual && bits_is_pow2((uint64_t)kernel))
		l->align = (unsigned int)kernel;
}

/* Is a free pointer at a place of the cache's own the only explanation? */
static void add_freeptr(const struct machine *m, struct layout *l, const struct kernel_cache *k)
{
	struct layout own = *l;
	struct geometry g;
	long size = k->value[KERNEL_SLAB_SIZE];

	own.has_freeptr_offset = true;
	if (!(l->flags & SLAB_TYPESAFE_BY_RCU) || geometry_calculate(m, l, &g) || g.size == size)
		return;
	if (!geometry_calculate(m, &own, &g) && g.size == size)
		*l = own;
}

static struct layout request(const struct machine *m, const struct kernel_cache *k)
{
	struct layout l = { .size = (unsigned int)k->value[KERNEL_OBJECT_SIZE],
			    .has_ctor = k->has_ctor };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (k->value[flags[i].attribute] > 0)
			l.flags |= flags[i].flag;
	if (k->value[KERNEL_USERSIZE] > 0)
		l.usersize = (unsigned int)k->value[KERNEL_USERSIZE];
	if (l.usersize > l.size)
		l.usersize = l.size;
	add_wishes(&l, k);
	add_alignment(m, &l, k);
	add_freeptr(m, &l, k);
	return l;
}

static const struct kernel_cache *root_of(const struct comparison *c)
{
	const struct kernel_cache *k = c->cache;

	for (size_t i = 0; *k->alias_of && i < c->all->nr; i++)
		if (!strcmp(c->all->cache[i].name, k->alias_of))
			return &c->all->cache[i];
	return k;
}

/*
 * The users of a shared cache, less one, as the kernel counts; none without sharing. The names of
 * users that are gone stay, so there may be more of them than users, never fewer.
 */
static void check_aliases(struct comparison *c)
{
	const struct kernel_cache *root = root_of(c);
	long nr = 0;

	if (*root->name != ':' || c->machine->nomerge) {
		check(c, KERNEL_ALIASES, 0);
		return;
	}
	for (size_t i = 0; i < c->all->nr; i++)
		nr += !strcmp(c->all->cache[i].alias_of, root->name);
	if (c->all->knows_aliases && c->cache->value[KERNEL_ALIASES] > nr - 1)
		check(c, KERNEL_ALIASES, nr - 1);
}

static void check_name(struct comparison *c, const struct layout *l, const struct geometry *g)
{
	const char *name = c->cache->name, *dash = strchr(name, '-');
	bool accounted = dash && memchr(name, 'A', (size_t)(dash - name));
	char id[24];

	if (*name != ':')
		return;
	snprintf(id, sizeof(id), ":%s%s%s%s%s%07u", l->flags & SLAB_CACHE_DMA ? "d" : "",
		 l->flags & SLAB_RECLAIM_ACCOUNT ? "a" : "",
		 l->flags & SLAB_CONSISTENCY_CHECKS ? "F" : "", accounted ? "A" : "",
		 dash ? "-" : "", g->size);
	if (strcmp(id, name) != 0)
		differ(c, "name", name, id);
	if (geometry_unmergeable(c->machine, l, l->flags))
		differ(c, "sharing", "possible", "not");
}

static void check_cache(struct comparison *c)
{
	struct layout l = request(c->machine, c->cache);
	struct geometry g;
	int err = geometry_calculate(c->machine, &l, &g);

	if (err) {
		differ(c, "the request", "granted", "refused");
		return;
	}
	check(c, KERNEL_SLAB_SIZE, g.size);
	check(c, KERNEL_OBJS_PER_SLAB, g.objects);
	check(c, KERNEL_ORDER, g.order);
	check(c, KERNEL_ALIGN, g.align);
	check(c, KERNEL_MIN_PARTIAL, g.min_partial);
	check(c, KERNEL_CPU_PARTIAL, geometry_cpu_partial(c->machine, &g, l.flags));
	check(c, KERNEL_SHEAF_CAPACITY, g.capacity);
	check_aliases(c);
	check_name(c, &l, &g);
}

size_t geometry_compare(FILE *out, const struct machine *m, const struct kernel_caches *all)
{
	struct comparison c = { .out = out, .machine = m, .all = all };

	for (size_t i = 0; i < all->nr; i++) {
		c.cache = &all->cache[i];
		check_cache(&c);
	}
	return c.nr_mismatches;
}
