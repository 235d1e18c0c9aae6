// SPDX-License-Identifier: MIT
/* Attributes of caches by name. See sysfs.h. */
#include "sysfs.h"

#include <errno.h>
#include <string.h>

#include "boot.h"
#include "cache.h"
#include "cpuslab.h"
#include "frame.h"
#include "grow.h"
#include "merge.h"
#include "stat.h"

/* @value and a line end. */
static void say(struct text *t, uint64_t value)
{
	text_u64(t, value);
	text_str(t, "\n");
}

static void say_flag(struct text *t, const struct kmem_cache *s, slab_flags_t flag)
{
	say(t, (s->flags & flag) != 0);
}

#define SHOW_VALUE(name, value)                                                                    \
	static void show_##name(struct text *t, struct kmem_cache *s)                              \
	{                                                                                          \
		say(t, value);                                                                     \
	}
#define SHOW_FLAG(name, flag)                                                                      \
	static void show_##name(struct text *t, struct kmem_cache *s)                              \
	{                                                                                          \
		say_flag(t, s, flag);                                                              \
	}

SHOW_VALUE(align, s->geo.align)
SHOW_VALUE(aliases, s->nr_users > 1 ? (uint64_t)s->nr_users - 1 : 0)
SHOW_VALUE(min_partial, cache_min_partial(s))
SHOW_VALUE(object_size, cache_object_size(s))
SHOW_VALUE(objs_per_slab, s->geo.objects)
SHOW_VALUE(order, s->geo.order)
SHOW_VALUE(sheaf_capacity, slab_cpuslab ? 0 : grow_capacity(s))
SHOW_VALUE(remote_ratio, cache_remote_ratio(s) / 10)
SHOW_VALUE(slab_size, s->geo.size)
SHOW_VALUE(usersize, s->usersize)
SHOW_FLAG(cache_dma, SLAB_CACHE_DMA)
SHOW_FLAG(destroy_by_rcu, SLAB_TYPESAFE_BY_RCU)
SHOW_FLAG(hwcache_align, SLAB_HWCACHE_ALIGN)
SHOW_FLAG(poison, SLAB_POISON)
SHOW_FLAG(reclaim_account, SLAB_RECLAIM_ACCOUNT)
SHOW_FLAG(red_zone, SLAB_RED_ZONE)
SHOW_FLAG(sanity_checks, SLAB_CONSISTENCY_CHECKS)
SHOW_FLAG(store_user, SLAB_STORE_USER)
SHOW_FLAG(trace, SLAB_TRACE)

static void show_ctor(struct text *t, struct kmem_cache *s)
{
	if (!s->ctor)
		return;
	text_ptr(t, (const void *)(uintptr_t)s->ctor);
	text_str(t, "\n");
}

/* Counts on one node, under its lock. */
static size_t count_slabs(const struct node *n)
{
	return n->nr_slabs;
}

static size_t count_total_objects(const struct node *n)
{
	return n->nr_objects;
}

static size_t count_partial(const struct node *n)
{
	return n->nr_partial;
}

static size_t count_objects_partial(const struct node *n)
{
	const struct frame *f;
	size_t nr = 0;

	list_for_each_entry (f, &n->partial, link)
		nr += f->inuse;
	return nr;
}

static size_t count_objects(const struct node *n)
{
	const struct frame *f;
	size_t nr = n->nr_objects;

	list_for_each_entry (f, &n->partial, link)
		nr -= frame_nr_free(f);
	return nr;
}

/* "7 N0=7": the sum, then each node that has any. */
static void say_sum(struct text *t, const size_t nr[SLAB_MAX_NODES])
{
	size_t sum = 0;

	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		sum += nr[i];
	text_u64(t, sum);
	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		if (!nr[i])
			continue;
		text_str(t, " N");
		text_u64(t, i);
		text_str(t, "=");
		text_u64(t, nr[i]);
	}
	text_str(t, "\n");
}

static void say_nodes(struct text *t, struct kmem_cache *s, size_t (*count)(const struct node *n))
{
	size_t nr[SLAB_MAX_NODES];

	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		lock_acquire(&s->node[i].lock);
		nr[i] = count(&s->node[i]);
		lock_release(&s->node[i].lock);
	}
	say_sum(t, nr);
}

#define SHOW_NODES(name)                                                                           \
	static void show_##name(struct text *t, struct kmem_cache *s)                              \
	{                                                                                          \
		say_nodes(t, s, count_##name);                                                     \
	}

SHOW_NODES(objects)
SHOW_NODES(objects_partial)
SHOW_NODES(partial)
SHOW_NODES(slabs)
SHOW_NODES(total_objects)

static void show_cpu_slabs(struct text *t, struct kmem_cache *s)
{
	size_t nr[SLAB_MAX_NODES];

	sysfs_count_cpu_slabs(s, nr);
	say_sum(t, nr);
}

static int store_min_partial(struct kmem_cache *s, unsigned long value)
{
	if (value > UINT32_MAX)
		return -EINVAL;
	__atomic_store_n(&s->geo.min_partial, (unsigned int)value, __ATOMIC_RELAXED);
	return 0;
}

/* In percent, kept in tenths of one and compared with 1024: the kernel's arithmetic. */
static int store_remote_ratio(struct kmem_cache *s, unsigned long value)
{
	if (value > 100)
		return -ERANGE;
	__atomic_store_n(&s->remote_ratio, (unsigned int)value * 10, __ATOMIC_RELAXED);
	return 0;
}

static int store_validate(struct kmem_cache *s, unsigned long value)
{
	long nr = value == 1 ? kmem_cache_validate(s) : -EINVAL;

	return nr < 0 ? (int)nr : 0;
}

static int store_shrink(struct kmem_cache *s, unsigned long value)
{
	if (value != 1)
		return -EINVAL;
	kmem_cache_shrink(s);
	return 0;
}

static const struct attribute table[] = {
	{ "aliases", show_aliases, NULL },
	{ "align", show_align, NULL },
	{ "cache_dma", show_cache_dma, NULL },
	{ "cpu_partial", sysfs_show_cpu_partial, NULL },
	{ "cpu_slabs", show_cpu_slabs, NULL },
	{ "ctor", show_ctor, NULL },
	{ "destroy_by_rcu", show_destroy_by_rcu, NULL },
	{ "hwcache_align", show_hwcache_align, NULL },
	{ "min_partial", show_min_partial, store_min_partial },
	{ "object_size", show_object_size, NULL },
	{ "objects", show_objects, NULL },
	{ "objects_partial", show_objects_partial, NULL },
	{ "objs_per_slab", show_objs_per_slab, NULL },
	{ "order", show_order, NULL },
	{ "partial", show_partial, NULL },
	{ "poison", show_poison, NULL },
	{ "reclaim_account", show_reclaim_account, NULL },
	{ "red_zone", show_red_zone, NULL },
	{ "remote_node_defrag_ratio", show_remote_ratio, store_remote_ratio },
	{ "sanity_checks", show_sanity_checks, NULL },
	{ "sheaf_capacity", show_sheaf_capacity, NULL },
	{ "shrink", NULL, store_shrink },
	{ "slab_size", show_slab_size, NULL },
	{ "slabs", show_slabs, NULL },
	{ "slabs_cpu_partial", sysfs_show_slabs_cpu_partial, NULL },
	{ "store_user", show_store_user, NULL },
	{ "total_objects", show_total_objects, NULL },
	{ "trace", show_trace, NULL },
	{ "usersize", show_usersize, NULL },
	{ "validate", NULL, store_validate },
};

const struct attribute *sysfs_attribute(size_t index)
{
	return index < ARRAY_SIZE(table) ? &table[index] : NULL;
}

const char *slab_attribute_name(size_t index)
{
	size_t item = index - ARRAY_SIZE(table);

	if (index < ARRAY_SIZE(table))
		return table[index].name;
	return slab_stats && item < NR_STAT_ITEMS ? stat_name((enum stat_item)item) : NULL;
}

static const struct attribute *find_attribute(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

static int find_stat(const char *name)
{
	for (int item = 0; slab_stats && item < NR_STAT_ITEMS; item++)
		if (!strcmp(stat_name((enum stat_item)item), name))
			return item;
	return -ENOENT;
}

/* "12 C0=5 C1=7": as a kernel with SLUB_STATS prints a counter. */
static void show_stat(struct text *t, const struct kmem_cache *s, enum stat_item item)
{
	unsigned int cpus = stat_nr_cpus();
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		sum += stat_read(s, cpu, item);
	text_u64(t, sum);
	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		uint64_t nr = stat_read(s, cpu, item);

		if (!nr)
			continue;
		text_str(t, " C");
		text_u64(t, cpu);
		text_str(t, "=");
		text_u64(t, nr);
	}
	text_str(t, "\n");
}

static bool has_alias(const struct kmem_cache *s, const char *name)
{
	const struct alias *a;

	list_for_each_entry (a, &s->aliases, link)
		if (!strcmp(a->name, name))
			return true;
	return false;
}

static bool has_id(const struct kmem_cache *s, const char *name)
{
	struct text t;
	char id[32];

	if (*name != ':' || merge_impossible(&slab_policy.machine, s))
		return false;
	text_init(&t, id, sizeof(id));
	merge_print_id(&t, s);
	return !strcmp(id, name);
}

/* By its name, that of a later user, or the one made from what it is. slab_mutex is held. */
static struct kmem_cache *find_cache(const char *name)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, link)
		if (!strcmp(s->name, name) || has_alias(s, name) || has_id(s, name))
			return s;
	return NULL;
}

