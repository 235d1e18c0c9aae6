// SPDX-License-Identifier: MIT
/*
 * Blocks of pages for users. An exact request takes a block of the next power of two, splits it
 * into single pages and returns those behind the end at once; so it is freed page by page. The
 * counter is atomic; no lock here.
 */
#include "exact.h"

#include <string.h>

#include "boot.h"
#include "geometry.h"
#include "pagemap.h"
#include "pages.h"
#include "report.h"

static size_t nr_bytes;

size_t exact_bytes(void)
{
	return __atomic_load_n(&nr_bytes, __ATOMIC_RELAXED);
}

static void mark(const struct frame *f)
{
	pagemap_set_pages(frame_page(f), f->order);
	__atomic_fetch_add(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
}

static struct frame *take(unsigned int order, gfp_t gfp)
{
	bool clean;
	struct frame *f;

	if (order > MAX_PAGE_ORDER || !boot_ensure())
		return NULL;
	f = pages_alloc(order, gfp, NUMA_NO_NODE, &clean);
	if (f && (gfp & __GFP_ZERO) && !clean)
		memset(frame_address(f), 0, frame_bytes(f));
	return f;
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct frame *f;

	gate_enter();
	f = take(order, gfp);
	if (f)
		mark(f);
	gate_leave();
	return f ? (unsigned long)frame_address(f) : 0;
}

/* The block that starts at @p and was given out here with @order; ends in a report otherwise. */
static struct frame *block_at(const void *p, unsigned int order)
{
	size_t page = pagemap_page(p);
	uint32_t entry = page < pagemap_nr_pages() ? pagemap_entry(page) : 0;

	if (!(entry & ENTRY_PAGES) || pagemap_address(page) != p)
		report_pointer(p, "Not a page of __get_free_pages() or alloc_pages_exact()");
	if (entry_order(entry) != order + slab_page_order ||
	    frame_of(p) != &slab_range.frames[page])
		report_pointer(p, "Pages freed with another order than they were allocated with");
	return &slab_range.frames[page];
}

void free_pages(unsigned long addr, unsigned int order)
{
	struct frame *f;

	if (!addr)
		return;
	f = block_at((const void *)addr, order);
	gate_enter();
	__atomic_fetch_sub(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
	pages_free(f);
	gate_leave();
}

static size_t nr_pages_of(size_t size)
{
	return align_up(size, slab_page_bytes()) / slab_page_bytes();
}

/* Of a block of @order keep the first @nr pages. */
static void cut(struct frame *f, unsigned int order, size_t nr)
{
	size_t step = (size_t)1 << slab_page_order;

	pages_split(f);
	for (size_t i = 0; i < nr; i++)
		mark(f + i * step);
	for (size_t i = nr; i < (size_t)1 << order; i++)
		pages_free(f + i * step);
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned int order;
	struct frame *f;

	if (!size || size > UNIT_BYTES << slab_block_order())
		return NULL;
	order = geometry_get_order(size, slab_page_bytes());
	gate_enter();
	f = take(order, gfp);
	if (f)
		cut(f, order, nr_pages_of(size));
	gate_leave();
	return f ? frame_address(f) : NULL;
}

void free_pages_exact(void *p, size_t size)
{
	for (size_t i = 0, nr = p ? nr_pages_of(size) : 0; i < nr; i++)
		free_pages((unsigned long)p + i * slab_page_bytes(), 0);
}
