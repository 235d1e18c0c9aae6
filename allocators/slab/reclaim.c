// SPDX-License-Identifier: MIT
/*
 * Rounds of reclaim. balance_lock is only ever tried: who holds it is the stand-in for kswapd. See
 * reclaim.h.
 */
#include "reclaim.h"

#include "buddy.h"
#include "limit.h"
#include "shrinker.h"
#include "task.h"

static struct lock balance_lock;
static unsigned int nr_hopeless; /* rounds of balancing in a row without a page */
static void (*shrink_caches)(void);

void reclaim_init(void (*caches)(void))
{
	nr_hopeless = 0;
	shrink_caches = caches;
}

/* What is free and dirty must fit below the limit; each zone has an equal part. */
static void trim(void)
{
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		zone_trim(&slab_zones[i], limit_left() / slab_nr_nodes);
}

static unsigned long shrink_nodes(gfp_t gfp, int node, int priority)
{
	unsigned long freed = 0;

	if (gfp & __GFP_THISNODE && node != NUMA_NO_NODE)
		return slab_shrink_all(gfp, node, priority);
	for (int nid = 0; nid < (int)slab_nr_nodes; nid++)
		freed += slab_shrink_all(gfp, nid, priority);
	return freed;
}

/* Until @enough units came back, or else all priorities. */
static struct reclaimed round_of(gfp_t gfp, int node, size_t enough)
{
	size_t start = slab_task.nr_returned;
	unsigned long counted = 0;

	for (int priority = DEF_PRIORITY; priority >= 0; priority--) {
		counted = slab_task.nr_freeable;
		if (shrink_nodes(gfp, node, priority))
			shrink_caches();
		if (slab_task.nr_returned - start >= enough)
			break;
	}
	if (slab_task.nr_returned - start < enough)
		shrink_caches();
	return (struct reclaimed){ slab_task.nr_returned - start,
				   slab_task.nr_freeable != counted };
}

static struct reclaimed reclaim(gfp_t gfp, int node, size_t enough)
{
	struct reclaimed got;

	slab_task.in_reclaim = true;
	trim();
	got = round_of(gfp, node, enough);
	slab_task.in_reclaim = false;
	if (got.nr_units)
		__atomic_store_n(&nr_hopeless, 0, __ATOMIC_RELAXED);
	return got;
}

struct reclaimed reclaim_direct(gfp_t gfp, int node)
{
	return reclaim(gfp, node, (size_t)SWAP_CLUSTER_MAX << slab_page_order);
}

static void balance(gfp_t gfp)
{
	size_t left = limit_left();

	if (left >= slab_limit.high)
		return;
	if (!reclaim(gfp & ~__GFP_THISNODE, NUMA_NO_NODE, slab_limit.high - left).nr_units)
		__atomic_fetch_add(&nr_hopeless, 1, __ATOMIC_RELAXED);
}

void reclaim_balance(gfp_t gfp)
{
	if (__atomic_load_n(&nr_hopeless, __ATOMIC_RELAXED) >= MAX_RECLAIM_RETRIES)
		return;
	if (!lock_try(&balance_lock))
		return;
	balance(gfp);
	lock_release(&balance_lock);
}

/* The threshold doubles with each round, so that a shrinker that refills cannot hold this up. */
void drop_slab(void)
{
	unsigned int shift = 0;

	while (shrink_nodes(GFP_KERNEL, NUMA_NO_NODE, 0) >> shift++ > 1)
		;
}
