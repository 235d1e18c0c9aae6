// SPDX-License-Identifier: MIT
/*
 * A pool is a stack of elements under a lock, an allocator, and a queue of those who wait. The lock
 * is held for a push or a pop only, never while the allocator runs. See mempool.h.
 */
#include "mempool.h"

#include <errno.h>
#include <string.h>

#include "types.h"
#include "lib/wait.h"

/*
 * Who waits looks again after so long: memory may have come back by other ways than the pool
 * (io_schedule_timeout(5 * HZ) in the kernel).
 */
#define RETRY_MS 5000u

/* The public header includes no header of the tree, so it has the words of these alone. */
_Static_assert(sizeof(struct lock) == sizeof(((struct mempool *)0)->lock), "mempool.h");
_Static_assert(sizeof(struct wait) == sizeof(((struct mempool *)0)->wait), "mempool.h");

static struct lock *lock_of(struct mempool *pool)
{
	return (struct lock *)&pool->lock;
}

static struct wait *queue_of(struct mempool *pool)
{
	return (struct wait *)&pool->wait;
}

static int nr_in_reserve(const struct mempool *pool)
{
	return __atomic_load_n(&pool->curr_nr, __ATOMIC_RELAXED);
}

/* Room for one at least: a pool without a reserve hands an element on through it. */
static int room_of(int min_nr)
{
	return min_nr ? min_nr : 1;
}

/* The lock is held in both. */
static void push(struct mempool *pool, void *element)
{
	pool->elements[pool->curr_nr] = element;
	__atomic_store_n(&pool->curr_nr, pool->curr_nr + 1, __ATOMIC_RELAXED);
}

static void *pop(struct mempool *pool)
{
	if (!pool->curr_nr)
		return NULL;
	__atomic_store_n(&pool->curr_nr, pool->curr_nr - 1, __ATOMIC_RELAXED);
	return pool->elements[pool->curr_nr];
}

static void *take(struct mempool *pool)
{
	void *element;

	lock_acquire(lock_of(pool));
	element = pop(pool);
	lock_release(lock_of(pool));
	return element;
}

static uint32_t nr_waiters(struct mempool *pool)
{
	return __atomic_load_n(&queue_of(pool)->nr_waiters, __ATOMIC_SEQ_CST);
}

/* A pool without a reserve keeps an element only for those who wait at this moment. */
static int wanted(struct mempool *pool)
{
	int min_nr = __atomic_load_n(&pool->min_nr, __ATOMIC_RELAXED);

	if (min_nr)
		return min_nr;
	return nr_waiters(pool) ? 1 : 0;
}

/* Into the reserve unless that is full. */
static bool put(struct mempool *pool, void *element)
{
	bool room;

	lock_acquire(lock_of(pool));
	room = pool->curr_nr < wanted(pool);
	if (room)
		push(pool, element);
	lock_release(lock_of(pool));
	return room;
}

void mempool_exit(struct mempool *pool)
{
	void *element;

	while ((element = pop(pool)))
		pool->free(element, pool->pool_data);
	kfree(pool->elements);
	pool->elements = NULL;
}

/* Allocate until the reserve is full. 0 or -ENOMEM. */
static int fill(struct mempool *pool, gfp_t gfp)
{
	while (nr_in_reserve(pool) < pool->min_nr) {
		void *element = pool->alloc(gfp, pool->pool_data);

		if (!element)
			return -ENOMEM;
		if (!put(pool, element))
			pool->free(element, pool->pool_data);
	}
	return 0;
}

int mempool_init_node(struct mempool *pool, int min_nr, mempool_alloc_t *alloc,
		      mempool_free_t *free, void *pool_data, gfp_t gfp, int node)
{
	if (min_nr < 0)
		return -EINVAL;
	memset(pool, 0, sizeof(*pool));
	pool->min_nr = min_nr;
	pool->pool_data = pool_data;
	pool->alloc = alloc;
	pool->free = free;
	pool->elements =
		kmalloc_array_node((size_t)room_of(min_nr), sizeof(*pool->elements), gfp, node);
	if (!pool->elements)
		return -ENOMEM;
	if (!fill(pool, gfp))
		return 0;
	mempool_exit(pool);
	return -ENOMEM;
}

int mempool_init(struct mempool *pool, int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
		 void *pool_data)
{
	return mempool_init_node(pool, min_nr, alloc, free, pool_data, GFP_KERNEL, NUMA_NO_NODE);
}

