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

bool home_is_typed(const void *p, struct kmalloc_token t)
{
	int set;

	if (!(t.token & DROPIN_TOKEN_GIVEN))
		return true;
	set = set_of(p);
	return set < 0 || (unsigned int)set == partition_set(t);
}

struct kmalloc_token home_of_typed(const void *p, struct kmalloc_token t)
{
	int set = t.token & DROPIN_TOKEN_GIVEN ? -1 : set_of(p);

	if (set >= 0)
		t.token = (unsigned long)set;
	return t;
}
