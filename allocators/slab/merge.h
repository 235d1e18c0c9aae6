/* SPDX-License-Identifier: MIT */
/*
 * A new cache may share the slabs of an older one that is like it: same treatment, nearly the same
 * size, fitting alignment. The rules are the kernel's find_mergeable() and slab_unmergeable()
 * (mm/slab_common.c); by those of 6.18 caches with consistency checks may merge with each other.
 * What can never be shared is decided by geometry_unmergeable(). slab_mutex is held throughout.
 *
 * As in the kernel a shared cache keeps the name of its first user, also when that one is gone, and
 * the names of the later ones stay listed until the cache itself goes: kmem_cache_destroy() is told
 * the cache, not the name.
 */
#ifndef SLAB_MERGE_H
#define SLAB_MERGE_H

#include "geometry.h"
#include "text.h"
#include "types.h"

/* The name of one later user; on kmem_cache.aliases, newest first. */
struct alias {
	struct list_head link;
	char name[SLAB_NAME_LEN];
};

/*
 * Where the names get their memory; set at boot, once kmalloc works. Both are called with
 * slab_mutex held. Before that no caches merge.
 */
void merge_init(void *(*alloc)(size_t bytes), void (*release)(const void *p));

/* The oldest cache of @caches (newest first) that one with layout @l can share, or NULL. */
struct kmem_cache *merge_find(const struct machine *m, const struct list_head *caches,
			      const struct layout *l);

/* Make @s serve one user more, with objects of @l. 0, or -ENOMEM and nothing is changed. */
int merge_into(struct kmem_cache *s, const char *name, const struct layout *l);

/* The last user of @s is gone: give its names up. */
void merge_forget(struct kmem_cache *s);

/* Can @s never be shared? */
bool merge_impossible(const struct machine *m, const struct kmem_cache *s);

/*
 * The name of a cache that can be shared, from what it is rather than from its first user, e.g.
 * ":a-0000104": letters d (DMA), D (DMA32), a (reclaimable), F (consistency checks), A (accounted).
 */
void merge_print_id(struct text *t, const struct kmem_cache *s);

#endif
