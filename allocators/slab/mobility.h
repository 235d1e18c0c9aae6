/* SPDX-License-Identifier: MIT */
/*
 * Grouping pages by mobility: what can be dropped or moved is kept apart, in pageblocks of its own,
 * from what stays for ever, so that shrinking a cache frees whole runs of memory and not holes.
 *
 * Each pageblock has a type, and its free blocks are on the lists of that type. A request takes
 * from its own type first. When that has nothing the other types are asked in the kernel's order:
 *
 *     UNMOVABLE    RECLAIMABLE, MOVABLE
 *     MOVABLE      RECLAIMABLE, UNMOVABLE
 *     RECLAIMABLE  UNMOVABLE, MOVABLE
 *
 * largest block first, because one large piece of foreign memory used up is less mixing than many
 * small ones. A block of whole pageblocks changes its type. Else the pageblock changes its type,
 * and with it the list of all its free blocks, if at least half of it is free or in use by requests
 * of the wanted type; its old inhabitants then are the strangers. Else only the block is taken: the
 * rest of it stays what it was. The kernel has to guess what is in use by the wanted type from
 * whether a page can be moved; here each block in use remembers its type.
 */
#ifndef SLAB_MOBILITY_H
#define SLAB_MOBILITY_H

#include "types.h"

/* The type of memory that a request with these flags takes (the kernel's gfp_migratetype). */
static inline enum migrate_type mobility_of(gfp_t gfp)
{
	if (gfp & __GFP_RECLAIMABLE)
		return MIGRATE_RECLAIMABLE;
	return gfp & __GFP_MOVABLE ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE;
}

/* "Unmovable", "Movable", "Reclaimable". */
const char *mobility_name(enum migrate_type type);

/*
 * A free block of at least @order from another type, still on its list, or NULL; a dirty one if
 * there is one of the size. What else of its pageblock changes the type has been changed. zone.lock
 * is held.
 */
struct frame *mobility_steal(struct zone *z, unsigned int order, enum migrate_type type);

/* The same of blocks that have a dirty page alone. */
struct frame *mobility_steal_dirty(struct zone *z, unsigned int order, enum migrate_type type);

/*
 * Give all pageblocks of a block of whole pageblocks, which is on no list, this type; or the
 * pageblock that it is all there is of.
 */
void mobility_set(const struct frame *f, enum migrate_type type);

#endif
