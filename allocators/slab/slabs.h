/* SPDX-License-Identifier: MIT */
/*
 * Objects straight from slabs, past the sheaves: the lists first, then a new slab. Any thread, no
 * lock held beyond percpu_lock (types.h).
 */
#ifndef SLAB_SLABS_H
#define SLAB_SLABS_H

#include "types.h"

/*
 * The kernel's default of remote_node_defrag_ratio: before a new slab is made for a request that
 * names no node, 1000 of 1024 times the lists of other nodes are asked. The attribute shows a tenth
 * of it.
 */
#define SLABS_REMOTE_RATIO 1000u

/* Are the lists of other nodes to be asked this time? Any thread. */
bool slabs_look_elsewhere(const struct kmem_cache *s);

/*
 * Take up to @n objects into @batch: from listed slabs of @node, then of other nodes that have more
 * than min_partial, then from a new slab if nothing was listed. NUMA_NO_NODE is this thread's node;
 * __GFP_THISNODE forbids the others. Returns how many; 0 without memory.
 */
unsigned int slabs_take(struct kmem_cache *s, gfp_t gfp, int node, void **batch, unsigned int n);

#endif
