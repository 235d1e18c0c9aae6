/* SPDX-License-Identifier: MIT */
/*
 * Memory control groups, for slab objects: who pays for which object, and how much each may have.
 * A thread allocates on behalf of the group that set_active_memcg() named; objects of SLAB_ACCOUNT
 * caches, and those asked for with __GFP_ACCOUNT, are charged to it: the slot in the slab and
 * 8 bytes for the pointer to the group. Whoever frees the object, the same group gets the charge
 * back. A group's charges count for its parents too, and each may have a limit: a charge that does
 * not fit makes the allocation fail with NULL, after the reclaim callback had its chance, unless
 * __GFP_NOFAIL asks to go beyond the limit.
 *
 * Groups charge whole pages (option page_size) and keep what they have not used of them in stocks,
 * one a CPU, as the kernel does; so a usage is an upper bound of what its objects take.
 *
 * Life: a group lives while somebody holds it (create, get, set_active_memcg's caller, children).
 * With the last put it is gone; objects that it still pays for go over to its parent, or, without
 * one, to nobody. Any function, any thread.
 */
#ifndef SLAB_MEMCONTROL_H
#define SLAB_MEMCONTROL_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mem_cgroup;

#define MEM_CGROUP_UNLIMITED SIZE_MAX

/*
 * A group below @parent (NULL: below none, as the children of the kernel's root), that may charge
 * @limit_bytes, rounded down to pages. NULL without memory.
 */
SLAB_API struct mem_cgroup *mem_cgroup_create(struct mem_cgroup *parent, size_t limit_bytes);
SLAB_API void mem_cgroup_get(struct mem_cgroup *memcg);
SLAB_API void mem_cgroup_put(struct mem_cgroup *memcg);

/*
 * Who pays for what this thread allocates from now on; NULL (as at its start): nobody. Returns who
 * did so far. The caller holds the group as long as it is active.
 */
SLAB_API struct mem_cgroup *set_active_memcg(struct mem_cgroup *memcg);

/* The limit changes for charges to come: what is above it stays. */
SLAB_API void mem_cgroup_resize_max(struct mem_cgroup *memcg, size_t limit_bytes);

/* Charged now, in bytes: whole pages, with stocks and children. */
SLAB_API size_t mem_cgroup_usage(const struct mem_cgroup *memcg);

/* Charges that failed at this group's limit. */
SLAB_API size_t mem_cgroup_nr_refused(const struct mem_cgroup *memcg);

/*
 * Called without locks in the thread that allocates, when @memcg has no room for @bytes and the
 * allocation may wait (__GFP_DIRECT_RECLAIM): free something of the group's, say whether that was
 * possible. Up to 16 times an allocation.
 */
SLAB_API void mem_cgroup_set_reclaim(bool (*reclaim)(struct mem_cgroup *memcg, size_t bytes));

/* Return to the groups what the stocks hold, so that usages are as small as they can be. */
SLAB_API void mem_cgroup_drain_stocks(void);

/*
 * Of memory.stat the lines kernel, slab_reclaimable, slab_unreclaimable and slab, in bytes, with
 * children. Drains the stocks. Writes at most @len bytes with a NUL, returns the whole length.
 */
SLAB_API size_t mem_cgroup_stat(struct mem_cgroup *memcg, char *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif
