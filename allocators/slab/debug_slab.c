// SPDX-License-Identifier: MIT
/*
 * One slab of a debug cache: making it, its freelist and counts with their repairs, what is done at
 * each allocation and free. See debug.h.
 */
#include <string.h>

#include "debug.h"
#include "freelist.h"
#include "geometry.h"
#include "init.h"
#include "pagemap.h"
#include "report.h"
#include "trailer.h"

static void *object_at(const struct kmem_cache *s, const struct frame *f, unsigned int index)
{
	return (char *)frame_address(f) + s->geo.red_left_pad + (size_t)index * s->geo.size;
}

unsigned int debug_index(const struct kmem_cache *s, const struct frame *f, const void *object)
{
	return geometry_index(&s->geo, (uintptr_t)object - (uintptr_t)frame_address(f));
}

/* With a slab's own words: the report is about the slab as a whole. */
static void end_slab_report(const struct frame *f)
{
	report_slab(f);
	report_end();
}

static void construct(const struct kmem_cache *s, void *object)
{
	struct gate_pass *me = gate_suspend(GATE_AWAY);

	s->ctor(object);
	gate_resume(me);
}

void debug_init_slab(struct kmem_cache *s, struct frame *f)
{
	if (s->flags & SLAB_POISON)
		memset(frame_address(f), DEBUG_POISON_INUSE, frame_bytes(f));
	for (unsigned int i = 0; i < f->objects; i++) {
		void *object = object_at(s, f, i);

		debug_init_object(s, object, DEBUG_RED_INACTIVE);
		track_clear(s, object);
		debug_set_orig_bytes(s, object, s->geo.object_size);
		if (s->ctor)
			construct(s, object);
	}
	f->freelist = NULL;
	f->nr_fresh = 0;
	for (unsigned int i = f->objects; i--;)
		freelist_push(s, f, object_at(s, f, i));
}

/*
 * Where the unused end of the slab begins, behind an extension vector if one lies there. From the
 * size of the slab, because its count of objects may be damaged.
 */
static char *tail(const struct kmem_cache *s, const struct frame *f)
{
	char *base = frame_address(f);
	size_t used = frame_bytes(f) - frame_bytes(f) % s->geo.size;
	size_t vector = (f->obj_exts & ~(uintptr_t)7) - (uintptr_t)base;

	if (vector >= used && vector < frame_bytes(f))
		used = vector + (size_t)f->objects * f->stride;
	return base + min_size(used, frame_bytes(f));
}

static void check_tail(struct kmem_cache *s, struct frame *f)
{
	char *base = frame_address(f), *from = tail(s, f), *end = base + frame_bytes(f);
	char *fault;

	if (!(s->flags & SLAB_POISON))
		return;
	fault = debug_find_other(from, DEBUG_POISON_INUSE, (size_t)(end - from));
	if (!fault)
		return;
	report_bug(s, "Padding overwritten. %p-%p @offset=%zu", (void *)fault, (void *)(end - 1),
		   (size_t)(fault - base));
	report_section("Padding  ", from, (size_t)(end - from));
	end_slab_report(f);
	while ((unsigned char)end[-1] == DEBUG_POISON_INUSE)
		end--;
	debug_restore(s, "slab padding", DEBUG_POISON_INUSE, fault, end);
}

static unsigned int max_objects(const struct kmem_cache *s, const struct frame *f)
{
	return (unsigned int)min_size(frame_bytes(f) / s->geo.size, MAX_OBJS_PER_PAGE);
}

/* The numbers of the slab; false: nothing in it can be believed. */
static bool check_slab(struct kmem_cache *s, struct frame *f)
{
	bool good = false;

	if (entry_kind(pagemap_entry(frame_page(f))) != PAGE_SLAB)
		report_bug(s, "Not a valid slab page");
	else if (f->objects > max_objects(s, f))
		report_bug(s, "objects %u > max %u", f->objects, max_objects(s, f));
	else if (f->inuse > f->objects)
		report_bug(s, "inuse %u > max %u", f->inuse, f->objects);
	else if (f->frozen)
		report_bug(s, "Slab disabled since SLUB metadata consistency check failed");
	else
		good = true;
	if (good)
		check_tail(s, f);
	else
		end_slab_report(f);
	return good;
}

static void clear_freelist(struct kmem_cache *s, struct frame *f, const char *what)
{
	report_bug(s, "%s", what);
	end_slab_report(f);
	f->freelist = NULL;
	f->inuse = f->objects;
	report_fix(s, "Freelist cleared");
}

static void check_counts(struct kmem_cache *s, struct frame *f, unsigned int nr_free)
{
	unsigned int max = max_objects(s, f);
	int used;

	if (f->objects != max) {
		report_bug(s, "Wrong number of objects. Found %u but should be %u", f->objects,
			   max);
		end_slab_report(f);
		f->objects = (uint16_t)max;
		report_fix(s, "Number of objects adjusted");
	}
	used = (int)(f->objects - nr_free);
	if (f->inuse != used) {
		report_bug(s, "Wrong object count. Counter is %d but counted were %d",
			   (int)f->inuse, used);
		end_slab_report(f);
		f->inuse = (uint16_t)used;
		report_fix(s, "Object count adjusted");
	}
}

