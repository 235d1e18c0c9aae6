/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: blocks of 2^order pages, order 0 to MAX_PAGE_ORDER, aligned to their size,
 * split on demand and merged with their buddy when freed. The free lists go through the frames.
 *
 * Which block is taken. Memory that was written before (dirty) costs nothing to use again; clean
 * memory costs a page fault and raises the peak. So: the smallest block that has a dirty page and
 * is big enough; then the smallest clean one; then the frontier of the range moves up by a block of
 * the largest order. A split keeps the half with more dirty pages, or the lower one. The range thus
 * fills from its bottom and the pages ever touched stay few.
 *
 * When memory goes back to the system. All pages of a freed block count as dirty. As soon as the
 * dirty free pages exceed
 *
 *     max(dirty option, a quarter of the pages in use)
 *
 * blocks are given back (MADV_DONTNEED), largest first, until half of that is left. The quarter
 * keeps a program that swings around a level from paying for each swing; the halving makes the next
 * time far away; after a full drain no more than the dirty option stays. It depends on calls alone,
 * not on time: without calls nothing happens, and equal runs give equal memory. System calls are
 * made without the lock.
 */
#ifndef SLAB_BUDDY_H
#define SLAB_BUDDY_H

#include "types.h"

/* Make @z manage the range from its start; @dirty_bytes is the dirty option. */
void zone_init(struct zone *z, size_t dirty_bytes);

/*
 * A block of order @order (at most MAX_PAGE_ORDER), or NULL. Its frame has order set and state
 * FRAME_USED; the caller sets the page map. If @clean is not NULL it says whether all of the block
 * reads as zero.
 */
struct frame *zone_alloc(struct zone *z, unsigned int order, bool *clean);

/* The same without waiting: NULL too if the lock is taken. Async-signal-safe. */
struct frame *zone_try_alloc(struct zone *z, unsigned int order);

/* Return a block; the pages become PAGE_DIRTY, and memory may go back to the system. */
void zone_free(struct zone *z, struct frame *f);

/* Give memory back to the system until at most @nr free units of @z are dirty. */
void zone_trim(struct zone *z, size_t nr);

#endif
