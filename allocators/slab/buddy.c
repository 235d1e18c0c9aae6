// SPDX-License-Identifier: MIT
/*
 * The buddy system behind buddy.h. Every function here but the three public ones is called with
 * zone.lock held. Assumes that the page map exists.
 */
#include "buddy.h"

#include "fault.h"
#include "os.h"
#include "pagemap.h"

struct zone slab_zone;

void zone_init(struct zone *z, size_t dirty_bytes)
{
	*z = (struct zone){ .dirty_floor = dirty_bytes >> UNIT_SHIFT };
	for (unsigned int i = 0; i < NR_UNIT_ORDERS; i++) {
		list_init(&z->dirty[i]);
		list_init(&z->clean[i]);
	}
}

static size_t block_pages(unsigned int order)
{
	return (size_t)1 << order;
}

static void enlist(struct zone *z, struct frame *f)
{
	f->state = FRAME_FREE;
	list_add(&f->link, f->nr_dirty ? &z->dirty[f->order] : &z->clean[f->order]);
	z->nr_free += block_pages(f->order);
	z->nr_dirty += f->nr_dirty;
}

static void delist(struct zone *z, struct frame *f)
{
	f->state = FRAME_NONE;
	list_del(&f->link);
	z->nr_free -= block_pages(f->order);
	z->nr_dirty -= f->nr_dirty;
}

static struct frame *free_buddy(struct zone *z, const struct frame *f)
{
	size_t page = frame_page(f) ^ block_pages(f->order);
	struct frame *buddy = &slab_range.frames[page];

	if (f->order == slab_block_order() || page >= z->nr_committed)
		return NULL;
	return buddy->state == FRAME_FREE && buddy->order == f->order ? buddy : NULL;
}

/* Put a free block on its list, merged as far as possible. */
static void merge(struct zone *z, struct frame *f)
{
	struct frame *buddy;

	f->state = FRAME_NONE;
	while ((buddy = free_buddy(z, f))) {
		delist(z, buddy);
		buddy->nr_dirty += f->nr_dirty;
		if (buddy > f)
			f->nr_dirty = buddy->nr_dirty;
		else
			f = buddy;
		f->order++;
	}
	enlist(z, f);
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
	if (total == 0 || total == 2 * all)
		f->nr_dirty = total / 2;
	else
		f->nr_dirty = count_dirty(frame_page(f), order);
	upper->nr_dirty = total - f->nr_dirty;
	if (upper->nr_dirty > f->nr_dirty) {
		keep = upper;
		spare = f;
	}
	enlist(z, spare);
	return keep;
}

static struct frame *first_of(struct list_head *lists, unsigned int order)
{
	for (; order < NR_UNIT_ORDERS; order++)
		if (!list_empty(&lists[order]))
			return list_first_entry(&lists[order], struct frame, link);
	return NULL;
}

/* Move the frontier up by one block of the largest order. */
static struct frame *grow(struct zone *z)
{
	struct frame *f = &slab_range.frames[z->nr_committed];

	if (z->nr_committed + block_pages(slab_block_order()) > slab_range.nr_pages)
		return NULL;
	if (os_commit(frame_address(f), UNIT_BYTES << slab_block_order()))
		return NULL;
	z->nr_committed += block_pages(slab_block_order());
	f->order = (uint8_t)slab_block_order();
	enlist(z, f);
	return f;
}

static struct frame *take(struct zone *z, unsigned int order)
{
	struct frame *f = first_of(z->dirty, order);

	if (!f)
		f = first_of(z->clean, order);
	if (!f)
		f = grow(z);
	if (!f)
		return NULL;
	delist(z, f);
	while (f->order > order)
		f = halve(z, f);
	f->state = FRAME_USED;
	z->nr_used += block_pages(order);
	return f;
}

struct frame *zone_alloc(struct zone *z, unsigned int order, bool *clean)
{
	struct frame *f;

	if (fault_hit(FAULT_PAGES))
		return NULL;
	lock_acquire(&z->lock);
	f = take(z, order);
	lock_release(&z->lock);
	if (f && clean)
		*clean = f->nr_dirty == 0;
	return f;
}

struct frame *zone_try_alloc(struct zone *z, unsigned int order)
{
	struct frame *f;

	if (fault_hit(FAULT_PAGES) || !lock_try(&z->lock))
		return NULL;
	f = take(z, order);
	lock_release(&z->lock);
	return f;
}

static size_t dirty_limit(const struct zone *z)
{
	return max_size(z->dirty_floor, z->nr_used / 4);
}

/* Take the largest dirty block off the lists while it is being given back. */
static struct frame *begin_purge(struct zone *z, size_t down_to)
{
	struct frame *f = NULL;

	if (z->nr_dirty <= down_to)
		return NULL;
	for (unsigned int order = NR_UNIT_ORDERS; !f; order--)
		if (!list_empty(&z->dirty[order - 1]))
			f = list_first_entry(&z->dirty[order - 1], struct frame, link);
	delist(z, f);
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
