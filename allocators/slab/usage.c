// SPDX-License-Identifier: MIT
/*
 * How much memory is held and how well slabs are used, without stopping anyone. Objects in the
 * sheaves are read while they are used, so each finding is checked against the page map and what
 * does not fit is dropped. slab_mutex is held throughout, node.lock per cache.
 */
#include <string.h>

#include "boot.h"
#include "cache.h"
#include "cpuslab.h"
#include "exact.h"
#include "defer.h"
#include "frame.h"
#include "freelist.h"
#include "kfence.h"
#include "kvfree_block.h"
#include "large.h"
#include "pagemap.h"
#include "percpu.h"
#include "rcu_slab.h"
#include "sheaf.h"
#include "stackdepot.h"
#include "stat.h"
#include "vmarea.h"

struct census {
	struct slab_usage *usage;
	struct kmem_cache *cache;
	size_t nr_full;	   /* slabs on no list that no sheaf holds an object of */
	size_t nr_objects; /* of those slabs */
};

/* Tells this count's nr_cached in a frame from an older one. */
static uint32_t census_number;

static struct frame *frame_of_cached(const struct kmem_cache *s, const void *object,
				     uint32_t *entry)
{
	size_t page = pagemap_page(object);
	struct frame *f;

	if (page >= pagemap_nr_pages())
		return NULL;
	*entry = pagemap_entry(page);
	if (entry_kind(*entry) != PAGE_SLAB)
		return NULL;
	f = pagemap_frame(page, *entry);
	return __atomic_load_n(&f->cache, __ATOMIC_RELAXED) == s ? f : NULL;
}

static void *cached_object(struct slab_sheaf *a, uint32_t i)
{
	return __atomic_load_n(&a->objects[i], __ATOMIC_RELAXED);
}

static uint32_t nr_cached(struct kmem_cache *s, struct slab_sheaf *a)
{
	uint32_t nr = __atomic_load_n(&a->size, __ATOMIC_RELAXED);

	nr = (uint32_t)min_size(nr, __atomic_load_n(&a->capacity, __ATOMIC_RELAXED));
	return (uint32_t)min_size(nr, s->capacity_max);
}

/* First round: how many objects of each slab are in sheaves. */
static void tally_sheaf(struct kmem_cache *s, struct slab_sheaf *a, void *ctx)
{
	uint32_t nr = nr_cached(s, a), entry;

	(void)ctx;
	for (uint32_t i = 0; i < nr; i++) {
		struct frame *f = frame_of_cached(s, cached_object(a, i), &entry);

		if (!f)
			continue;
		if (f->census != census_number)
			f->nr_cached = 0;
		f->census = census_number;
		f->nr_cached++;
	}
}

static unsigned int take_tally(struct frame *f)
{
	unsigned int nr = f->census == census_number ? f->nr_cached : 0;

	f->nr_cached = 0;
	return nr;
}

static void add_slab(struct census *c, size_t inuse, size_t objects, size_t cached)
{
	size_t used = inuse > cached ? inuse - cached : 0;
	size_t decile = used ? (used * 10 - 1) / objects : 0;

	c->usage->decile[decile]++;
	c->usage->nr_cached += inuse - used;
	c->usage->nr_inuse += used;
	c->usage->inuse_bytes += used * c->cache->geo.size;
}

/* Second round: slabs of which sheaves hold objects and that were not listed: full but for those.
 */
static void count_sheaf(struct kmem_cache *s, struct slab_sheaf *a, void *ctx)
{
	struct census *c = ctx;
	uint32_t nr = nr_cached(s, a), entry;

	for (uint32_t i = 0; i < nr; i++) {
		struct frame *f = frame_of_cached(s, cached_object(a, i), &entry);
		unsigned int cached = f && c->nr_full ? take_tally(f) : 0;
		size_t objects;

		if (!cached)
			continue;
		objects = (UNIT_BYTES << entry_order(entry)) / s->geo.size;
		add_slab(c, objects, objects, cached);
		c->nr_full--;
		c->nr_objects -= min_size(c->nr_objects, objects);
	}
}

