/* SPDX-License-Identifier: MIT */
/*
 * Blocks of pages as the slab asks for them: an order in pages of the option page_size, GFP flags,
 * a node. Any thread, no lock held but 1 to 3 of types.h.
 */
#ifndef SLAB_PAGES_H
#define SLAB_PAGES_H

#include "types.h"

/*
 * A block of 2^@order pages (order at most MAX_PAGE_ORDER) on @node (NUMA_NO_NODE: where this
 * thread runs), or NULL. Its frame has order (in units), node and state set; the caller sets the
 * page map. If @clean is not NULL it says whether all of the block reads as zero.
 */
struct frame *pages_alloc(unsigned int order, gfp_t gfp, int node, bool *clean);

/* Return a block. */
void pages_free(struct frame *f);

/*
 * The same for slabs of @s and, with NULL, large blocks of kmalloc: option virtual keeps their
 * addresses apart (virtual.h).
 */
struct frame *pages_alloc_owned(struct kmem_cache *s, unsigned int order, gfp_t gfp, int node,
				bool *clean);
void pages_free_owned(struct kmem_cache *s, struct frame *f);

/* Cut a block in use into single pages, each of which is freed for itself. The caller sets the page
 * map.
 */
void pages_split(struct frame *f);

#endif
