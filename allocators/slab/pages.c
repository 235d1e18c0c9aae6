// SPDX-License-Identifier: MIT
/*
 * The front of the page allocator: the limit and the GFP flags around the zone. No lock of its own.
 * See pages.h.
 */
#include "pages.h"

#include <time.h>

#include "buddy.h"
#include "limit.h"
#include "mobility.h"
#include "nodes.h"
#include "reclaim.h"
#include "task.h"
#include "virtual.h"
#include "warn.h"

#define NAP_NS 1000000 /* between two rounds of NOFAIL: the kernel's tick at HZ=1000 */

struct request {
	unsigned int order;
	gfp_t gfp;
	int node;
	bool *clean;
	struct kmem_cache *owner; /* for take_owned() */
	struct frame *(*take)(const struct request *r, struct zone *z);
	bool exhausted; /* not the limit refused, no zone has such a block */
};

static struct frame *take_plain(const struct request *r, struct zone *z)
{
	return zone_alloc(z, r->order + slab_page_order, mobility_of(r->gfp), r->clean);
}

static struct frame *take_owned(const struct request *r, struct zone *z)
{
	return virtual_alloc(r->owner, z, r->order + slab_page_order, mobility_of(r->gfp),
			     r->clean);
}

/* A node that does not exist is as good as one that is full. */
static bool exists(int node)
{
	return node >= 0 && (unsigned int)node < slab_nr_nodes;
}

/* Of the zones that may be asked, nearest first. */
static struct frame *take(const struct request *r)
{
	unsigned int near = exists(r->node) ? (unsigned int)r->node : nodes_here();
	bool this_only = r->gfp & __GFP_THISNODE;
	unsigned int nr = this_only ? 1 : slab_nr_nodes;
	struct frame *f = NULL;

	if (this_only && r->node != NUMA_NO_NODE && !exists(r->node))
		return NULL;
	for (unsigned int i = 0; i < nr && !f; i++)
		f = r->take(r, &slab_zones[nodes_fallback(near, i)]);
	return f;
}

static size_t request_units(const struct request *r)
{
	return (size_t)1 << (r->order + slab_page_order);
}

/* Leave @keep units below the limit. */
static struct frame *get(struct request *r, size_t keep)
{
	struct frame *f;

	r->exhausted = false;
	if (!limit_charge(request_units(r), keep))
		return NULL;
	f = take(r);
	if (f)
		return f;
	limit_uncharge(request_units(r));
	r->exhausted = true;
	return NULL;
}

/* What of the reserve these flags leave alone. */
static size_t watermark(gfp_t gfp)
{
	size_t min = slab_limit.min;

	if (!(gfp & __GFP_NOMEMALLOC) && (task_memalloc() || (gfp & __GFP_MEMALLOC)))
		return 0;
	if (!(gfp & __GFP_HIGH))
		return min;
	min -= min / 2;
	if (!(gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC)))
		min -= min / 4;
	return min;
}

static bool may_reclaim(gfp_t gfp)
{
	return (gfp & __GFP_DIRECT_RECLAIM) && !task_memalloc();
}

/* The limit refused to go below the low watermark: reclaim early, then down to what is allowed. */
static struct frame *get_below_low(struct request *r)
{
	if (may_reclaim(r->gfp) && (r->gfp & __GFP_KSWAPD_RECLAIM))
		reclaim_balance(r->gfp);
	return get(r, watermark(r->gfp));
}

static bool is_costly(const struct request *r)
{
	return r->order > PAGE_ALLOC_COSTLY_ORDER;
}

/* No second round: the caller has a way out, or the block is so large that he had better. */
static bool gives_up_early(const struct request *r)
{
	return (r->gfp & __GFP_NORETRY) || (is_costly(r) && !(r->gfp & __GFP_RETRY_MAYFAIL));
}

/* Others may have freed, unless it was the zone that had none: then only reclaim helps. */
static bool is_worth_a_try(const struct request *r, const struct reclaimed *got)
{
	return got->nr_units ||
	       (!r->exhausted && limit_left() >= request_units(r) + watermark(r->gfp));
}

static struct frame *get_by_reclaim(struct request *r)
{
	unsigned int nr_idle = 0;

	do {
		struct reclaimed got = reclaim_direct(r->gfp, r->node);
		struct frame *f = is_worth_a_try(r, &got) ? get(r, watermark(r->gfp)) : NULL;

		if (f || gives_up_early(r) || !(got.nr_units || got.more))
			return f;
		nr_idle = got.nr_units && !is_costly(r) ? 0 : nr_idle + 1;
	} while (nr_idle <= MAX_RECLAIM_RETRIES);
	return NULL;
}

/* NOFAIL: until somebody frees. Half of the reserve is open, so that the waiting can end. */
static struct frame *get_at_last(struct request *r)
{
	struct timespec nap = { .tv_nsec = NAP_NS };
	struct gate_pass *me;
	struct frame *f;

	while (!(f = get(r, watermark(r->gfp | __GFP_HIGH)))) {
		if (may_reclaim(r->gfp))
			f = get_by_reclaim(r);
		if (f)
			return f;
		me = gate_suspend(GATE_AWAY);
		nanosleep(&nap, NULL);
		gate_resume(me);
	}
	return f;
}

static struct frame *get_slowly(struct request *r)
{
	struct frame *f = NULL;

	if (r->gfp & __GFP_NOFAIL)
		warn_nofail(r->order, r->gfp);
	if (!r->exhausted)
		f = get_below_low(r);
	if (!f && may_reclaim(r->gfp))
		f = get_by_reclaim(r);
	if (!f && (r->gfp & __GFP_NOFAIL) && (r->gfp & __GFP_DIRECT_RECLAIM))
		f = get_at_last(r);
	if (!f)
		warn_alloc(r->order, r->gfp);
	return f;
}

static struct frame *alloc(struct request *r)
{
	struct frame *f = get(r, slab_limit.low);

	return likely(f) ? f : get_slowly(r);
}

struct frame *pages_alloc(unsigned int order, gfp_t gfp, int node, bool *clean)
{
	struct request r = {
		.order = order, .gfp = gfp, .node = node, .clean = clean, .take = take_plain
	};

	return alloc(&r);
}

struct frame *pages_alloc_owned(struct kmem_cache *s, unsigned int order, gfp_t gfp, int node,
				bool *clean)
{
	struct request r = { .order = order,
			     .gfp = gfp,
			     .node = node,
			     .clean = clean,
			     .owner = s,
			     .take = take_owned };

	return alloc(&r);
}

struct frame *pages_try_alloc(unsigned int order, int node)
{
	size_t units = (size_t)1 << (order + slab_page_order);
	struct frame *f;

	if (!limit_charge(units, slab_limit.min))
		return NULL;
	f = zone_try_alloc(&slab_zones[node], order + slab_page_order, MIGRATE_UNMOVABLE);
	if (!f)
		limit_uncharge(units);
	return f;
}

static void uncharge(size_t nr)
{
	limit_uncharge(nr);
	slab_task.nr_returned += nr;
}

void pages_free(struct frame *f)
{
	size_t nr = (size_t)1 << f->order;

	gate_enter();
	zone_free(zone_of(f), f);
	uncharge(nr);
	gate_leave();
}

void pages_free_owned(struct kmem_cache *s, struct frame *f)
{
	size_t nr = (size_t)1 << f->order;

	gate_enter();
	virtual_free(s, f);
	uncharge(nr);
	gate_leave();
}

void pages_split(struct frame *f)
{
	zone_split(zone_of(f), f);
}
