/* SPDX-License-Identifier: MIT */
/*
 * The slabs of debug caches: one object at a time, checked and moved under one hold of node.lock
 * (the kernel's alloc_single_from_partial(), alloc_single_from_new_slab() and
 * free_to_partial_list()). Full slabs have a list of their own here, so that a validation finds
 * them; frozen ones are on none. Any thread, no lock held beyond percpu_lock (types.h).
 */
#ifndef SLAB_SINGLE_H
#define SLAB_SINGLE_H

#include "types.h"

/*
 * One object of debug cache @s for @bytes, from @node if it is named, or NULL without memory.
 * @caller: see track.h; NULL leaves no track.
 */
void *single_alloc(struct kmem_cache *s, gfp_t gfp, int node, size_t bytes, const void *caller);

/* Free @object, which lies in slab @f of @s; if it cannot be, that is reported and it stays. */
void single_free(struct kmem_cache *s, struct frame *f, void *object, const void *caller);

/*
 * With node.lock: take the slab off the list that it is on, and put it on the list where its counts
 * say that it belongs, at the end. Between the two the counts may change.
 */
void single_unlist(struct node *n, struct frame *f);
void single_list(struct node *n, struct frame *f);

#endif
