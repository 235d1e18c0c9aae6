// SPDX-License-Identifier: MIT
/* Committing more of the range. frontier_lock guards the frontier alone. See frontier.h. */
#include "frontier.h"

#include "area.h"
#include "coalesce.h"
#include "mobility.h"
#include "nodes.h"
#include "pagemap.h"

static struct lock frontier_lock;

struct pieces {
	struct frame *first;
	unsigned int nr;
	unsigned int order;
};

static size_t largest_pages(void)
{
	return (size_t)1 << slab_block_order();
}

static size_t nr_pages(const struct pieces *p)
{
	return (size_t)p->nr << p->order;
}

/* So large that it ends where one of the next order does. */
static unsigned int order_at(size_t frontier, const struct zone *z)
{
	if (frontier >= largest_pages() || slab_nr_nodes > 1 || z->shuffle)
		return slab_block_order();
	return frontier ? bits_ilog2(frontier) : FRONTIER_FIRST_ORDER;
}

/* How many pieces @z should get at once; 0 when none is left. */
static unsigned int wanted(const struct zone *z)
{
	size_t left = (slab_range.nr_pages - slab_range.nr_committed) / largest_pages();
	size_t share = max_size(left / slab_nr_nodes, 1);

	if (!left || !z->shuffle)
		return left > 0;
	return (unsigned int)min_size(share, FRONTIER_SHUFFLED);
}

/* As many as the system gives: fewer rather than none. */
static struct pieces commit(const struct zone *z)
{
	size_t frontier = slab_range.nr_committed;
	struct pieces p = { .nr = wanted(z), .order = order_at(frontier, z) };

	for (; p.nr; p.nr /= 2)
		if (!pagemap_commit(frontier, nr_pages(&p)))
			break;
	p.first = &slab_range.frames[frontier];
	for (unsigned int i = 0; i < p.nr; i++)
		p.first[(size_t)i << p.order].node = z->node;
	__atomic_store_n(&slab_range.nr_committed, frontier + nr_pages(&p), __ATOMIC_RELEASE);
	return p;
}

/* What begins within a pageblock is of its type. */
static void add_piece(struct zone *z, struct frame *f, unsigned int order, enum migrate_type type)
{
	f->order = (uint8_t)order;
	if (frame_page(f) % ((size_t)1 << PAGEBLOCK_ORDER) == 0)
		mobility_set(f, type);
	if (order == slab_block_order())
		area_add(z, f);
	else
		coalesce_add(z, f);
}

static void add_pieces(struct zone *z, const struct pieces *p, enum migrate_type type)
{
	unsigned int order[FRONTIER_SHUFFLED];

	for (unsigned int i = 0; i < p->nr; i++)
		order[i] = i;
	for (unsigned int i = p->nr; i > 1; i--) {
		unsigned int j = (unsigned int)random_below(&z->random, i);
		unsigned int swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	for (unsigned int i = 0; i < p->nr; i++)
		add_piece(z, p->first + ((size_t)order[i] << p->order), p->order, type);
}

/* frontier_lock is held, and is not on return. */
static bool grow(struct zone *z, enum migrate_type type)
{
	struct pieces p = commit(z);

	lock_release(&frontier_lock);
	if (!p.nr)
		return false;
	nodes_bind(frame_address(p.first), nr_pages(&p) << UNIT_SHIFT, z->node);
	z->nr_committed += nr_pages(&p);
	add_pieces(z, &p, type);
	return true;
}

bool frontier_grow(struct zone *z, enum migrate_type type)
{
	lock_acquire(&frontier_lock);
	return grow(z, type);
}

bool frontier_try_grow(struct zone *z, enum migrate_type type)
{
	return lock_try(&frontier_lock) && grow(z, type);
}
