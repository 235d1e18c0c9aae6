/* SPDX-License-Identifier: MIT */
/*
 * The free lists of a zone, by migrate type, dirty or clean, and order. Whatever puts a block on a
 * list or takes it off goes through here, so that the counts of E5, E7 and E13 (types.h) hold.
 * zone.lock is held throughout.
 */
#ifndef SLAB_AREA_H
#define SLAB_AREA_H

#include "pagemap.h"

/* Empty lists. */
void area_init(struct zone *z);

/* Put @f on the list that its order, dirty pages and pageblock say; at the head: used again first.
 */
void area_add(struct zone *z, struct frame *f);

/* The same at the tail. */
void area_add_tail(struct zone *z, struct frame *f);

/* Take @f off its list; its state is FRAME_NONE then. */
void area_del(struct zone *z, struct frame *f);

/* A block of just this order and type that has a dirty page; NULL if there is none. */
struct frame *area_first_dirty(struct zone *z, enum migrate_type type, unsigned int order);

/* The same without a dirty page. */
struct frame *area_first_clean(struct zone *z, enum migrate_type type, unsigned int order);

/* The smallest block of this type that is big enough and has a dirty page. */
struct frame *area_fit_dirty(struct zone *z, enum migrate_type type, unsigned int order);

/* The same without a dirty page. */
struct frame *area_fit_clean(struct zone *z, enum migrate_type type, unsigned int order);

/* The largest block that has a dirty page, of any type; NULL if nothing is dirty. */
struct frame *area_largest_dirty(struct zone *z);

/* The type of the pageblock of @page. */
static inline enum migrate_type pageblock_type(size_t page)
{
	return (enum migrate_type)slab_range.pageblocks[page >> PAGEBLOCK_ORDER];
}

#endif
