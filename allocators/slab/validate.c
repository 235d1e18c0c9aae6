// SPDX-License-Identifier: MIT
/*
 * kmem_cache_validate(): every slab of a debug cache under node.lock. A repair may change whether a
 * slab is full; such a slab waits on a list of its own until the walks are over, so that each is
 * seen once.
 */
#include <errno.h>

#include "debug.h"
#include "report.h"
#include "single.h"

static bool is_misplaced(const struct frame *f)
{
	return f->frozen || f->on_list != (f->inuse < f->objects);
}

static size_t walk(struct kmem_cache *s, struct node *n, struct list_head *list,
		   struct list_head *misplaced)
{
	struct frame *f, *next;
	size_t nr = 0;

	list_for_each_entry_safe (f, next, list, link) {
		nr++;
		debug_validate_slab(s, f);
		if (!is_misplaced(f))
			continue;
		single_unlist(n, f);
		list_add(&f->link, misplaced);
	}
	return nr;
}

static void place(struct node *n, struct list_head *misplaced)
{
	struct frame *f, *next;

	list_for_each_entry_safe (f, next, misplaced, link) {
		list_del(&f->link);
		single_list(n, f);
	}
}

static size_t validate(struct kmem_cache *s, struct node *n)
{
	size_t listed, nr;
	struct list_head misplaced;

	list_init(&misplaced);
	lock_acquire(&n->lock);
	listed = n->nr_partial;
	nr = walk(s, n, &n->partial, &misplaced);
	if (nr != listed) {
		report_line("SLUB %s: %zu partial slabs counted but counter=%zu", s->name, nr,
			    listed);
		report_count();
	}
	nr += walk(s, n, &n->full, &misplaced);
	place(n, &misplaced);
	lock_release(&n->lock);
	return nr;
}

long kmem_cache_validate(struct kmem_cache *s)
{
	size_t nr = 0;

	if (!debug_is_on(s))
		return -EINVAL;
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		nr += validate(s, &s->node[i]);
	return (long)nr;
}
