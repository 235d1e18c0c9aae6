/* SPDX-License-Identifier: MIT */
/*
 * Checks of objects and slabs, for the caches that have one of SLAB_DEBUG_FLAGS. Such a cache keeps
 * no free objects outside its slabs, hands out one at a time under node.lock and is never merged.
 * Its slabs have no fresh objects: the whole freelist is built when the slab is made, so that every
 * free object is marked as one (frame.nr_fresh is 0).
 *
 * What each flag does, by its letter in the option debug=:
 *
 *   F  at each allocation and free the slab's counts, its freelist and the object are checked
 *   Z  8 bytes or more before and after each object hold 0xbb while it is free, 0xcc in use
 *   P  free objects hold 0x6b and end in 0xa5, what nobody uses holds 0x5a
 *   U  who allocated and who freed (track.h), and for kmalloc the size that was asked for: with Z
 *      the bytes behind that are red zone too
 *   T  each allocation and free is a line on fd 2
 *
 * What is damaged is reported once and repaired (report.h). Without F damage is found by
 * kmem_cache_validate() only, except that a pointer which is no object is never followed. As in the
 * kernel, an object found damaged when it is freed is not freed; if it is found when it is
 * allocated, its slab is taken out of service (frame.frozen) and another is used.
 *
 * Functions are called with node.lock held, or on a slab that only the caller sees, unless they say
 * otherwise. debug.c has what concerns one object, debug_slab.c the slab.
 */
#ifndef SLAB_DEBUG_H
#define SLAB_DEBUG_H

#include "track.h"
#include "types.h"

/* The kernel's patterns (include/linux/poison.h). */
#define DEBUG_RED_INACTIVE 0xbbu /* red zone of a free object */
#define DEBUG_RED_ACTIVE   0xccu /* red zone of an object in use */
#define DEBUG_POISON_FREE  0x6bu /* contents of a free object */
#define DEBUG_POISON_END   0xa5u /* their last byte */
#define DEBUG_POISON_INUSE 0x5au /* bytes that nobody should write */

/* Does this cache work one object at a time, with the functions below? */
static inline bool debug_is_on(const struct kmem_cache *s)
{
	return s->flags & SLAB_DEBUG_FLAGS;
}

/*
 * A new slab of a debug cache: poisoned as a whole, every object marked free and constructed, the
 * freelist through all of them in order of address. Calls the constructor, so no lock is held. Must
 * come before an extension vector is placed in the slab.
 */
void debug_init_slab(struct kmem_cache *s, struct frame *f);

/*
 * @object has just been taken off the freelist for @orig_bytes (object_size where the caller named
 * none); frame.inuse counts it. False: it was damaged, the slab is out of service, on no list from
 * now on; take another.
 */
bool debug_alloc(struct kmem_cache *s, struct frame *f, void *object, size_t orig_bytes,
		 const struct track_site *site);

/*
 * @object is to be freed; true: it is marked free, the caller puts it on the freelist and counts.
 * False: reported, stays allocated.
 */
bool debug_free(struct kmem_cache *s, struct frame *f, void *object, const struct track_site *site);

/* The slab is on its way back: with F check once more that its free objects are untouched. */
void debug_check_gone(struct kmem_cache *s, struct frame *f);

/* Check the slab and all its objects, whatever the flags. Counts may change by a repair. */
void debug_validate_slab(struct kmem_cache *s, struct frame *f);

/* Take the slab out of service. */
void debug_retire(struct kmem_cache *s, struct frame *f);

/* One bit for each object of a slab: set if it is free. */
struct debug_map {
	uint64_t free[(MAX_OBJS_PER_PAGE + 1) / 64];
};

/* For any slab; of a damaged freelist the part in front of the damage counts. */
void debug_fill_map(struct kmem_cache *s, struct frame *f, struct debug_map *map);

static inline bool debug_map_is_free(const struct debug_map *map, unsigned int index)
{
	return map->free[index / 64] >> index % 64 & 1;
}

/* The number of @object in its slab. */
unsigned int debug_index(const struct kmem_cache *s, const struct frame *f, const void *object);

/*
 * One object. debug_init_object() writes the patterns of an object that becomes free
 * (DEBUG_RED_INACTIVE) or used (DEBUG_RED_ACTIVE); debug_check_object() compares with those,
 * reports and restores each region that differs, and is false if any did.
 */
void debug_init_object(struct kmem_cache *s, void *object, unsigned char red);
bool debug_check_object(struct kmem_cache *s, struct frame *f, void *object, unsigned char red);

/* Write @value over [@from, @to) again: "Restoring @what 0x..-0x..=0x..". */
void debug_restore(struct kmem_cache *s, const char *what, unsigned char value, char *from,
		   char *to);

/* The first byte of @bytes bytes that is not @value, or NULL. */
char *debug_find_other(char *from, unsigned char value, size_t bytes);

/*
 * The size that was asked for, of an object in use whose owner calls: kept in kmalloc caches with
 * U, else object_size, which it never exceeds even if the word was overwritten. No lock.
 */
size_t debug_orig_bytes(const struct kmem_cache *s, const void *object);
void debug_set_orig_bytes(const struct kmem_cache *s, void *object, size_t bytes);

/*
 * How much __GFP_ZERO clears at an allocation of @orig_bytes (7.2, 648927ceb840): all of the
 * object, so that it may grow in place later, unless what lies behind the size is red zone.
 */
size_t debug_zero_bytes(const struct kmem_cache *s, size_t orig_bytes);

/*
 * krealloc() keeps @object in place with @bytes: record the size and make the rest red zone. To be
 * called behind the zeroing. Takes node.lock, lest a validation sees one without the other.
 */
void debug_resize(struct kmem_cache *s, void *object, size_t bytes);

#endif
