/* SPDX-License-Identifier: MIT */
/*
 * Charging bytes to an obj_cgroup: out of a stock of bytes that are charged as pages already, one
 * stock a CPU (stripe.h), each for the obj_cgroup that used the CPU last. A charge that the stock
 * serves takes the stock's own lock, which nobody else wants, and touches nothing shared.
 *
 * Locks: each stock's lock is a leaf, like memcg_lock, and never held together with it. Any thread,
 * no lock held beyond percpu_lock (types.h).
 */
#ifndef SLAB_OBJCG_H
#define SLAB_OBJCG_H

#include "memcg.h"

/* Times that reclaim is asked before a charge fails (the kernel's MAX_RECLAIM_RETRIES). */
#define OBJCG_MAX_RETRIES 16u

/*
 * Charge @bytes of kind @stat to @o, through which the calling thread pays. False if a limit
 * refused, after draining all stocks and, if @gfp may wait, reclaim. Always true with __GFP_NOFAIL.
 */
bool objcg_charge(struct obj_cgroup *o, gfp_t gfp, size_t bytes, enum memcg_stat stat);

/* Give charged bytes back, any thread. */
void objcg_uncharge(struct obj_cgroup *o, size_t bytes, enum memcg_stat stat);

/* Return to the groups what all stocks hold. */
void objcg_drain(void);

/* Who is asked to free something when a group has no room; NULL: nobody. */
void objcg_set_reclaim(bool (*reclaim)(struct mem_cgroup *memcg, size_t bytes));

/*
 * For slab_check(): forget what was tallied; then add an object's charge; then compare all with M1
 * and M2. Each disagreement is a sentence for @say (may be NULL); returns how many. Nobody inside.
 */
void objcg_tally_begin(void);
void objcg_tally(struct obj_cgroup *o, size_t bytes);
size_t objcg_check(void (*say)(void *ctx, const char *sentence), void *ctx);

#endif
