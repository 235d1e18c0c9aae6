/* SPDX-License-Identifier: MIT */
/*
 * Where the parts of a debug object lie, in bytes from the object (what a user holds):
 *
 *   -red_left_pad   left red zone
 *   0               the object, object_size bytes; behind the size that was asked for, if that is
 *                   kept, more red zone while the object is in use
 *   object_size     right red zone, or padding up to a word
 *   inuse           free pointer, if it lies outside the object
 *   track_offset    alloc track, free track
 *   orig_offset     the size asked for
 *   regions_end     padding
 *   regions_limit   the next slot; before it, an extension may lie (geometry.ext_offset)
 *
 * Pure functions of the geometry, for debug caches.
 */
#ifndef SLAB_REGIONS_H
#define SLAB_REGIONS_H

#include "track.h"
#include "types.h"

static inline bool regions_freeptr_outside(const struct geometry *geo)
{
	return geo->offset >= geo->inuse;
}

/* Behind all that means something. */
static inline unsigned int regions_end(const struct kmem_cache *s)
{
	unsigned int end = s->geo.inuse;

	if (regions_freeptr_outside(&s->geo))
		end += (unsigned int)sizeof(void *);
	if (s->flags & SLAB_STORE_USER)
		end += 2 * (unsigned int)sizeof(struct track);
	if (s->geo.orig_offset)
		end += (unsigned int)sizeof(unsigned long);
	return end;
}

/* Where the padding ends. */
static inline unsigned int regions_limit(const struct kmem_cache *s)
{
	unsigned int slot = s->geo.ext_offset ? s->geo.ext_offset : s->geo.size;

	return slot - s->geo.red_left_pad;
}

#endif
