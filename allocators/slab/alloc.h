/* SPDX-License-Identifier: MIT */
/*
 * Taking an object: the fast path is percpu_pop() in kmem_cache_alloc() and kmalloc_token(); this
 * is where both go when the array is empty. Any thread.
 */
#ifndef SLAB_ALLOC_H
#define SLAB_ALLOC_H

#include "types.h"

/* One object, after fetching a batch for this thread's array. NULL without memory. */
void *alloc_refill(struct kmem_cache *s);

/* kmem_cache_alloc() without the flags. */
void *alloc_object(struct kmem_cache *s);

/* Clear @object of @s (NULL is allowed) and return it. */
void *alloc_zeroed(const struct kmem_cache *s, void *object);

#endif
