/* SPDX-License-Identifier: MIT */
/*
 * kfree_rcu() by sheaves: objects are put into the lane's rcu_free; when that is full, or flushed,
 * it waits for a grace period as a whole and then goes to the barn as a full sheaf. No memory is
 * needed for an object that waits. Any thread, no lock held beyond percpu_lock (types.h).
 */
#ifndef SLAB_RCU_SHEAF_H
#define SLAB_RCU_SHEAF_H

#include "types.h"

/*
 * The door to grace periods, set at boot: @done(@head) is called after one, from any thread. Until
 * it is set nothing can be put aside.
 */
void rcu_sheaf_init(void (*call)(void *head, void (*done)(void *head)));

/* Put @object aside. False: no sheaf to be had; the caller has to find another way. */
bool rcu_sheaf_free(struct kmem_cache *s, void *object);

/* Send what CPUs (threads) have put aside on its way to a grace period. */
void rcu_sheaf_flush(struct kmem_cache *s);

/* The same of one lane, whose thread ends. */
void rcu_sheaf_end_lane(struct lane *lane);

#endif
