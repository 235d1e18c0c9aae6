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
#include "percpu.h"

/* An object, or NULL: nothing at hand, or @size is 0 or has no class. */
static inline void *kmalloc_try(size_t size, struct kmalloc_token token)
{
	size_t step = (size - 1) >> CLASS_STEP_SHIFT; /* size 0 becomes the largest */
	size_t set;

	if (unlikely(!partition_try_set(token, &set)) || unlikely(step >= NR_CLASS_STEPS))
		return NULL;
	set = (set << NR_CLASSES_SHIFT) + slab_classes.of_step[step];
	return percpu_pop(__atomic_load_n(&slab_classes.slots[set], __ATOMIC_ACQUIRE));
}

#endif
