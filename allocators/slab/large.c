// SPDX-License-Identifier: MIT
/* Large kmalloc: a block of the buddy each. The counter is atomic; no lock here. See large.h. */
#include "large.h"

#include <string.h>

#include "exts.h"
#include "geometry.h"
#include "init.h"
#include "pagemap.h"
#include "pages.h"
#include "report.h"
#include "vmstat.h"

static size_t nr_bytes;

static void adopt(const struct frame *f)
{
	pagemap_set(frame_page(f), f->order, PAGE_LARGE, 0);
	__atomic_fetch_add(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
	vmstat_add(f->node, NR_SLAB_UNRECLAIMABLE_B, (long)frame_bytes(f));
}

void *large_alloc(size_t size, gfp_t gfp, int node)
{
	bool clean;
	struct frame *f;

	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	gate_enter();
	f = pages_alloc_owned(NULL, geometry_get_order(size, slab_page_bytes()), gfp, node, &clean);
	if (f)
		adopt(f);
	gate_leave();
	if (!f)
		return NULL;
	if (init_want_alloc_block(gfp) && !clean)
		memset(frame_address(f), 0, frame_bytes(f));
	return frame_address(f);
}

void large_free(const void *p, size_t page, uint32_t entry)
{
	struct frame *f = pagemap_frame(page, entry);

	if (entry & ENTRY_PAGES) {
		report_foreign(p, "Not a kmalloc allocation");
		return;
	}
	if (p != frame_address(f)) {
		report_foreign(p, "Invalid object pointer");
		return;
	}
	__atomic_fetch_sub(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
	init_block_on_free(frame_address(f), frame_bytes(f));
	vmstat_add(f->node, NR_SLAB_UNRECLAIMABLE_B, -(long)frame_bytes(f));
	exts_large_free(f);
	pages_free_owned(NULL, f);
}

size_t large_bytes(void)
{
	return __atomic_load_n(&nr_bytes, __ATOMIC_RELAXED);
}

void large_set_bytes(size_t bytes)
{
	__atomic_store_n(&nr_bytes, bytes, __ATOMIC_RELAXED);
}
