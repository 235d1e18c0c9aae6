// SPDX-License-Identifier: MIT
/*
 * Do the equations of types.h hold? Walks the page map, every slab, list and sheaf, recomputes what
 * is stored and reports all disagreements, one sentence each. Nobody else may be inside libslab.
 */
#include <string.h>

#include "boot.h"
#include "cache.h"
#include "cpuslab.h"
#include "defer.h"
#include "exts.h"
#include "frame.h"
#include "freelist.h"
#include "large.h"
#include "limit.h"
#include "objcg.h"
#include "pagemap.h"
#include "sheaf.h"
#include "text.h"
#include "vmstat.h"
#include "vmarea.h"
#include "lib/random.h"

struct checker {
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
	size_t nr;     /* disagreements */
	uint64_t mark; /* written into free objects seen in a sheaf; differs from call to call */
	/* found in the page map */
	size_t nr_used;
	size_t nr_free;
	size_t nr_dirty;
	size_t bytes[NR_VM_NODE_STAT_ITEMS]; /* in slabs */
};

/* Objects of one slab seen on its freelist; one slab at a time, under slab_mutex. */
static uint64_t seen[(MAX_OBJS_PER_PAGE + 1) / 64];

static uint64_t marks; /* state of a random sequence */

/* "E2: kmalloc-64, 0x7f..: inuse + free + fresh is 63, should be 64" */
static void disagree(struct checker *c, const char *equation, const struct kmem_cache *s,
		     const void *where)
{
	char buf[256];
	struct text t;

	c->nr++;
	if (!c->say)
		return;
	text_init(&t, buf, sizeof(buf));
	text_str(&t, equation);
	if (s) {
		text_str(&t, ", cache ");
		text_str(&t, s->name);
	}
	if (where) {
		text_str(&t, ", at ");
		text_ptr(&t, where);
	}
	c->say(c->ctx, buf);
}

static void expect_equal(struct checker *c, const char *equation, const struct kmem_cache *s,
			 const void *where, size_t is, size_t should)
{
	char buf[160];
	struct text t;

	if (is == should)
		return;
	text_init(&t, buf, sizeof(buf));
	text_str(&t, equation);
	text_str(&t, " is ");
	text_u64(&t, is);
	text_str(&t, ", should be ");
	text_u64(&t, should);
	disagree(c, buf, s, where);
}

/* E1: only the first frame of a block is in a state. */
static void check_tail(struct checker *c, const struct frame *f, size_t pages)
{
	for (size_t i = 1; i < pages; i++)
		if (f[i].state != FRAME_NONE)
			disagree(c, "E1: a frame inside a block has a state", NULL,
				 frame_address(&f[i]));
}

/* E1 for a block in use. */
static void check_entries(struct checker *c, const struct frame *f, uint32_t entry)
{
	size_t page = frame_page(f);

	for (size_t i = 0; i < (size_t)1 << f->order; i++)
		if (pagemap_entry(page + i) != entry)
			disagree(c, "E1: a page of a block differs from its first", f->cache,
				 pagemap_address(page + i));
}

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
			disagree(c, "E3: freelist entry is no object, fresh or there twice", s, p);
			return;
		}
	}
	expect_equal(c, "E2: inuse + length(freelist) + nr_fresh", s, frame_address(f),
		     f->inuse + nr + f->nr_fresh, f->objects);
}

static void check_slab(struct checker *c, struct frame *f, uint32_t entry)
{
	struct kmem_cache *s = f->cache;
	struct node_tally *tally;

	if (!s) {
		disagree(c, "E1: a slab without a cache", NULL, frame_address(f));
		return;
	}
	expect_equal(c, "E1: slot in the page map", s, frame_address(f), entry_slot(entry),
		     exts_present(f) ? 0 : s->free_slot);
	exts_tally(s, f);
	expect_equal(c, "E4: on_list", s, frame_address(f), f->on_list,
		     f->inuse < f->objects && !f->on_cpu);
	check_freelist(c, s, f);
	tally = &s->tally[f->node];
	f->nr_cached = 0;
	tally->nr_slabs++;
	tally->nr_objects += f->objects;
	tally->nr_listed += f->on_list;
	c->bytes[vmstat_slab_item(s->flags)] += frame_bytes(f);
}

static size_t check_used(struct checker *c, size_t page, uint32_t entry)
{
	struct frame *f = &slab_range.frames[page];
	size_t pages = (size_t)1 << entry_order(entry);

	expect_equal(c, "E1: order in the page map", NULL, frame_address(f), entry_order(entry),
		     f->order);
	if (f->state != FRAME_USED || page % pages)
		disagree(c, "E1: a block in use has no frame at its start", NULL, frame_address(f));
	check_entries(c, f, entry);
	check_tail(c, f, pages);
	if (entry_kind(entry) == PAGE_SLAB)
		check_slab(c, f, entry);
	else
		exts_large_tally(f);
	c->nr_used += pages;
	return pages;
}

