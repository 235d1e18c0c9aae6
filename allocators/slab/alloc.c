// SPDX-License-Identifier: MIT
/*
 * Allocation from a cache: this thread's array, then the partial list, then a new slab. The array
 * needs no lock, the list node.lock, the new slab none. See alloc.h.
 */
#include "alloc.h"

#include <string.h>

#include "frame.h"
#include "partial.h"
#include "percpu.h"

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	void *object = percpu_pop(s->slot);

	if (unlikely(!object))
		object = alloc_refill(s);
	if (unlikely(gfp & __GFP_ZERO))
		return alloc_zeroed(s, object);
	return object;
}

void *alloc_object(struct kmem_cache *s)
{
	void *object = percpu_pop(s->slot);

	return likely(object) ? object : alloc_refill(s);
}

static unsigned int take_from_new(struct kmem_cache *s, void **batch, unsigned int n)
{
	struct frame *f = frame_create(s);
	unsigned int got;

	if (!f)
		return 0;
	got = frame_take(s, f, batch, n);
	partial_add_new(s, f);
	return got;
}

/* A new slab is made only if the list gave nothing: a smaller batch is cheaper than fresh memory.
 */
void *alloc_refill(struct kmem_cache *s)
{
	void *batch[PERCPU_BATCH_MAX];
	unsigned int want = percpu_ready(s);
	unsigned int got = partial_take(s, batch, want);

	if (!got)
		got = take_from_new(s, batch, want);
	if (!got)
		return NULL;
	percpu_stock(s, batch + 1, got - 1);
	return batch[0];
}

void *alloc_zeroed(const struct kmem_cache *s, void *object)
{
	if (object)
		memset(object, 0, cache_object_size(s));
	return object;
}
