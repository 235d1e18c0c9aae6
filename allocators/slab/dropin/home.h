/* SPDX-License-Identifier: MIT */
/*
 * Which set of caches a block that changes its size belongs to. With partition=typed the token of
 * an AllocToken call decides: a block of another set moves, or a slab would come to hold objects of
 * two types. A call without a token says nothing of the type: the block stays, or moves to a block
 * of its own set. In the other modes a block stays where it is, as in the kernel. Any thread.
 */
#ifndef SLAB_DROPIN_HOME_H
#define SLAB_DROPIN_HOME_H

#include "dropin.h"

static inline bool home_counts(void)
{
	return unlikely(slab_partition.mode == PARTITION_TYPED);
}

/* For where it counts. */
bool home_is_typed(const void *p, struct kmalloc_token t);
struct kmalloc_token home_of_typed(const void *p, struct kmalloc_token t);

/* @p, a block of kmalloc(), may stay where it is. */
static inline bool home_is(const void *p, struct kmalloc_token t)
{
	return !home_counts() || home_is_typed(p, t);
}

/* What to ask for in its place. */
static inline struct kmalloc_token home_of(const void *p, struct kmalloc_token t)
{
	return home_counts() ? home_of_typed(p, t) : t;
}

#endif
