/* SPDX-License-Identifier: MIT */
/*
 * kfree_rcu() in batches, after the kernel's mm/slab_common.c of 6.14 and later. Each CPU (modulo
 * KFREE_NR_CPUS) gathers pointers in two channels of blocks, one for slab and large objects and one
 * for vmalloc'ed ones, and without memory for a block in a list through the objects. After
 * KFREE_DRAIN_NS, or KFREE_TICK_NS once a block's worth waits, a monitor work moves what was
 * gathered into one of KFREE_N_BATCHES batches, which waits for a grace period as a whole. While
 * all batches wait, objects keep gathering; full blocks whose grace period has passed meanwhile are
 * freed by the monitor without a batch.
 *
 * Figures of the kernel: 5 * HZ, 2 batches, 5 cached pages, 5000 ms until the page cache is filled
 * again after it was shrunk. A tick is 4 ms: CONFIG_HZ is 250 in the usual distributions.
 *
 * Any thread. No lock held beyond percpu_lock (types.h), unless said otherwise.
 */
#ifndef SLAB_KVFREE_BATCH_H
#define SLAB_KVFREE_BATCH_H

#include "types.h"

#define KFREE_NR_CPUS	64u
#define KFREE_N_BATCHES 2u
#define KFREE_DRAIN_NS	5000000000ull
#define KFREE_TICK_NS	4000000ull
#define KFREE_REFILL_NS 5000000000ull

/* Objects of one channel are freed in the same way and kept in the same blocks. */
enum kfree_channel { CHANNEL_SLAB, CHANNEL_VMALLOC, NR_KFREE_CHANNELS };

/* At boot: how an object is freed in the end. */
void kvfree_batch_init(void (*free_object)(void *ptr));

/*
 * Free @ptr after a grace period. @head lies in it and may be overwritten; NULL: there is none, and
 * the call may allocate. False, and nothing done: neither an rcu_head nor memory for a block. After
 * rcu_watch_forks(). An object given twice in a row is reported and taken once.
 */
bool kvfree_batch_add(enum kfree_channel channel, void *head, void *ptr);

/*
 * Wait until all that was added before this is freed. @caller is for rcu_barrier_all()'s report. No
 * lock held.
 */
void kvfree_batch_flush(const char *caller);

/*
 * How many empty blocks are kept; give all of them back and say how many those were. After that the
 * next refill is late and small.
 */
size_t kvfree_batch_nr_cached(void);
size_t kvfree_batch_shrink(void);

/* In a forked child, alone. */
void kvfree_batch_fork_child(void);

/* Objects by the way they took since boot. */
struct kvfree_batch_stat {
	uint64_t nr_block;  /* into a block */
	uint64_t nr_list;   /* into the list, for want of a block */
	uint64_t nr_inline; /* refused, for want of a block and an rcu_head */
	uint64_t nr_early;  /* freed by the monitor without a batch */
};
void kvfree_batch_stat(struct kvfree_batch_stat *stat);

#endif
