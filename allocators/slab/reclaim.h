/* SPDX-License-Identifier: MIT */
/*
 * Getting pages back when an allocation finds too few. There is no background thread: what kswapd
 * does between the low and the high watermark is done by the allocating thread, if its flags allow
 * it to wait (__GFP_DIRECT_RECLAIM) and ask for kswapd (__GFP_KSWAPD_RECLAIM). A thread that cannot
 * wait therefore starts nothing; the next one that can does. One thread does this at a time, others
 * go on. After 16 rounds in a row that brought nothing it stops until reclaim has brought something
 * again (the kernel's MAX_RECLAIM_RETRIES).
 *
 * One round: free memory that was written goes back to the system until what is in use and what is
 * kept fit under the limit together; then for each priority from 12 down, the shrinkers, and if
 * they freed objects, the empty slabs of all caches, so that objects become pages; it ends as soon
 * as enough came back. At last the empty slabs alone.
 *
 * Caller: holds no lock beyond slab_mutex (types.h), and task_memalloc() is false.
 */
#ifndef SLAB_RECLAIM_H
#define SLAB_RECLAIM_H

#include "types.h"

#define DEF_PRIORITY	    12
#define SWAP_CLUSTER_MAX    32u /* a round is content with this many pages */
#define MAX_RECLAIM_RETRIES 16u

/*
 * At boot. @shrink_caches gives the empty slabs of all caches
 * back and empties what threads keep at hand; it is called with slab_mutex possibly held by the
 * caller, so it has to try that lock and do nothing if it is taken.
 */
void reclaim_init(void (*shrink_caches)(void));

struct reclaimed {
	size_t nr_units; /* that this thread brought back, whoever takes them then */
	bool more;	 /* the shrinkers counted something to the end */
};

/* One round for an allocation with @gfp on @node; all nodes without __GFP_THISNODE. */
struct reclaimed reclaim_direct(gfp_t gfp, int node);

/* Called below the low watermark: up to the high one, unless another thread is at it. */
void reclaim_balance(gfp_t gfp);

#endif