static int show_locked(struct kmem_cache *s, const char *attribute, struct text *t)
{
	const struct attribute *a = find_attribute(attribute);
	int item = a ? 0 : find_stat(attribute);

	if (item < 0)
		return item;
	if (!a)
		show_stat(t, s, (enum stat_item)item);
	else if (a->show)
		a->show(t, s);
	return (int)t->used;
}

int slab_attribute(const char *cache, const char *attribute, char *buf, size_t len)
{
	struct kmem_cache *s;
	struct text t;
	int err = -ENOENT;

	if (!boot_ensure())
		return -ENOMEM;
	text_init(&t, buf, len);
	lock_acquire(&slab_mutex);
	s = find_cache(cache);
	if (s)
		err = show_locked(s, attribute, &t);
	lock_release(&slab_mutex);
	return err;
}

/* Decimal digits, with or without a line end. */
static int parse(const char *text, unsigned long *value)
{
	const char *p = text;

	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*value, 10u, value) ||
		    __builtin_add_overflow(*value, (unsigned long)(*p - '0'), value))
			return -EINVAL;
	return p > text && (!*p || !strcmp(p, "\n")) ? 0 : -EINVAL;
}

int slab_attribute_write(const char *cache, const char *attribute, const char *text)
{
	const struct attribute *a = find_attribute(attribute);
	struct kmem_cache *s;
	unsigned long value;
	int err = -ENOENT;

	if (!boot_ensure())
		return -ENOMEM;
	if (!a)
		return find_stat(attribute) < 0 ? -ENOENT : -EACCES;
	if (!a->store)
		return -EACCES;
	if (parse(text, &value))
		return -EINVAL;
	lock_acquire(&slab_mutex);
	s = find_cache(cache);
	if (s)
		err = a->store(s, value);
	lock_release(&slab_mutex);
	return err;
}

static void say_users(struct text *t, const struct kmem_cache *s)
{
	const struct list_head *p;
	struct text id;
	char name[32];

	text_init(&id, name, sizeof(name));
	merge_print_id(&id, s);
	text_str_left(t, name, 12);
	text_str(t, " <- ");
	text_str(t, s->name);
	for (p = s->aliases.prev; p != &s->aliases; p = p->prev) {
		text_str(t, " ");
		text_str(t, list_entry(p, const struct alias, link)->name);
	}
	text_str(t, "\n");
}

size_t slab_aliases(char *buf, size_t len)
{
	const struct kmem_cache *s;
	struct text t;

	text_init(&t, buf, len);
	if (!boot_ensure())
		return 0;
	lock_acquire(&slab_mutex);
	list_for_each_entry (s, &slab_caches, link)
		if (!list_empty(&s->aliases))
			say_users(&t, s);
	lock_release(&slab_mutex);
	return t.used;
}
