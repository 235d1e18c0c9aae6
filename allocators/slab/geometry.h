/* SPDX-License-Identifier: MIT */
/*
 * How the objects of a cache lie in its slabs: the kernel's calculate_alignment, calculate_sizes
 * and calculate_order (mm/slub.c, mm/slab_common.c, 6.12 to 7.3) as pure functions of the request
 * and of a machine that need not be this one. tests/slab/geometry.c compares them with a recorded
 * kernel.
 */
#ifndef SLAB_GEOMETRY_H
#define SLAB_GEOMETRY_H

#include "types.h"

/* The machine whose slab is asked for. */
struct machine {
	size_t page_size;	       /* bytes, a power of two */
	unsigned int cpus;	       /* CPUs present */
	unsigned int slab_min_order;   /* 0 */
	unsigned int slab_max_order;   /* 3 (PAGE_ALLOC_COSTLY_ORDER) */
	unsigned int slab_min_objects; /* 0: follows the CPUs */
	unsigned int cache_line;       /* bytes */
	unsigned int minalign;	       /* ARCH_SLAB_MINALIGN: 8 on x86-64 */
};

/* What a cache asks for. */
struct layout {
	unsigned int size;
	unsigned int align;
	slab_flags_t flags;
	bool has_ctor;
	bool has_freeptr_offset;
	unsigned int freeptr_offset;
};

/* @page_size with the kernel's defaults for everything else. */
struct machine machine_default(size_t page_size, unsigned int cpus);

/* The order of the smallest block of @page_size pages that holds @bytes; @bytes > 0. */
unsigned int geometry_get_order(size_t bytes, size_t page_size);

/* 4 * (fls(cpus) + 1) unless the machine says. */
unsigned int geometry_min_objects(const struct machine *m);

/* The order of a slab of @size-byte slots, or -ENOSYS if one does not fit the largest block. */
int geometry_order(const struct machine *m, unsigned int size);

unsigned int geometry_alignment(const struct machine *m, slab_flags_t flags, unsigned int align,
				unsigned int size);

/* The array (sheaf) capacity of a cache of @size-byte slots: 60, 28, 12 or 4. */
unsigned int geometry_capacity(unsigned int size);

/* Fill @geo. 0, -EINVAL for a bad request, -ENOSYS if no block is large enough. */
int geometry_calculate(const struct machine *m, const struct layout *l, struct geometry *geo);

/* The number of the object that lies @bytes into a slab. */
static inline unsigned int geometry_index(const struct geometry *geo, size_t bytes)
{
	return (unsigned int)((unsigned __int128)geo->reciprocal * bytes >> 64);
}

#endif