static bool is_free_block(const struct frame *f, unsigned int order)
{
	return f->state == FRAME_FREE && f->order == order;
}

/* E1, E6 and E7 for one free block. */
static size_t check_free(struct checker *c, size_t page)
{
	struct frame *f = &slab_range.frames[page];
	size_t pages = (size_t)1 << f->order;
	size_t nr_dirty = 0;

	if (f->state != FRAME_FREE || page % pages) {
		disagree(c, "E6: a free page in no free block", NULL, frame_address(f));
		return 1;
	}
	if (f->order < slab_block_order() &&
	    is_free_block(&slab_range.frames[page ^ pages], f->order))
		disagree(c, "E6: a free block was not merged with its buddy", NULL,
			 frame_address(f));
	for (size_t i = 0; i < pages; i++) {
		uint32_t entry = pagemap_entry(page + i);

		nr_dirty += entry_kind(entry) == PAGE_DIRTY;
		if (entry_kind(entry) > PAGE_DIRTY || entry_slot(entry) || entry_order(entry))
			disagree(c, "E1: a page of a free block is in use", NULL,
				 pagemap_address(page + i));
	}
	check_tail(c, f, pages);
	expect_equal(c, "E7: nr_dirty of a free block", NULL, frame_address(f), f->nr_dirty,
		     nr_dirty);
	c->nr_free += pages;
	c->nr_dirty += nr_dirty;
	return pages;
}

static void check_pages(struct checker *c)
{
	size_t page = 0;

	while (page < slab_zone.nr_committed) {
		uint32_t entry = pagemap_entry(page);

		if (entry_kind(entry) == PAGE_SLAB || entry_kind(entry) == PAGE_LARGE)
			page += check_used(c, page, entry);
		else
			page += check_free(c, page);
	}
}

/* E7: a list has blocks of its order only, dirty or clean; returns the pages on it. */
static size_t check_list(struct checker *c, struct list_head *list, unsigned int order, bool dirty)
{
	struct frame *f;
	size_t nr = 0;

	list_for_each_entry (f, list, link) {
		nr += (size_t)1 << order;
		if (!is_free_block(f, order) || (f->nr_dirty > 0) != dirty)
			disagree(c, "E7: a block on the wrong free list", NULL, frame_address(f));
	}
	return nr;
}

static void check_zone(struct checker *c)
{
	struct zone *z = &slab_zone;
	size_t listed = 0;

	for (unsigned int i = 0; i < NR_UNIT_ORDERS; i++) {
		listed += check_list(c, &z->dirty[i], i, true);
		listed += check_list(c, &z->clean[i], i, false);
	}
	expect_equal(c, "E5: nr_free + nr_used + nr_purging", NULL, NULL,
		     z->nr_free + z->nr_used + z->nr_purging, z->nr_committed);
	expect_equal(c, "E5: pages on free lists", NULL, NULL, listed, z->nr_free);
	expect_equal(c, "E5: nr_free against the page map", NULL, NULL, z->nr_free, c->nr_free);
	expect_equal(c, "E5: nr_used against the page map", NULL, NULL, z->nr_used, c->nr_used);
	expect_equal(c, "E7: nr_dirty against the page map", NULL, NULL, z->nr_dirty, c->nr_dirty);
}

/* E9: the slab of a free object that is in no slab's hands, or NULL after a complaint. */
static struct frame *check_place(struct checker *c, const struct kmem_cache *s, void *object)
{
	size_t page = pagemap_page(object);
	struct frame *f;

	if (page >= slab_zone.nr_committed || entry_kind(pagemap_entry(page)) != PAGE_SLAB) {
		disagree(c, "E9: a sheaf holds what is in no slab", s, object);
		return NULL;
	}
	f = frame_of(object);
	if (f->cache == s && frame_is_object(s, f, object) && !frame_is_free(s, f, object))
		return f;
	disagree(c, "E9: a sheaf holds no object of its cache, or a free one", s, object);
	return NULL;
}

/* True after a complaint. */
static bool count_cached(struct checker *c, const struct kmem_cache *s, struct frame *f,
			 const void *object)
{
	if (++f->nr_cached <= f->inuse)
		return false;
	disagree(c, "E9: more objects of a slab in sheaves than in use", s, object);
	return true;
}

