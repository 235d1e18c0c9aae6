/* SPDX-License-Identifier: MIT */
/*
 * The counters of reclaimable and unreclaimable memory, one set a node, all in bytes. Relaxed
 * atomics: any thread, any lock held. Sums over nodes are exact when other threads are idle.
 *
 * Who adds: whole slab blocks, when a slab is made and given back, by the flag
 * SLAB_RECLAIM_ACCOUNT of the cache (vmstat_slab_item); large kmalloc blocks, always as
 * unreclaimable; users, through mod_node_page_state() of slab.h.
 */
#ifndef SLAB_VMSTAT_H
#define SLAB_VMSTAT_H

#include "types.h"

/* At boot: all zero. */
void vmstat_init(void);

/* @node below SLAB_MAX_NODES; @bytes may be negative. */
void vmstat_add(unsigned int node, enum node_stat_item item, long bytes);

/* For mend.c, alone. */
void vmstat_set(unsigned int node, enum node_stat_item item, long bytes);

/* Bytes of one node and of all nodes; never below 0. */
size_t vmstat_read(unsigned int node, enum node_stat_item item);
size_t vmstat_sum(enum node_stat_item item);

/* What the slabs of a cache with @flags count as. */
static inline enum node_stat_item vmstat_slab_item(slab_flags_t flags)
{
	return flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE_B : NR_SLAB_UNRECLAIMABLE_B;
}

#endif
