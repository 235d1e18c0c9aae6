// SPDX-License-Identifier: MIT
/*
 * kmalloc: from a size and a call site to an object, fast path first. See kmalloc_fast.h and
 * kmalloc.h.
 */
#include "kmalloc.h"

#include <string.h>

#include "alloc.h"
#include "boot.h"
#include "cpuslab.h"
#include "exts.h"
#include "geometry.h"
#include "kmalloc_fast.h"
#include "large.h"
#include "nodes.h"

/* Flags that the fast path leaves to kmalloc_general(). */
#define GFP_GENERAL (__GFP_ZERO | __GFP_RECLAIMABLE | __GFP_ACCOUNT | __GFP_DMA)

unsigned int kmalloc_type(gfp_t gfp, struct kmalloc_token token)
{
	if (likely(!(gfp & (__GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT))))
		return partition_set(token);
	if (gfp & __GFP_DMA)
		return KMALLOC_NORMAL;
	return gfp & __GFP_RECLAIMABLE ? KMALLOC_RECLAIM : KMALLOC_CGROUP;
}

static void *large(const struct alloc_request *r)
{
	void *p = large_alloc(r->size, r->gfp, r->node);

	if (!p || exts_large_alloc(frame_of(p), r->gfp, r->site))
		return p;
	kfree(p);
	return NULL;
}

/* Everything that the fast path is not made for: other sizes, flags, an empty array, no boot yet.
 */
static __attribute__((noinline)) void *
kmalloc_general(size_t size, gfp_t gfp, int node, struct kmalloc_token token, const void *caller)
{
	struct alloc_request r = {
		.gfp = gfp, .node = node, .size = size, .site = token, .caller = caller
	};
	struct kmem_cache *s;
	void *object;

	if (__atomic_load_n(&slab_booted, __ATOMIC_ACQUIRE) && slab_cpuslab &&
	    size - 1 < kmalloc_max_cache_size() && !(gfp & GFP_GENERAL) && node == NUMA_NO_NODE) {
		s = kmalloc_cache(partition_set(token), kmalloc_index(size));
		object = s ? cpuslab_pop(s) : NULL;
		if (likely(object))
			return object;
	}
	if (!size)
		return ZERO_SIZE_PTR;
	if (!boot_ensure())
		return NULL;
	if (size > kmalloc_max_cache_size())
		return large(&r);
	s = kmalloc_cache_for(kmalloc_type(gfp, token), kmalloc_index(size));
	return s ? alloc_general(s, &r) : NULL;
}

/* All of the object is cleared, so that a krealloc() in place finds zeroes. */
static __attribute__((noinline)) void *
kmalloc_flagged(size_t size, gfp_t gfp, struct kmalloc_token token, const void *caller)
{
	bool zero_only = (gfp & GFP_GENERAL) == __GFP_ZERO;
	void *object = zero_only ? kmalloc_try(size, token) : NULL;

	if (likely(object))
		return memset(object, 0, kmalloc_class_bytes(kmalloc_open_index(size)));
	return kmalloc_general(size, gfp, NUMA_NO_NODE, token, caller);
}

void *kmalloc_token(size_t size, gfp_t gfp, struct kmalloc_token token)
{
	void *object;

	if (unlikely(gfp & GFP_GENERAL))
		return kmalloc_flagged(size, gfp, token, __builtin_return_address(0));
	object = kmalloc_try(size, token);
	if (likely(object))
		return object;
	return kmalloc_general(size, gfp, NUMA_NO_NODE, token, __builtin_return_address(0));
}

void *kmalloc_node_token(size_t size, gfp_t gfp, int node, struct kmalloc_token token)
{
	if (node == NUMA_NO_NODE || slab_nr_nodes == 1)
		return kmalloc_token(size, gfp, token);
	return kmalloc_general(size, gfp, nodes_wish(node), token, __builtin_return_address(0));
}

size_t kmalloc_size_roundup(size_t size)
{
	if (boot_ensure() && size - 1 < kmalloc_max_cache_size())
		return kmalloc_class_bytes(kmalloc_index(size));
	if (!size || size > KMALLOC_MAX_SIZE)
		return size;
	return slab_page_bytes() << geometry_get_order(size, slab_page_bytes());
}
