// SPDX-License-Identifier: MIT
/* Which caches may share slabs. See merge.h. */
#include "merge.h"

#include "cache.h"

#define NEVER                                                                                      \
	(SLAB_CONSISTENCY_CHECKS | SLAB_TYPESAFE_BY_RCU | SLAB_NOLEAKTRACE | SLAB_NO_MERGE |       \
	 SLAB_KMALLOC)
#define SAME (SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT)

static bool fits(const struct kmem_cache *s, slab_flags_t flags, unsigned int size,
		 unsigned int align)
{
	if ((s->flags & NEVER) || s->ctor || s->nr_users < 1)
		return false;
	if (size > s->geo.size || s->geo.size - size >= sizeof(void *))
		return false;
	return (flags & SAME) == (s->flags & SAME) && s->geo.size % align == 0;
}

struct kmem_cache *merge_find(const struct layout *l)
{
	unsigned int align, size;

	if (!slab_policy.merge || (l->flags & NEVER) || !l->size || l->size > KMALLOC_MAX_SIZE ||
	    (l->align && !bits_is_pow2(l->align)))
		return NULL;
	align = geometry_alignment(&slab_policy.machine, l->flags, l->align, l->size);
	size = (unsigned int)align_up(align_up(l->size, sizeof(void *)), align);
	for (struct list_head *p = slab_caches.prev; p != &slab_caches; p = p->prev) {
		struct kmem_cache *s = list_entry(p, struct kmem_cache, link);

		if (fits(s, l->flags, size, align))
			return s;
	}
	return NULL;
}

void merge_into(struct kmem_cache *s, const struct layout *l)
{
	unsigned int inuse = (unsigned int)align_up(l->size, sizeof(void *));

	s->nr_users++;
	if (l->size > s->geo.object_size)
		__atomic_store_n(&s->geo.object_size, l->size, __ATOMIC_RELAXED);
	s->geo.inuse = (unsigned int)max_size(s->geo.inuse, inuse);
}
