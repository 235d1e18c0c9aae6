/* SPDX-License-Identifier: MIT */
/*
 * The fast path of kmalloc(): a size and a call site to an object that this CPU has at hand. Two
 * loads find the lane, the class of the size and the slot of the class in the site's set. Inline
 * for the entry points (kmalloc.c, dropin).
 *
 * Threads: any. The tables are written at boot and, where caches are made when first used, later;
 * a slot of 0 has nothing at hand, so that the slow path decides.
 */
#ifndef SLAB_KMALLOC_FAST_H
#define SLAB_KMALLOC_FAST_H

#include "classes.h"
#include "pagemap.h"
#include "percpu.h"

static inline void *kmalloc_pop(size_t set, size_t step)
{
	set = (set << NR_CLASSES_SHIFT) + classes_of_step(step);
	return percpu_pop(__atomic_load_n(&slab_classes.slots[set], __ATOMIC_ACQUIRE));
}

/* Is an object whose page has @entry one of the set that @token names? With partition=typed only.
 */
static inline bool kmalloc_is_in_set(uint32_t entry, struct kmalloc_token token)
{
	size_t set =
		(uint32_t)token.token & __atomic_load_n(&slab_partition.mask, __ATOMIC_RELAXED);

	set = (set << NR_CLASSES_SHIFT) + entry_class(entry);
	return __atomic_load_n(&slab_classes.slots[set], __ATOMIC_RELAXED) == entry_slot(entry);
}

/* In the random mode; or nothing yet, before boot. */
static inline void *kmalloc_try_hashed(uint32_t mask, size_t step, const void *location)
{
	if (unlikely(mask == PARTITION_CLOSED))
		return NULL;
	return kmalloc_pop(partition_set_of_site(location), step);
}

/*
 * An object, or NULL: nothing at hand, or @size is 0 or has no class. The two ways are apart, so
 * that the set of a constant token costs nothing.
 */
static __attribute__((always_inline)) inline void *kmalloc_try(size_t size,
							       struct kmalloc_token token)
{
	uint32_t mask = __atomic_load_n(&slab_partition.mask, __ATOMIC_ACQUIRE);
	size_t step = (size - 1) >> CLASS_STEP_SHIFT; /* size 0 becomes the largest */

	__asm__("" : "+r"(step)); /* or gcc compares size - 1 instead, and needs a copy for it */
	if (unlikely(step >= NR_CLASS_STEPS))
		return NULL;
	if (unlikely(mask & PARTITION_HASHED))
		return kmalloc_try_hashed(mask, step, token.location);
	return kmalloc_pop((uint32_t)token.token & mask, step);
}

#endif
