/* SPDX-License-Identifier: MIT */
/*
 * Making and unmaking caches. slab_mutex guards the list of caches and their names, users and
 * flags; it is held while a cache is made, so that two caches of one kind cannot both miss the
 * merge.
 */
#ifndef SLAB_CACHE_H
#define SLAB_CACHE_H

#include "geometry.h"
#include "types.h"

extern struct lock slab_mutex;
extern struct list_head slab_caches; /* newest first, as /proc/slabinfo prints them */

/* The machine in effect. Set at boot. */
struct cache_policy {
	struct machine machine;
};
extern struct cache_policy slab_policy;

/* At boot, alone: the cache of caches. 0 or -errno. */
int cache_init(const struct cache_policy *policy);

/* Undo everything at a failed boot; the memory goes with the range. */
void cache_exit(void);

/*
 * Hooks have become needed (hooks_needed()): from now on allocations from the caches concerned come
 * to them. Takes slab_mutex.
 */
void cache_leave_fast_paths(void);

/*
 * A cache of its own, never merged. @name is below SLAB_NAME_LEN. Takes slab_mutex. NULL with
 * errno. For kmalloc.c; kmem_cache_create() comes through the same door after looking for a merge.
 */
struct kmem_cache *cache_create(const char *name, const struct layout *l,
				void (*ctor)(void *object));

/*
 * kmem_cache_shrink() of every cache, for reclaim; nothing if slab_mutex is held, since it may be
 * by the caller.
 */
void cache_shrink_all(void);

/* rcu_sheaf_flush() for all caches. Takes slab_mutex. */
void cache_flush_rcu(void);

#endif
