// SPDX-License-Identifier: MIT
/*
 * Do the equations of types.h hold? Walks the page map, every slab, list and sheaf, recomputes what
 * is stored and reports all disagreements, one sentence each. Nobody else may be inside libslab;
 * its worker is kept out.
 */
#include <string.h>

#include "boot.h"
#include "cache.h"
#include "check.h"
#include "cpuslab.h"
#include "defer.h"
#include "exts.h"
#include "frame.h"
#include "freelist.h"
#include "grow.h"
#include "hooks.h"
#include "kmalloc.h"
#include "large.h"
#include "limit.h"
#include "objcg.h"
#include "pagemap.h"
#include "rcu_slab.h"
#include "sheaf.h"
#include "virtual.h"
#include "vmstat.h"
#include "vmarea.h"
#include "worker.h"
#include "lib/random.h"

/* Bytes in slabs, to compare with vmstat; under slab_mutex. */
static size_t slab_bytes[NR_VM_NODE_STAT_ITEMS];
static size_t nr_waiting; /* slabs, likewise */

/* Objects of one slab seen on its freelist; one slab at a time, under slab_mutex. */
static SPARSE uint64_t seen[(MAX_OBJS_PER_PAGE + 1) / 64];

static uint64_t marks; /* state of a random sequence */
static uint64_t mark;  /* written into free objects seen in a sheaf; under slab_mutex */

static bool test_and_see(unsigned int index)
{
	uint64_t bit = 1ull << index % 64;
	bool was = seen[index / 64] & bit;

	seen[index / 64] |= bit;
	return was;
}

/* E2 and E3; stops at the first bad link, since what follows it means nothing. */
static void check_freelist(struct checker *c, struct kmem_cache *s, struct frame *f)
{
	size_t fresh_from = (size_t)f->objects - f->nr_fresh;
	size_t nr = 0;

	memset(seen, 0, sizeof(seen));
	for (void *p = f->freelist; p; p = freelist_next(s, p), nr++) {
		size_t bytes = (uintptr_t)p - (uintptr_t)frame_address(f);
		unsigned int index = geometry_index(&s->geo, bytes);

		if (bytes >= frame_bytes(f) || !frame_is_object(s, f, p) || index >= fresh_from ||
		    test_and_see(index)) {
			check_disagree(c, "E3: freelist entry is no object, fresh or there twice",
				       s, p);
			return;
		}
	}
	check_equal(c, "E2: inuse + length(freelist) + nr_fresh", s, frame_address(f),
		    f->inuse + nr + f->nr_fresh, f->objects);
}

/* E15 */
static void check_waiting(struct checker *c, struct frame *f, uint32_t entry)
{
	check_equal(c, "E15: slot in the page map", f->cache, frame_address(f), entry_slot(entry),
		    0);
	check_equal(c, "E15: inuse", f->cache, frame_address(f), f->inuse, 0);
	slab_bytes[vmstat_slab_item(f->cache->flags)] += frame_bytes(f);
	nr_waiting++;
}

static void check_slab(struct checker *c, struct frame *f, uint32_t entry)
{
	struct kmem_cache *s = f->cache;
	struct node_tally *tally;

	if (!s) {
		check_disagree(c, "E1: a slab without a cache", NULL, frame_address(f));
		return;
	}
	if (f->waiting) {
		check_waiting(c, f, entry);
		return;
	}
	check_equal(c, "E1: slot in the page map", s, frame_address(f), entry_slot(entry),
		    exts_present(f) ? 0 : s->free_slot);
	check_equal(c, "E1: class in the page map", s, frame_address(f), entry_class(entry),
		    entry_slot(entry) ? s->kmalloc_class : 0);
	exts_tally(s, f);
	check_equal(c, "E4: on_list", s, frame_address(f), f->on_list,
		    f->inuse < f->objects && !f->on_cpu);
	check_freelist(c, s, f);
	tally = &s->node[f->node].tally;
	f->nr_cached = 0;
	tally->nr_slabs++;
	tally->nr_objects += f->objects;
	tally->nr_listed += f->on_list;
	slab_bytes[vmstat_slab_item(s->flags)] += frame_bytes(f);
}

static void check_block(struct checker *c, struct frame *f, uint32_t entry)
{
	if (entry_kind(entry) == PAGE_SLAB)
		check_slab(c, f, entry);
	else
		exts_large_tally(f);
}

