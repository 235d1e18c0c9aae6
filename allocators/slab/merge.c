// SPDX-License-Identifier: MIT
/* Which caches may share slabs, and the names of those that do. See merge.h. */
#include "merge.h"

#include <errno.h>
#include <string.h>

#define SAME (SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_ACCOUNT)

/* Digits of the size in a name made from it. */
#define ID_DIGITS 7

static void *(*alloc_name)(size_t bytes);
static void (*release_name)(const void *p);

void merge_init(void *(*alloc)(size_t bytes), void (*release)(const void *p))
{
	alloc_name = alloc;
	release_name = release;
}

bool merge_impossible(const struct machine *m, const struct kmem_cache *s)
{
	struct layout own = { .has_ctor = s->ctor != NULL, .usersize = s->usersize };

	return geometry_unmergeable(m, &own, s->flags) || s->nr_users < 1;
}

static bool fits(const struct kmem_cache *s, slab_flags_t flags, size_t size, unsigned int align)
{
	if (size > s->geo.size || s->geo.size - size >= sizeof(void *))
		return false;
	return (flags & SAME) == (s->flags & SAME) && s->geo.size % align == 0;
}

static bool may_merge(const struct machine *m, const struct layout *l)
{
	struct geometry geo;

	return alloc_name && !geometry_unmergeable(m, l, l->flags) &&
	       !geometry_calculate(m, l, &geo);
}

struct kmem_cache *merge_find(const struct machine *m, const struct list_head *caches,
			      const struct layout *l)
{
	unsigned int align;
	size_t size;

	if (!may_merge(m, l))
		return NULL;
	size = align_up(l->size, sizeof(void *));
	align = geometry_alignment(m, l->flags, l->align, (unsigned int)size);
	size = align_up(size, align);
	for (struct list_head *p = caches->prev; p != caches; p = p->prev) {
		struct kmem_cache *s = list_entry(p, struct kmem_cache, link);

		if (fits(s, l->flags, size, align) && !merge_impossible(m, s))
			return s;
	}
	return NULL;
}

int merge_into(struct kmem_cache *s, const char *name, const struct layout *l)
{
	unsigned int inuse = (unsigned int)align_up(l->size, sizeof(void *));
	struct alias *alias = alloc_name(sizeof(*alias));

	if (!alias)
		return -ENOMEM;
	strcpy(alias->name, name);
	list_add(&alias->link, &s->aliases);
	s->nr_users++;
	if (l->size > s->geo.object_size)
		__atomic_store_n(&s->geo.object_size, l->size, __ATOMIC_RELAXED);
	if (inuse > s->geo.inuse)
		__atomic_store_n(&s->geo.inuse, inuse, __ATOMIC_RELAXED);
	return 0;
}

void merge_forget(struct kmem_cache *s)
{
	while (!list_empty(&s->aliases)) {
		struct alias *alias = list_entry(s->aliases.next, struct alias, link);

		list_del(&alias->link);
		release_name(alias);
	}
}

void merge_print_id(struct text *t, const struct kmem_cache *s)
{
	static const struct {
		slab_flags_t flag;
		const char *letter;
	} letters[] = { { SLAB_CACHE_DMA, "d" },
			{ SLAB_CACHE_DMA32, "D" },
			{ SLAB_RECLAIM_ACCOUNT, "a" },
			{ SLAB_CONSISTENCY_CHECKS, "F" },
			{ SLAB_ACCOUNT, "A" } };
	bool any = false;

	text_str(t, ":");
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (s->flags & letters[i].flag) {
			text_str(t, letters[i].letter);
			any = true;
		}
	text_str(t, any ? "-" : "");
	for (unsigned int i = 1, limit = 10; i < ID_DIGITS; i++, limit *= 10)
		if (s->geo.size < limit)
			text_str(t, "0");
	text_u64(t, s->geo.size);
}
