/* SPDX-License-Identifier: MIT */
/*
 * Objects that kfree_nolock() could not free where it was called: a list without a lock, linked
 * through the objects themselves, which the slow paths of ordinary calls empty. Pushing is
 * async-signal-safe and safe at any interruption point of any function here; draining is not, and
 * is done by a caller that holds no lock and is in the middle of nothing.
 */
#ifndef SLAB_DEFER_H
#define SLAB_DEFER_H

#include "types.h"

/* The object pushed last, its first word the one before; accessed atomically. */
extern void *slab_deferred;

/* At boot: what drained objects are given to. */
void defer_init(void (*give)(const void *object));

/* @object, at least a word, is no longer the caller's. */
void defer_push(void *object);

void defer_drain_slow(void);

static inline void defer_drain(void)
{
	if (unlikely(__atomic_load_n(&slab_deferred, __ATOMIC_RELAXED)))
		defer_drain_slow();
}

#endif
