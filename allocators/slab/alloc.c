// SPDX-License-Identifier: MIT
/*
 * Allocation from a cache: this CPU's sheaves, the barn, the slabs. Sheaves need no lock, a barn
 * barn.lock, slabs node.lock, a new slab none. See alloc.h.
 */
#include "alloc.h"

#include <string.h>

#include "cpuslab.h"
#include "debug.h"
#include "defer.h"
#include "free.h"
#include "kfence.h"
#include "nodes.h"
#include "pagemap.h"
#include "partial.h"
#include "percpu.h"
#include "sheaf.h"
#include "single.h"
#include "slabs.h"
#include "stat.h"

static __attribute__((noinline)) void *alloc_slow(struct kmem_cache *s, gfp_t gfp, int node,
						  const void *caller)
{
	struct alloc_request r = alloc_make_request(s, gfp, node, caller);
	void *object = NULL;

	if (slab_cpuslab && node == NUMA_NO_NODE && !(gfp & (__GFP_ZERO | __GFP_ACCOUNT)))
		object = cpuslab_pop(s);
	return object ? object : alloc_general(s, &r);
}

__attribute__((noinline)) void *alloc_finish(struct kmem_cache *s, gfp_t gfp, void *object,
					     const void *caller)
{
	struct alloc_request r = alloc_make_request(s, gfp, NUMA_NO_NODE, caller);
	bool good;

	if (!hooks_needed_to_alloc(s, gfp))
		return gfp & __GFP_ZERO ? memset(object, 0, cache_object_size(s)) : object;
	gate_enter();
	good = hooks_after_alloc(s, &r, &object, 1);
	if (!good)
		free_unhooked(s, object);
	gate_leave();
	return good ? object : NULL;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	void *object = percpu_pop(__atomic_load_n(&s->alloc_slot, __ATOMIC_RELAXED));

	if (unlikely(!object))
		return alloc_slow(s, gfp, NUMA_NO_NODE, __builtin_return_address(0));
	if (unlikely(gfp & (__GFP_ZERO | __GFP_ACCOUNT)))
		return alloc_finish(s, gfp, object, __builtin_return_address(0));
	return object;
}

void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int node)
{
	if (node == NUMA_NO_NODE || slab_nr_nodes == 1)
		return kmem_cache_alloc(s, gfp);
	return alloc_slow(s, gfp, nodes_wish(node), __builtin_return_address(0));
}

static bool is_elsewhere(int node)
{
	return node != NUMA_NO_NODE && !nodes_is_here((unsigned int)node);
}

/* What a CPU has at hand may come from another node, after a refill from there. */
static bool is_from(const void *object, int node)
{
	return slab_nr_nodes == 1 || node == NUMA_NO_NODE ||
	       frame_of(object)->node == (unsigned int)node;
}

static void *take_from_slabs(struct kmem_cache *s, const struct alloc_request *r)
{
	void *object;

	stat_inc(s, STAT_ALLOC_SLOWPATH);
	return slabs_take(s, r->gfp, r->node, &object, 1) ? object : NULL;
}

static void *take_from_sheaf(struct kmem_cache *s, gfp_t gfp)
{
	void *object = percpu_pop_slow(s->slot);

	return object ? object : sheaf_alloc(s, gfp);
}

static void *take_from_cpu_slab(struct kmem_cache *s, gfp_t gfp)
{
	return s->lane ? cpuslab_alloc(s, gfp) : NULL;
}

static void *take(struct kmem_cache *s, const struct alloc_request *r)
{
	void *object;

	if (unlikely(debug_is_on(s)))
		return single_alloc(s, r->gfp, r->node, r->size, r->caller);
	if (unlikely(is_elsewhere(r->node))) {
		stat_inc(s, STAT_ALLOC_NODE_MISMATCH);
		return take_from_slabs(s, r);
	}
	defer_drain();
	object =
		unlikely(slab_cpuslab) ? take_from_cpu_slab(s, r->gfp) : take_from_sheaf(s, r->gfp);
	if (!object)
		return take_from_slabs(s, r);
	if (unlikely(!is_from(object, r->node))) {
		stat_inc(s, STAT_ALLOC_NODE_MISMATCH);
		partial_give(s, &object, 1);
		return take_from_slabs(s, r);
	}
	stat_inc(s, STAT_ALLOC_FASTPATH);
	return object;
}

static void *with_hooks(struct kmem_cache *s, const struct alloc_request *r)
{
	void *object;

	if (!hooks_before_alloc(s, r))
		return NULL;
	object = kfence_alloc(s, r->size, r->gfp, r->caller);
	if (unlikely(object))
		return object;
	object = take(s, r);
	if (!object)
		return NULL;
	if (hooks_after_alloc(s, r, &object, 1))
		return object;
	free_unhooked(s, object);
	return NULL;
}

static void *without_hooks(struct kmem_cache *s, const struct alloc_request *r)
{
	void *object = take(s, r);

	if (object && unlikely(r->gfp & __GFP_ZERO))
		memset(object, 0, debug_zero_bytes(s, r->size));
	return object;
}

void *alloc_general(struct kmem_cache *s, const struct alloc_request *r)
{
	bool hooked = unlikely(hooks_needed_to_alloc(s, r->gfp));
	void *object;

	gate_enter();
	object = hooked ? with_hooks(s, r) : without_hooks(s, r);
	gate_leave();
	return object;
}

void *alloc_object(struct kmem_cache *s, gfp_t gfp)
{
	void *object;
	unsigned int got;

	gate_enter();
	got = slabs_take(s, gfp, NUMA_NO_NODE, &object, 1);
	gate_leave();
	return got ? object : NULL;
}
