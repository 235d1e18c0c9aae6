// SPDX-License-Identifier: MIT
/* One object at a time. See single.h. Static functions are called with node.lock held. */
#include "single.h"

#include "debug.h"
#include "frame.h"
#include "freelist.h"
#include "nodes.h"
#include "partial.h"
#include "stat.h"
#include "trailer.h"

void single_unlist(struct node *n, struct frame *f)
{
	if (f->on_list)
		partial_unlist(n, f);
	else
		list_del(&f->link);
}

static bool belongs_to_partial(const struct frame *f)
{
	return f->inuse < f->objects;
}

void single_list(struct node *n, struct frame *f)
{
	if (f->frozen)
		return;
	list_add_tail(&f->link, belongs_to_partial(f) ? &n->partial : &n->full);
	if (belongs_to_partial(f))
		partial_enlist(n, f);
}

/* A partial slab keeps its place; repairs may have changed whether it is one. */
static void settle(struct node *n, struct frame *f)
{
	if (f->on_list == belongs_to_partial(f) && !f->frozen)
		return;
	single_unlist(n, f);
	single_list(n, f);
}

/* What an allocation is for. */
struct want {
	size_t bytes;
	struct track_site site;
};

/* The head of the freelist may have been overwritten: it is not followed before it is known. */
static void *take(struct kmem_cache *s, struct frame *f, const struct want *w)
{
	void *object = f->freelist;

	if (!object || !trailer_is_valid(s, f, object)) {
		trailer_report(s, f, object, "Freelist Pointer check fails");
		debug_retire(s, f);
		return NULL;
	}
	f->freelist = freelist_next(s, object);
	f->inuse++;
	return debug_alloc(s, f, object, w->bytes, &w->site) ? object : NULL;
}

static void *take_partial(struct kmem_cache *s, struct node *n, const struct want *w)
{
	void *object = NULL;

	lock_acquire(&n->lock);
	while (!object && !list_empty(&n->partial)) {
		struct frame *f = list_first_entry(&n->partial, struct frame, link);

		object = take(s, f, w);
		settle(n, f);
	}
	lock_release(&n->lock);
	return object;
}

/* This node's slabs, then, unless it was named, those of the others. */
static void *take_listed(struct kmem_cache *s, unsigned int here, int node, const struct want *w)
{
	void *object = take_partial(s, &s->node[here], w);

	for (unsigned int i = 1; i < slab_nr_nodes && !object && node == NUMA_NO_NODE; i++)
		object = take_partial(s, &s->node[nodes_fallback(here, i)], w);
	return object;
}

/* The lock is not held. A slab that fails at once counts all the same; its memory is lost. */
static void *take_new(struct kmem_cache *s, gfp_t gfp, int node, const struct want *w)
{
	struct frame *f = frame_create(s, gfp, node);
	struct node *n;
	void *object;

	if (!f)
		return NULL;
	n = &s->node[f->node];
	list_init(&f->link);
	lock_acquire(&n->lock);
	partial_count_in(s, n, f);
	object = take(s, f, w);
	single_list(n, f);
	if (f->on_list)
		list_move(&f->link, &n->partial);
	lock_release(&n->lock);
	stat_inc(s, STAT_ALLOC_SLAB);
	return object;
}

void *single_alloc(struct kmem_cache *s, gfp_t gfp, int node, size_t bytes, const void *caller)
{
	struct want w = { .bytes = bytes, .site = track_prepare(s, caller) };
	unsigned int here = node == NUMA_NO_NODE ? nodes_here() : (unsigned int)node;
	void *object = take_listed(s, here, node, &w);

	stat_inc(s, STAT_ALLOC_SLOWPATH);
	return object ? object : take_new(s, gfp, (int)here, &w);
}

/* Returns the slab if it is to be given back. */
static struct frame *put(struct kmem_cache *s, struct node *n, struct frame *f, void *object)
{
	freelist_push(s, f, object);
	f->inuse--;
	if (!partial_is_surplus(s, n, f)) {
		stat_add(s, STAT_FREE_ADD_PARTIAL, !f->on_list);
		settle(n, f);
		return NULL;
	}
	stat_add(s, STAT_FREE_REMOVE_PARTIAL, f->on_list);
	single_unlist(n, f);
	partial_count_out(s, n, f);
	return f;
}

void single_free(struct kmem_cache *s, struct frame *f, void *object, const void *caller)
{
	struct track_site site = track_prepare(s, caller);
	struct node *n = &s->node[f->node];
	struct frame *gone = NULL;

	stat_inc(s, STAT_FREE_SLOWPATH);
	lock_acquire(&n->lock);
	if (debug_free(s, f, object, &site))
		gone = put(s, n, f, object);
	else
		settle(n, f);
	lock_release(&n->lock);
	if (gone)
		frame_destroy(gone);
}
