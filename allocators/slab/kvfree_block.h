/* SPDX-License-Identifier: MIT */
/*
 * Blocks of pointers that wait for a grace period, each one page, and the few empty ones that a CPU
 * keeps so that kfree_rcu() finds one without allocating. A store is guarded by its owner's lock.
 */
#ifndef SLAB_KVFREE_BLOCK_H
#define SLAB_KVFREE_BLOCK_H

#include "types.h"

/* The kernel's rcu_min_cached_objs. */
#define KFREE_MIN_CACHED 5u

/* gp: the grace period after which the pointers may go (rcu_snapshot()); 0: not full, not known. */
struct kfree_block {
	struct kfree_block *next;
	uint64_t gp;
	size_t nr;
	void *records[];
};

/* Empty blocks; zero memory is an empty store. */
struct kfree_store {
	struct kfree_block *first;
	unsigned int nr;
};

/* Pointers in a block: what a page has beside the header. */
static inline size_t kfree_block_capacity(void)
{
	return (slab_page_bytes() - sizeof(struct kfree_block)) / sizeof(void *);
}

/* An empty block from the page allocator, or NULL. kfree_block_delete() gives one back. */
struct kfree_block *kfree_block_new(void);
void kfree_block_delete(struct kfree_block *b);

/* Bytes in blocks, in use or not. */
size_t kfree_block_bytes(void);

/* An empty block of @store, or NULL. */
struct kfree_block *kfree_store_get(struct kfree_store *store);

/* Keep @b for later; false if there are @want already. */
bool kfree_store_put(struct kfree_store *store, struct kfree_block *b, unsigned int want);

#endif
