// SPDX-License-Identifier: MIT
/*
 * Changing the size of a kmalloc object, and asking for it: the rules of krealloc() and ksize(). An
 * object stays where it is as long as the new size fits, so it never moves when it shrinks. The
 * objects are their owners'; no lock here.
 */
#include <string.h>

#include "debug.h"
#include "free.h"
#include "init.h"
#include "kfence.h"
#include "pagemap.h"

/* An object as krealloc sees it. */
struct old {
	struct kmem_cache *cache; /* NULL: a large block, or between guard pages */
	struct frame *frame;	  /* NULL: between guard pages */
	char *object;
	size_t capacity; /* bytes usable in place: the object without its padding, or the block */
	size_t original; /* what was asked for, where that is kept; else 0 */
};

static struct old look_at(const void *p)
{
	struct old o = { .object = (char *)(uintptr_t)p };

	if (is_kfence_address(p)) {
		o.capacity = kfence_ksize(p);
		return o;
	}
	o.cache = free_owner(p, &o.frame);
	o.capacity = o.cache ? cache_object_size(o.cache) : frame_bytes(o.frame);
	if (o.cache && o.cache->geo.orig_offset)
		o.original = debug_orig_bytes(o.cache, o.object);
	return o;
}

/* ksize() lets the owner use all of the object: from now on none of it is red zone. */
static size_t ksize_of_slab(struct kmem_cache *s, void *object)
{
	debug_set_orig_bytes(s, object, cache_object_size(s));
	if (s->flags & (SLAB_RED_ZONE | SLAB_POISON))
		return cache_object_size(s);
	/* Behind the object lie a free pointer that readers may follow, tracks or an extension. */
	if (s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_STORE_USER | SLAB_OBJ_EXT_IN_OBJ))
		return geometry_inuse(&s->geo);
	return s->geo.size;
}

size_t ksize(const void *p)
{
	struct frame *f;
	struct kmem_cache *s;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	if (is_kfence_address(p))
		return kfence_ksize(p);
	s = free_owner(p, &f);
	return s ? ksize_of_slab(s, (void *)(uintptr_t)p) : frame_bytes(f);
}

void kfree_sensitive(const void *p)
{
	if (!ZERO_OR_NULL_PTR(p))
		explicit_bzero((void *)(uintptr_t)p, ksize(p));
	kfree(p);
}

static bool is_elsewhere(const struct old *o, gfp_t gfp, int node)
{
	return (gfp & __GFP_THISNODE) && node != NUMA_NO_NODE && o->frame && o->frame->node != node;
}

static bool may_stay(const struct old *o, size_t size, size_t align, gfp_t gfp, int node)
{
	return size <= o->capacity && !((uintptr_t)o->object & (align - 1)) &&
	       !is_elsewhere(o, gfp, node);
}

/*
 * Without the original size everything behind @size is cleared now, so that a later growth in place
 * reads as zero; with it, the part that grows is cleared when it does.
 */
static void clear(const struct old *o, size_t size)
{
	if (o->original && o->original < size)
		memset(o->object + o->original, 0, size - o->original);
	else
		memset(o->object + size, 0, o->capacity - size);
}

static bool is_to_be_zero(const struct old *o, gfp_t gfp)
{
	return o->cache ? init_want_alloc(gfp, o->cache) : init_want_alloc_block(gfp);
}

static void *stay(const struct old *o, size_t size, gfp_t gfp)
{
	if (is_to_be_zero(o, gfp))
		clear(o, size);
	if (o->cache)
		debug_resize(o->cache, o->object, size);
	return o->object;
}

/* kmalloc aligns to the power of two that divides the size, so a multiple of @align is aligned. */
static void *allocate(size_t size, size_t align, gfp_t gfp, int node, struct kmalloc_token token)
{
	if (align > KMALLOC_MIN_SIZE)
		size = size > SIZE_MAX - align ? SIZE_MAX : align_up(size, align);
	return kmalloc_node_token(size, gfp, node, token);
}

void *krealloc_node_align_token(const void *p, size_t size, size_t align, gfp_t gfp, int node,
				struct kmalloc_token token)
{
	struct old o;
	void *new;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (ZERO_OR_NULL_PTR(p))
		return allocate(size, align, gfp, node, token);
	o = look_at(p);
	if (may_stay(&o, size, align, gfp, node))
		return stay(&o, size, gfp);
	new = allocate(size, align, gfp, node, token);
	if (!new)
		return NULL;
	memcpy(new, p, min_size(size, o.original ? o.original : o.capacity));
	kfree(p);
	return new;
}

void *krealloc_token(const void *p, size_t size, gfp_t gfp, struct kmalloc_token token)
{
	return krealloc_node_align_token(p, size, 1, gfp, NUMA_NO_NODE, token);
}
