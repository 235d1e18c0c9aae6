// SPDX-License-Identifier: MIT
/*
 * Prefilled sheaves: objects fetched ahead, so that a section that must not fail or block takes
 * them without doing either (kernel 6.18: maple tree). The sheaf belongs to its caller until
 * returned.
 */
#include <errno.h>
#include <string.h>

#include "barn.h"
#include "free.h"
#include "hooks.h"
#include "nodes.h"
#include "percpu.h"
#include "sheaf.h"
#include "stat.h"

/* The capacity is 16 bits in the header. */
#define OVERSIZE_MAX UINT16_MAX

static struct barn *local_barn(struct kmem_cache *s)
{
	return &s->node[nodes_here()].barn;
}

/* Larger than the cache's own, or of a cache without: never seen by a lane or a barn. */
static bool is_private(const struct slab_sheaf *sheaf)
{
	return sheaf->capacity != sheaf->cache->geo.capacity || !sheaf->cache->slot;
}

static struct slab_sheaf *take_spare(struct kmem_cache *s)
{
	struct lane *lane = percpu_lane(s->slot);

	return lane ? __atomic_exchange_n(&lane->spare, NULL, __ATOMIC_ACQUIRE) : NULL;
}

/* The spare, a full one, an empty one, a new one. */
static struct slab_sheaf *get(struct kmem_cache *s, gfp_t gfp)
{
	struct slab_sheaf *sheaf = take_spare(s);

	stat_inc(s, sheaf ? STAT_SHEAF_PREFILL_FAST : STAT_SHEAF_PREFILL_SLOW);
	if (!sheaf) {
		sheaf = barn_get_full(local_barn(s));
		stat_inc(s, sheaf ? STAT_BARN_GET : STAT_BARN_GET_FAIL);
	}
	return sheaf ? sheaf : sheaf_get_empty(s, gfp);
}

static void give_up(struct slab_sheaf *sheaf)
{
	if (!is_private(sheaf)) {
		sheaf_put_away(sheaf);
		return;
	}
	sheaf_flush(sheaf);
	sheaf_delete(sheaf);
}

/* Slabs may have less at hand than asked for at a time. */
static bool fill(struct slab_sheaf *sheaf, gfp_t gfp, unsigned int n)
{
	while (sheaf->size < n)
		if (!sheaf_refill(sheaf, gfp, n))
			return false;
	return true;
}

static struct slab_sheaf *prefill(struct kmem_cache *s, gfp_t gfp, unsigned int n)
{
	struct slab_sheaf *sheaf;

	if (!n || n > OVERSIZE_MAX || (s->flags & SLAB_DEBUG_FLAGS))
		return NULL;
	if (s->slot && n <= s->geo.capacity) {
		sheaf = get(s, gfp);
	} else {
		stat_inc(s, STAT_SHEAF_PREFILL_OVERSIZE);
		sheaf = sheaf_new(s, n, gfp);
	}
	if (!sheaf || fill(sheaf, gfp, n))
		return sheaf;
	give_up(sheaf);
	return NULL;
}

struct slab_sheaf *kmem_cache_prefill_sheaf(struct kmem_cache *s, gfp_t gfp, unsigned int n)
{
	struct slab_sheaf *sheaf;

	gate_enter();
	sheaf = prefill(s, gfp, n);
	gate_leave();
	return sheaf;
}

static bool fill_given(struct slab_sheaf *sheaf, gfp_t gfp, unsigned int n)
{
	bool filled;

	gate_enter();
	filled = fill(sheaf, gfp, n);
	gate_leave();
	return filled;
}

int kmem_cache_refill_sheaf(struct kmem_cache *s, gfp_t gfp, struct slab_sheaf **sheafp,
			    unsigned int n)
{
	struct slab_sheaf *bigger;

	if (n <= (*sheafp)->capacity)
		return fill_given(*sheafp, gfp, n) ? 0 : -ENOMEM;
	bigger = kmem_cache_prefill_sheaf(s, gfp, n);
	if (!bigger)
		return -ENOMEM;
	kmem_cache_return_sheaf(s, gfp, *sheafp);
	*sheafp = bigger;
	return 0;
}

/* Slabs without a sheaf in between: what hooks want is done now, as for any allocation. */
void *kmem_cache_alloc_from_sheaf(struct kmem_cache *s, gfp_t gfp, struct slab_sheaf *sheaf)
{
	struct alloc_request r = {
		.gfp = gfp | __GFP_NOFAIL, /* the object was promised */
		.node = NUMA_NO_NODE,
		.size = cache_object_size(s),
		.site = { .location = __builtin_return_address(0) },
		.caller = __builtin_return_address(0),
	};
	void *object;
	bool good;

	if (!sheaf->size)
		return NULL;
	object = sheaf_pop(sheaf);
	if (!hooks_needed_to_alloc(s, r.gfp)) {
		if (gfp & __GFP_ZERO)
			memset(object, 0, cache_object_size(s));
		return object;
	}
	gate_enter();
	good = hooks_after_alloc(s, &r, &object, 1);
	if (!good)
		free_unhooked(s, object);
	gate_leave();
	return good ? object : NULL;
}

/* Back as the lane's spare, or topped up into the barn, or dissolved. */
static void take_back(struct kmem_cache *s, gfp_t gfp, struct slab_sheaf *sheaf)
{
	struct lane *lane;

	if (is_private(sheaf)) {
		give_up(sheaf);
		return;
	}
	lane = percpu_lane(s->slot);
	if (lane && sheaf_settle(&lane->spare, sheaf)) {
		stat_inc(s, STAT_SHEAF_RETURN_FAST);
		return;
	}
	stat_inc(s, STAT_SHEAF_RETURN_SLOW);
	if (__atomic_load_n(&local_barn(s)->nr_full, __ATOMIC_RELAXED) < MAX_FULL_SHEAVES)
		fill(sheaf, gfp, sheaf->capacity);
	give_up(sheaf);
}

void kmem_cache_return_sheaf(struct kmem_cache *s, gfp_t gfp, struct slab_sheaf *sheaf)
{
	gate_enter();
	take_back(s, gfp, sheaf);
	gate_leave();
}

unsigned int kmem_cache_sheaf_size(const struct slab_sheaf *sheaf)
{
	return sheaf->size;
}
