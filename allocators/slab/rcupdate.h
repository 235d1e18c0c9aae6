/* SPDX-License-Identifier: MIT */
/*
 * Freeing behind readers (RCU), under the kernel's names: kfree_rcu() and its kin of libslab, and
 * from liburcu, which this header includes, rcu_read_lock(), rcu_read_unlock(), rcu_dereference(),
 * rcu_assign_pointer(), synchronize_rcu(), call_rcu() and struct rcu_head. Programs that include it
 * link liburcu-bp beside libslab (pkg-config: slab, liburcu-bp).
 *
 * The flavour is urcu-bp: threads register as readers by themselves. Readers have to use this one;
 * libslab does not wait for readers of another flavour. With _LGPL_SOURCE defined before the first
 * include, rcu_read_lock() is inline.
 *
 * A process that frees nothing behind readers has no thread of libslab. The first call that does
 * starts one, "slab-worker", with all signals blocked; it is never joined. From then on libslab
 * calls urcu_bp_before_fork() and its partners around fork(), so the program must not. A forked
 * child has no such thread until it defers a free itself, and frees what its copy of the parent
 * had deferred when it does so or calls kvfree_rcu_barrier(). fork() inside rcu_read_lock(), and
 * waiting there for a grace period, ends the program with one sentence.
 */
#ifndef SLAB_RCUPDATE_H
#define SLAB_RCUPDATE_H

#if defined(URCU_API_MAP) && !defined(_URCU_BP_H)
#error "another flavour of liburcu owns rcu_read_lock() in this file; include rcupdate.h elsewhere"
#endif
#include <urcu-bp.h>

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
#define SLAB_STATIC_ASSERT static_assert
#else
#define SLAB_STATIC_ASSERT _Static_assert
#endif

/*
 * Free @ptr after a grace period. kfree_rcu() and kvfree_rcu() are the same: any object of kmalloc,
 * of a cache (SLAB_TYPESAFE_BY_RCU or not) or of kvmalloc. @field is the name of a struct rcu_head
 * among the first 4096 bytes of *@ptr. They never sleep and never fail: without memory the objects
 * wait in a list through their rcu_heads. Inside and outside rcu_read_lock(). NULL does nothing.
 *
 * When. Objects gather in the sheaves of their cache or in blocks of one page; a sheaf goes when it
 * is full, a block 5 seconds after its first object or, with a page full of pointers waiting, at
 * once; then a grace period has to pass.
 */
#define kvfree_rcu(ptr, field)                                                                     \
	do {                                                                                       \
		__typeof__(ptr) slab_ptr_ = (ptr);                                                 \
                                                                                                   \
		SLAB_STATIC_ASSERT(offsetof(__typeof__(*(ptr)), field) < 4096,                     \
				   "the rcu_head lies too far inside");                            \
		if (slab_ptr_)                                                                     \
			kvfree_call_rcu(&slab_ptr_->field, (void *)slab_ptr_);                     \
	} while (0)
#define kfree_rcu(ptr, field) kvfree_rcu(ptr, field)

/* The same for objects without an rcu_head. May wait for a grace period: not in rcu_read_lock(). */
#define kvfree_rcu_mightsleep(ptr) kvfree_call_rcu(NULL, (void *)(ptr))
#define kfree_rcu_mightsleep(ptr)  kvfree_rcu_mightsleep(ptr)

/* What the macros call; @head may be NULL, else lies in the object @ptr. */
SLAB_API void kvfree_call_rcu(struct rcu_head *head, void *ptr);

/*
 * Wait until everything that was given to kfree_rcu() before this is freed. Not inside
 * rcu_read_lock(). kmem_cache_destroy() does it for the cache by itself.
 */
SLAB_API void kvfree_rcu_barrier(void);
SLAB_API void kvfree_rcu_barrier_on_cache(struct kmem_cache *s);

#ifdef __cplusplus
}
#endif

#endif
