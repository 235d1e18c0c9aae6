// SPDX-License-Identifier: MIT
/*
 * Prefilled sheaves: objects fetched ahead, so that a section that must not fail or block takes
 * them without doing either (kernel 6.18: maple tree). The sheaf belongs to its caller until
 * returned.
 */
#include <errno.h>

#include "alloc.h"
#include "barn.h"
#include "grow.h"
#include "percpu.h"
#include "sheaf.h"
#include "stat.h"

/* The capacity is 16 bits in the header. */
#define OVERSIZE_MAX UINT16_MAX

/* Larger than the cache's own, or of a cache without: never seen by a lane or a barn. */
static bool is_private(const struct slab_sheaf *sheaf)
{
	return sheaf->capacity > sheaf->cache->capacity_max || !sheaf->cache->slot;
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
		sheaf = barn_get_full(barn_here(s));
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
	if (s->slot && n <= grow_capacity(s)) {
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
	if (!sheaf->size)
		return NULL;
	/* The object was promised. */
	return alloc_finish(s, gfp | __GFP_NOFAIL, sheaf_pop(sheaf), __builtin_return_address(0));
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
	if (__atomic_load_n(&barn_here(s)->nr_full, __ATOMIC_RELAXED) < MAX_FULL_SHEAVES)
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
