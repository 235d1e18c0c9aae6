// SPDX-License-Identifier: MIT
/*
 * kmalloc_nolock() and kfree_nolock(): the lanes where they are restartable sequences, which a
 * signal only makes begin again, then slabs under a lock that is tried and never waited for. What
 * can neither be pushed nor put back goes to defer.h. See slab.h.
 */
#include <errno.h>

#include "boot.h"
#include "debug.h"
#include "defer.h"
#include "free.h"
#include "hooks.h"
#include "init.h"
#include "kmalloc.h"
#include "nodes.h"
#include "pagemap.h"
#include "partial.h"
#include "percpu.h"
#include "report.h"

#define GFP_ALLOWED (__GFP_ACCOUNT | __GFP_ZERO | __GFP_NOWARN | __GFP_NOMEMALLOC)

/* Where lanes belong to threads the signal may have come between two instructions of their owner.
 */
static void *pop(size_t slot)
{
	return percpu_restarts() ? percpu_pop(slot) : NULL;
}

static bool push(size_t slot, void *object)
{
	return percpu_restarts() && percpu_push(slot, object);
}

static void *take(struct kmem_cache *s, int node)
{
	bool anywhere = nodes_wish(node) == NUMA_NO_NODE || slab_nr_nodes == 1;
	void *object = NULL;

	if (!s || !hooks_are_optional(s)) /* there is no cache before its first use (kmalloc.h) */
		return NULL;
	if (anywhere)
		object = pop(__atomic_load_n(&s->alloc_slot, __ATOMIC_RELAXED));
	if (object)
		return object;
	return partial_take_nolock(s, anywhere ? nodes_here() : (unsigned int)node);
}

/* The class itself, then the next larger one: its lock may be free, its slabs may have room. */
static void *take_or_larger(unsigned int type, size_t size, int node)
{
	size_t larger = kmalloc_class_bytes(kmalloc_index(size)) + 1u;
	void *object = take(kmalloc_cache(type, kmalloc_index(size)), node);

	if (object || larger > kmalloc_max_cache_size())
		return object;
	return take(kmalloc_cache(type, kmalloc_index(larger)), node);
}

/* Of the hooks, which are optional here, only the clearing. */
void *kmalloc_nolock_token(size_t size, gfp_t gfp, int node, struct kmalloc_token token)
{
	int saved = errno;
	void *object;

	if (!size)
		return ZERO_SIZE_PTR;
	if (!__atomic_load_n(&slab_booted, __ATOMIC_ACQUIRE))
		return NULL;
	if (size > kmalloc_max_cache_size() || (gfp & ~GFP_ALLOWED))
		return NULL;
	object = take_or_larger(kmalloc_type(gfp, token), size, node);
	if (object)
		init_after_alloc(frame_of(object)->cache, gfp, object, size);
	errno = saved;
	return object;
}

/* Where a free needs more than to move the object, the ordinary way has to do it. */
static void give(struct kmem_cache *s, const struct frame *f, void *object)
{
	bool plain = !debug_is_on(s) && !hooks_needed_to_free(s, f);

	if (plain && (push(s->free_slot, object) || partial_give_nolock(s, object)))
		return;
	defer_push(object);
}

void kfree_nolock(const void *p)
{
	int saved = errno;
	void *object = (void *)(uintptr_t)p;
	const struct frame *f = free_frame(p);

	if (ZERO_OR_NULL_PTR(p))
		return;
	if (!f)
		report_foreign(p, "Not a valid slab page");
	else if (!free_cache(f))
		report_foreign(p, "large kmalloc is not supported by kfree_nolock(); use kfree()");
	else
		give(free_cache(f), f, object);
	errno = saved;
}
