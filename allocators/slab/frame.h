/* SPDX-License-Identifier: MIT */
/*
 * One slab: taking objects out of it and putting them back. Objects never handed out are not on the
 * freelist but counted in nr_fresh, so that a new slab costs no page fault before its pages are
 * used and is handed out in order of address. Under node.lock, or on a slab that only the caller
 * sees.
 */
#ifndef SLAB_FRAME_H
#define SLAB_FRAME_H

#include "types.h"

/*
 * A new slab of @s on @node (or near it, unless __GFP_THISNODE), isolated, constructed; NULL
 * without memory. Tries the usual order, then the least. No lock held (the constructor is the
 * user's code).
 */
struct frame *frame_create(struct kmem_cache *s, gfp_t gfp, int node);

/*
 * The same for a cache without constructor, of @node alone, without waiting for a lock and at the
 * usual order only. Async-signal-safe; node.lock may be held.
 */
struct frame *frame_try_create(struct kmem_cache *s, int node);

/*
 * Give back the block of a slab without objects in use and on no list. No lock held beyond
 * percpu_lock (types.h) but cpu_slab.lock.
 */
void frame_destroy(struct frame *f);

/*
 * Take up to @n objects into @batch, freed ones first; returns how many. Fresh ones are put in from
 * the last to the first, so that a stack hands them out in order of address.
 */
unsigned int frame_take(struct kmem_cache *s, struct frame *f, void **batch, unsigned int n);

/* Take all free objects as a chain (freelist.h), fresh ones first; NULL if there are none. */
void *frame_take_chain(struct kmem_cache *s, struct frame *f);

/* Put back one object of this slab; ends in a report if it is none. */
void frame_put(struct kmem_cache *s, struct frame *f, void *object);

/* @object lies in the slab: is it the address of one of its objects, handed out or not? */
bool frame_is_object(const struct kmem_cache *s, const struct frame *f, const void *object);

/* Is it free in the slab: fresh or on the freelist? Walks the freelist. */
bool frame_is_free(const struct kmem_cache *s, const struct frame *f, const void *object);

/* Objects that can be taken. */
static inline unsigned int frame_nr_free(const struct frame *f)
{
	return (unsigned int)f->objects - f->inuse;
}

#endif
