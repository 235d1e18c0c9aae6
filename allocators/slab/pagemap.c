// SPDX-License-Identifier: MIT
/* The reserved range and its page map. Made at boot, constant afterwards. See pagemap.h. */
#include "pagemap.h"

#include <errno.h>
#include <string.h>

#include "os.h"

/*
 * Far from all that kfree() is given before there is a range, NULL and ZERO_SIZE_PTR: they stay
 * outside whichever of base and nr_pages a thread sees as new that looks while another one boots.
 */
#define NO_BASE ((uintptr_t)1 << 63)

struct range slab_range = { .base = NO_BASE };
unsigned int slab_page_order;
unsigned int slab_nr_nodes = 1;

static size_t pageblocks_bytes(const struct range *r)
{
	return (r->nr_pages >> PAGEBLOCK_ORDER) * sizeof(*r->pageblocks);
}

static void set_range(const struct range *r)
{
	slab_range.nr_committed = 0;
	slab_range.map = r->map;
	slab_range.frames = r->frames;
	slab_range.pageblocks = r->pageblocks;
	__atomic_store_n(&slab_range.base, r->base, __ATOMIC_RELAXED);
	__atomic_store_n(&slab_range.nr_pages, r->nr_pages, __ATOMIC_RELAXED);
}

static int create(size_t bytes)
{
	struct range r = { .nr_pages = bytes >> UNIT_SHIFT };

	r.base = (uintptr_t)os_reserve(bytes, UNIT_BYTES << slab_block_order());
	if (!r.base)
		return -ENOMEM;
	r.map = os_map(r.nr_pages * sizeof(*r.map));
	if (!r.map)
		goto unreserve;
	r.frames = os_map(r.nr_pages * sizeof(*r.frames));
	if (!r.frames)
		goto unmap;
	r.pageblocks = os_map(pageblocks_bytes(&r));
	if (!r.pageblocks)
		goto unframe;
	set_range(&r);
	return 0;
unframe:
	os_unmap(r.frames, r.nr_pages * sizeof(*r.frames));
unmap:
	os_unmap(r.map, r.nr_pages * sizeof(*r.map));
unreserve:
	os_unmap((void *)r.base, bytes);
	return -ENOMEM;
}

int pagemap_create(size_t bytes)
{
	for (; bytes >= pagemap_min_bytes(); bytes /= 2)
		if (!create(bytes))
			return 0;
	return -ENOMEM;
}

void pagemap_destroy(void)
{
	struct range r = slab_range, none = { .base = NO_BASE };

	set_range(&none);
	os_unmap(r.pageblocks, pageblocks_bytes(&r));
	os_unmap(r.frames, r.nr_pages * sizeof(*r.frames));
	os_unmap(r.map, r.nr_pages * sizeof(*r.map));
	os_unmap((void *)r.base, r.nr_pages << UNIT_SHIFT);
}

static void set_all(size_t page, unsigned int order, uint32_t entry)
{
	for (size_t i = 0; i < (size_t)1 << order; i++)
		__atomic_store_n(&slab_range.map[page + i], entry, __ATOMIC_RELAXED);
}

void pagemap_set(size_t page, unsigned int order, enum page_kind kind, unsigned int slot)
{
	uint32_t entry = slot | (uint32_t)kind << ENTRY_KIND_SHIFT;

	if (kind == PAGE_SLAB || kind == PAGE_LARGE)
		entry |= order;
	set_all(page, order, entry);
}

void pagemap_set_pages(size_t page, unsigned int order)
{
	set_all(page, order, ENTRY_PAGES | (uint32_t)PAGE_LARGE << ENTRY_KIND_SHIFT | order);
}
