// SPDX-License-Identifier: MIT
/*
 * The buddy system behind buddy.h. Every function here but the public ones is called with
 * zone.lock held. Assumes that the page map exists.
 */
#include "buddy.h"

#include "area.h"
#include "fault.h"
#include "frontier.h"
#include "mobility.h"
#include "os.h"

struct zone slab_zones[SLAB_MAX_NODES];

void zones_init(const struct zone_policy *policy)
{
	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		struct zone *z = &slab_zones[i];

		*z = (struct zone){
			.node = (uint8_t)i,
			.dirty_floor = (policy->dirty_bytes >> UNIT_SHIFT) / slab_nr_nodes,
			.shuffle = policy->shuffle,
		};
		random_seed(&z->random, policy->seed + i);
		area_init(z);
	}
}

static size_t block_pages(unsigned int order)
{
	return (size_t)1 << order;
}

/* Buddies up to the largest block were committed at once, so the other one has a frame. */
static struct frame *free_buddy(const struct frame *f)
{
	struct frame *buddy;

	if (f->order == slab_block_order())
		return NULL;
	buddy = &slab_range.frames[frame_page(f) ^ block_pages(f->order)];
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

/* Put a free block on its list, merged as far as possible; whole pageblocks take its type. */
static void merge(struct zone *z, struct frame *f)
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

static unsigned int count_dirty(size_t page, unsigned int order)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < block_pages(order); i++)
		nr += entry_kind(pagemap_entry(page + i)) == PAGE_DIRTY;
	return nr;
}

/* Halve @f, which is on no list; the half with fewer dirty pages goes to its list. */
static struct frame *halve(struct zone *z, struct frame *f)
{
	unsigned int order = f->order - 1u;
	unsigned int all = (unsigned int)block_pages(order);
	struct frame *upper = f + block_pages(order);
	unsigned int total = f->nr_dirty;
	struct frame *keep = f, *spare = upper;

	f->order = upper->order = (uint8_t)order;
	upper->node = f->node;
	if (total == 0 || total == 2 * all)
		f->nr_dirty = total / 2;
	else
		f->nr_dirty = count_dirty(frame_page(f), order);
	upper->nr_dirty = total - f->nr_dirty;
	if (upper->nr_dirty > f->nr_dirty) {
		keep = upper;
		spare = f;
	}
	area_add(z, spare);
	return keep;
}

/* What is asked of a zone. */
struct wish {
	unsigned int order;
	enum migrate_type type;
	bool (*grow)(struct zone *z, enum migrate_type type); /* waiting for the frontier, or not */
};

/* A free block that is big enough, still on its list; the order of choice is in buddy.h. */
static struct frame *find(struct zone *z, const struct wish *w)
{
	unsigned int whole = (unsigned int)max_size(w->order, PAGEBLOCK_ORDER);
	struct frame *f = area_fit_dirty(z, w->type, w->order);

	if (!f)
		f = mobility_steal_dirty(z, whole, w->type);
	if (!f)
		f = area_fit_clean(z, w->type, w->order);
	if (!f)
		f = mobility_steal(z, whole, w->type);
	if (!f && w->grow(z, w->type))
		f = area_first_clean(z, w->type, slab_block_order());
	return f ? f : mobility_steal(z, w->order, w->type);
}

static struct frame *take(struct zone *z, const struct wish *w)
{
	struct frame *f = find(z, w);

	if (!f)
		return NULL;
	area_del(z, f);
	while (f->order > w->order)
		f = halve(z, f);
	f->state = FRAME_USED;
	f->mobility = (uint8_t)w->type;
	z->nr_used += block_pages(w->order);
	return f;
}

struct frame *zone_alloc(struct zone *z, unsigned int order, enum migrate_type type, bool *clean)
{
	struct wish w = { order, type, frontier_grow };
	struct frame *f;

	if (fault_hit(FAULT_PAGES))
		return NULL;
	lock_acquire(&z->lock);
	f = take(z, &w);
	lock_release(&z->lock);
	if (f && clean)
		*clean = f->nr_dirty == 0;
	return f;
}

struct frame *zone_try_alloc(struct zone *z, unsigned int order, enum migrate_type type)
{
	struct wish w = { order, type, frontier_try_grow };
	struct frame *f;

	if (fault_hit(FAULT_PAGES) || !lock_try(&z->lock))
		return NULL;
	f = take(z, &w);
	lock_release(&z->lock);
	return f;
}

void zone_split(struct zone *z, struct frame *f)
{
	size_t step = block_pages(slab_page_order);
	struct frame *end = f + block_pages(f->order);

	lock_acquire(&z->lock);
	f->order = (uint8_t)slab_page_order;
	for (struct frame *page = f + step; page < end; page += step) {
		page->order = (uint8_t)slab_page_order;
		page->node = f->node;
		page->mobility = f->mobility;
		page->state = FRAME_USED;
	}
	lock_release(&z->lock);
}

static size_t dirty_limit(const struct zone *z)
{
	return max_size(z->dirty_floor, z->nr_used / 4);
}

/* Take the largest dirty block off the lists while it is being given back. */
static struct frame *begin_purge(struct zone *z, size_t down_to)
{
	struct frame *f;

	if (z->nr_dirty <= down_to)
		return NULL;
	f = area_largest_dirty(z);
	area_del(z, f);
	f->state = FRAME_PURGING;
	z->nr_purging += block_pages(f->order);
	return f;
}

static void end_purge(struct zone *z, struct frame *f)
{
	z->nr_purging -= block_pages(f->order);
	merge(z, f);
}

static void purge_block(struct frame *f)
{
	if (os_purge(frame_address(f), frame_bytes(f)))
		return;
	pagemap_set(frame_page(f), f->order, PAGE_CLEAN, 0);
	f->nr_dirty = 0;
}

/*
 * Called with the lock, returns with it. Bounded by the pages that were dirty at the start, so that
 * a system that refuses to take memory back costs one round and no more.
 */
static void purge(struct zone *z, size_t down_to)
{
	size_t budget = z->nr_dirty - down_to;
	struct frame *f;

	while (budget && (f = begin_purge(z, down_to))) {
		budget -= min_size(budget, f->nr_dirty);
		lock_release(&z->lock);
		purge_block(f);
		lock_acquire(&z->lock);
		end_purge(z, f);
	}
}

void zone_free(struct zone *z, struct frame *f)
{
	pagemap_set(frame_page(f), f->order, PAGE_DIRTY, 0);
	f->nr_dirty = (uint32_t)block_pages(f->order);
	lock_acquire(&z->lock);
	z->nr_used -= block_pages(f->order);
	merge(z, f);
	if (z->nr_dirty > dirty_limit(z))
		purge(z, dirty_limit(z) / 2);
	lock_release(&z->lock);
}

void zone_trim(struct zone *z, size_t nr)
{
	lock_acquire(&z->lock);
	if (z->nr_dirty > nr)
		purge(z, nr);
	lock_release(&z->lock);
}

void zone_take_purged(struct zone *z, struct frame *f)
{
	lock_acquire(&z->lock);
	end_purge(z, f);
	lock_release(&z->lock);
}
