// SPDX-License-Identifier: MIT
/* Fragmentation of free memory. Each zone is counted under its lock. See indices.h. */
#include "indices.h"

#include "area.h"
#include "boot.h"
#include "mobility.h"
#include "text.h"

static size_t nr_free_pages(const struct free_blocks *b, unsigned int from_order)
{
	size_t nr = 0;

	for (unsigned int o = from_order; o <= MAX_PAGE_ORDER; o++)
		nr += b->nr[o] << o;
	return nr;
}

unsigned int indices_unusable(const struct free_blocks *b, unsigned int order)
{
	size_t all = nr_free_pages(b, 0);

	return all ? (unsigned int)((all - nr_free_pages(b, order)) * 1000 / all) : 1000;
}

int indices_fragmentation(const struct free_blocks *b, unsigned int order)
{
	size_t nr_blocks = 0;

	if (nr_free_pages(b, order))
		return -1000;
	for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
		nr_blocks += b->nr[o];
	if (!nr_blocks)
		return 0;
	return 1000 - (int)((1000 + (nr_free_pages(b, 0) * 1000 >> order)) / nr_blocks);
}

/* zone.lock is held. */
static size_t nr_of_type(const struct zone *z, unsigned int type, unsigned int order)
{
	return z->nr_blocks[type][order + slab_page_order];
}

static struct free_blocks count(unsigned int node)
{
	struct zone *z = &slab_zones[node];
	struct free_blocks b = { .nr = { 0 } };

	lock_acquire(&z->lock);
	for (unsigned int t = 0; t < NR_MIGRATE_TYPES; t++)
		for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
			b.nr[o] += nr_of_type(z, t, o);
	lock_release(&z->lock);
	return b;
}

static bool exists(unsigned int node, unsigned int order)
{
	return boot_ensure() && node < slab_nr_nodes && order <= MAX_PAGE_ORDER;
}

int slab_unusable_index(unsigned int node, unsigned int order)
{
	struct free_blocks b;

	if (!exists(node, order))
		return 1000;
	b = count(node);
	return (int)indices_unusable(&b, order);
}

int slab_fragmentation_index(unsigned int node, unsigned int order)
{
	struct free_blocks b;

	if (!exists(node, order))
		return 0;
	b = count(node);
	return indices_fragmentation(&b, order);
}

static void print_cell(struct text *t, size_t x, unsigned int width)
{
	text_u64_right(t, x, width);
	text_str(t, " ");
}

static void print_node(struct text *t, unsigned int node, unsigned int width)
{
	text_str(t, "Node ");
	text_u64_right(t, node, width);
	text_str(t, ", zone   Normal");
}

size_t slab_buddyinfo(char *buf, size_t len)
{
	struct text t;

	text_init(&t, buf, len);
	if (!boot_ensure())
		return 0;
	for (unsigned int node = 0; node < slab_nr_nodes; node++) {
		struct free_blocks b = count(node);

		print_node(&t, node, 1);
		text_str(&t, " ");
		for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
			print_cell(&t, b.nr[o], 6);
		text_str(&t, "\n");
	}
	return t.used;
}

static void right(struct text *t, const char *s, size_t width)
{
	for (size_t have = __builtin_strlen(s); have < width; have++)
		text_str(t, " ");
	text_str(t, s);
}

static void print_head(struct text *t)
{
	unsigned int order = PAGEBLOCK_ORDER - slab_page_order;

	text_str(t, "Page block order: ");
	text_u64(t, order);
	text_str(t, "\nPages per block:  ");
	text_u64(t, 1u << order);
	text_str(t, "\n\n");
	text_str_left(t, "Free pages count per migrate type at order", 43);
	text_str(t, " ");
	for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
		print_cell(t, o, 6);
	text_str(t, "\n");
}

static void print_types(struct text *t, unsigned int node)
{
	struct zone *z = &slab_zones[node];

	lock_acquire(&z->lock);
	for (unsigned int type = 0; type < NR_MIGRATE_TYPES; type++) {
		print_node(t, node, 4);
		text_str(t, ", type ");
		right(t, mobility_name((enum migrate_type)type), 12);
		text_str(t, " ");
		for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
			print_cell(t, nr_of_type(z, type, o), 6);
		text_str(t, "\n");
	}
	lock_release(&z->lock);
}

/* Pageblocks of a node by type. What the frontier passes meanwhile may be missed. */
static void count_pageblocks(unsigned int node, size_t *nr)
{
	struct zone *z = &slab_zones[node];
	size_t committed = pagemap_committed(), largest = (size_t)1 << slab_block_order();

	lock_acquire(&z->lock);
	for (size_t page = 0; page < committed; page += 1u << PAGEBLOCK_ORDER)
		if (slab_range.frames[align_down(page, largest)].node == node)
			nr[pageblock_type(page)]++;
	lock_release(&z->lock);
}

static void print_pageblocks(struct text *t, unsigned int node)
{
	size_t nr[NR_MIGRATE_TYPES] = { 0 };

	count_pageblocks(node, nr);
	print_node(t, node, 1);
	text_str(t, " ");
	for (unsigned int type = 0; type < NR_MIGRATE_TYPES; type++)
		print_cell(t, nr[type], 12);
	text_str(t, "\n");
}

size_t slab_pagetypeinfo(char *buf, size_t len)
{
	struct text t;

	text_init(&t, buf, len);
	if (!boot_ensure())
		return 0;
	print_head(&t);
	for (unsigned int node = 0; node < slab_nr_nodes; node++)
		print_types(&t, node);
	text_str(&t, "\n");
	text_str_left(&t, "Number of blocks type ", 23);
	for (unsigned int type = 0; type < NR_MIGRATE_TYPES; type++) {
		right(&t, mobility_name((enum migrate_type)type), 12);
		text_str(&t, " ");
	}
	text_str(&t, "\n");
	for (unsigned int node = 0; node < slab_nr_nodes; node++)
		print_pageblocks(&t, node);
	return t.used;
}
