/* SPDX-License-Identifier: MIT */
/*
 * kfree_rcu(), of which rcupdate.h is the public half: what the pointer is, and which way it goes.
 * First a sheaf of its cache (rcu_sheaf.h), which needs no memory of its own; else, for large and
 * vmalloc'ed memory, debug caches, objects of another node and KFENCE's, a batch (kvfree_batch.h).
 * The first call registers the shrinker "slab-kvfree-rcu", which gives the batches' empty blocks
 * back.
 */
#ifndef SLAB_KVFREE_RCU_H
#define SLAB_KVFREE_RCU_H

#include "types.h"

/*
 * What lies above this file. flush_sheaves(): rcu_sheaf_flush() for all caches. is_vmalloc() and
 * vfree(): memory of kvmalloc() that is not kmalloc's; both may be NULL.
 */
struct kvfree_rcu_ops {
	void (*flush_sheaves)(void);
	bool (*is_vmalloc)(const void *p);
	void (*vfree)(const void *p);
};

/* At boot, before the first kfree_rcu(). */
void kvfree_rcu_init(const struct kvfree_rcu_ops *ops);

#endif
