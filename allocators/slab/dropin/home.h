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

/* Nothing below has anything to say otherwise. */
static inline bool home_counts(void)
{
	return unlikely(slab_partition.mode == PARTITION_TYPED);
}

/* @p, a block of kmalloc(), may stay where it is. */
bool home_is(const void *p, struct kmalloc_token t);

/* What to ask for in its place. */
struct kmalloc_token home_of(const void *p, struct kmalloc_token t);

/* The same, where the set of the block is known; negative: it has none. And if home_counts(). */
static inline bool home_is_set(int set, struct kmalloc_token t)
{
	return !(t.token & DROPIN_TOKEN_GIVEN) || set < 0 || (unsigned int)set == partition_set(t);
}

static inline struct kmalloc_token home_of_set(int set, struct kmalloc_token t)
{
	if (!(t.token & DROPIN_TOKEN_GIVEN) && set >= 0)
		t.token = (unsigned long)set;
	return t;
}

#endif
