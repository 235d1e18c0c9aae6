// SPDX-License-Identifier: MIT
/* Merging. See coalesce.h. */
#include "coalesce.h"

#include "area.h"
#include "mobility.h"

/* What lies beyond the frontier is in no state, and is described: at least a largest block is. */
static struct frame *free_buddy(const struct frame *f)
{
	struct frame *buddy;

	if (f->order == slab_block_order())
		return NULL;
	buddy = &slab_range.frames[frame_page(f) ^ ((size_t)1 << f->order)];
	return buddy->state == FRAME_FREE && buddy->order == f->order ? buddy : NULL;
}

/* The kernel shuffles at the granularity of its largest blocks: smaller ones follow from them. */
static void place(struct zone *z, struct frame *f)
{
	if (z->shuffle && f->order == slab_block_order() && random_below(&z->random, 2))
		area_add_tail(z, f);
	else
		area_add(z, f);
}

void coalesce_add(struct zone *z, struct frame *f)
{
	enum migrate_type type = pageblock_type(frame_page(f));
	struct frame *buddy;

	f->state = FRAME_NONE;
	while ((buddy = free_buddy(f))) {
		area_del(z, buddy);
		if (buddy->order >= PAGEBLOCK_ORDER)
			mobility_set(buddy, type);
		buddy->nr_dirty += f->nr_dirty;
		if (buddy > f)
			f->nr_dirty = buddy->nr_dirty;
		else
			f = buddy;
		f->order++;
	}
	place(z, f);
}
