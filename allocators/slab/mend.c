// SPDX-License-Identifier: MIT
/* One walk over the blocks in use, with the gate closed. See mend.h. */
#include "mend.h"

#include <signal.h>

#include "buddy.h"
#include "cache.h"
#include "exts.h"
#include "gate.h"
#include "large.h"
#include "limit.h"
#include "pagemap.h"
#include "partial.h"
#include "virtual.h"
#include "vmstat.h"

struct counts {
	size_t used_units;
	size_t large_bytes;
	long bytes[SLAB_MAX_NODES][NR_VM_NODE_STAT_ITEMS];
};

static void count_large(struct counts *n, const struct frame *f)
{
	n->large_bytes += frame_bytes(f);
	n->bytes[f->node][NR_SLAB_UNRECLAIMABLE_B] += (long)frame_bytes(f);
}

static void count_slab(struct counts *n, struct frame *f)
{
	n->bytes[f->node][vmstat_slab_item(f->cache->flags)] += (long)frame_bytes(f);
	if (!f->waiting)
		partial_count_again(f->cache, f);
}

/* Nobody has an object of it, and no list has it. */
static bool is_loose(const struct frame *f)
{
	return !f->cache || (!f->inuse && !f->waiting && !f->on_list && !f->on_cpu && !f->frozen);
}

/* True if the block stays in use. */
static bool mend_used(struct counts *n, struct frame *f, uint32_t entry)
{
	bool is_slab = entry_kind(entry) == PAGE_SLAB;

	if (is_slab && !is_loose(f)) {
		count_slab(n, f);
		return true;
	}
	if (entry_kind(entry) == PAGE_LARGE) {
		if (!(entry & ENTRY_PAGES))
			count_large(n, f);
		return true;
	}
	if (is_slab)
		exts_slab_gone(f);
	f->cache = NULL;
	virtual_abandon(f);
	return false;
}

/* Returns where the next block may begin. */
static size_t mend_block(struct counts *n, size_t page)
{
	struct frame *f = &slab_range.frames[page];
	size_t nr = (size_t)1 << f->order;

	if (f->state == FRAME_NONE)
		return page + 1;
	if (f->state == FRAME_USED && mend_used(n, f, pagemap_entry(page)))
		n->used_units += nr;
	else if (f->state == FRAME_PURGING)
		zone_take_purged(zone_of(f), f);
	return page + nr;
}

static void forget_counts(void)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, link)
		for (unsigned int i = 0; i < slab_nr_nodes; i++)
			partial_forget_counts(&s->node[i]);
}

static void set_counts(const struct counts *n)
{
	large_set_bytes(n->large_bytes);
	__atomic_store_n(&slab_limit.nr_used, n->used_units, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		vmstat_set(i, NR_SLAB_RECLAIMABLE_B, n->bytes[i][NR_SLAB_RECLAIMABLE_B]);
		vmstat_set(i, NR_SLAB_UNRECLAIMABLE_B, n->bytes[i][NR_SLAB_UNRECLAIMABLE_B]);
	}
}

/* Freeing a vector of extensions may free its slab, which has been counted: hence the two walks. */
static void mend_all(void)
{
	for (int i = 0; i < 2; i++) {
		struct counts n = { .used_units = 0 };

		forget_counts();
		for (size_t page = 0; page < pagemap_committed();)
			page = mend_block(&n, page);
		set_counts(&n);
	}
}

void mend(void)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	gate_begin();
	while (!gate_close())
		gate_give_way();
	mend_all();
	gate_open();
	gate_end();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