struct mempool *mempool_create_node(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
				    void *pool_data, gfp_t gfp, int node)
{
	struct mempool *pool = kzalloc_node(sizeof(*pool), gfp, node);

	if (pool && mempool_init_node(pool, min_nr, alloc, free, pool_data, gfp, node)) {
		kfree(pool);
		return NULL;
	}
	return pool;
}

struct mempool *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
			       void *pool_data)
{
	return mempool_create_node(min_nr, alloc, free, pool_data, GFP_KERNEL, NUMA_NO_NODE);
}

void mempool_destroy(struct mempool *pool)
{
	if (!pool)
		return;
	mempool_exit(pool);
	kfree(pool);
}

static int grow(struct mempool *pool, int new_min_nr)
{
	void **bigger = kmalloc_array((size_t)new_min_nr, sizeof(*bigger), GFP_KERNEL);
	void **old = pool->elements;

	if (!bigger)
		return -ENOMEM;
	lock_acquire(lock_of(pool));
	memcpy(bigger, old, (size_t)pool->curr_nr * sizeof(*bigger));
	pool->elements = bigger;
	__atomic_store_n(&pool->min_nr, new_min_nr, __ATOMIC_RELAXED);
	lock_release(lock_of(pool));
	kfree(old);
	fill(pool, GFP_KERNEL); /* what is missing comes with the next frees */
	return 0;
}

static int shrink(struct mempool *pool, int new_min_nr)
{
	lock_acquire(lock_of(pool));
	__atomic_store_n(&pool->min_nr, new_min_nr, __ATOMIC_RELAXED);
	lock_release(lock_of(pool));
	while (nr_in_reserve(pool) > new_min_nr) {
		void *element = take(pool);

		if (element)
			pool->free(element, pool->pool_data);
	}
	return 0;
}

int mempool_resize(struct mempool *pool, int new_min_nr)
{
	if (new_min_nr < 1)
		return -EINVAL;
	if (new_min_nr <= pool->min_nr)
		return shrink(pool, new_min_nr);
	return grow(pool, new_min_nr);
}

void *mempool_alloc_preallocated(struct mempool *pool)
{
	return take(pool);
}

static void *try_each(struct mempool *pool, gfp_t gfp)
{
	void *element = pool->alloc(gfp, pool->pool_data);

	return element ? element : take(pool);
}

/* The ticket is drawn before the last look, so that a free after it ends the sleep. */
static void *look_or_sleep(struct mempool *pool, gfp_t gfp)
{
	struct wait *queue = queue_of(pool);
	uint32_t ticket = wait_begin(queue);
	void *element = try_each(pool, gfp);

	if (element)
		wait_end(queue);
	else
		wait_sleep(queue, ticket, RETRY_MS);
	return element;
}

/* First without trying hard, because the reserve is at hand and another's memory is not. */
void *mempool_alloc(struct mempool *pool, gfp_t gfp)
{
	gfp_t hard = gfp | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	void *element = try_each(pool, hard & ~(__GFP_DIRECT_RECLAIM | __GFP_IO));

	while (!element && (gfp & __GFP_DIRECT_RECLAIM))
		element = look_or_sleep(pool, hard);
	return element;
}

void mempool_free(void *element, struct mempool *pool)
{
	if (!element)
		return;
	if (nr_in_reserve(pool) >= wanted(pool) || !put(pool, element))
		pool->free(element, pool->pool_data);
	wait_wake(queue_of(pool));
}

void *mempool_alloc_slab(gfp_t gfp, void *pool_data)
{
	return kmem_cache_alloc(pool_data, gfp);
}

void mempool_free_slab(void *element, void *pool_data)
{
	kmem_cache_free(pool_data, element);
}

void *mempool_kmalloc(gfp_t gfp, void *pool_data)
{
	return kmalloc((uintptr_t)pool_data, gfp);
}

void mempool_kfree(void *element, void *pool_data)
{
	(void)pool_data;
	kfree(element);
}

void *mempool_alloc_pages(gfp_t gfp, void *pool_data)
{
	return (void *)__get_free_pages(gfp, (unsigned int)(uintptr_t)pool_data);
}

void mempool_free_pages(void *element, void *pool_data)
{
	free_pages((unsigned long)element, (unsigned int)(uintptr_t)pool_data);
}
