// SPDX-License-Identifier: MIT
/* Free lists and their counts. See area.h. */
#include "area.h"

void area_init(struct zone *z)
{
	for (unsigned int t = 0; t < NR_MIGRATE_TYPES; t++)
		for (unsigned int o = 0; o < NR_UNIT_ORDERS; o++) {
			list_init(&z->dirty[t][o]);
			list_init(&z->clean[t][o]);
		}
}

static struct list_head *list_of(struct zone *z, const struct frame *f)
{
	enum migrate_type type = pageblock_type(frame_page(f));

	return f->nr_dirty ? &z->dirty[type][f->order] : &z->clean[type][f->order];
}

static void count(struct zone *z, const struct frame *f)
{
	z->nr_blocks[pageblock_type(frame_page(f))][f->order]++;
	z->nr_free += (size_t)1 << f->order;
	z->nr_dirty += f->nr_dirty;
}

void area_add(struct zone *z, struct frame *f)
{
	f->state = FRAME_FREE;
	list_add(&f->link, list_of(z, f));
	count(z, f);
}

void area_add_tail(struct zone *z, struct frame *f)
{
	f->state = FRAME_FREE;
	list_add_tail(&f->link, list_of(z, f));
	count(z, f);
}

void area_del(struct zone *z, struct frame *f)
{
	f->state = FRAME_NONE;
	list_del(&f->link);
	z->nr_blocks[pageblock_type(frame_page(f))][f->order]--;
	z->nr_free -= (size_t)1 << f->order;
	z->nr_dirty -= f->nr_dirty;
}

static struct frame *first_of(struct list_head *list)
{
	return list_empty(list) ? NULL : list_first_entry(list, struct frame, link);
}

struct frame *area_first_dirty(struct zone *z, enum migrate_type type, unsigned int order)
{
	return first_of(&z->dirty[type][order]);
}

struct frame *area_first_clean(struct zone *z, enum migrate_type type, unsigned int order)
{
	return first_of(&z->clean[type][order]);
}

static struct frame *smallest(struct list_head *lists, unsigned int order)
{
	struct frame *f = NULL;

	for (; !f && order <= slab_block_order(); order++)
		f = first_of(&lists[order]);
	return f;
}

struct frame *area_fit_dirty(struct zone *z, enum migrate_type type, unsigned int order)
{
	return smallest(z->dirty[type], order);
}

struct frame *area_fit_clean(struct zone *z, enum migrate_type type, unsigned int order)
{
	return smallest(z->clean[type], order);
}

struct frame *area_largest_dirty(struct zone *z)
{
	struct frame *f = NULL;

	for (unsigned int order = NR_UNIT_ORDERS; !f && order--;)
		for (unsigned int type = 0; !f && type < NR_MIGRATE_TYPES; type++)
			f = first_of(&z->dirty[type][order]);
	return f;
}
