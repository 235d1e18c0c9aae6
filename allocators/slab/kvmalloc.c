// SPDX-License-Identifier: MIT
/*
 * kvmalloc: kmalloc first, because one block of the buddy is cheaper than an area and its mapping;
 * vmalloc where that fails. The rules are those of mm/slub.c, 7.2 (slab.h). No lock here.
 */
#include <limits.h>
#include <string.h>

#include "types.h"
#include "vmalloc.h"
#include "vmarea.h"

/* An attempt that may fail, since there is another way: it neither tries hard nor complains. */
static gfp_t first_attempt(size_t size, gfp_t gfp)
{
	if (size <= slab_page_bytes())
		return gfp;
	if (!(gfp & __GFP_RETRY_MAYFAIL))
		gfp &= ~__GFP_DIRECT_RECLAIM;
	return (gfp | __GFP_NOWARN) & ~__GFP_NOFAIL;
}

static void *second_attempt(size_t size, size_t align, gfp_t gfp)
{
	if (size <= slab_page_bytes() || size > INT_MAX)
		return NULL;
	return __vmalloc_align(size, align, gfp);
}

void *kvmalloc_node_align_token(size_t size, size_t align, gfp_t gfp, int node,
				struct kmalloc_token token)
{
	void *p = kmalloc_node_token(size, first_attempt(size, gfp), node, token);

	return p ? p : second_attempt(size, align, gfp);
}

void *kmem_buckets_valloc_token(kmem_buckets *b, size_t size, gfp_t gfp, struct kmalloc_token token)
{
	void *p = kmem_buckets_alloc_token(b, size, first_attempt(size, gfp), token);

	return p ? p : second_attempt(size, 1, gfp);
}

static void *move(const void *p, size_t size, size_t align, gfp_t gfp, int node,
		  struct kmalloc_token token)
{
	void *new = kvmalloc_node_align_token(size, align, gfp, node, token);

	if (!new)
		return NULL;
	if (!ZERO_OR_NULL_PTR(p))
		memcpy(new, p, min_size(size, ksize(p)));
	kfree(p);
	return new;
}

void *kvrealloc_node_align_token(const void *p, size_t size, size_t align, gfp_t gfp, int node,
				 struct kmalloc_token token)
{
	void *new;

	if (vmarea_owns(p))
		return vrealloc_align(p, size, align, gfp);
	new = krealloc_node_align_token(p, size, align, first_attempt(size, gfp), node, token);
	return new ? new : move(p, size, align, gfp, node, token);
}

void kvfree(const void *p)
{
	if (vmarea_owns(p))
		vfree(p);
	else
		kfree(p);
}

void kvfree_sensitive(const void *p, size_t len)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	explicit_bzero((void *)(uintptr_t)p, len);
	kvfree(p);
}

void kvfree_atomic(const void *p)
{
	kvfree(p);
}
