/* SPDX-License-Identifier: MIT */
/*
 * The page allocator of one memory node: blocks of 2^order units, from one page to the largest
 * block (slab_block_order()), aligned to their size, split on demand and merged with their buddy
 * when freed; never across largest blocks, and so never across nodes. The free lists go through the
 * frames.
 *
 * Which block is taken. Memory that was written before (dirty) costs nothing to use again; clean
 * memory costs a page fault and raises the peak. So, in this order, of blocks that are big enough:
 *
 *   1. the smallest that has a dirty page, in pageblocks of the wanted migrate type
 *   2. whole pageblocks of another type that have a dirty page (mobility.h): this mixes nothing
 *   3. the smallest clean one of the wanted type
 *   4. whole clean pageblocks of another type
 *   5. what is beyond the frontier (frontier.h), mostly a new largest block; in the kernel this is
 * step 4: memory that nobody used yet is free MOVABLE blocks of the largest order
 *   6. parts of pageblocks of another type
 *
 * While only one type is asked for, only 1, 3 and 5 happen. A split keeps the half with more dirty
 * pages, or the lower one. The range thus fills from its bottom and the pages ever touched stay
 * few.
 *
 * When memory goes back to the system (MADV_DONTNEED), largest blocks first, never a part of less
 * than 64 KiB of a larger one. All pages of a freed block count as dirty. Up to the dirty option
 * nothing happens. Above it, by the option purge:
 *
 *   Time is cut into steps of half of what purge says. At the end of a step as much is given back
 * as was dirty throughout: nr_low, the pages that the program has shown not to need. What swings,
 *   however far, stays; what is freed for good is gone between one and two steps later. A step ends
 *   in the first zone_alloc() or zone_free() after its time, or when zone_step() says so, which
 *   libslab's own thread does (purge.h) while the program makes no calls.
 *
 *   With purge=0 it depends on calls alone: as soon as the dirty pages exceed the dirty option or,
 * if that is more, a quarter of the pages in use, they are given back down to half of that. Equal
 *   runs give equal memory.
 *
 * System calls are made without the lock.
 */
#ifndef SLAB_BUDDY_H
#define SLAB_BUDDY_H

#include "types.h"

struct zone_policy {
	size_t dirty_bytes; /* the dirty option; each zone has an equal part */
	uint64_t purge_ns;  /* the option of that name: two steps; 0: at once */
	bool shuffle;	    /* the option of that name, the kernel's page_alloc.shuffle */
	uint64_t seed;	    /* for shuffling */
};

/*
 * Who wants to know that a zone has dirty pages above its floor, so that its steps do not depend on
 * further calls; told at each zone_free() that finds it so, without the lock. NULL: nobody.
 */
void zones_on_dirty(void (*fn)(void));

/* Make slab_nr_nodes zones that share the range. */
void zones_init(const struct zone_policy *policy);

/* The zone that a block belongs to. */
static inline struct zone *zone_of(const struct frame *f)
{
	return &slab_zones[f->node];
}

/*
 * A block of order @order in units (slab_page_order to slab_block_order()), or NULL. Its frame has
 * order, node, mobility and the state FRAME_USED set; the caller sets the page map. If @clean is
 * not NULL it says whether all of the block reads as zero.
 */
struct frame *zone_alloc(struct zone *z, unsigned int order, enum migrate_type type, bool *clean);

/* The same without waiting: NULL too if a lock is taken. Async-signal-safe. */
struct frame *zone_try_alloc(struct zone *z, unsigned int order, enum migrate_type type);

/* Return a block of @z; the pages become PAGE_DIRTY, and memory may go back to the system. */
void zone_free(struct zone *z, struct frame *f);

/*
 * It is @now_ns by the coarse clock: end the step of @z if its time has come. True if there is a
 * further one to end, because dirty pages above the floor are left. Not with purge=0.
 */
bool zone_step(struct zone *z, uint64_t now_ns);

/* Give memory back to the system until at most @nr free units of @z are dirty. */
void zone_trim(struct zone *z, size_t nr);

/* For mend.c: a block whose memory goes back to the system is free again, whoever did that. */
void zone_take_purged(struct zone *z, struct frame *f);

/* Make single pages of a block in use, each of which is freed for itself (the kernel's split_page).
 * The caller sets the page map.
 */
void zone_split(struct zone *z, struct frame *f);

#endif
