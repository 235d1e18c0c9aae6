/* SPDX-License-Identifier: MIT */
/*
 * The kmalloc caches: 13 classes (index 1 is 96 bytes, 2 is 192, n from 3 is 2^n; 0 is unused; 15
 * and 17 classes with pages of 16 and 64 KiB) by 19 types (NORMAL, which is partition set 0, the
 * other 15 sets, RECLAIM, CGROUP, NO_OBJ_EXT). Written at boot
 * only.
 */
#ifndef SLAB_KMALLOC_H
#define SLAB_KMALLOC_H

#include "partition.h"
#include "types.h"

enum kmalloc_type {
	KMALLOC_NORMAL = 0, /* to NR_PARTITIONS - 1: the partition sets */
	KMALLOC_RECLAIM = NR_PARTITIONS,
	KMALLOC_CGROUP,
	KMALLOC_NO_OBJ_EXT, /* for libslab itself: sheaves, extension vectors */
	NR_KMALLOC_TYPES,
};

#define NR_KMALLOC_INDEXES 18u /* KMALLOC_SHIFT_HIGH + 1 with pages of 64 KiB */

/* At boot: make the caches of the partition mode in effect. 0 or -errno (see cache_exit()). */
int kmalloc_init(void);

/*
 * When nothing of the boot can fail any more: let the fast path of kmalloc() use them. It asks
 * nobody whether libslab runs, so what it reads of others (rseq.h) must be there first.
 */
void kmalloc_open(void);

/* After a failed boot: forget them. */
void kmalloc_exit(void);

/* Two pages: 8 KiB (KMALLOC_MAX_CACHE_SIZE), 32 KiB or 128 KiB. */
size_t kmalloc_max_cache_size(void);

/* An object for libslab itself, without hooks and sheaves. */
void *kmalloc_internal(size_t bytes, gfp_t gfp);

/* The class of @size (1 to kmalloc_max_cache_size()), and the bytes of a class. */
unsigned int kmalloc_index(size_t size);
unsigned int kmalloc_class_bytes(unsigned int index);

/* The type that @gfp asks for: DMA beats RECLAIM beats CGROUP; otherwise the set of @token. */
unsigned int kmalloc_type(gfp_t gfp, struct kmalloc_token token);

/* The cache of a class and type; tests and the slow path. */
struct kmem_cache *kmalloc_cache(unsigned int type, unsigned int index);

#endif
