/* SPDX-License-Identifier: MIT */
/* From a cache or an address back to the set of kmalloc caches. Any thread. */
#ifndef SLAB_OWNER_H
#define SLAB_OWNER_H

#include <errno.h>

#include "kmalloc.h"
#include "types.h"

/* The set that @s is a cache of, from 0; -ENOENT if it is no cache of a set. */
static inline int owner_set(const struct kmem_cache *s)
{
	return s->kmalloc_class && s->kmalloc_type < KMALLOC_RECLAIM ? s->kmalloc_type : -ENOENT;
}

#endif
