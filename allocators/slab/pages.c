// SPDX-License-Identifier: MIT
/* Orders in pages become orders in units; the rest is the zone's. See pages.h. */
#include "pages.h"

#include "buddy.h"

struct frame *pages_alloc(unsigned int order, gfp_t gfp, int node, bool *clean)
{
	(void)gfp;
	(void)node;
	return zone_alloc(&slab_zone, order + slab_page_order, clean);
}

void pages_free(struct frame *f)
{
	zone_free(&slab_zone, f);
}