/* E9 for one object; the mark in its free pointer tells whether a sheaf had it before. */
static void check_cached(struct checker *c, struct kmem_cache *s, void *object)
{
	struct frame *f = check_place(c, s, object);
	uint64_t mark;

	if (!f)
		return;
	memcpy(&mark, freelist_ptr(s, object), sizeof(mark));
	if (mark == c->mark)
		disagree(c, "E9: an object is in sheaves twice", s, object);
	memcpy(freelist_ptr(s, object), &c->mark, sizeof(mark));
	count_cached(c, s, f, object);
}
static bool check_chained(struct kmem_cache *s, void *object, void *ctx)
{
	struct frame *f = check_place(ctx, s, object);

	return f && !count_cached(ctx, s, f, object);
}

static void check_sheaf(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx)
{
	struct checker *c = ctx;

	if (sheaf->cache != s || sheaf->size > sheaf->capacity ||
	    sheaf->capacity != s->geo.capacity) {
		disagree(c, "E9: cache, size or capacity of a sheaf", s, sheaf);
		return;
	}
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
			disagree(c, "E10: an empty sheaf among the full", s, sheaf);
	}
	list_for_each_entry (sheaf, &b->empty, link) {
		nr_empty++;
		if (sheaf->size)
			disagree(c, "E10: a sheaf with objects among the empty", s, sheaf);
	}
	expect_equal(c, "E10: nr_full", s, b, b->nr_full, nr_full);
	expect_equal(c, "E10: nr_empty", s, b, b->nr_empty, nr_empty);
	if (nr_full > MAX_FULL_SHEAVES)
		disagree(c, "E10: more full sheaves than the limit", s, b);
}

/* E8 */
static void check_node(struct checker *c, struct kmem_cache *s, struct node *n,
		       const struct node_tally *tally)
{
	struct frame *f;
	size_t nr = 0;

	list_for_each_entry (f, &n->partial, link) {
		nr++;
		if (f->cache != s || !f->on_list)
			disagree(c, "E8: a slab on the wrong list", s, frame_address(f));
	}
	list_for_each_entry (f, &n->full, link)
		if (f->cache != s || f->on_list || f->frozen || f->inuse != f->objects)
			disagree(c, "E8: a slab among the full ones", s, frame_address(f));
	expect_equal(c, "E8: nr_partial", s, NULL, n->nr_partial, nr);
	expect_equal(c, "E8: slabs marked as listed", s, NULL, tally->nr_listed, nr);
	expect_equal(c, "E8: nr_slabs", s, NULL, n->nr_slabs, tally->nr_slabs);
	expect_equal(c, "E8: nr_objects", s, NULL, n->nr_objects, tally->nr_objects);
}

/* E11 and E12; a test may have taken blocks from the zone itself, which the limit does not know. */
static void check_accounts(struct checker *c)
{
	if (slab_limit.nr_used > slab_limit.max)
		disagree(c, "E11: more in use than the limit", NULL, NULL);
	if (slab_limit.nr_used > c->nr_used)
		disagree(c, "E11: more in use than there are blocks", NULL, NULL);
	expect_equal(c, "E12: reclaimable bytes", NULL, NULL, vmstat_sum(NR_SLAB_RECLAIMABLE_B),
		     c->bytes[NR_SLAB_RECLAIMABLE_B]);
	expect_equal(c, "E12: unreclaimable bytes", NULL, NULL, vmstat_sum(NR_SLAB_UNRECLAIMABLE_B),
		     c->bytes[NR_SLAB_UNRECLAIMABLE_B] + large_bytes());
}

size_t slab_check(void (*say)(void *ctx, const char *sentence), void *ctx)
{
	struct checker c = { .say = say, .ctx = ctx };
	struct kmem_cache *s;

	if (!boot_ensure())
		return 0;
	defer_drain();
	lock_acquire(&slab_mutex);
	/* Another in every byte each time: an older one that a user half overwrote is not this one.
	 */
	c.mark = random_mix(&marks);
	list_for_each_entry (s, &slab_caches, link)
		memset(s->tally, 0, sizeof(s->tally));
	objcg_tally_begin();
	check_pages(&c);
	c.nr += objcg_check(say, ctx);
	check_zone(&c);
	check_accounts(&c);
	list_for_each_entry (s, &slab_caches, link) {
		for (unsigned int i = 0; i < slab_nr_nodes; i++) {
			check_node(&c, s, &s->node[i], &s->tally[i]);
			check_barn(&c, s, &s->node[i].barn);
		}
		sheaf_visit(s, check_sheaf, &c);
		if (slab_cpuslab)
			cpuslab_visit(s, check_chained, &c);
	}
	lock_release(&slab_mutex);
	if (!vmarea_is_sound())
		disagree(&c, "V1: the areas of vmalloc", NULL, NULL);
	return c.nr;
}
