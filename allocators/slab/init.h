/* SPDX-License-Identifier: MIT */
/*
 * init_on_alloc and init_on_free: objects that are zero when they are handed out or as soon as they
 * are given back, so that nobody reads what another left behind (the kernel's
 * slab_want_init_on_alloc() and slab_want_init_on_free(), 5.3 to 7.3).
 *
 * Not touched: objects of a cache with a constructor, which must survive a free. Objects that
 * readers may still look at (SLAB_TYPESAFE_BY_RCU) or whose contents are checked (SLAB_POISON) are
 * not wiped at a free and only cleared at an allocation when __GFP_ZERO asks.
 *
 * Pure functions of the cache and the object; the caller owns the object. Any thread, any lock.
 */
#ifndef SLAB_INIT_H
#define SLAB_INIT_H

#include "types.h"

/* The options. Written at boot only. */
struct init_policy {
	bool on_alloc;
	bool on_free;
};
extern struct init_policy slab_init;

static inline bool init_want_alloc(gfp_t gfp, const struct kmem_cache *s)
{
	if (likely(!slab_init.on_alloc))
		return gfp & __GFP_ZERO;
	if (s->ctor)
		return false;
	if (s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON))
		return gfp & __GFP_ZERO;
	return true;
}

static inline bool init_want_free(const struct kmem_cache *s)
{
	return slab_init.on_free && !s->ctor && !(s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON));
}

/* Whole blocks, large ones and what krealloc() grows into; as the page allocator of the kernel. */
static inline bool init_want_alloc_block(gfp_t gfp)
{
	return (gfp & __GFP_ZERO) || slab_init.on_alloc;
}

/* Do these options ask for work at each allocation or free, so that fast paths cannot serve? */
static inline bool init_needs_hooks(const struct kmem_cache *s)
{
	return init_want_alloc(0, s) || init_want_free(s);
}

/*
 * Clear an object that is handed out, if init_want_alloc(). @asked is the size of the request: with
 * a recorded size (geometry.orig_offset) and red zones only that much, because the rest is a red
 * zone; else the whole object, so that a krealloc() in place finds zeroes.
 */
void init_object_on_alloc(const struct kmem_cache *s, void *object, size_t asked);

/*
 * Wipe an object that was given back, if init_want_free(): the bytes that its user asked for, and
 * what lies between the free pointer (or, if that is inside, the right red zone) and the end of the
 * slot: tracks and padding. The recorded size stays, or the red zone behind it would read as
 * overwritten. Before the free pointer is written; after the hooks that read what is wiped, and in
 * a debug cache after the checks.
 */
void init_object_on_free(const struct kmem_cache *s, void *object);

/* The whole block goes back to the buddy: free pointers are wiped with the rest, if on_free. */
void init_block_on_free(void *block, size_t bytes);

/*
 * The free pointer was written into the wiped object: clear it when the object is handed out, if
 * init_want_free(). Nothing happens if the pointer lies outside.
 */
void init_wipe_freeptr(const struct kmem_cache *s, void *object);

/* Both of what is done when an object is handed out, as far as it is wanted. */
static inline void init_after_alloc(const struct kmem_cache *s, gfp_t gfp, void *object,
				    size_t asked)
{
	if (init_want_free(s))
		init_wipe_freeptr(s, object);
	if (init_want_alloc(gfp, s))
		init_object_on_alloc(s, object, asked);
}

#endif
