// SPDX-License-Identifier: MIT
/* The arithmetic of geometry.h. Pure functions: no state, no lock. */
#include "geometry.h"

#include <errno.h>
#include <string.h>

#define WORD 8u

/* Fall-back limits of the leftover of a slab: at most 1/16 of it, then 1/8, 1/4, 1/2. */
#define FIRST_FRACTION 16u
#define LAST_FRACTION  2u

#define MIN_PARTIAL 5u
#define MAX_PARTIAL 10u

/* What letter O takes away: the flags that need bytes beside the object. */
#define METADATA_FLAGS (SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

#define NEVER_6_18                                                                                 \
	(METADATA_FLAGS | SLAB_TRACE | SLAB_TYPESAFE_BY_RCU | SLAB_NOLEAKTRACE | SLAB_FAILSLAB |   \
	 SLAB_NO_MERGE)
#define NEVER_7_2 (NEVER_6_18 | SLAB_CONSISTENCY_CHECKS | SLAB_OBJ_EXT_IN_OBJ)

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

static bool keeps_orig_size(slab_flags_t flags)
{
	slab_flags_t both = SLAB_STORE_USER | SLAB_KMALLOC;

	return (flags & both) == both;
}

/* Does the free pointer have to lie outside the object? */
static bool freeptr_outside(const struct layout *l, slab_flags_t flags)
{
	if (flags & SLAB_POISON)
		return true;
	if (((flags & SLAB_TYPESAFE_BY_RCU) || l->has_ctor) && !l->has_freeptr_offset)
		return true;
	return (flags & SLAB_RED_ZONE) && (l->size < WORD || keeps_orig_size(flags));
}

static bool freeptr_valid(const struct machine *m, const struct layout *l)
{
	bool may_choose =
		(l->flags & SLAB_TYPESAFE_BY_RCU) || (l->has_ctor && m->rules != RULES_6_18);

	if (!l->has_freeptr_offset)
		return true;
	return may_choose && l->freeptr_offset < l->size && l->size - l->freeptr_offset >= WORD &&
	       l->freeptr_offset % WORD == 0;
}

static bool user_region_valid(const struct layout *l)
{
	if (!l->usersize)
		return !l->useroffset;
	return l->usersize <= l->size && l->useroffset <= l->size - l->usersize;
}

/* Beyond the largest block no object could lie so, and with red zones its slot would be 2^32. */
static bool align_valid(const struct machine *m, unsigned int align)
{
	return !align || (bits_is_pow2(align) && align <= m->page_size << MAX_PAGE_ORDER);
}

static bool layout_valid(const struct machine *m, const struct layout *l)
{
	if (!l->size || l->size > KMALLOC_MAX_SIZE || !align_valid(m, l->align))
		return false;
	return l->min_order <= MAX_PAGE_ORDER && l->sheaf_capacity <= UINT16_MAX &&
	       freeptr_valid(m, l) && user_region_valid(l);
}

/* The tracks and the word behind them begin at @size; returns where they end. */
static size_t place_tracks(const struct machine *m, slab_flags_t flags, struct geometry *geo,
			   size_t size)
{
	if (!(flags & SLAB_STORE_USER))
		return size;
	geo->track_offset = (unsigned int)size;
	size += (size_t)2 * TRACK_BYTES;
	if (!(flags & SLAB_KMALLOC))
		return size;
	geo->orig_offset = (unsigned int)size;
	return size + (m->rules == RULES_6_18 ? sizeof(uint32_t) : WORD);
}

/* Offsets and the end of what is used of a slot; align is set, the size not yet a multiple of it.
 */
static size_t place(const struct machine *m, const struct layout *l, slab_flags_t flags,
		    struct geometry *geo)
{
	size_t size = align_up(l->size, WORD);

	if ((flags & SLAB_RED_ZONE) && size == l->size)
		size += WORD;
	geo->inuse = (unsigned int)size;
	geo->offset = (unsigned int)align_down(l->size / 2, WORD);
	if (freeptr_outside(l, flags)) {
		geo->offset = (unsigned int)size;
		size += WORD;
	} else if (l->has_freeptr_offset) {
		geo->offset = l->freeptr_offset;
	}
	size = place_tracks(m, flags, geo, size);
	if (flags & SLAB_RED_ZONE) {
		geo->red_left_pad = (unsigned int)align_up(WORD, geo->align);
		size += WORD + geo->red_left_pad;
	}
	return size;
}

/* Sheaves or orders of its own are promises that a shared cache could not keep. */
static bool asks_for_its_own(const struct layout *l)
{
	return l->sheaf_capacity || l->min_order || (l->flags & SLAB_HUGE_BLOCKS);
}

bool geometry_unmergeable(const struct machine *m, const struct layout *l, slab_flags_t flags)
{
	slab_flags_t never = m->rules == RULES_6_18 ? NEVER_6_18 : NEVER_7_2;

	return m->nomerge || (flags & (never | SLAB_KMALLOC)) || l->has_ctor || l->usersize ||
	       asks_for_its_own(l);
}

static bool ext_fits_padding(const struct machine *m, const struct layout *l, slab_flags_t flags,
			     size_t padding)
{
	return m->ext_bytes && m->rules != RULES_6_18 && !(flags & SLAB_NO_OBJ_EXT) &&
	       padding >= m->ext_bytes && geometry_unmergeable(m, l, flags);
}

