/* SPDX-License-Identifier: MIT */
/*
 * A new cache may share the slabs of an older one that is like it: same treatment, nearly the same
 * size, fitting alignment. The rules are the kernel's find_mergeable(). slab_mutex is held.
 */
#ifndef SLAB_MERGE_H
#define SLAB_MERGE_H

#include "geometry.h"
#include "types.h"

/* The oldest cache that a cache without constructor and with layout @l can share, or NULL. */
struct kmem_cache *merge_find(const struct layout *l);

/* Make @s serve one user more, with objects of @l. */
void merge_into(struct kmem_cache *s, const struct layout *l);

#endif
