// SPDX-License-Identifier: MIT
/* The arithmetic of geometry.h. Pure functions: no state, no lock. */
#include "geometry.h"

#include <errno.h>
#include <string.h>

#define WORD 8u

/* struct track: return address, stack handle, cpu, pid (padded), time. */
#define TRACK_BYTES 32u

/* Fall-back limits of the leftover of a slab: at most 1/16 of it, then 1/8, 1/4, 1/2. */
#define FIRST_FRACTION 16u
#define LAST_FRACTION  2u

#define MIN_PARTIAL 5u
#define MAX_PARTIAL 10u

struct machine machine_default(size_t page_size, unsigned int cpus)
{
	return (struct machine){
		.page_size = page_size,
		.cpus = cpus,
		.slab_max_order = 3,
		.cache_line = 64,
		.minalign = 8,
	};
}

unsigned int geometry_get_order(size_t bytes, size_t page_size)
{
	return bits_fls((bytes - 1) / page_size);
}

unsigned int geometry_min_objects(const struct machine *m)
{
	return m->slab_min_objects ? m->slab_min_objects : 4 * (bits_fls(m->cpus) + 1);
}

/* The first order from @order up whose leftover is at most 1/@fraction of the slab. */
static unsigned int fitting_order(const struct machine *m, unsigned int size, unsigned int order,
				  unsigned int fraction)
{
	if ((m->page_size << order) / size > MAX_OBJS_PER_PAGE)
		return geometry_get_order((size_t)MAX_OBJS_PER_PAGE * size, m->page_size) - 1;
	for (; order <= m->slab_max_order; order++) {
		size_t slab = m->page_size << order;

		if (slab % size <= slab / fraction)
			break;
	}
	return order;
}

int geometry_order(const struct machine *m, unsigned int size)
{
	size_t fit = max_size((m->page_size << m->slab_max_order) / size, 1);
	size_t min_objects = min_size(geometry_min_objects(m), fit);
	unsigned int order = geometry_get_order(min_objects * size, m->page_size);
	unsigned int first = (unsigned int)max_size(m->slab_min_order, order);

	for (unsigned int f = FIRST_FRACTION; f >= LAST_FRACTION; f /= 2) {
		order = fitting_order(m, size, first, f);
		if (order <= m->slab_max_order)
			return (int)order;
	}
	order = geometry_get_order(size, m->page_size);
	return order <= MAX_PAGE_ORDER ? (int)order : -ENOSYS;
}

unsigned int geometry_alignment(const struct machine *m, slab_flags_t flags, unsigned int align,
				unsigned int size)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		unsigned int line = m->cache_line;

		while (size <= line / 2)
			line /= 2;
		align = (unsigned int)max_size(align, line);
	}
	return (unsigned int)align_up(max_size(align, m->minalign), sizeof(void *));
}

/*
 * The kernel's first choice by size is 60, 26, 12, 4; it then grows to what the sheaf's kmalloc
 * bucket (a 32-byte header and the pointers) holds, which makes 28 of the 26.
 */
unsigned int geometry_capacity(unsigned int size)
{
	if (size >= 4096)
		return 4;
	if (size >= 1024)
		return 12;
	if (size >= 256)
		return 28;
	return 60;
}

/* Does the free pointer have to lie outside the object? */
static bool freeptr_outside(const struct layout *l)
{
	slab_flags_t tracks = SLAB_STORE_USER | SLAB_KMALLOC;

	if (l->flags & SLAB_POISON)
		return true;
	if (((l->flags & SLAB_TYPESAFE_BY_RCU) || l->has_ctor) && !l->has_freeptr_offset)
		return true;
	return (l->flags & SLAB_RED_ZONE) && (l->size < WORD || (l->flags & tracks) == tracks);
}

static bool layout_valid(const struct layout *l)
{
	if (!l->size || l->size > KMALLOC_MAX_SIZE || (l->align && !bits_is_pow2(l->align)))
		return false;
	if (!l->has_freeptr_offset)
		return true;
	if (!(l->flags & SLAB_TYPESAFE_BY_RCU) && !l->has_ctor)
		return false;
	return l->freeptr_offset + WORD <= l->size && l->freeptr_offset % WORD == 0;
}

/* Offsets and the distance between objects; geo->align is set. */
static void calculate_sizes(const struct layout *l, struct geometry *geo)
{
	size_t size = align_up(l->size, WORD);

	if ((l->flags & SLAB_RED_ZONE) && size == l->size)
		size += WORD;
	geo->inuse = (unsigned int)size;
	geo->offset = (unsigned int)align_down(l->size / 2, WORD);
	if (freeptr_outside(l)) {
		geo->offset = (unsigned int)size;
		size += WORD;
	} else if (l->has_freeptr_offset) {
		geo->offset = l->freeptr_offset;
	}
	if (l->flags & SLAB_STORE_USER) {
		size += 2 * TRACK_BYTES;
		if (l->flags & SLAB_KMALLOC)
			size += WORD;
	}
	if (l->flags & SLAB_RED_ZONE) {
		geo->red_left_pad = (unsigned int)align_up(WORD, geo->align);
		size += WORD + geo->red_left_pad;
	}
	geo->size = (unsigned int)align_up(size, geo->align);
}

static unsigned int min_partial(unsigned int size)
{
	size_t half_log = bits_ilog2(size) / 2;

	return (unsigned int)min_size(max_size(half_log, MIN_PARTIAL), MAX_PARTIAL);
}

int geometry_calculate(const struct machine *m, const struct layout *l, struct geometry *geo)
{
	int order;

	memset(geo, 0, sizeof(*geo));
	if (!layout_valid(l))
		return -EINVAL;
	geo->object_size = l->size;
	geo->align = geometry_alignment(m, l->flags, l->align, l->size);
	calculate_sizes(l, geo);
	order = geometry_order(m, geo->size);
	if (order < 0)
		return order;
	geo->order = (unsigned int)order;
	geo->min_order = geometry_get_order(geo->size, m->page_size);
	geo->objects = (unsigned int)((m->page_size << geo->order) / geo->size);
	geo->min_objects = (unsigned int)((m->page_size << geo->min_order) / geo->size);
	geo->min_partial = min_partial(geo->size);
	geo->capacity = geometry_capacity(geo->size);
	geo->reciprocal = UINT64_MAX / geo->size + 1;
	return 0;
}
