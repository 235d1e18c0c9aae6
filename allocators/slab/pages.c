// SPDX-License-Identifier: MIT
/* Orders in pages become orders in units, flags a migrate type and a list of nodes. See pages.h. */
#include "pages.h"

#include "buddy.h"
#include "mobility.h"
#include "nodes.h"
#include "virtual.h"

/* The zones to ask, nearest first. */
struct zonelist {
	unsigned int node;
	unsigned int nr;
};

static struct zonelist zonelist_of(gfp_t gfp, int node)
{
	return (struct zonelist){
		.node = node == NUMA_NO_NODE ? nodes_here() : (unsigned int)node,
		.nr = gfp & __GFP_THISNODE ? 1 : slab_nr_nodes,
	};
}

static struct zone *zone_at(const struct zonelist *l, unsigned int i)
{
	return &slab_zones[nodes_fallback(l->node, i)];
}

struct frame *pages_alloc(unsigned int order, gfp_t gfp, int node, bool *clean)
{
	struct zonelist l = zonelist_of(gfp, node);
	struct frame *f = NULL;

	for (unsigned int i = 0; i < l.nr && !f; i++)
		f = zone_alloc(zone_at(&l, i), order + slab_page_order, mobility_of(gfp), clean);
	return f;
}

void pages_free(struct frame *f)
{
	zone_free(zone_of(f), f);
}

struct frame *pages_alloc_owned(struct kmem_cache *s, unsigned int order, gfp_t gfp, int node,
				bool *clean)
{
	struct zonelist l = zonelist_of(gfp, node);
	struct frame *f = NULL;

	for (unsigned int i = 0; i < l.nr && !f; i++)
		f = virtual_alloc(s, zone_at(&l, i), order + slab_page_order, mobility_of(gfp),
				  clean);
	return f;
}

void pages_free_owned(struct kmem_cache *s, struct frame *f)
{
	virtual_free(s, f);
}

void pages_split(struct frame *f)
{
	zone_split(zone_of(f), f);
}
