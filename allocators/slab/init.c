// SPDX-License-Identifier: MIT
/* Which bytes of a slot are wiped. See init.h. */
#include "init.h"

#include <string.h>

struct init_policy slab_init;

static bool freeptr_is_outside(const struct geometry *geo)
{
	return geo->offset >= geometry_inuse(geo);
}

/* Where what the user never sees begins behind an object and its right red zone. */
static unsigned int info_end(const struct geometry *geo)
{
	unsigned int inuse = geometry_inuse(geo);

	return freeptr_is_outside(geo) ? inuse + (unsigned int)sizeof(void *) : inuse;
}

static unsigned long *size_word(const struct geometry *geo, void *object)
{
	return (unsigned long *)(void *)((char *)object + geo->orig_offset);
}

void init_object_on_alloc(const struct kmem_cache *s, void *object, size_t asked)
{
	bool has_rest = s->geo.orig_offset && (s->flags & SLAB_RED_ZONE);

	memset(object, 0, has_rest ? asked : cache_object_size(s));
}

void init_object_on_free(const struct kmem_cache *s, void *object)
{
	const struct geometry *geo = &s->geo;
	unsigned int end = info_end(geo), slot_end = geo->size - geo->red_left_pad;
	unsigned long asked = cache_object_size(s);

	if (geo->orig_offset)
		asked = *size_word(geo, object);
	memset(object, 0, min_size(asked, cache_object_size(s)));
	memset((char *)object + end, 0, slot_end - end);
	if (geo->orig_offset)
		*size_word(geo, object) = asked;
}

void init_block_on_free(void *block, size_t bytes)
{
	if (unlikely(slab_init.on_free))
		memset(block, 0, bytes);
}

void init_wipe_freeptr(const struct kmem_cache *s, void *object)
{
	if (!freeptr_is_outside(&s->geo))
		memset((char *)object + s->geo.offset, 0, sizeof(void *));
}
