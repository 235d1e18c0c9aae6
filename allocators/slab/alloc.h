/* SPDX-License-Identifier: MIT */
/*
 * Taking an object: the fast path is percpu_pop() in kmem_cache_alloc() and kmalloc_token(); this
 * is where everything else goes. Any thread.
 */
#ifndef SLAB_ALLOC_H
#define SLAB_ALLOC_H

#include "hooks.h"
#include "types.h"

/* The request of kmem_cache_alloc() and its kin: one object of @s, whatever its user has in mind.
 */
static inline struct alloc_request alloc_make_request(const struct kmem_cache *s, gfp_t gfp,
						      int node, const void *caller)
{
	return (struct alloc_request){
		.gfp = gfp,
		.node = node,
		.size = cache_object_size(s),
		.site = { .location = caller },
		.caller = caller,
	};
}

/* One object with all that @r asks for, or NULL. */
void *alloc_general(struct kmem_cache *s, const struct alloc_request *r);

/*
 * What @gfp and the hooks want of an object of @s that was taken without them, from a lane or a
 * sheaf. NULL: the hooks refused, and it was put back.
 */
void *alloc_finish(struct kmem_cache *s, gfp_t gfp, void *object, const void *caller);

/* One object of a cache without hooks, as it is; for libslab's own use. */
void *alloc_object(struct kmem_cache *s, gfp_t gfp);

#endif
