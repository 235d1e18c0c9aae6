/* SPDX-License-Identifier: MIT */
/*
 * Memory pools: a reserve of elements for those who cannot fail (kernel: mm/mempool.c). An element
 * comes from the pool's allocator as long as that has memory, and from the reserve when it has
 * none; what is freed refills the reserve first. With __GFP_DIRECT_RECLAIM in its flags
 * mempool_alloc() never fails: with the reserve empty it waits until somebody frees an element.
 *
 * Any thread may allocate and free; create, resize, destroy, init and exit are for one thread while
 * no other of them runs, and destroy and exit when all elements are back. The allocator and
 * the free function are called with no lock held and must not wait for the pool itself.
 */
#ifndef SLAB_MEMPOOL_H
#define SLAB_MEMPOOL_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An element or NULL; frees one. @pool_data is the pool's. */
typedef void *mempool_alloc_t(gfp_t gfp, void *pool_data);
typedef void mempool_free_t(void *element, void *pool_data);

/* To be embedded and set up by mempool_init(); its members are the pool's own. */
struct mempool {
	uint32_t lock; /* guards curr_nr and elements */
	int min_nr;    /* elements that the reserve is made for */
	int curr_nr;   /* elements in the reserve */
	void **elements;
	void *pool_data;
	mempool_alloc_t *alloc;
	mempool_free_t *free;
	uint32_t wait[2]; /* who waits for an element */
};

/*
 * A pool with a reserve of @min_nr elements (0: none, but a free wakes who waits), allocated at
 * once. mempool_init() is 0, -EINVAL for a negative @min_nr, -ENOMEM; mempool_create() is NULL for
 * both. mempool_destroy() takes NULL. mempool_exit() may be called on a pool of zeros, and twice.
 */
SLAB_API int mempool_init(struct mempool *pool, int min_nr, mempool_alloc_t *alloc,
			  mempool_free_t *free, void *pool_data);
SLAB_API int mempool_init_node(struct mempool *pool, int min_nr, mempool_alloc_t *alloc,
			       mempool_free_t *free, void *pool_data, gfp_t gfp, int node);
SLAB_API void mempool_exit(struct mempool *pool);
SLAB_API struct mempool *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
					void *pool_data);
SLAB_API struct mempool *mempool_create_node(int min_nr, mempool_alloc_t *alloc,
					     mempool_free_t *free, void *pool_data, gfp_t gfp,
					     int node);
SLAB_API void mempool_destroy(struct mempool *pool);

/*
 * Another size of the reserve, at least 1. 0, -EINVAL, or -ENOMEM with everything as it was. While
 * it grows others may use the pool; it ends with the reserve full unless memory ran out meanwhile.
 */
SLAB_API int mempool_resize(struct mempool *pool, int new_min_nr);

/*
 * An element. Without __GFP_DIRECT_RECLAIM NULL when neither the allocator nor the reserve has one.
 * __GFP_ZERO is not for pools, since an element of the reserve was used before.
 * mempool_alloc_preallocated() takes from the reserve alone and never waits.
 */
SLAB_API void *mempool_alloc(struct mempool *pool, gfp_t gfp);
SLAB_API void *mempool_alloc_preallocated(struct mempool *pool);

/* Back to the reserve, or to the pool's free function. NULL does nothing. */
SLAB_API void mempool_free(void *element, struct mempool *pool);

static inline bool mempool_initialized(const struct mempool *pool)
{
	return pool->elements != NULL;
}

/* Is the reserve full? Other threads may change it at once. */
static inline bool mempool_is_saturated(struct mempool *pool)
{
	return __atomic_load_n(&pool->curr_nr, __ATOMIC_RELAXED) >=
	       __atomic_load_n(&pool->min_nr, __ATOMIC_RELAXED);
}

/* Elements of the cache @pool_data, which has no constructor. */
SLAB_API void *mempool_alloc_slab(gfp_t gfp, void *pool_data);
SLAB_API void mempool_free_slab(void *element, void *pool_data);

/* Elements of kmalloc; @pool_data is their size as a pointer. */
SLAB_API void *mempool_kmalloc(gfp_t gfp, void *pool_data);
SLAB_API void mempool_kfree(void *element, void *pool_data);

/* Elements of 2^order pages, the address of the first; @pool_data is the order as a pointer. */
SLAB_API void *mempool_alloc_pages(gfp_t gfp, void *pool_data);
SLAB_API void mempool_free_pages(void *element, void *pool_data);

static inline int mempool_init_slab_pool(struct mempool *pool, int min_nr, struct kmem_cache *s)
{
	return mempool_init(pool, min_nr, mempool_alloc_slab, mempool_free_slab, (void *)s);
}

static inline struct mempool *mempool_create_slab_pool(int min_nr, struct kmem_cache *s)
{
	return mempool_create(min_nr, mempool_alloc_slab, mempool_free_slab, (void *)s);
}

static inline int mempool_init_kmalloc_pool(struct mempool *pool, int min_nr, size_t size)
{
	return mempool_init(pool, min_nr, mempool_kmalloc, mempool_kfree, (void *)size);
}

static inline struct mempool *mempool_create_kmalloc_pool(int min_nr, size_t size)
{
	return mempool_create(min_nr, mempool_kmalloc, mempool_kfree, (void *)size);
}

static inline int mempool_init_page_pool(struct mempool *pool, int min_nr, int order)
{
	return mempool_init(pool, min_nr, mempool_alloc_pages, mempool_free_pages,
			    (void *)(intptr_t)order);
}

static inline struct mempool *mempool_create_page_pool(int min_nr, int order)
{
	return mempool_create(min_nr, mempool_alloc_pages, mempool_free_pages,
			      (void *)(intptr_t)order);
}

#ifdef __cplusplus
}
#endif

#endif
