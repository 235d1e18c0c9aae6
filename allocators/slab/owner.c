// SPDX-License-Identifier: MIT
/* Which set of kmalloc caches an address belongs to. The page map is read; no lock here. See
 * owner.h, slabinfo.h. */
#include "owner.h"

#include <errno.h>

#include "free.h"
#include "kfence.h"
#include "kmalloc.h"
#include "slabinfo.h"

int owner_set(const struct kmem_cache *s)
{
	unsigned int index;

	if (!(s->flags & SLAB_KMALLOC))
		return -ENOENT;
	index = kmalloc_index(cache_object_size(s));
	for (unsigned int type = 0; type < KMALLOC_RECLAIM; type++)
		if (kmalloc_cache(type, index) == s)
			return (int)type;
	return -ENOENT;
}

int slab_partition_of(const void *p)
{
	struct frame *f = p && !is_kfence_address(p) ? free_frame(p) : NULL;
	const struct kmem_cache *s = f ? free_cache(f) : NULL;

	return s ? owner_set(s) : -ENOENT;
}