/* E9: the slab of a free object that is in no slab's hands, or NULL after a complaint. */
static struct frame *check_place(struct checker *c, const struct kmem_cache *s, void *object)
{
	size_t page = pagemap_page(object);
	struct frame *f;

	if (page >= pagemap_committed() || entry_kind(pagemap_entry(page)) != PAGE_SLAB) {
		check_disagree(c, "E9: a sheaf holds what is in no slab", s, object);
		return NULL;
	}
	f = frame_of(object);
	if (f->cache == s && frame_is_object(s, f, object) && !frame_is_free(s, f, object))
		return f;
	check_disagree(c, "E9: a sheaf holds no object of its cache, or a free one", s, object);
	return NULL;
}

/* True after a complaint. */
static bool count_cached(struct checker *c, const struct kmem_cache *s, struct frame *f,
			 const void *object)
{
	if (++f->nr_cached <= f->inuse)
		return false;
	check_disagree(c, "E9: more objects of a slab in sheaves than in use", s, object);
	return true;
}

/* E9 for one object; the mark in its free pointer tells whether a sheaf had it before. */
static void check_cached(struct checker *c, struct kmem_cache *s, void *object)
{
	struct frame *f = check_place(c, s, object);
	uint64_t found;

	if (!f)
		return;
	memcpy(&found, freelist_ptr(s, object), sizeof(found));
	if (found == mark)
		check_disagree(c, "E9: an object is in sheaves twice", s, object);
	memcpy(freelist_ptr(s, object), &mark, sizeof(mark));
	count_cached(c, s, f, object);
}

static bool check_chained(struct kmem_cache *s, void *object, void *ctx)
{
	struct frame *f = check_place(ctx, s, object);

	return f && !count_cached(ctx, s, f, object);
}

static bool begins_in_block(const struct slab_sheaf *sheaf)
{
	const void *block = sheaf_block(sheaf);
	const struct frame *f = frame_of(block);

	return sheaf->color < grow_nr_colors(sheaf->cache, sheaf->capacity) &&
	       frame_is_object(f->cache, f, block);
}

static void check_sheaf(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx)
{
	struct checker *c = ctx;

	if (sheaf->cache != s || sheaf->size > sheaf->capacity ||
	    sheaf->capacity > s->capacity_max) {
		check_disagree(c, "E9: cache, size or capacity of a sheaf", s, sheaf);
		return;
	}
	if (!begins_in_block(sheaf))
		check_disagree(c, "E9: where a sheaf begins", s, sheaf);
	for (uint32_t i = 0; i < sheaf->size; i++)
		check_cached(c, s, sheaf->objects[i]);
}

/* E10 */
static void check_barn(struct checker *c, struct kmem_cache *s, struct barn *b)
{
	struct slab_sheaf *sheaf;
	size_t nr_full = 0, nr_empty = 0;

	list_for_each_entry (sheaf, &b->full, link) {
		nr_full++;
		if (!sheaf->size)
			check_disagree(c, "E10: an empty sheaf among the full", s, sheaf);
	}
	list_for_each_entry (sheaf, &b->empty, link) {
		nr_empty++;
		if (sheaf->size)
			check_disagree(c, "E10: a sheaf with objects among the empty", s, sheaf);
	}
	check_equal(c, "E10: nr_full", s, b, b->nr_full, nr_full);
	check_equal(c, "E10: nr_empty", s, b, b->nr_empty, nr_empty);
	if (nr_full > MAX_FULL_SHEAVES)
		check_disagree(c, "E10: more full sheaves than the limit", s, b);
}

/* E8 */
static void check_node(struct checker *c, struct kmem_cache *s, struct node *n)
{
	const struct node_tally *tally = &n->tally;
	struct frame *f;
	size_t nr = 0;

	list_for_each_entry (f, &n->partial, link) {
		nr++;
		if (f->cache != s || !f->on_list)
			check_disagree(c, "E8: a slab on the wrong list", s, frame_address(f));
	}
	list_for_each_entry (f, &n->full, link)
		if (f->cache != s || f->on_list || f->frozen || f->inuse != f->objects)
			check_disagree(c, "E8: a slab among the full ones", s, frame_address(f));
	check_equal(c, "E8: nr_partial", s, NULL, n->nr_partial, nr);
	check_equal(c, "E8: slabs marked as listed", s, NULL, tally->nr_listed, nr);
	check_equal(c, "E8: nr_slabs", s, NULL, n->nr_slabs, tally->nr_slabs);
	check_equal(c, "E8: nr_objects", s, NULL, n->nr_objects, tally->nr_objects);
}

