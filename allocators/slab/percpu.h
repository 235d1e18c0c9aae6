/* SPDX-License-Identifier: MIT */
/*
 * Free objects at hand without a lock: one array a cache and thread, all arrays of a thread in one
 * block of address space, found by the thread's base and the cache's slot. The fast paths know only
 * percpu_pop() and percpu_push(); another engine (per CPU, with restartable sequences) replaces
 * this file's inline half and keeps the rest of the interface.
 *
 * A thread that has no arrays yet, or has ended, uses boot arrays of zero bytes: empty and full.
 */
#ifndef SLAB_PERCPU_H
#define SLAB_PERCPU_H

#include "types.h"

#define PERCPU_ENGINE	  "per-thread arrays"
#define PERCPU_SLOT_BYTES 64u
#define PERCPU_BLOCK_BYTES                                                                         \
	(ENTRY_SLOT_MASK + PERCPU_SLOT_BYTES) /* what a page map entry can name */
#define PERCPU_BATCH_MAX 30u		      /* half of the largest capacity */

/* Where this thread's arrays begin. */
extern __thread char *percpu_base __attribute__((tls_model("initial-exec")));

static inline struct array *percpu_array(size_t slot)
{
	return (struct array *)(void *)(percpu_base + slot);
}

/* The object freed last, or NULL if there is none. */
static inline void *percpu_pop(size_t slot)
{
	struct array *a = percpu_array(slot);
	uint32_t nr = a->nr;
	void *object;

	if (unlikely(!nr))
		return NULL;
	object = a->objects[nr - 1];
	__atomic_store_n(&a->nr, nr - 1, __ATOMIC_RELAXED);
	if (!object)
		__builtin_unreachable(); /* spares the callers a second test */
	return object;
}

/* False if the array is full. */
static inline bool percpu_push(size_t slot, void *object)
{
	struct array *a = percpu_array(slot);
	uint32_t nr = a->nr;

	if (unlikely(nr >= a->capacity))
		return false;
	__atomic_store_n(&a->objects[nr], object, __ATOMIC_RELAXED);
	__atomic_store_n(&a->nr, nr + 1, __ATOMIC_RELAXED);
	return true;
}

/* At boot, alone. percpu_init() is 0 or -errno; percpu_exit() undoes it. */
int percpu_init(void);
void percpu_exit(void);

/* Give @s a slot (0 if slots have run out: it then works without arrays). Takes percpu_lock. */
void percpu_attach(struct kmem_cache *s);

/* Empty the arrays of @s in all threads; the caller guarantees that nobody uses the cache. */
void percpu_drain(struct kmem_cache *s);

/* Take the slot back; the arrays are drained and no slab of @s is left. */
void percpu_detach(struct kmem_cache *s);

/* Make this thread's array of @s usable; returns how many objects to fetch for it, at least 1. */
unsigned int percpu_ready(struct kmem_cache *s);

/* Put @n fetched objects at hand, the first of them on top; what has no room goes back. */
void percpu_stock(struct kmem_cache *s, void *const *batch, unsigned int n);

/* percpu_push() that makes room first. False if this thread has no array for @s. */
bool percpu_push_slow(struct kmem_cache *s, void *object);

/* Show every thread's array of @s to @visit, under percpu_lock. */
void percpu_visit(struct kmem_cache *s,
		  void (*visit)(struct kmem_cache *s, struct array *a, void *ctx), void *ctx);

/* Bytes of arrays that may have been touched, over all threads: an upper bound. */
size_t percpu_bytes(void);

#endif
