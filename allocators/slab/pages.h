/* SPDX-License-Identifier: MIT */
/*
 * Blocks of pages as the slab asks for them: an order in pages of the option page_size, GFP flags,
 * a node. What the flags mean is the kernel's (mm/page_alloc.c):
 *
 *   flag             effect
 *   DIRECT_RECLAIM   may wait: reclaim (reclaim.h) and try again
 *   KSWAPD_RECLAIM   with the former: reclaim already below the low watermark
 *   HIGH             half of the reserve below the min watermark is open; without DIRECT_RECLAIM
 *                    and NOMEMALLOC (GFP_ATOMIC) five eighths
 *   MEMALLOC         all of the reserve, as for allocations made inside reclaim; not with
 *                    NOMEMALLOC
 *   NORETRY          one round of reclaim, then NULL
 *   RETRY_MAYFAIL    rounds while they bring pages or could, at most 16 in a row without one
 *   none of the two  the same up to order 3 (PAGE_ALLOC_COSTLY_ORDER), above it as NORETRY; the
 *                    kernel's last resort, killing a process, is left out
 *   NOFAIL           never NULL: rounds until somebody frees; wants DIRECT_RECLAIM (else NULL) and
 *                    order 0 or 1 (else one warning)
 *   NOWARN           no warning when the answer is NULL (warn.h)
 *   THISNODE         no other node than @node
 *   RECLAIMABLE      grouped with other memory that can be reclaimed
 *
 * Any thread, no lock held beyond percpu_lock (types.h); with DIRECT_RECLAIM none beyond
 * slab_mutex, since shrinkers are user code.
 */
#ifndef SLAB_PAGES_H
#define SLAB_PAGES_H

#include "types.h"

#define PAGE_ALLOC_COSTLY_ORDER 3u

/*
 * A block of 2^@order pages (order at most MAX_PAGE_ORDER) on @node (NUMA_NO_NODE: where this
 * thread runs), or NULL. Its frame has order (in units), node and state set; the caller sets the
 * page map, inside the gate (gate.h) from before the call on. If @clean is not NULL it says whether
 * all of the block reads as zero.
 */
struct frame *pages_alloc(unsigned int order, gfp_t gfp, int node, bool *clean);

/* The same of @node (below slab_nr_nodes) alone, without waiting for a lock: async-signal-safe. */
struct frame *pages_try_alloc(unsigned int order, int node);

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