/* E16 */
static void check_slots(struct checker *c, struct kmem_cache *s)
{
	if (s->alloc_slot && (s->alloc_slot != s->slot || hooks_needed(s)))
		check_disagree(c, "E16: alloc_slot", s, NULL);
	if (s->free_slot && s->free_slot != s->slot)
		check_disagree(c, "E16: free_slot", s, NULL);
}

static void check_table(struct checker *c)
{
	for (unsigned int set = 0; set < partition_nr_used(); set++)
		for (unsigned int i = 0; i < NR_KMALLOC_INDEXES; i++) {
			struct kmem_cache *s = kmalloc_cache(set, i);

			check_equal(c, "E16: kmalloc's table of slots", s, NULL,
				    slab_classes.slots[(set << NR_CLASSES_SHIFT) + i],
				    s ? s->alloc_slot : 0);
		}
}

/* E14: what stocks hold, all caches and large blocks together. */
static void check_stocks(struct checker *c)
{
	size_t listed = virtual_stocked(NULL), counted = 0;
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, link)
		listed += virtual_stocked(s);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		counted += slab_zones[i].nr_stocked;
	check_equal(c, "E14: nr_stocked against the stocks", NULL, NULL, counted, listed);
}

/* E11 and E12; a test may have taken blocks from the zone itself, which the limit does not know. */
static void check_accounts(struct checker *c)
{
	size_t nr_used = 0;

	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		nr_used += c->zones[i].nr_used;
	if (slab_limit.nr_used > slab_limit.max)
		check_disagree(c, "E11: more in use than the limit", NULL, NULL);
	if (slab_limit.nr_used > nr_used)
		check_disagree(c, "E11: more in use than there are blocks", NULL, NULL);
	check_equal(c, "E12: reclaimable bytes", NULL, NULL, vmstat_sum(NR_SLAB_RECLAIMABLE_B),
		    slab_bytes[NR_SLAB_RECLAIMABLE_B]);
	check_equal(c, "E12: unreclaimable bytes", NULL, NULL, vmstat_sum(NR_SLAB_UNRECLAIMABLE_B),
		    slab_bytes[NR_SLAB_UNRECLAIMABLE_B] + large_bytes());
}

size_t slab_check(void (*say)(void *ctx, const char *sentence), void *ctx)
{
	struct checker c = { .say = say, .ctx = ctx, .block = check_block };
	struct kmem_cache *s;

	if (!boot_ensure())
		return 0;
	defer_drain();
	worker_enter();
	lock_acquire(&slab_mutex);
	/* Another in every byte each time: an older one that a user half overwrote is not this one.
	 */
	mark = random_mix(&marks);
	list_for_each_entry (s, &slab_caches, link)
		for (unsigned int i = 0; i < slab_nr_nodes; i++)
			s->node[i].tally = (struct node_tally){ .nr_slabs = 0 };
	memset(slab_bytes, 0, sizeof(slab_bytes));
	nr_waiting = 0;
	objcg_tally_begin();
	check_zones(&c);
	c.nr += objcg_check(say, ctx);
	check_stocks(&c);
	check_accounts(&c);
	check_table(&c);
	check_equal(&c, "E15: waiting slabs", NULL, NULL, rcu_nr_slabs(), nr_waiting);
	list_for_each_entry (s, &slab_caches, link) {
		for (unsigned int i = 0; i < slab_nr_nodes; i++) {
			check_node(&c, s, &s->node[i]);
			check_barn(&c, s, &s->node[i].barn);
		}
		check_slots(&c, s);
		sheaf_visit(s, check_sheaf, &c);
		if (slab_cpuslab)
			cpuslab_visit(s, check_chained, &c);
	}
	lock_release(&slab_mutex);
	worker_leave();
	if (!vmarea_is_sound())
		check_disagree(&c, "V1: the areas of vmalloc", NULL, NULL);
	return c.nr;
}
