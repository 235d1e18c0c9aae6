// SPDX-License-Identifier: MIT
/* slab_check() of the page map and the zones; what the objects in slabs must be is in check.c. */
#include "check.h"

#include "area.h"
#include "text.h"

void check_disagree(struct checker *c, const char *equation, const struct kmem_cache *s,
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

void check_equal(struct checker *c, const char *equation, const struct kmem_cache *s,
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
	check_disagree(c, buf, s, where);
}

static size_t nr_pages(const struct frame *f)
{
	return (size_t)1 << f->order;
}

/* E1: only the first frame of a block is in a state. */
static void check_tail(struct checker *c, const struct frame *f)
{
	for (size_t i = 1; i < nr_pages(f); i++)
		if (f[i].state != FRAME_NONE)
			check_disagree(c, "E1: a frame inside a block has a state", NULL,
				       frame_address(&f[i]));
}

/* E1 for a block in use. */
static void check_entries(struct checker *c, const struct frame *f, uint32_t entry)
{
	size_t page = frame_page(f);

	for (size_t i = 0; i < nr_pages(f); i++)
		if (pagemap_entry(page + i) != entry)
			check_disagree(c, "E1: a page of a block differs from its first", f->cache,
				       pagemap_address(page + i));
}

static void check_used(struct checker *c, struct frame *f, uint32_t entry)
{
	check_equal(c, "E1: order in the page map", NULL, frame_address(f), entry_order(entry),
		    f->order);
	if (entry_kind(entry) != PAGE_SLAB && entry_kind(entry) != PAGE_LARGE)
		check_disagree(c, "E1: a block in use is free in the page map", NULL,
			       frame_address(f));
	check_entries(c, f, entry);
	if (f->mobility >= NR_MIGRATE_TYPES)
		check_disagree(c, "E13: a block of no type", NULL, frame_address(f));
	if (c->block && !(entry & ENTRY_PAGES))
		c->block(c, f, entry);
	c->zones[f->node].nr_used += nr_pages(f);
}

/* E1: pages that nobody uses; returns how many are dirty. */
static size_t check_unused(struct checker *c, const struct frame *f)
{
	size_t page = frame_page(f), nr_dirty = 0;

	for (size_t i = 0; i < nr_pages(f); i++) {
		uint32_t entry = pagemap_entry(page + i);

		nr_dirty += entry_kind(entry) == PAGE_DIRTY;
		if (entry_kind(entry) > PAGE_DIRTY || entry_slot(entry) || entry_order(entry))
			check_disagree(c, "E1: a page of a free block is in use", NULL,
				       pagemap_address(page + i));
	}
	return nr_dirty;
}

static bool is_free_block(const struct frame *f, unsigned int order)
{
	return f->state == FRAME_FREE && f->order == order;
}

/* E13 */
static void check_types(struct checker *c, const struct frame *f)
{
	size_t page = frame_page(f);

	for (size_t i = 0; i < nr_pages(f); i += 1u << PAGEBLOCK_ORDER)
		if (pageblock_type(page + i) != pageblock_type(page) ||
		    pageblock_type(page + i) >= NR_MIGRATE_TYPES)
			check_disagree(c, "E13: a free block in pageblocks of several types", NULL,
				       frame_address(f));
}

/* E6, E7 and E13 for one free block. */
static void check_free(struct checker *c, struct frame *f)
{
	size_t nr_dirty = check_unused(c, f);
	struct zone_tally *t = &c->zones[f->node];

	if (f->order < slab_block_order() &&
	    is_free_block(&slab_range.frames[frame_page(f) ^ nr_pages(f)], f->order))
		check_disagree(c, "E6: a free block was not merged with its buddy", NULL,
			       frame_address(f));
	check_types(c, f);
	check_equal(c, "E7: nr_dirty of a free block", NULL, frame_address(f), f->nr_dirty,
		    nr_dirty);
	t->nr_free += nr_pages(f);
	t->nr_dirty += nr_dirty;
}

/* One block of any kind; returns its pages. */
static size_t check_block(struct checker *c, size_t page)
{
	struct frame *f = &slab_range.frames[page];
	struct zone_tally *t;

	if (f->state == FRAME_NONE || f->state == FRAME_PURGING || page % nr_pages(f) ||
	    f->order < slab_page_order || f->node >= slab_nr_nodes) {
		check_disagree(c, "E6: a page in no block", NULL, frame_address(f));
		return (size_t)1 << slab_page_order;
	}
	check_tail(c, f);
	t = &c->zones[f->node];
	t->nr_committed += nr_pages(f);
	if (f->state == FRAME_USED)
		check_used(c, f, pagemap_entry(page));
	else if (f->state == FRAME_FREE)
		check_free(c, f);
	else
		check_unused(c, f);
	t->nr_stocked += f->state == FRAME_STOCKED ? nr_pages(f) : 0;
	t->nr_retired += f->state == FRAME_RETIRED ? nr_pages(f) : 0;
	return nr_pages(f);
}

/* E6: all blocks of one piece of the range have the node of its first. */
static void check_node_of_piece(struct checker *c, size_t first)
{
	const struct frame *frames = slab_range.frames;
	size_t end = first + ((size_t)1 << slab_block_order());

	for (size_t i = first; i < end; i++)
		if (frames[i].state != FRAME_NONE && frames[i].node != frames[first].node)
			check_disagree(c, "E6: a largest block of two nodes", NULL,
				       pagemap_address(i));
}

static void check_pages(struct checker *c)
{
	size_t committed = pagemap_committed();

	for (size_t page = 0; page < committed;)
		page += check_block(c, page);
	for (size_t page = 0; page < committed; page += (size_t)1 << slab_block_order())
		check_node_of_piece(c, page);
}

/* What a free list may hold. */
struct expected {
	const struct zone *zone;
	unsigned int type, order;
	bool dirty;
};

/* E7 and E13: returns the blocks on the list. */
static size_t check_list(struct checker *c, const struct list_head *list, const struct expected *e)
{
	struct frame *f;
	size_t nr = 0;

	list_for_each_entry (f, list, link) {
		nr++;
		if (!is_free_block(f, e->order) || (f->nr_dirty > 0) != e->dirty)
			check_disagree(c, "E7: a block on the wrong free list", NULL,
				       frame_address(f));
		if (pageblock_type(frame_page(f)) != e->type || f->node != e->zone->node)
			check_disagree(c, "E13: a block on a list of another type or node", NULL,
				       frame_address(f));
	}
	return nr;
}

/* Returns the pages on the lists of one type. */
static size_t check_lists(struct checker *c, struct zone *z, unsigned int type)
{
	size_t listed = 0;

	for (unsigned int o = 0; o < NR_UNIT_ORDERS; o++) {
		struct expected dirty = { z, type, o, true }, clean = { z, type, o, false };
		size_t nr = check_list(c, &z->dirty[type][o], &dirty) +
			    check_list(c, &z->clean[type][o], &clean);

		check_equal(c, "E5: nr_blocks", NULL, NULL, z->nr_blocks[type][o], nr);
		listed += nr << o;
	}
	return listed;
}

static void check_zone(struct checker *c, struct zone *z)
{
	const struct zone_tally *t = &c->zones[z->node];
	size_t listed = 0;

	for (unsigned int type = 0; type < NR_MIGRATE_TYPES; type++)
		listed += check_lists(c, z, type);
	check_equal(c, "E5: nr_free + nr_used + nr_purging + nr_stocked + nr_retired", NULL, NULL,
		    z->nr_free + z->nr_used + z->nr_purging + z->nr_stocked + z->nr_retired,
		    z->nr_committed);
	check_equal(c, "E5: nr_committed of the zone", NULL, NULL, z->nr_committed,
		    t->nr_committed);
	check_equal(c, "E5: pages on free lists", NULL, NULL, listed, z->nr_free);
	check_equal(c, "E5: nr_free against the page map", NULL, NULL, z->nr_free, t->nr_free);
	check_equal(c, "E5: nr_used against the page map", NULL, NULL, z->nr_used, t->nr_used);
	check_equal(c, "E7: nr_dirty against the page map", NULL, NULL, z->nr_dirty, t->nr_dirty);
	check_equal(c, "E7: nr_low, as far as it is above nr_dirty", NULL, NULL,
		    max_size(z->nr_low, z->nr_dirty) - z->nr_dirty, 0);
	check_equal(c, "E14: nr_stocked", NULL, NULL, z->nr_stocked, t->nr_stocked);
	check_equal(c, "E14: nr_retired", NULL, NULL, z->nr_retired, t->nr_retired);
}

void check_zones(struct checker *c)
{
	check_pages(c);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		check_zone(c, &slab_zones[i]);
}
