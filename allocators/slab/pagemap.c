// SPDX-License-Identifier: MIT
/* The reserved range and its page map. Made at boot, constant afterwards. See pagemap.h. */
#include "pagemap.h"

#include <errno.h>
#include <string.h>

#include "os.h"

#define BLOCK_MAX_BYTES (UNIT_BYTES << MAX_UNIT_ORDER)
#define RANGE_MIN_BYTES ((size_t)64 << 20)

struct range slab_range;
unsigned int slab_page_order;
unsigned int slab_nr_nodes = 1;

static int create(size_t bytes)
{
	struct range r = { .nr_pages = bytes >> UNIT_SHIFT };

	r.base = (uintptr_t)os_reserve(bytes, BLOCK_MAX_BYTES);
	if (!r.base)
		return -ENOMEM;
	r.map = os_map(r.nr_pages * sizeof(*r.map));
	if (!r.map)
		goto unreserve;
	r.frames = os_map(r.nr_pages * sizeof(*r.frames));
	if (!r.frames)
		goto unmap;
	slab_range = r;
	return 0;
unmap:
	os_unmap(r.map, r.nr_pages * sizeof(*r.map));
unreserve:
	os_unmap((void *)r.base, bytes);
	return -ENOMEM;
}

int pagemap_create(size_t bytes)
{
	for (; bytes >= RANGE_MIN_BYTES; bytes /= 2)
		if (!create(bytes))
			return 0;
	return -ENOMEM;
}

void pagemap_destroy(void)
{
	struct range r = slab_range;

	memset(&slab_range, 0, sizeof(slab_range));
	os_unmap(r.frames, r.nr_pages * sizeof(*r.frames));
	os_unmap(r.map, r.nr_pages * sizeof(*r.map));
	os_unmap((void *)r.base, r.nr_pages << UNIT_SHIFT);
}

void pagemap_set(size_t page, unsigned int order, enum page_kind kind, unsigned int slot)
{
	uint32_t entry = slot | (uint32_t)kind << ENTRY_KIND_SHIFT;

	if (kind == PAGE_SLAB || kind == PAGE_LARGE)
		entry |= order;
	for (size_t i = 0; i < (size_t)1 << order; i++)
		__atomic_store_n(&slab_range.map[page + i], entry, __ATOMIC_RELAXED);
}
