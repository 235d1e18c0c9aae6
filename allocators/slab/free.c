// SPDX-License-Identifier: MIT
/*
 * Freeing:  this CPU's sheaf, else the slab. The fast paths take no lock; what they push is
 * checked when the sheaf is flushed (frame_put), or at once in a cache with
 * SLAB_CONSISTENCY_CHECKS.
 */
#include "free.h"

#include "cpuslab.h"
#include "frame.h"
#include "hooks.h"
#include "kfence.h"
#include "large.h"
#include "nodes.h"
#include "pagemap.h"
#include "partial.h"
#include "percpu.h"
#include "report.h"
#include "sheaf.h"
#include "stat.h"

/* Consistency checks: one object at a time, checked and freed under one hold of the lock. */
static void free_checked(struct kmem_cache *s, struct frame *f, void *object)
{
	lock_acquire(&s->node[f->node].lock);
	if (!frame_is_object(s, f, object))
		report_object(s, f, object, "Invalid object pointer");
	if (frame_is_free(s, f, object))
		report_object(s, f, object, "Object already free");
	lock_release(&s->node[f->node].lock);
	partial_give(s, &object, 1);
}

/* Sheaves hold objects of their CPU's node only. */
static bool belongs_here(const struct frame *f)
{
	return slab_nr_nodes == 1 || f->node == nodes_here();
}

static void free_to_slab(struct kmem_cache *s, struct frame *f, void *object)
{
	stat_inc(s, STAT_FREE_SLOWPATH);
	if (s->flags & SLAB_CONSISTENCY_CHECKS)
		free_checked(s, f, object);
	else
		partial_give(s, &object, 1);
}

static void put(struct kmem_cache *s, struct frame *f, void *object)
{
	if (unlikely(slab_cpuslab) && s->lane)
		cpuslab_free(s, f, object);
	else if (belongs_here(f) && (percpu_push_slow(s->slot, object) || sheaf_free(s, object)))
		stat_inc(s, STAT_FREE_FASTPATH);
	else
		free_to_slab(s, f, object);
}

void free_unhooked(struct kmem_cache *s, void *object)
{
	put(s, frame_of(object), object);
}

static void free_to_cache(struct kmem_cache *s, struct frame *f, void *object)
{
	if (likely(!hooks_needed(s)) || hooks_free(s, f, object))
		put(s, f, object);
}

struct kmem_cache *free_owner(const void *p, struct frame **frame)
{
	size_t page = pagemap_page(p);
	uint32_t entry;

	if (page >= slab_range.nr_pages)
		report_pointer(p, "Not a valid slab page");
	entry = pagemap_entry(page);
	if (entry_kind(entry) != PAGE_SLAB && entry_kind(entry) != PAGE_LARGE)
		report_pointer(p, "Not a valid slab page");
	*frame = pagemap_frame(page, entry);
	return entry_kind(entry) == PAGE_SLAB ? (*frame)->cache : NULL;
}

static void free_guarded(const struct kmem_cache *expected, void *p, const void *caller)
{
	const struct kmem_cache *s = kfence_cache(p);

	if (expected && s && s != expected)
		report_wrong_cache(expected, s, p);
	kfence_free(p, caller);
}

/* @expected is the cache that the caller named, or NULL. */
static __attribute__((noinline)) void free_slow(struct kmem_cache *expected, void *p,
						const void *caller)
{
	struct kmem_cache *s;
	struct frame *f;

	if (slab_cpuslab && cpuslab_push(expected, p))
		return;
	if (ZERO_OR_NULL_PTR(p))
		return;
	if (is_kfence_address(p)) {
		free_guarded(expected, p, caller);
		return;
	}
	s = free_owner(p, &f);
	if (!s && expected)
		report_pointer(p, "object not in a slab page");
	if (expected && s != expected)
		report_wrong_cache(expected, s, p);
	if (s)
		free_to_cache(s, f, p);
	else
		large_free(p, pagemap_page(p), pagemap_entry(pagemap_page(p)));
}

void kfree(const void *p)
{
	size_t page = pagemap_page(p);
	void *object = (void *)(uintptr_t)p;

	if (likely(page < slab_range.nr_pages) &&
	    likely(percpu_push(entry_slot(pagemap_entry(page)), object)))
		return;
	free_slow(NULL, object, __builtin_return_address(0));
}

void kmem_cache_free(struct kmem_cache *s, void *object)
{
	size_t page = pagemap_page(object);

	if (likely(page < slab_range.nr_pages) &&
	    likely(entry_slot(pagemap_entry(page)) == s->free_slot) &&
	    likely(percpu_push(s->free_slot, object)))
		return;
	free_slow(s, object, __builtin_return_address(0));
}
