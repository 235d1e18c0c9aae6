// SPDX-License-Identifier: MIT
/*
 * One object's patterns: writing, checking, restoring. See debug.h for the meaning and the locks,
 * regions.h for the layout.
 */
#include "debug.h"

#include <string.h>

#include "freelist.h"
#include "pagemap.h"
#include "regions.h"
#include "report.h"
#include "trailer.h"

/* May alias: the word lies behind the user's bytes. */
struct orig {
	unsigned long bytes;
} __attribute__((may_alias));

static struct orig *orig_word(const struct kmem_cache *s, const void *object)
{
	return (struct orig *)(void *)((char *)(uintptr_t)object + s->geo.orig_offset);
}

size_t debug_orig_bytes(const struct kmem_cache *s, const void *object)
{
	size_t size = s->geo.object_size;

	return s->geo.orig_offset ? min_size(orig_word(s, object)->bytes, size) : size;
}

void debug_set_orig_bytes(const struct kmem_cache *s, void *object, size_t bytes)
{
	if (s->geo.orig_offset)
		orig_word(s, object)->bytes = bytes;
}

size_t debug_zero_bytes(const struct kmem_cache *s, size_t orig_bytes)
{
	if (s->geo.orig_offset && (s->flags & SLAB_RED_ZONE))
		return orig_bytes;
	return cache_object_size(s);
}

void debug_resize(struct kmem_cache *s, void *object, size_t bytes)
{
	struct lock *lock = &s->node[frame_of(object)->node].lock;

	if (!s->geo.orig_offset)
		return;
	lock_acquire(lock);
	debug_set_orig_bytes(s, object, bytes);
	if (s->flags & SLAB_RED_ZONE)
		memset((char *)object + bytes, DEBUG_RED_ACTIVE, s->geo.object_size - bytes);
	lock_release(lock);
}

void debug_init_object(struct kmem_cache *s, void *object, unsigned char red)
{
	unsigned int bytes = s->geo.object_size;
	char *p = object;

	if (s->flags & SLAB_RED_ZONE) {
		memset(p - s->geo.red_left_pad, red, s->geo.red_left_pad);
		if (red == DEBUG_RED_ACTIVE)
			bytes = (unsigned int)debug_orig_bytes(s, object);
	}
	if ((s->flags & SLAB_OBJECT_POISON) && bytes) {
		memset(p, DEBUG_POISON_FREE, bytes - 1);
		p[bytes - 1] = (char)DEBUG_POISON_END;
	}
	if (s->flags & SLAB_RED_ZONE)
		memset(p + bytes, red, s->geo.inuse - bytes);
}

/* All bytes equal the first if each equals the next. */
char *debug_find_other(char *from, unsigned char value, size_t bytes)
{
	if (!bytes || ((unsigned char)*from == value && !memcmp(from, from + 1, bytes - 1)))
		return NULL;
	while ((unsigned char)*from == value)
		from++;
	return from;
}

void debug_restore(struct kmem_cache *s, const char *what, unsigned char value, char *from,
		   char *to)
{
	report_fix(s, "Restoring %s %p-%p=0x%x", what, (void *)from, (void *)(to - 1),
		   (unsigned int)value);
	memset(from, value, (size_t)(to - from));
}

/* A region of an object that should hold one value. */
struct region {
	const char *what;
	int from; /* bytes from the object */
	size_t bytes;
	unsigned char value;
};

static bool check_region(struct kmem_cache *s, struct frame *f, char *object, struct region r)
{
	char *fault = debug_find_other(object + r.from, r.value, r.bytes);
	char *end = object + r.from + r.bytes;

	if (!fault)
		return true;
	while ((unsigned char)end[-1] == r.value)
		end--;
	report_bug(s, "%s overwritten", r.what);
	report_line("%p-%p @offset=%zu. First byte 0x%x instead of 0x%x", (void *)fault,
		    (void *)(end - 1), (uintptr_t)fault - (uintptr_t)frame_address(f),
		    (unsigned int)(unsigned char)*fault, (unsigned int)r.value);
	trailer_print(s, f, object);
	report_end();
	debug_restore(s, r.what, r.value, fault, end);
	return false;
}

static bool check_kmalloc_zone(struct kmem_cache *s, struct frame *f, char *object)
{
	unsigned int size = s->geo.object_size;
	size_t orig = debug_orig_bytes(s, object);

	return check_region(
		s, f, object,
		(struct region){ "kmalloc Redzone", (int)orig, size - orig, DEBUG_RED_ACTIVE });
}

static bool check_zones(struct kmem_cache *s, struct frame *f, char *object, unsigned char red)
{
	const struct geometry *geo = &s->geo;
	int size = (int)geo->object_size;
	size_t right = geo->inuse - geo->object_size;
	bool good = true;

	if (s->flags & SLAB_RED_ZONE) {
		good &= check_region(s, f, object,
				     (struct region){ "Left Redzone", -(int)geo->red_left_pad,
						      geo->red_left_pad, red });
		good &= check_region(s, f, object,
				     (struct region){ "Right Redzone", size, right, red });
		if (geo->orig_offset && red == DEBUG_RED_ACTIVE)
			good &= check_kmalloc_zone(s, f, object);
	} else if (s->flags & SLAB_POISON) {
		good = check_region(
			s, f, object,
			(struct region){ "Alignment padding", size, right, DEBUG_POISON_INUSE });
	}
	return good;
}

static bool check_poison(struct kmem_cache *s, struct frame *f, char *object, unsigned char red)
{
	int last = (int)s->geo.object_size - 1;
	unsigned int end = regions_end(s);
	bool good = true;

	if (red != DEBUG_RED_ACTIVE && (s->flags & SLAB_OBJECT_POISON)) {
		good &= check_region(
			s, f, object,
			(struct region){ "Poison", 0, (size_t)last, DEBUG_POISON_FREE });
		good &= check_region(s, f, object,
				     (struct region){ "End Poison", last, 1, DEBUG_POISON_END });
	}
	good &= check_region(s, f, object,
			     (struct region){ "Object padding", (int)end, regions_limit(s) - end,
					      DEBUG_POISON_INUSE });
	return good;
}

/* In an object in use, a free pointer inside it is the user's bytes. */
static bool check_free_pointer(struct kmem_cache *s, struct frame *f, void *object,
			       unsigned char red)
{
	if (red == DEBUG_RED_ACTIVE && !regions_freeptr_outside(&s->geo))
		return true;
	if (trailer_is_valid(s, f, freelist_next(s, object)))
		return true;
	trailer_report(s, f, object, "Freepointer corrupt");
	/* The rest of the free objects is lost with it, so the count will be found wrong. */
	freelist_set_next(s, object, NULL);
	return false;
}

bool debug_check_object(struct kmem_cache *s, struct frame *f, void *object, unsigned char red)
{
	bool good = check_zones(s, f, object, red);

	if (s->flags & SLAB_POISON)
		good &= check_poison(s, f, object, red);
	good &= check_free_pointer(s, f, object, red);
	return good;
}
