// SPDX-License-Identifier: MIT
/* Taking memory of another type, and what it turns into. See mobility.h. zone.lock is held. */
#include "mobility.h"

#include <string.h>

#include "area.h"

#define PAGEBLOCK_PAGES ((size_t)1 << PAGEBLOCK_ORDER)

static const enum migrate_type fallbacks[NR_MIGRATE_TYPES][NR_MIGRATE_TYPES - 1] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

const char *mobility_name(enum migrate_type type)
{
	static const char *const names[NR_MIGRATE_TYPES] = {
		[MIGRATE_UNMOVABLE] = "Unmovable",
		[MIGRATE_MOVABLE] = "Movable",
		[MIGRATE_RECLAIMABLE] = "Reclaimable",
	};

	return names[type];
}

void mobility_set(const struct frame *f, enum migrate_type type)
{
	size_t nr = align_up((size_t)1 << f->order, PAGEBLOCK_PAGES) >> PAGEBLOCK_ORDER;

	memset(&slab_range.pageblocks[frame_page(f) >> PAGEBLOCK_ORDER], (int)type, nr);
}

static struct frame *first_of_pageblock(const struct frame *f)
{
	return &slab_range.frames[align_down(frame_page(f), PAGEBLOCK_PAGES)];
}

/* Pages of the pageblock at @first that are free or in use by requests of @type. */
static size_t nr_compatible(const struct frame *first, enum migrate_type type)
{
	size_t nr = 0;

	for (const struct frame *f = first; f < first + PAGEBLOCK_PAGES; f += 1u << f->order)
		if (f->state == FRAME_FREE || (f->state == FRAME_USED && f->mobility == type))
			nr += (size_t)1 << f->order;
	return nr;
}

static void convert(struct zone *z, struct frame *first, enum migrate_type type)
{
	size_t block = frame_page(first) >> PAGEBLOCK_ORDER;
	uint8_t old = slab_range.pageblocks[block];

	for (struct frame *f = first; f < first + PAGEBLOCK_PAGES; f += 1u << f->order) {
		if (f->state != FRAME_FREE)
			continue;
		area_del(z, f);
		slab_range.pageblocks[block] = (uint8_t)type;
		area_add(z, f);
		slab_range.pageblocks[block] = old;
	}
	slab_range.pageblocks[block] = (uint8_t)type;
	z->nr_converted++;
}

/* Of a block that is free in the pageblocks of another type: change what can be changed. */
static void claim(struct zone *z, struct frame *f, enum migrate_type type)
{
	struct frame *first = first_of_pageblock(f);

	if (f->order >= PAGEBLOCK_ORDER) {
		area_del(z, f);
		mobility_set(f, type);
		area_add(z, f);
	} else if (nr_compatible(first, type) >= PAGEBLOCK_PAGES / 2) {
		convert(z, first, type);
	} else {
		z->nr_mixed++;
	}
}

static struct frame *first_of_any(struct zone *z, enum migrate_type type, unsigned int order)
{
	struct frame *f = area_first_dirty(z, type, order);

	return f ? f : area_first_clean(z, type, order);
}

/* @first: which block of a list may be taken. */
static struct frame *steal(struct zone *z, unsigned int order, enum migrate_type type,
			   struct frame *(*first)(struct zone *, enum migrate_type, unsigned int))
{
	for (unsigned int o = slab_block_order() + 1; o-- > order;)
		for (unsigned int i = 0; i < NR_MIGRATE_TYPES - 1; i++) {
			struct frame *f = first(z, fallbacks[type][i], o);

			if (!f)
				continue;
			claim(z, f, type);
			return f;
		}
	return NULL;
}

struct frame *mobility_steal(struct zone *z, unsigned int order, enum migrate_type type)
{
	return steal(z, order, type, first_of_any);
}

struct frame *mobility_steal_dirty(struct zone *z, unsigned int order, enum migrate_type type)
{
	return steal(z, order, type, area_first_dirty);
}