/* Everything inside a slot with exactly @flags. Returns SLAB_OBJ_EXT_IN_OBJ if that is so, or 0. */
static slab_flags_t calculate_sizes(const struct machine *m, const struct layout *l,
				    slab_flags_t flags, struct geometry *geo)
{
	size_t used;

	memset(geo, 0, sizeof(*geo));
	geo->object_size = l->size;
	geo->align = geometry_alignment(m, flags, l->align, l->size);
	used = place(m, l, flags, geo);
	geo->size = (unsigned int)align_up(used, geo->align);
	if (!ext_fits_padding(m, l, flags, geo->size - used))
		return 0;
	geo->ext_offset = (unsigned int)used;
	return SLAB_OBJ_EXT_IN_OBJ;
}

static bool debug_raises_order(const struct machine *m, const struct layout *l, unsigned int size)
{
	return geometry_get_order(size, m->page_size) > geometry_get_order(l->size, m->page_size);
}

/* As calculate_sizes(), with the flags that the cache has in the end. */
static slab_flags_t settle(const struct machine *m, const struct layout *l, struct geometry *geo)
{
	slab_flags_t flags = l->flags, ext;

	if (asks_for_its_own(l))
		flags |= SLAB_NO_MERGE;
	ext = calculate_sizes(m, l, flags, geo);
	if (m->debug_keeps_orders && debug_raises_order(m, l, geo->size)) {
		flags &= ~METADATA_FLAGS;
		ext = calculate_sizes(m, l, flags, geo);
	}
	if ((flags & SLAB_POISON) && !(flags & SLAB_TYPESAFE_BY_RCU) && !l->has_ctor)
		flags |= SLAB_OBJECT_POISON;
	return flags | ext;
}

slab_flags_t geometry_flags(const struct machine *m, const struct layout *l)
{
	struct geometry geo;

	return layout_valid(m, l) ? settle(m, l, &geo) : l->flags;
}

/* Within a huge block, the order with the fewest bytes an object; larger objects have their own. */
static int huge_order(const struct machine *m, unsigned int size)
{
	unsigned int best = geometry_get_order(size, m->page_size);

	if (best > MAX_PAGE_ORDER)
		return -ENOSYS;
	for (unsigned int order = best + 1;
	     order <= MAX_PAGE_ORDER && m->page_size << order <= HUGE_BLOCK_BYTES; order++) {
		size_t bytes = m->page_size << order, least = m->page_size << best;

		if (bytes * (least / size) < least * (bytes / size))
			best = order;
	}
	return (int)best;
}

static int usual_order(const struct machine *m, const struct layout *l, unsigned int size)
{
	struct machine own = *m;
	int order;

	if ((l->flags & SLAB_HUGE_BLOCKS) && size > m->page_size)
		order = huge_order(m, size);
	else {
		own.slab_min_order = (unsigned int)max_size(m->slab_min_order, l->min_order);
		own.slab_max_order = (unsigned int)max_size(m->slab_max_order, own.slab_min_order);
		order = geometry_order(&own, size);
	}
	return order < 0 ? order : (int)max_size((size_t)order, l->min_order);
}

/* Below this no slab may fall: one object's order, or what the cache insists on. */
static unsigned int lowest_order(const struct machine *m, const struct layout *l,
				 const struct geometry *geo)
{
	if ((l->flags & SLAB_HUGE_BLOCKS) && geo->size > m->page_size)
		return geo->order;
	return (unsigned int)max_size(geometry_get_order(geo->size, m->page_size), l->min_order);
}

static unsigned int min_partial(unsigned int size)
{
	size_t half_log = bits_ilog2(size) / 2;

	return (unsigned int)min_size(max_size(half_log, MIN_PARTIAL), MAX_PARTIAL);
}

static unsigned int sheaf_capacity(const struct machine *m, const struct layout *l,
				   slab_flags_t flags, unsigned int size)
{
	slab_flags_t without =
		SLAB_DEBUG_FLAGS | SLAB_NOLEAKTRACE | SLAB_NO_SHEAVES | SLAB_NO_OBJ_EXT;
	unsigned int usual = m->rules == RULES_6_18 ? 0 : geometry_capacity(size);

	return flags & without ? 0 : (unsigned int)max_size(usual, l->sheaf_capacity);
}

unsigned int geometry_cpu_partial(const struct machine *m, const struct geometry *geo,
				  slab_flags_t flags)
{
	if (m->rules != RULES_6_18 || (flags & SLAB_DEBUG_FLAGS))
		return 0;
	if (geo->size >= m->page_size)
		return 6;
	if (geo->size >= 1024)
		return 24;
	return geo->size >= 256 ? 52 : 120;
}

size_t geometry_ext_leftover(const struct machine *m, const struct geometry *geo, size_t bytes,
			     unsigned int objects)
{
	size_t begin = align_up((size_t)geo->size * objects, WORD);
	size_t vector = (size_t)m->ext_bytes * objects;

	return vector && m->rules != RULES_6_18 && begin + vector <= bytes ? begin : 0;
}

static unsigned int nr_fit(const struct machine *m, unsigned int order, unsigned int size)
{
	return (unsigned int)((m->page_size << order) / size);
}

int geometry_calculate(const struct machine *m, const struct layout *l, struct geometry *geo)
{
	slab_flags_t flags;
	int order;

	memset(geo, 0, sizeof(*geo));
	if (!layout_valid(m, l))
		return -EINVAL;
	flags = settle(m, l, geo);
	order = usual_order(m, l, geo->size);
	if (order < 0)
		return order;
	geo->order = (unsigned int)order;
	geo->min_order = lowest_order(m, l, geo);
	geo->objects = nr_fit(m, geo->order, geo->size);
	geo->min_objects = nr_fit(m, geo->min_order, geo->size);
	if (geo->objects > MAX_OBJS_PER_PAGE)
		return -EINVAL;
	geo->min_partial = min_partial(geo->size);
	geo->capacity = sheaf_capacity(m, l, flags, geo->size);
	geo->reciprocal = UINT64_MAX / geo->size + 1;
	return 0;
}
