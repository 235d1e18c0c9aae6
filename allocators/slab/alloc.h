/* SPDX-License-Identifier: MIT */
/*
 * Taking an object: the fast path is percpu_pop() in kmem_cache_alloc() and kmalloc_token(); this
 * is where everything else goes. Any thread.
 */
#ifndef SLAB_ALLOC_H
#define SLAB_ALLOC_H

#include "hooks.h"
#include "types.h"

/* One object with all that @r asks for, or NULL. */
void *alloc_general(struct kmem_cache *s, const struct alloc_request *r);

/* One object of a cache without hooks, as it is; for libslab's own use. */
void *alloc_object(struct kmem_cache *s, gfp_t gfp);

#endif
