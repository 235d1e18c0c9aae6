/* SPDX-License-Identifier: MIT */
/*
 * A cache's slabs that have free objects, by node, and the moves between the states of a slab
 * (types.h). Every function takes node.lock once for a whole batch. Any thread.
 */
#ifndef SLAB_PARTIAL_H
#define SLAB_PARTIAL_H

#include "types.h"

void partial_init(struct node *n);

/*
 * Take up to @n free objects from listed slabs of @node into @batch; returns how many, 0 if none is
 * listed. partial_try_take() gives up at once if the lock is held.
 */
unsigned int partial_take(struct kmem_cache *s, unsigned int node, void **batch, unsigned int n);
unsigned int partial_try_take(struct kmem_cache *s, unsigned int node, void **batch,
			      unsigned int n);

/* Put @n objects of @s back. Slabs that fall empty beyond min_partial go back to the buddy. */
void partial_give(struct kmem_cache *s, void *const *batch, unsigned int n);

/* Count an isolated slab in, and list it at the head unless it is full. */
void partial_add_new(struct kmem_cache *s, struct frame *f);

/* Give all empty slabs back; returns the number of slabs that remain. */
size_t partial_release(struct kmem_cache *s);

/*
 * As partial_release(), and order the list so that slabs with the fewest free objects come first
 * and are filled up, while the others may fall empty (kernel: __kmem_cache_do_shrink).
 */
size_t partial_shrink(struct kmem_cache *s);

#endif
