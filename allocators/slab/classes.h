/* SPDX-License-Identifier: MIT */
/*
 * The size classes of kmalloc: which one serves a size, and how large it is. Two schemes. kernel:
 * 8 to 8192 bytes by powers of two, and 96 and 192, numbered as the kernel does (index 1 is 96
 * bytes, 2 is 192, n from 3 is 2^n, 0 is unused); with pages of 16 and 64 KiB it goes on to two
 * pages. fine: multiples of 16 up to 128, then eight classes for each doubling, so that from 113
 * bytes on less than 12.5 % of a class is unused; numbered upwards from 1. It goes on to 64 KiB, so
 * that blocks of that size are cached by CPU too.
 *
 * Written at boot only, but for the way from a size to its class by one load (of_step): that is
 * there when the class is first used, so that of a table of 8 KiB a program of small blocks touches
 * one page. Before, everything is class 0 to whoever takes that way.
 */
#ifndef SLAB_CLASSES_H
#define SLAB_CLASSES_H

#include "lib/sanitizers.h"
#include "partition.h"
#include "types.h"

enum class_scheme { CLASSES_KERNEL, CLASSES_FINE };

/* More than either scheme has; a power of two, so that sets of slots are found by a shift. */
#define NR_CLASSES_SHIFT   7u
#define NR_KMALLOC_INDEXES (1u << NR_CLASSES_SHIFT)

/* Classes up to 64 KiB are told apart by multiples of 8. */
#define CLASS_STEP_SHIFT 3u
#define CLASS_STEPS_MAX	 65536u
#define NR_CLASS_STEPS	 (CLASS_STEPS_MAX >> CLASS_STEP_SHIFT)

struct classes {
	/* kmalloc_fast.h: of each set; first, and here, so that one address reaches all it reads.
	 */
	uint32_t slots[MAX_PARTITIONS << NR_CLASSES_SHIFT];
	uint8_t above;			    /* the class beyond the steps, of 128 KiB; 0: none */
	size_t max_bytes;		    /* the largest size that has a class */
	uint32_t bytes[NR_KMALLOC_INDEXES]; /* 0: there is no such class */
	uint8_t of_step[NR_CLASS_STEPS];    /* by (size - 1) / 8; 0: the class is not open yet */
};
extern struct classes slab_classes __attribute__((visibility("hidden")));

/*
 * @min_align (the kernel's ARCH_KMALLOC_MINALIGN), 8 or 16: no object is smaller or less aligned.
 * slab_page_order is set.
 */
void classes_init(enum class_scheme scheme, unsigned int min_align);

/* All sizes of class @index find it by one load from now on. slab_boot_lock is held. */
void classes_open(unsigned int index);

/* None do. Nobody uses kmalloc. */
void classes_exit(void);

/* The class of @size, the slow way. */
unsigned int classes_find(size_t size);

/* An atomic load of a byte costs gcc an instruction more, to extend it; any byte that is read will
 * do.
 */
static inline unsigned int classes_of_step(size_t step)
{
#if UNDER_TSAN
	return __atomic_load_n(&slab_classes.of_step[step], __ATOMIC_RELAXED);
#else
	return slab_classes.of_step[step];
#endif
}

/*
 * The largest size that has a class: KMALLOC_MAX_CACHE_SIZE, or more with larger pages or
 * classes=fine.
 */
static inline size_t kmalloc_max_cache_size(void)
{
	return slab_classes.max_bytes;
}

/* The class of @size (1 to kmalloc_max_cache_size()), and the bytes of a class. */
static inline unsigned int kmalloc_index(size_t size)
{
	unsigned int index;

	if (unlikely(size > CLASS_STEPS_MAX))
		return slab_classes.above;
	index = classes_of_step((size - 1) >> CLASS_STEP_SHIFT);
	return likely(index) ? index : classes_find(size);
}

/* The same of a size for which kmalloc_try() had an object. */
static inline unsigned int kmalloc_open_index(size_t size)
{
	return classes_of_step((size - 1) >> CLASS_STEP_SHIFT);
}

static inline unsigned int kmalloc_class_bytes(unsigned int index)
{
	return slab_classes.bytes[index];
}

#endif
