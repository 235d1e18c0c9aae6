/* SPDX-License-Identifier: MIT */
/*
 * The chain of a slab's free objects, through the objects themselves: each holds the address of the
 * next at geometry.offset. The one place that knows how a free pointer is stored. Under node.lock,
 * or on a slab that only the caller sees.
 */
#ifndef SLAB_FREELIST_H
#define SLAB_FREELIST_H

#include "types.h"

/* May alias, because the bytes were the user's object a moment ago. */
struct freeptr {
	void *next;
} __attribute__((may_alias));

static inline struct freeptr *freelist_ptr(const struct kmem_cache *s, void *object)
{
	return (struct freeptr *)((char *)object + s->geo.offset);
}

static inline void *freelist_next(const struct kmem_cache *s, void *object)
{
	return freelist_ptr(s, object)->next;
}

static inline void freelist_set_next(const struct kmem_cache *s, void *object, void *next)
{
	freelist_ptr(s, object)->next = next;
}

static inline void freelist_push(const struct kmem_cache *s, struct frame *f, void *object)
{
	freelist_ptr(s, object)->next = f->freelist;
	f->freelist = object;
}

/* The list is not empty. */
static inline void *freelist_pop(const struct kmem_cache *s, struct frame *f)
{
	void *object = f->freelist;

	f->freelist = freelist_next(s, object);
	return object;
}

#endif
