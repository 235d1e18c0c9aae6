/* SPDX-License-Identifier: MIT */
/*
 * Slabs of SLAB_TYPESAFE_BY_RCU caches on their way back. Their objects are reused at once, but a
 * reader inside rcu_read_lock() may still look at one that was freed and finds an object of the
 * same type there, in use or not; so the block waits for a grace period before it can become
 * anything else. Until then the slab is in state "waiting" (types.h): on no list, not among the
 * node's slabs, its bytes untouched. The head of the callback lies in the frame, where the list
 * link was.
 */
#ifndef SLAB_RCU_SLAB_H
#define SLAB_RCU_SLAB_H

#include "types.h"

/*
 * Call @done(head) after a grace period; it asks rcu_slab_arrived(head) which slab it is, and that
 * ends the state. @f has no object in use and is on no list. Its cache must outlive all this:
 * rcu_barrier_all() before it goes. Any thread; locks as rcu_call().
 */
void rcu_free_slab(struct frame *f, void (*done)(void *head));
struct frame *rcu_slab_arrived(void *head);

/* Slabs in state waiting, and their bytes. */
size_t rcu_nr_slabs(void);
size_t rcu_slab_bytes(void);

#endif