enum walk { WALK_FOUND, WALK_ENDED, WALK_CLEARED };

/* Walk the freelist in search of @wanted, repairing what is wrong on the way; NULL: all of it. */
static enum walk walk_freelist(struct kmem_cache *s, struct frame *f, const void *wanted)
{
	void *object = NULL, *p = f->freelist;
	unsigned int nr = 0;

	for (; p && nr <= f->objects; nr++) {
		if (p == wanted)
			return WALK_FOUND;
		if (!trailer_is_valid(s, f, p)) {
			if (!object) {
				clear_freelist(s, f, "Freepointer corrupt");
				return WALK_CLEARED;
			}
			trailer_report(s, f, object, "Freechain corrupt");
			freelist_set_next(s, object, NULL);
			break;
		}
		object = p;
		p = freelist_next(s, object);
	}
	if (nr > f->objects) {
		clear_freelist(s, f, "Freelist cycle detected");
		return WALK_CLEARED;
	}
	check_counts(s, f, nr);
	return WALK_ENDED;
}

void debug_fill_map(struct kmem_cache *s, struct frame *f, struct debug_map *map)
{
	unsigned int left = f->objects;

	memset(map, 0, sizeof(*map));
	for (void *p = f->freelist; p && left-- && trailer_is_valid(s, f, p);
	     p = freelist_next(s, p)) {
		unsigned int index = debug_index(s, f, p);

		map->free[index / 64] |= 1ull << index % 64;
	}
}

void debug_validate_slab(struct kmem_cache *s, struct frame *f)
{
	struct debug_map map;

	if (!check_slab(s, f) || walk_freelist(s, f, NULL) != WALK_ENDED)
		return;
	debug_fill_map(s, f, &map);
	for (unsigned int i = 0; i < f->objects; i++) {
		unsigned char red =
			debug_map_is_free(&map, i) ? DEBUG_RED_INACTIVE : DEBUG_RED_ACTIVE;

		if (!debug_check_object(s, f, object_at(s, f, i), red))
			return;
	}
}

void debug_check_gone(struct kmem_cache *s, struct frame *f)
{
	if (!(s->flags & SLAB_CONSISTENCY_CHECKS))
		return;
	check_tail(s, f);
	for (unsigned int i = 0; i < f->objects; i++)
		debug_check_object(s, f, object_at(s, f, i), DEBUG_RED_INACTIVE);
}

/* As the kernel's trace(): the object's bytes only before they are overwritten by a free. */
static void trace(const struct kmem_cache *s, const struct frame *f, const void *object,
		  const char *verb)
{
	report_line("TRACE %s %s %p inuse=%u fp=%p", s->name, verb, object, f->inuse, f->freelist);
}

void debug_retire(struct kmem_cache *s, struct frame *f)
{
	report_fix(s, "Marking all objects used");
	f->inuse = f->objects;
	f->freelist = NULL;
	f->frozen = true;
}

static bool check_alloc(struct kmem_cache *s, struct frame *f, void *object)
{
	if (!(s->flags & SLAB_CONSISTENCY_CHECKS))
		return true;
	return check_slab(s, f) && debug_check_object(s, f, object, DEBUG_RED_INACTIVE);
}

bool debug_alloc(struct kmem_cache *s, struct frame *f, void *object, size_t orig_bytes,
		 const struct track_site *site)
{
	if (!check_alloc(s, f, object)) {
		debug_retire(s, f);
		return false;
	}
	if (s->flags & SLAB_TRACE)
		trace(s, f, object, "alloc");
	track_set(s, object, TRACK_ALLOC, site);
	debug_set_orig_bytes(s, object, orig_bytes);
	debug_init_object(s, object, DEBUG_RED_ACTIVE);
	return true;
}

/* A pointer is never written through before it is known to be an object, whatever the flags. */
static bool check_free(struct kmem_cache *s, struct frame *f, void *object)
{
	bool thorough = s->flags & SLAB_CONSISTENCY_CHECKS;

	if (thorough && !check_slab(s, f))
		return false;
	if (!object || !trailer_is_valid(s, f, object)) {
		report_bug(s, "Invalid object pointer %p", object);
		end_slab_report(f);
		return false;
	}
	if (object == f->freelist || (thorough && walk_freelist(s, f, object) == WALK_FOUND)) {
		trailer_report(s, f, object, "Object already free");
		return false;
	}
	if (!f->inuse) {
		report_bug(s, "Slab has %d allocated objects but %d are to be freed", 0, 1);
		end_slab_report(f);
		return false;
	}
	return !thorough || debug_check_object(s, f, object, DEBUG_RED_ACTIVE);
}

bool debug_free(struct kmem_cache *s, struct frame *f, void *object, const struct track_site *site)
{
	if (!check_free(s, f, object)) {
		report_fix(s, "Object at %p not freed", object);
		return false;
	}
	/* Not before: a free that is refused would lose the free pointer of a free object. */
	if (init_want_free(s))
		init_object_on_free(s, object);
	track_set(s, object, TRACK_FREE, site);
	if (s->flags & SLAB_TRACE) {
		trace(s, f, object, "free");
		report_section("Object   ", object, s->geo.object_size);
	}
	debug_init_object(s, object, DEBUG_RED_INACTIVE);
	return true;
}
