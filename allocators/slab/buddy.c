// SPDX-License-Identifier: MIT
/*
 * The buddy system behind buddy.h. Every function here but the public ones is called with
 * zone.lock held. Assumes that the page map exists.
 */
#include "buddy.h"

#include <sched.h>

#include "area.h"
#include "coalesce.h"
#include "fault.h"
#include "frontier.h"
#include "mobility.h"
#include "os.h"

/* Of a larger block no less is given back: a call for each few pages costs more than they do. */
#define PURGE_MIN_ORDER 4u

/* The first one, of most machines the only one, in one page. */
SPARSE struct zone slab_zones[SLAB_MAX_NODES] __attribute__((aligned(UNIT_BYTES / 2)));
static uint64_t step_ns; /* 0: memory goes back at once */
static void (*when_dirty)(void);

void zones_on_dirty(void (*fn)(void))
{
	when_dirty = fn;
}

void zones_init(const struct zone_policy *policy)
{
	step_ns = policy->purge_ns / 2;
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

/* One piece more may not suffice, or be part of a pageblock of another type. */
static struct frame *find_beyond(struct zone *z, const struct wish *w)
{
	struct frame *f = NULL;

	while (!f && w->grow(z, w->type)) {
		f = area_fit_dirty(z, w->type, w->order);
		if (!f)
			f = area_fit_clean(z, w->type, w->order);
	}
	return f;
}

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
	if (!f)
		f = find_beyond(z, w);
	return f ? f : mobility_steal(z, w->order, w->type);
}

/* Fewer pages are dirty than before. */
static void note_low(struct zone *z)
{
	z->nr_low = min_size(z->nr_low, z->nr_dirty);
}

static struct frame *take(struct zone *z, const struct wish *w)
{
	struct frame *f = find(z, w);

	if (!f)
		return NULL;
	area_del(z, f);
	while (f->order > w->order)
		f = halve(z, f);
	note_low(z);
	f->state = FRAME_USED;
	f->mobility = (uint8_t)w->type;
	z->nr_used += block_pages(w->order);
	return f;
}

static size_t dirty_limit(const struct zone *z)
{
	return max_size(z->dirty_floor, z->nr_used / 4);
}

/* Of the largest dirty block, which is on its list, what is no more than @nr pages. */
static struct frame *cut(struct zone *z, size_t nr)
{
	struct frame *f = area_largest_dirty(z);

	area_del(z, f);
	while (f->nr_dirty > nr && f->order > max_size(PURGE_MIN_ORDER, slab_page_order))
		f = halve(z, f);
	return f;
}

/* Take dirty pages off the lists while they are being given back. */
static struct frame *begin_purge(struct zone *z, size_t down_to)
{
	struct frame *f;

	if (z->nr_dirty <= down_to)
		return NULL;
	f = cut(z, z->nr_dirty - down_to);
	note_low(z);
	f->state = FRAME_PURGING;
	z->nr_purging += block_pages(f->order);
	return f;
}

static void end_purge(struct zone *z, struct frame *f)
{
	z->nr_purging -= block_pages(f->order);
	coalesce_add(z, f);
}

/* How many pages are not dirty any more. */
static size_t purge_block(struct frame *f)
{
	size_t nr = f->nr_dirty;

	if (os_purge(frame_address(f), frame_bytes(f)))
		return 0;
	pagemap_set(frame_page(f), f->order, PAGE_CLEAN, 0);
	f->nr_dirty = 0;
	return nr;
}

/*
 * Called with the lock, returns with it. Bounded by the pages that were dirty at the start, so that
 * a system that refuses to take memory back costs one round and no more.
 */
static void purge(struct zone *z, size_t down_to)
{
	size_t budget = z->nr_dirty - down_to, gone;
	struct frame *f;

	gate_enter(); /* for as long as a block is on no list */
	while (budget && (f = begin_purge(z, down_to))) {
		budget -= min_size(budget, f->nr_dirty);
		lock_release(&z->lock);
		gone = purge_block(f);
		lock_acquire(&z->lock);
		z->nr_purged += gone;
		end_purge(z, f);
	}
	gate_leave();
}

static bool has_surplus(const struct zone *z)
{
	return z->nr_dirty > z->dirty_floor;
}

/* Called with the lock, returns with it. The next step begins with what this one leaves. */
static void end_step(struct zone *z, uint64_t now_ns)
{
	size_t left = z->nr_dirty - z->nr_low;

	if (now_ns < z->step_end_ns)
		return;
	z->step_end_ns = now_ns + step_ns;
	z->nr_low = left;
	if (z->nr_dirty - left >= block_pages(PURGE_MIN_ORDER))
		purge(z, left);
	else
		z->nr_low = z->nr_dirty;
}

bool zone_step(struct zone *z, uint64_t now_ns)
{
	bool more;

	lock_acquire(&z->lock);
	if (has_surplus(z))
		end_step(z, now_ns);
	more = has_surplus(z);
	lock_release(&z->lock);
	return more;
}

/* Called with the lock, returns with it. */
static void mind_steps(struct zone *z)
{
	if (step_ns && has_surplus(z))
		end_step(z, os_now_coarse_ns());
}

/* The first step begins when the floor is passed: so little was dirty just before. */
static void add_dirty(struct zone *z, struct frame *f)
{
	bool begun = has_surplus(z);

	coalesce_add(z, f);
	if (!begun && has_surplus(z)) {
		z->step_end_ns = os_now_coarse_ns() + step_ns;
		z->nr_low = 0;
	}
}

/* What others are giving back is free all the same; they are in one system call. */
static struct frame *take_after_purge(struct zone *z, const struct wish *w)
{
	lock_release(&z->lock);
	sched_yield();
	lock_acquire(&z->lock);
	return take(z, w);
}

struct frame *zone_alloc(struct zone *z, unsigned int order, enum migrate_type type, bool *clean)
{
	struct wish w = { order, type, frontier_grow };
	struct frame *f;

	if (fault_hit(FAULT_PAGES))
		return NULL;
	lock_acquire(&z->lock);
	f = take(z, &w);
	while (unlikely(!f) && z->nr_purging)
		f = take_after_purge(z, &w);
	mind_steps(z);
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

/* Called with the lock, returns with it. */
static void free_at_once(struct zone *z, struct frame *f)
{
	coalesce_add(z, f);
	if (z->nr_dirty > dirty_limit(z))
		purge(z, dirty_limit(z) / 2);
}

/* The same. True if there will be a step to end. */
static bool free_by_steps(struct zone *z, struct frame *f)
{
	add_dirty(z, f);
	mind_steps(z);
	return has_surplus(z);
}

void zone_free(struct zone *z, struct frame *f)
{
	bool tell = false;

	pagemap_set(frame_page(f), f->order, PAGE_DIRTY, 0);
	f->nr_dirty = (uint32_t)block_pages(f->order);
	lock_acquire(&z->lock);
	z->nr_used -= block_pages(f->order);
	if (step_ns)
		tell = free_by_steps(z, f);
	else
		free_at_once(z, f);
	lock_release(&z->lock);
	if (tell && when_dirty)
		when_dirty();
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
