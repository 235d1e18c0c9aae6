/* SPDX-License-Identifier: MIT */
/*
 * Giving an object back: one load from the page map names the lane, the rest is percpu_push(). Any
 * thread. What a pointer turns out to be is decided in one place, free_slow().
 */
#ifndef SLAB_FREE_H
#define SLAB_FREE_H

#include "types.h"

/* The frame of the block in use that @p lies in; NULL if it lies in none. */
struct frame *free_frame(const void *p);

/* The cache of a block in use; NULL for a large block. */
struct kmem_cache *free_cache(const struct frame *f);

/*
 * The cache of @p, NULL for a large block. Ends in a report if @p is not inside a block in use. The
 * block's frame goes to @frame.
 */
struct kmem_cache *free_owner(const void *p, struct frame **frame);

/* Put back an object of @s whose hooks have run, or of a cache without. */
void free_unhooked(struct kmem_cache *s, void *object);

#endif
