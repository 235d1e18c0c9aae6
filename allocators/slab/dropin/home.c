// SPDX-License-Identifier: MIT
/* Large and guarded blocks lie in no slab: they are at home anywhere. See home.h. */
#include "home.h"

#include "allocators/slab/partition.h"
#include "allocators/slab/slabinfo.h"

static bool is_typed(void)
{
	return slab_partition.mode == PARTITION_TYPED;
}

bool home_is(const void *p, struct kmalloc_token t)
{
	int set;

	if (likely(!is_typed()) || !(t.token & DROPIN_TOKEN_GIVEN))
		return true;
	set = slab_partition_of(p);
	return set < 0 || (unsigned int)set == partition_set(t);
}

struct kmalloc_token home_of(const void *p, struct kmalloc_token t)
{
	int set = is_typed() && !(t.token & DROPIN_TOKEN_GIVEN) ? slab_partition_of(p) : -1;

	if (set >= 0)
		t.token = (unsigned long)set;
	return t;
}
