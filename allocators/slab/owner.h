/* SPDX-License-Identifier: MIT */
/* From a cache or an address back to the set of kmalloc caches. Any thread. */
#ifndef SLAB_OWNER_H
#define SLAB_OWNER_H

#include "types.h"

/* The set that @s is a cache of, from 0; -ENOENT if it is no cache of a set. */
int owner_set(const struct kmem_cache *s);

#endif
