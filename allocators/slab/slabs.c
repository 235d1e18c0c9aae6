// SPDX-License-Identifier: MIT
/* Taking from slabs. Other nodes are asked nearest first. See slabs.h. */
#include "slabs.h"

#include "debug.h"
#include "frame.h"
#include "nodes.h"
#include "partial.h"
#include "single.h"
#include "stat.h"

static uint64_t cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return 0;
#endif
}

/* The clock decides, as in the kernel: it costs nothing and follows no pattern of the caller's. */
bool slabs_look_elsewhere(const struct kmem_cache *s)
{
	unsigned int ratio = cache_remote_ratio(s);

	return slab_nr_nodes > 1 && ratio && cycles() % 1024 <= ratio;
}

static unsigned int take_elsewhere(struct kmem_cache *s, unsigned int here, void **batch,
				   unsigned int n)
{
	unsigned int got = 0;

	for (unsigned int i = 1; i < slab_nr_nodes && !got; i++)
		got = partial_try_take(s, nodes_fallback(here, i), batch, n);
	return got;
}

static unsigned int take_from_new(struct kmem_cache *s, gfp_t gfp, int node, void **batch,
				  unsigned int n)
{
	struct frame *f = frame_create(s, gfp, node);
	unsigned int got;

	if (!f)
		return 0;
	stat_inc(s, STAT_ALLOC_SLAB);
	got = frame_take(s, f, batch, n);
	partial_add_new(s, f);
	return got;
}

static unsigned int take_singly(struct kmem_cache *s, gfp_t gfp, int node, void **batch,
				unsigned int n)
{
	unsigned int got = 0;

	for (; got < n; got++) {
		batch[got] = single_alloc(s, gfp, node, cache_object_size(s), NULL);
		if (!batch[got])
			break;
	}
	return got;
}

/* A new slab is made only if the lists gave nothing: a smaller batch is cheaper than fresh memory.
 */
unsigned int slabs_take(struct kmem_cache *s, gfp_t gfp, int node, void **batch, unsigned int n)
{
	unsigned int here = node == NUMA_NO_NODE ? nodes_here() : (unsigned int)node;
	unsigned int got;

	if (unlikely(debug_is_on(s)))
		return take_singly(s, gfp, node, batch, n);
	got = partial_take(s, here, batch, n);
	if (!got && node == NUMA_NO_NODE && slabs_look_elsewhere(s))
		got = take_elsewhere(s, here, batch, n);
	if (!got)
		got = take_from_new(s, gfp, (int)here, batch, n);
	return got;
}
