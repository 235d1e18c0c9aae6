// SPDX-License-Identifier: MIT
/*
 * The partial list (7.x rules): a slab is listed when it gets its first free object, at the tail; a
 * new one at the head; a full one is nowhere. Static functions are called with node.lock held.
 */
#include "partial.h"

#include "frame.h"
#include "pagemap.h"
#include "report.h"

void partial_init(struct node *n)
{
	*n = (struct node){ .nr_partial = 0 };
	list_init(&n->partial);
}

static void unlist(struct node *n, struct frame *f)
{
	list_del(&f->link);
	f->on_list = false;
	n->nr_partial--;
}

unsigned int partial_take(struct kmem_cache *s, void **batch, unsigned int n)
{
	struct node *node = &s->node;
	unsigned int got = 0;

	lock_acquire(&node->lock);
	while (got < n && !list_empty(&node->partial)) {
		struct frame *f = list_first_entry(&node->partial, struct frame, link);

		got += frame_take(s, f, batch + got, n - got);
		if (f->inuse == f->objects)
			unlist(node, f);
	}
	lock_release(&node->lock);
	return got;
}

/* Uncount a slab that is on no list and remember it on @gone. */
static void discard(struct node *n, struct frame *f, struct list_head *gone)
{
	n->nr_slabs--;
	n->nr_objects -= f->objects;
	list_add(&f->link, gone);
}

/* Readers under RCU may still look at the objects of a TYPESAFE_BY_RCU cache: its slabs stay. */
static bool may_discard(const struct kmem_cache *s, const struct frame *f)
{
	return !f->inuse && s->node.nr_partial >= s->geo.min_partial &&
	       !(s->flags & SLAB_TYPESAFE_BY_RCU);
}

static void give(struct kmem_cache *s, void *object, struct list_head *gone)
{
	struct frame *f = frame_of(object);
	struct node *node = &s->node;

	if (unlikely(f->cache != s))
		report_pointer(object, "page slab pointer corrupt");
	frame_put(s, f, object);
	if (may_discard(s, f)) {
		if (f->on_list)
			unlist(node, f);
		discard(node, f, gone);
	} else if (!f->on_list) {
		list_add_tail(&f->link, &node->partial);
		f->on_list = true;
		node->nr_partial++;
	}
}

static void release(struct list_head *gone)
{
	struct frame *f, *next;

	list_for_each_entry_safe (f, next, gone, link)
		frame_destroy(f);
}

void partial_give(struct kmem_cache *s, void *const *batch, unsigned int n)
{
	struct list_head gone;

	list_init(&gone);
	lock_acquire(&s->node.lock);
	for (unsigned int i = 0; i < n; i++)
		give(s, batch[i], &gone);
	lock_release(&s->node.lock);
	release(&gone);
}

void partial_add_new(struct kmem_cache *s, struct frame *f)
{
	struct node *n = &s->node;

	lock_acquire(&n->lock);
	n->nr_slabs++;
	n->nr_objects += f->objects;
	n->nr_fallbacks += f->order < s->geo.order + slab_page_order;
	if (f->inuse < f->objects) {
		list_add(&f->link, &n->partial);
		f->on_list = true;
		n->nr_partial++;
	}
	lock_release(&n->lock);
}

size_t partial_release(struct kmem_cache *s)
{
	struct node *n = &s->node;
	struct frame *f, *next;
	struct list_head gone;
	size_t left;

	list_init(&gone);
	lock_acquire(&n->lock);
	list_for_each_entry_safe (f, next, &n->partial, link) {
		if (f->inuse)
			continue;
		unlist(n, f);
		discard(n, f, &gone);
	}
	left = n->nr_slabs;
	lock_release(&n->lock);
	release(&gone);
	return left;
}
