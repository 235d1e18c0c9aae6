// SPDX-License-Identifier: MIT
/* Which set of kmalloc caches an address belongs to. The page map is read; no lock here. See
 * owner.h, slabinfo.h. */
#include "owner.h"

#include "free.h"
#include "kfence.h"
#include "slabinfo.h"

int slab_partition_of(const void *p)
{
	struct frame *f = p && !is_kfence_address(p) ? free_frame(p) : NULL;
	const struct kmem_cache *s = f ? free_cache(f) : NULL;

	return s ? owner_set(s) : -ENOENT;
}
