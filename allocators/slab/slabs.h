/* SPDX-License-Identifier: MIT */
/*
 * Objects straight from slabs, past the sheaves: the lists first, then a new slab. Any thread, no
 * lock held beyond percpu_lock (types.h).
 */
#ifndef SLAB_SLABS_H
#define SLAB_SLABS_H

#include "types.h"

/*
 * Take up to @n objects into @batch: from listed slabs of @node, then of other nodes, then from a
 * new slab if nothing was listed. NUMA_NO_NODE is this thread's node; __GFP_THISNODE forbids the
 * others. Returns how many; 0 without memory.
 */
unsigned int slabs_take(struct kmem_cache *s, gfp_t gfp, int node, void **batch, unsigned int n);

#endif
