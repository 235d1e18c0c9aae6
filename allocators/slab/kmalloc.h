/* SPDX-License-Identifier: MIT */
/*
 * The kmalloc caches: the classes of classes.h by types: NORMAL, which is partition set 0, the
 * other sets, RECLAIM, CGROUP, NO_OBJ_EXT. With the kernel's classes and its number of sets they
 * are made at boot, in the kernel's order. Otherwise there may be thousands, and each is made when
 * it is first asked for, under slab_boot_lock; only NO_OBJ_EXT is there from the start.
 */
#ifndef SLAB_KMALLOC_H
#define SLAB_KMALLOC_H

#include "classes.h"
#include "partition.h"

enum kmalloc_type {
	KMALLOC_NORMAL = 0, /* to MAX_PARTITIONS - 1: the partition sets */
	KMALLOC_RECLAIM = MAX_PARTITIONS,
	KMALLOC_CGROUP,
	KMALLOC_NO_OBJ_EXT, /* for libslab itself: sheaves, extension vectors */
	NR_KMALLOC_TYPES,
};

/* At boot: make the caches of the partition mode in effect. 0 or -errno (see cache_exit()). */
int kmalloc_init(enum class_scheme scheme, unsigned int min_align);

/*
 * When nothing of the boot can fail any more: let the fast path of kmalloc() use them. It asks
 * nobody whether libslab runs, so what it reads of others (rseq.h) must be there first.
 */
void kmalloc_open(void);

/* After a failed boot: forget them. */
void kmalloc_exit(void);

/* An object for libslab itself, without hooks and sheaves. */
void *kmalloc_internal(size_t bytes, gfp_t gfp);

/* The type that @gfp asks for: DMA beats RECLAIM beats CGROUP; otherwise the set of @token. */
unsigned int kmalloc_type(gfp_t gfp, struct kmalloc_token token);

/* The cache of a class and type, or NULL: there is no such class, or nobody asked for it yet. */
struct kmem_cache *kmalloc_cache(unsigned int type, unsigned int index);

/*
 * The same, made if it has to be; NULL without memory. May take slab_boot_lock and slab_mutex,
 * which whoever waits for a shrinker may hold: inside of one the answer is a larger class that is
 * there, or NULL.
 */
struct kmem_cache *kmalloc_cache_for(unsigned int type, unsigned int index);

#endif
