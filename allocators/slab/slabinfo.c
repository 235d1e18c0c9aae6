// SPDX-License-Identifier: MIT
/*
 * /proc/slabinfo, version 2.1. Each row is taken under its node.lock; the rows are not of one
 * moment. As in the kernel, objects in sheaves count as active.
 */
#include "boot.h"
#include "cache.h"
#include "frame.h"
#include "text.h"

struct row {
	size_t active;
	size_t objects;
	size_t slabs;
};

static void add_node(struct row *r, struct node *n)
{
	struct frame *f;

	lock_acquire(&n->lock);
	r->active += n->nr_objects;
	r->objects += n->nr_objects;
	r->slabs += n->nr_slabs;
	list_for_each_entry (f, &n->partial, link)
		r->active -= frame_nr_free(f);
	lock_release(&n->lock);
}

static struct row count(struct kmem_cache *s)
{
	struct row r = { 0 };

	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		add_node(&r, &s->node[i]);
	return r;
}

static void print_row(struct text *t, struct kmem_cache *s)
{
	struct row r = count(s);

	text_str_left(t, s->name, 17);
	text_str(t, " ");
	text_u64_right(t, r.active, 6);
	text_str(t, " ");
	text_u64_right(t, r.objects, 6);
	text_str(t, " ");
	text_u64_right(t, s->geo.size, 6);
	text_str(t, " ");
	text_u64_right(t, s->geo.objects, 4);
	text_str(t, " ");
	text_u64_right(t, 1u << s->geo.order, 4);
	text_str(t, " : tunables    0    0    0 : slabdata ");
	text_u64_right(t, r.slabs, 6);
	text_str(t, " ");
	text_u64_right(t, r.slabs, 6);
	text_str(t, "      0\n");
}

size_t slab_slabinfo(char *buf, size_t len)
{
	struct kmem_cache *s;
	struct text t;

	text_init(&t, buf, len);
	if (!boot_ensure())
		return 0;
	text_str(&t, "slabinfo - version: 2.1\n"
		     "# name            <active_objs> <num_objs> <objsize> <objperslab> "
		     "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata "
		     "<active_slabs> <num_slabs> <sharedavail>\n");
	lock_acquire(&slab_mutex);
	list_for_each_entry (s, &slab_caches, link)
		print_row(&t, s);
	lock_release(&slab_mutex);
	return t.used;
}
