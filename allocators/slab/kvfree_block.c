// SPDX-License-Identifier: MIT
/*
 * Pages with pointers. They are blocks of the page allocator, marked as large in the page map so
 * that every page in use is of some kind. The counter is atomic. See kvfree_block.h.
 */
#include "kvfree_block.h"

#include "init.h"
#include "pagemap.h"
#include "pages.h"

static size_t nr_bytes;

static struct frame *take_page(void)
{
	struct frame *f;

	gate_enter();
	f = pages_alloc(0, GFP_NOWAIT | __GFP_NORETRY, NUMA_NO_NODE, NULL);
	if (f) {
		pagemap_set(frame_page(f), f->order, PAGE_LARGE, 0);
		__atomic_fetch_add(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
	}
	gate_leave();
	return f;
}

struct kfree_block *kfree_block_new(void)
{
	struct frame *f = take_page();
	struct kfree_block *b;

	if (!f)
		return NULL;
	b = frame_address(f);
	*b = (struct kfree_block){ .nr = 0 };
	return b;
}

void kfree_block_delete(struct kfree_block *b)
{
	struct frame *f = frame_of(b);

	init_block_on_free(b, frame_bytes(f));
	gate_enter();
	__atomic_fetch_sub(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
	pages_free(f);
	gate_leave();
}

size_t kfree_block_bytes(void)
{
	return __atomic_load_n(&nr_bytes, __ATOMIC_RELAXED);
}

struct kfree_block *kfree_store_get(struct kfree_store *store)
{
	struct kfree_block *b = store->first;

	if (!b)
		return NULL;
	store->first = b->next;
	store->nr--;
	*b = (struct kfree_block){ .nr = 0 };
	return b;
}

bool kfree_store_put(struct kfree_store *store, struct kfree_block *b, unsigned int want)
{
	if (store->nr >= want)
		return false;
	b->next = store->first;
	store->first = b;
	store->nr++;
	return true;
}
