/* SPDX-License-Identifier: MIT */
/*
 * Shrinkers: how users give memory back when it runs short. A program that keeps objects only
 * because they may be useful again (a cache of names, of decoded pages) registers two functions;
 * libslab calls them from the thread whose allocation found too little memory.
 *
 * A pass goes through all shrinkers once for a node and a priority from 12 (look at a 4096th) down
 * to 0 (look at all). For each:
 *
 *     freeable = count_objects()
 *     delta    = (freeable >> priority) * 4 / seeks        (seeks 0: freeable / 2)
 *     total    = min((deferred >> priority) + delta, 2 * freeable)
 *
 * and scan_objects() is called with nr_to_scan = min(batch, total) while total is at least a batch,
 * or at least freeable; each call lowers total by nr_scanned. What was left undone (deferred +
 * delta - scanned, at most 2 * freeable) is added to the next pass, per node if NUMA-aware. This is
 * the kernel's arithmetic (mm/shrinker.c, since 6.7).
 *
 * Threads: everything may be called from any thread, also while a pass runs. The two functions run
 * without a lock that allocating and freeing objects takes, possibly in several threads at once,
 * and may do both; their allocations do not start reclaim again. They must not wait for a lock that
 * a thread may hold while it allocates with __GFP_DIRECT_RECLAIM (use GFP_NOFS there and return
 * SHRINK_STOP when gfp_mask lacks __GFP_FS, as in the kernel), nor create or destroy caches. For a
 * kmalloc() of a class that has no cache yet (kmalloc.h) they get an object of a larger one, or
 * NULL.
 */
#ifndef SLAB_SHRINKER_H
#define SLAB_SHRINKER_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SHRINK_STOP   (~0ul)	 /* scan_objects(): nothing can be done now */
#define SHRINK_EMPTY  (~0ul - 1) /* count_objects(): there are no objects at all */
#define DEFAULT_SEEKS 2		 /* what it costs to make an object again, in disk seeks */
#define SHRINK_BATCH  128

#define SHRINKER_REGISTERED  0x1u /* set by libslab */
#define SHRINKER_ALLOCATED   0x2u /* set by libslab */
#define SHRINKER_NUMA_AWARE  0x4u
#define SHRINKER_MEMCG_AWARE 0x8u /* taken away: shrinkers do not know memory groups */
#define SHRINKER_NONSLAB     0x10u

struct shrink_control {
	gfp_t gfp_mask; /* of the allocation that lacks memory */
	int nid;
	unsigned long nr_to_scan;
	unsigned long nr_scanned; /* preset to nr_to_scan; scan_objects() may change it, not to 0 */
};

/* Obtained by shrinker_alloc(); the first part is filled in before shrinker_register(). */
struct shrinker {
	/* How many objects could be freed; 0 for none now; must be quick. */
	unsigned long (*count_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	/* Look at nr_to_scan objects; returns how many were freed, or SHRINK_STOP. */
	unsigned long (*scan_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	long batch; /* 0: SHRINK_BATCH */
	int seeks;
	unsigned int flags;
	void *private_data;

	/* libslab's own. */
	const char *name;
	struct shrinker *next;
	unsigned int nr_users;
	bool dying;
	long nr_deferred[];
};

/*
 * A shrinker, not yet called; seeks is DEFAULT_SEEKS. @flags: SHRINKER_NUMA_AWARE or 0. @name,
 * which is not copied, must live as long. NULL without memory. Costs a page of the system.
 */
SLAB_API struct shrinker *shrinker_alloc(unsigned int flags, const char *name);

/* From now on its functions are called. */
SLAB_API void shrinker_register(struct shrinker *shrinker);

/*
 * Waits until no thread is in its functions, then frees it; registered or not. NULL is allowed. Not
 * from its own functions, which would wait for themselves.
 */
SLAB_API void shrinker_free(struct shrinker *shrinker);

/*
 * One pass through all shrinkers for node @nid at @priority (0 to 12). Returns how many objects
 * they freed; 0 if called from a shrinker's function.
 */
SLAB_API unsigned long slab_shrink_all(gfp_t gfp, int nid, int priority);

/*
 * Passes at priority 0 until they free little: half as little is enough after each round. As
 * writing 2 to /proc/sys/vm/drop_caches.
 */
SLAB_API void drop_slab(void);

#ifdef __cplusplus
}
#endif

#endif
