// SPDX-License-Identifier: MIT
/* A large block lies in no slab: it is at home anywhere. See home.h. */
#include "home.h"

#include "allocators/slab/kfence.h"
#include "allocators/slab/owner.h"
#include "allocators/slab/partition.h"
#include "allocators/slab/slabinfo.h"

/* A guarded object is alone, but will move into a slab. One that was freed is of no cache. */
static int set_of(const void *p)
{
	const struct kmem_cache *s;

	if (!is_kfence_address(p))
		return slab_partition_of(p);
	s = kfence_cache(p);
	return s ? owner_set(s) : -1;
}

bool home_is(const void *p, struct kmalloc_token t)
{
	return !home_counts() || home_is_set(set_of(p), t);
}

struct kmalloc_token home_of(const void *p, struct kmalloc_token t)
{
	return home_counts() ? home_of_set(set_of(p), t) : t;
}
