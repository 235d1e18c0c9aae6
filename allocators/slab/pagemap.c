// SPDX-License-Identifier: MIT
/* The reserved range and its page map. Made at boot, constant afterwards. See pagemap.h. */
#include "pagemap.h"

#include <errno.h>
#include <string.h>

#include "lib/sanitizers.h"
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
	__atomic_store_n(&slab_range.nr_committed, 0, __ATOMIC_RELAXED);
	slab_range.nr_described = r->nr_described;
	slab_range.sparse = r->sparse;
	slab_range.map = r->map;
	slab_range.frames = r->frames;
	slab_range.pageblocks = r->pageblocks;
	__atomic_store_n(&slab_range.base, r->base, __ATOMIC_RELAXED);
	__atomic_store_n(&slab_range.nr_pages, r->nr_pages, __ATOMIC_RELAXED);
}

static int create(size_t bytes)
{
	struct range r = { .nr_pages = bytes >> UNIT_SHIFT, .nr_described = bytes >> UNIT_SHIFT };

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

/* The frames, the map and the range lie behind each other. */
static size_t sparse_metadata_bytes(const struct range *r)
{
	return align_up(r->nr_pages * (sizeof(*r->frames) + sizeof(*r->map)),
			UNIT_BYTES << slab_block_order());
}

static size_t sparse_bytes(const struct range *r)
{
	return sparse_metadata_bytes(r) + r->nr_pages * UNIT_BYTES;
}

static void place(struct range *r, uintptr_t start)
{
	r->frames = (struct frame *)start;
	r->map = (uint32_t *)(r->frames + r->nr_pages);
	r->base = start + sparse_metadata_bytes(r);
}

static bool is_free(uintptr_t start, size_t bytes)
{
	if (os_claim((void *)start, bytes))
		return false;
	os_unmap((void *)start, bytes);
	return true;
}

/*
 * From 2^@bits up to its double. Range and metadata begin at multiples of the largest block, as
 * blocks of any size have to be at a multiple of it, and what is free at both ends is taken to be
 * free between them.
 */
static bool find_place(struct range *r, unsigned int bits)
{
	size_t block = UNIT_BYTES << slab_block_order(), bytes = sparse_bytes(r);
	size_t space = (size_t)1 << bits;
	uintptr_t start;

	if (bytes > space / 2)
		return false;
	start = space + os_random() % ((space - bytes) / block) * block;
	place(r, start);
	return is_free(start, block) && is_free(start + bytes - block, block);
}

/*
 * Linux maps downwards from near the top of the address space, or upwards from a third of it;
 * programs lie at its very bottom or at two thirds. These lie between, for address spaces of 47
 * bits and more, 42 and 39. ThreadSanitizer ends a program that maps memory where it has its own.
 */
static bool find_any_place(struct range *r)
{
	static const unsigned int bits[] = { 44, 44, 40, 37 };

	for (size_t i = 0; i < ARRAY_SIZE(bits) && !UNDER_TSAN; i++)
		if (find_place(r, bits[i]))
			return true;
	return false;
}

int pagemap_create_sparse(size_t bytes)
{
	struct range r = { .nr_pages = bytes >> UNIT_SHIFT, .sparse = true };

	if (!find_any_place(&r))
		return -ENOMEM;
	r.pageblocks = os_map(pageblocks_bytes(&r));
	if (!r.pageblocks)
		return -ENOMEM;
	set_range(&r);
	return 0;
}

/* Sixteen pieces at a time, for their metadata is whole pages then, whatever a page is. */
static int describe(size_t end)
{
	struct range *r = &slab_range;
	size_t from = r->nr_described, nr = align_up(end, (size_t)16 << slab_block_order()) - from;

	if (end <= from)
		return 0;
	if (os_map_at(&r->map[from], nr * sizeof(*r->map)))
		return -ENOMEM;
	if (os_map_at(&r->frames[from], nr * sizeof(*r->frames))) {
		os_unmap(&r->map[from], nr * sizeof(*r->map));
		return -ENOMEM;
	}
	r->nr_described += nr;
	return 0;
}

int pagemap_commit(size_t page, size_t nr)
{
	void *addr = pagemap_address(page);
	size_t bytes = nr << UNIT_SHIFT;

	if (!slab_range.sparse)
		return os_commit(addr, bytes);
	if (page && !os_leaves_room(bytes))
		return -ENOMEM;
	return describe(page + nr) ? -ENOMEM : os_claim(addr, bytes);
}

void pagemap_destroy(void)
{
	struct range r = slab_range, none = { .base = NO_BASE };
	size_t nr = r.sparse ? r.nr_committed : r.nr_pages;

	set_range(&none);
	os_unmap(r.pageblocks, pageblocks_bytes(&r));
	os_unmap(r.frames, r.nr_described * sizeof(*r.frames));
	os_unmap(r.map, r.nr_described * sizeof(*r.map));
	os_unmap((void *)r.base, nr << UNIT_SHIFT);
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

void pagemap_set_slab(size_t page, unsigned int order, unsigned int slot, unsigned int class)
{
	set_all(page, order,
		class << ENTRY_CLASS_SHIFT | slot | (uint32_t)PAGE_SLAB << ENTRY_KIND_SHIFT |
			order);
}

void pagemap_set_pages(size_t page, unsigned int order)
{
	set_all(page, order, ENTRY_PAGES | (uint32_t)PAGE_LARGE << ENTRY_KIND_SHIFT | order);
}
