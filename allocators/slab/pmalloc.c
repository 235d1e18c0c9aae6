// SPDX-License-Identifier: MIT
/*
 * Pools: objects downwards out of areas, and when areas are protected. Static functions are called
 * with the pool's mutex held. See pmalloc.h.
 */
#include "pmalloc.h"

#include <errno.h>
#include <string.h>

#include "pmalloc_area.h"
#include "pmalloc_map.h"
#include "types.h"

static bool is_mode(unsigned int mode)
{
	return mode <= PMALLOC_MODE_AUTO_WR || mode == PMALLOC_MODE_START_WR;
}

struct pmalloc_pool *pmalloc_create_custom_pool(size_t refill, unsigned int align_order,
						unsigned int mode)
{
	struct pmalloc_pool *pool;

	if (!is_mode(mode) || align_order > PMALLOC_ALIGN_ORDER_MAX) {
		errno = EINVAL;
		return NULL;
	}
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool) {
		errno = ENOMEM;
		return NULL;
	}
	pool->refill = refill ? refill : slab_page_bytes();
	pool->align = (size_t)1 << align_order;
	pool->mode = mode;
	return pool;
}

struct pmalloc_pool *pmalloc_create_pool(unsigned int mode)
{
	return pmalloc_create_custom_pool(PMALLOC_REFILL_DEFAULT, PMALLOC_ALIGN_ORDER_DEFAULT,
					  mode);
}

/* What an area of this pool becomes. */
static enum area_state final_state(const struct pmalloc_pool *pool)
{
	return pool->mode & PMALLOC_WR ? AREA_RARE_WRITE : AREA_READ_ONLY;
}

/* Only ever towards more protection. 0 or -ENOMEM. */
static int protect(struct pmalloc_area *a)
{
	int err = 0;

	if (a->state == AREA_OPEN)
		err = pmalloc_map_protect(a->base, a->bytes);
	if (!err && a->state < final_state(a->pool))
		a->state = final_state(a->pool);
	return err;
}

static struct pmalloc_area *new_area(struct pmalloc_pool *pool, size_t bytes)
{
	struct pmalloc_area *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return NULL;
	a->pool = pool;
	a->bytes = a->offset = bytes;
	a->base = pmalloc_map_create(bytes);
	if (!a->base)
		goto free;
	if ((pool->mode & PMALLOC_START) && protect(a))
		goto unmap;
	if (!pmalloc_area_add(a))
		return a;
unmap:
	pmalloc_map_destroy(a->base, bytes);
free:
	kfree(a);
	return NULL;
}

static void delete_area(struct pmalloc_area *a)
{
	pmalloc_area_remove(a);
	pmalloc_map_destroy(a->base, a->bytes);
	kfree(a);
}

/* A new current area for @size bytes; AUTO protects the one before. NULL: nothing changed. */
static struct pmalloc_area *grow(struct pmalloc_pool *pool, size_t size)
{
	size_t bytes = align_up(max_size(size, pool->refill), pmalloc_map_page());
	struct pmalloc_area *a = bytes < size ? NULL : new_area(pool, bytes);

	if (!a)
		return NULL;
	if ((pool->mode & PMALLOC_AUTO) && pool->current && protect(pool->current)) {
		delete_area(a);
		return NULL;
	}
	a->next = pool->areas;
	pool->areas = pool->current = a;
	return a;
}

static void *take(struct pmalloc_pool *pool, size_t size)
{
	struct pmalloc_area *a = pool->current;
	size_t offset;

	if (!a || a->offset < size)
		a = grow(pool, size);
	if (!a)
		return NULL;
	offset = align_down(a->offset - size, pool->align);
	__atomic_store_n(&a->offset, offset, __ATOMIC_RELEASE);
	return a->base + offset;
}

void *pmalloc(struct pmalloc_pool *pool, size_t size)
{
	void *p;

	if (!size)
		return NULL;
	lock_acquire(&pool->mutex);
	p = take(pool, size);
	lock_release(&pool->mutex);
	return p;
}

/* The memory is not written under the mutex: nobody else knows it, and wr_memcpy() takes it. */
char *pstrdup(struct pmalloc_pool *pool, const char *s)
{
	size_t bytes = strlen(s) + 1;
	char *p = pmalloc(pool, bytes);

	if (!p)
		return NULL;
	if (!(__atomic_load_n(&pool->mode, __ATOMIC_RELAXED) & PMALLOC_START))
		return memcpy(p, s, bytes);
	return wr_memcpy(p, s, bytes) ? NULL : p;
}

static int protect_all(struct pmalloc_pool *pool)
{
	int err = 0;

	for (struct pmalloc_area *a = pool->areas; a; a = a->next)
		if (protect(a))
			err = -ENOMEM;
	if (!(pool->mode & PMALLOC_START))
		pool->current = NULL;
	return err;
}

int pmalloc_protect_pool(struct pmalloc_pool *pool)
{
	int err;

	lock_acquire(&pool->mutex);
	err = protect_all(pool);
	lock_release(&pool->mutex);
	return err;
}

/* An area that starts protected and could never be written would be of no use: START goes too. */
int pmalloc_make_pool_ro(struct pmalloc_pool *pool)
{
	int err;

	lock_acquire(&pool->mutex);
	__atomic_and_fetch(&pool->mode, ~(PMALLOC_WR | PMALLOC_START), __ATOMIC_RELAXED);
	err = protect_all(pool);
	lock_release(&pool->mutex);
	return err;
}

void pmalloc_destroy_pool(struct pmalloc_pool *pool)
{
	struct pmalloc_area *a, *next;

	if (!pool)
		return;
	for (a = pool->areas; a; a = next) {
		next = a->next;
		delete_area(a);
	}
	kfree(pool);
}

bool is_pmalloc_object(const void *p, size_t n)
{
	struct pmalloc_area *a = pmalloc_area_find(p);
	size_t from = a ? (size_t)((const char *)p - a->base) : 0;

	return a && n && n <= a->bytes - from &&
	       from >= __atomic_load_n(&a->offset, __ATOMIC_ACQUIRE);
}
