// SPDX-License-Identifier: MIT
/* Printing an object and what surrounds it. See trailer.h. */
#include "trailer.h"

#include "freelist.h"
#include "pagemap.h"
#include "regions.h"
#include "report.h"
#include "track.h"

/* Shown of what lies before an object without red zone. */
#define BEFORE_BYTES 16u

static size_t offset_in_slab(const struct frame *f, const void *p)
{
	return (uintptr_t)p - (uintptr_t)frame_address(f);
}

bool trailer_is_valid(const struct kmem_cache *s, const struct frame *f, const void *p)
{
	size_t bytes = offset_in_slab(f, p) - s->geo.red_left_pad;

	return !p || (bytes < (size_t)f->objects * s->geo.size && bytes % s->geo.size == 0);
}

static void print_before(const struct kmem_cache *s, const struct frame *f, const char *object)
{
	if (s->flags & SLAB_RED_ZONE)
		report_section("Redzone  ", object - s->geo.red_left_pad, s->geo.red_left_pad);
	else if (offset_in_slab(f, object) > BEFORE_BYTES)
		report_section("Bytes b4 ", object - BEFORE_BYTES, BEFORE_BYTES);
}

static void print_object(const struct kmem_cache *s, const char *object)
{
	report_section("Object   ", object, min_size(s->geo.object_size, slab_page_bytes()));
	if (s->flags & SLAB_RED_ZONE)
		report_section("Redzone  ", object + s->geo.object_size,
			       s->geo.inuse - s->geo.object_size);
}

void trailer_print(const struct kmem_cache *s, const struct frame *f, void *object)
{
	unsigned int end = regions_end(s), limit = regions_limit(s);
	char *p = object;

	track_print(s, object);
	report_slab(f);
	report_line("Object %p @offset=%zu fp=%p", object, offset_in_slab(f, object),
		    freelist_next(s, object));
	print_before(s, f, p);
	print_object(s, p);
	if (end < limit)
		report_section("Padding  ", p + end, limit - end);
}

void trailer_report(const struct kmem_cache *s, const struct frame *f, void *object,
		    const char *what)
{
	report_bug(s, "%s", what);
	if (object && trailer_is_valid(s, f, object)) {
		trailer_print(s, f, object);
	} else {
		report_slab(f);
		report_line("Invalid pointer %p", object);
	}
	report_end();
}

void trailer_wrong_cache(const struct kmem_cache *s, const struct frame *f, void *object)
{
	const struct kmem_cache *actual = f->cache;

	report_bug(s, "object belongs to different cache %s", actual->name);
	report_line("Pointer %p", object);
	if (trailer_is_valid(actual, f, object))
		track_print(actual, object);
	report_slab(f);
	report_end();
}
