/* SPDX-License-Identifier: MIT */
/*
 * Counters of events, for each cache and CPU, under the kernel's names (CONFIG_SLUB_STATS; the
 * last six are of the cpu slab generation). As in the kernel sheaf_refill and sheaf_flush count
 * objects, the others events. cmpxchg_double_fail stays 0: slabs change under a lock. They
 * cost a test where they are off. With the option stats=1 every operation takes the general path,
 * so that it is counted: measured times are then not those of the usual build. Any thread.
 */
#ifndef SLAB_STAT_H
#define SLAB_STAT_H

#include "types.h"

#define STAT_ITEMS(X)                                                                              \
	X(ALLOC_FASTPATH, alloc_fastpath)                                                          \
	X(ALLOC_SLOWPATH, alloc_slowpath)                                                          \
	X(FREE_RCU_SHEAF, free_rcu_sheaf)                                                          \
	X(FREE_RCU_SHEAF_FAIL, free_rcu_sheaf_fail)                                                \
	X(FREE_FASTPATH, free_fastpath)                                                            \
	X(FREE_SLOWPATH, free_slowpath)                                                            \
	X(FREE_ADD_PARTIAL, free_add_partial)                                                      \
	X(FREE_REMOVE_PARTIAL, free_remove_partial)                                                \
	X(ALLOC_SLAB, alloc_slab)                                                                  \
	X(ALLOC_NODE_MISMATCH, alloc_node_mismatch)                                                \
	X(FREE_SLAB, free_slab)                                                                    \
	X(ORDER_FALLBACK, order_fallback)                                                          \
	X(CMPXCHG_DOUBLE_FAIL, cmpxchg_double_fail)                                                \
	X(SHEAF_FLUSH, sheaf_flush)                                                                \
	X(SHEAF_REFILL, sheaf_refill)                                                              \
	X(SHEAF_ALLOC, sheaf_alloc)                                                                \
	X(SHEAF_FREE, sheaf_free)                                                                  \
	X(BARN_GET, barn_get)                                                                      \
	X(BARN_GET_FAIL, barn_get_fail)                                                            \
	X(BARN_PUT, barn_put)                                                                      \
	X(BARN_PUT_FAIL, barn_put_fail)                                                            \
	X(SHEAF_PREFILL_FAST, sheaf_prefill_fast)                                                  \
	X(SHEAF_PREFILL_SLOW, sheaf_prefill_slow)                                                  \
	X(SHEAF_PREFILL_OVERSIZE, sheaf_prefill_oversize)                                          \
	X(SHEAF_RETURN_FAST, sheaf_return_fast)                                                    \
	X(SHEAF_RETURN_SLOW, sheaf_return_slow)                                                    \
	X(ALLOC_FROM_PARTIAL, alloc_from_partial)                                                  \
	X(ALLOC_REFILL, alloc_refill)                                                              \
	X(CPUSLAB_FLUSH, cpuslab_flush)                                                            \
	X(CPU_PARTIAL_ALLOC, cpu_partial_alloc)                                                    \
	X(CPU_PARTIAL_FREE, cpu_partial_free)                                                      \
	X(CPU_PARTIAL_DRAIN, cpu_partial_drain)

enum stat_item {
#define X(item, name) STAT_##item,
	STAT_ITEMS(X)
#undef X
		NR_STAT_ITEMS,
};

/* The option, set at boot. */
extern bool slab_stats;

/* Give @s counters if the option is set; without memory it has none. */
void stat_attach(struct kmem_cache *s);
void stat_detach(struct kmem_cache *s);

void stat_count(const struct kmem_cache *s, enum stat_item item, uint64_t n);

static inline void stat_add(const struct kmem_cache *s, enum stat_item item, uint64_t n)
{
	if (unlikely(s->stats))
		stat_count(s, item, n);
}

static inline void stat_inc(const struct kmem_cache *s, enum stat_item item)
{
	stat_add(s, item, 1);
}

/* "alloc_fastpath"; @item < NR_STAT_ITEMS. */
const char *stat_name(enum stat_item item);

/* The count on @cpu, or 0 where there are no counters. */
uint64_t stat_read(const struct kmem_cache *s, unsigned int cpu, enum stat_item item);
unsigned int stat_nr_cpus(void);

/* Of the counters of all caches. */
size_t stat_bytes(void);

#endif