/* A slab that a CPU of engine=cpuslab holds is on no list and yet not full. */
static void count_cpu_slab(struct kmem_cache *s, struct frame *f, size_t nr_free, void *ctx)
{
	struct node *n = &s->node[f->node];
	struct census *c = ctx;

	if (!c->nr_full)
		return;
	lock_acquire(&n->lock);
	add_slab(c, f->inuse, f->objects, nr_free);
	c->nr_objects -= min_size(c->nr_objects, f->objects);
	lock_release(&n->lock);
	c->nr_full--;
}

static void count_listed(struct census *c, struct node *n)
{
	struct frame *f;

	list_for_each_entry (f, &n->partial, link) {
		add_slab(c, f->inuse, f->objects, take_tally(f));
		c->nr_objects -= f->objects;
	}
}

static size_t slab_bytes(const struct kmem_cache *s, const struct node *n)
{
	size_t lost = (slab_page_bytes() << s->geo.order) - (slab_page_bytes() << s->geo.min_order);

	return n->nr_slabs * (slab_page_bytes() << s->geo.order) - n->nr_fallbacks * lost;
}

static void count_node(struct census *c, struct node *n)
{
	lock_acquire(&n->lock);
	c->nr_full += n->nr_slabs - n->nr_partial;
	c->nr_objects += n->nr_objects;
	c->usage->nr_slabs += n->nr_slabs;
	c->usage->nr_objects += n->nr_objects;
	count_listed(c, n);
	lock_release(&n->lock);
}

static void count_objects(struct slab_usage *u, struct kmem_cache *s)
{
	struct census c = { .usage = u, .cache = s };

	census_number++;
	sheaf_visit(s, tally_sheaf, &c);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		count_node(&c, &s->node[i]);
	sheaf_visit(s, count_sheaf, &c);
	if (slab_cpuslab)
		cpuslab_visit_slabs(s, count_cpu_slab, &c);
	/* Some may be smaller, after a fall-back in order: all together they have nr_objects. */
	for (; c.nr_full; c.nr_full--) {
		size_t objects = max_size(c.nr_objects / c.nr_full, 1);

		add_slab(&c, objects, objects, 0);
		c.nr_objects -= min_size(c.nr_objects, objects);
	}
}

static void count_bytes(struct slab_usage *u, struct kmem_cache *s)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		struct node *n = &s->node[i];

		lock_acquire(&n->lock);
		bytes += slab_bytes(s, n);
		lock_release(&n->lock);
	}
	u->slab_bytes += bytes;
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		u->reclaimable_bytes += bytes;
}

/* Objects of caches that libslab keeps for itself are nobody's, but their bytes are held. */
static void count_cache(struct slab_usage *u, struct kmem_cache *s)
{
	if (!(s->flags & SLAB_NO_OBJ_EXT))
		count_objects(u, s);
	count_bytes(u, s);
}

static void count_zones(struct slab_usage *u)
{
	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		struct zone *z = &slab_zones[i];

		lock_acquire(&z->lock);
		u->free_dirty_bytes += z->nr_dirty << UNIT_SHIFT;
		u->stocked_bytes += z->nr_stocked << UNIT_SHIFT;
		u->retired_bytes += z->nr_retired << UNIT_SHIFT;
		lock_release(&z->lock);
	}
	u->metadata_bytes = pagemap_committed() * (sizeof(struct frame) + sizeof(uint32_t)) +
			    percpu_bytes() + stackdepot_bytes() + freelist_bytes() +
			    kfence_bytes() + kfree_block_bytes() + stat_bytes();
}

void slab_usage(struct slab_usage *u)
{
	struct kmem_cache *s;

	memset(u, 0, sizeof(*u));
	if (!boot_ensure())
		return;
	defer_drain();
	lock_acquire(&slab_mutex);
	list_for_each_entry (s, &slab_caches, link)
		count_cache(u, s);
	lock_release(&slab_mutex);
	u->slab_bytes += rcu_slab_bytes();
	count_zones(u);
	u->large_bytes = large_bytes();
	u->vmalloc_bytes = vmarea_bytes();
	u->page_bytes = exact_bytes();
	u->held_bytes = u->slab_bytes + u->large_bytes + u->page_bytes + u->vmalloc_bytes +
			u->free_dirty_bytes + u->metadata_bytes;
}
