// SPDX-License-Identifier: MIT
/*
 * Freeing: this CPU's sheaf, else the slab. The fast paths take no lock; what they push is
 * checked when the sheaf is flushed (frame_put), or at once in a debug cache (single.h).
 */
#include "free.h"

#include "cpuslab.h"
#include "debug.h"
#include "defer.h"
#include "hooks.h"
#include "kfence.h"
#include "large.h"
#include "nodes.h"
#include "pagemap.h"
#include "partial.h"
#include "percpu.h"
#include "report.h"
#include "sheaf.h"
#include "single.h"
#include "stat.h"
#include "trailer.h"

static void free_to_slab(struct kmem_cache *s, void *object)
{
	stat_inc(s, STAT_FREE_SLOWPATH);
	partial_give(s, &object, 1);
}

/* Sheaves hold objects of their CPU's node only. */
static void put(struct kmem_cache *s, struct frame *f, void *object, const void *caller)
{
	if (unlikely(debug_is_on(s)))
		single_free(s, f, object, caller);
	else if (unlikely(slab_cpuslab) && s->lane)
		cpuslab_free(s, f, object);
	else if (nodes_is_here(f->node) &&
		 (percpu_push_slow(s->slot, object) || sheaf_free(s, object)))
		stat_inc(s, STAT_FREE_FASTPATH);
	else
		free_to_slab(s, object);
}

void free_unhooked(struct kmem_cache *s, void *object)
{
	put(s, frame_of(object), object, __builtin_return_address(0));
}

/* What sheaves are made of is freed in the middle of things, where nothing may be drained. */
static void free_to_cache(struct kmem_cache *s, struct frame *f, void *object, const void *caller)
{
	if (!(s->flags & SLAB_NO_SHEAVES))
		defer_drain();
	if (likely(!hooks_needed_to_free(s, f)) || hooks_free(s, f, object))
		put(s, f, object, caller);
}

struct frame *free_frame(const void *p)
{
	size_t page = pagemap_page(p);
	uint32_t entry;

	if (page >= pagemap_nr_pages())
		return NULL;
	entry = pagemap_entry(page);
	if (entry_kind(entry) != PAGE_SLAB && entry_kind(entry) != PAGE_LARGE)
		return NULL;
	return pagemap_frame(page, entry);
}

struct kmem_cache *free_cache(const struct frame *f)
{
	uint32_t entry = pagemap_entry(frame_page(f));

	return entry_kind(entry) == PAGE_SLAB ? f->cache : NULL;
}

struct kmem_cache *free_owner(const void *p, struct frame **frame)
{
	*frame = free_frame(p);
	if (!*frame)
		report_pointer(p, "Not a valid slab page");
	return free_cache(*frame);
}

/* Is @p of the cache @expected (NULL: of any)? If not, that is reported. */
static bool check_owner(const struct kmem_cache *expected, const struct frame *f, void *p)
{
	const struct kmem_cache *s = f ? free_cache(f) : NULL;

	if (!f)
		report_foreign(p, "Not a valid slab page");
	else if (!s && expected)
		report_foreign(p, "object not in a slab page");
	else if (expected && s != expected)
		trailer_wrong_cache(expected, f, p);
	else if (unlikely(f->waiting))
		trailer_report(s, f, p, "Object already free");
	else
		return true;
	return false;
}

static void free_guarded(const struct kmem_cache *expected, void *p, const void *caller)
{
	const struct kmem_cache *s = kfence_cache(p);

	if (expected && s && s != expected) {
		report_bug(expected, "object belongs to different cache %s", s->name);
		report_line("Pointer %p", p);
		report_end();
		return;
	}
	kfence_free(p, caller);
}

/* @expected is the cache that the caller named, or NULL. */
static __attribute__((noinline)) void free_slow(struct kmem_cache *expected, void *p,
						const void *caller)
{
	struct frame *f;

	if (ZERO_OR_NULL_PTR(p))
		return;
	if (slab_cpuslab && cpuslab_push(expected, p))
		return;
	if (is_kfence_address(p)) {
		free_guarded(expected, p, caller);
		return;
	}
	f = free_frame(p);
	if (!check_owner(expected, f, p))
		return;
	gate_enter();
	if (free_cache(f))
		free_to_cache(free_cache(f), f, p, caller);
	else
		large_free(p, pagemap_page(p), pagemap_entry(pagemap_page(p)));
	gate_leave();
}

void kfree(const void *p)
{
	size_t page = pagemap_page(p);
	void *object = (void *)(uintptr_t)p;

	if (likely(page < pagemap_nr_pages()) &&
	    likely(percpu_push(entry_slot(pagemap_entry(page)), object)))
		return;
	free_slow(NULL, object, __builtin_return_address(0));
}

void kmem_cache_free(struct kmem_cache *s, void *object)
{
	size_t page = pagemap_page(object);

	if (likely(page < pagemap_nr_pages()) &&
	    likely(entry_slot(pagemap_entry(page)) == s->free_slot) &&
	    likely(percpu_push(s->free_slot, object)))
		return;
	free_slow(s, object, __builtin_return_address(0));
}
