/* SPDX-License-Identifier: MIT */
/*
 * The chain of a slab's free objects, through the objects themselves: each holds the address of the
 * next at geometry.offset. The one place that knows how a free pointer is stored and in which order
 * a new slab is chained. Under node.lock, or on a slab that only the caller sees.
 *
 * Plain: the address itself. Hardened (SLAB_FREELIST_HARDENED): the address xor the cache's random
 * number xor the byte-swapped address of the pointer, so that whoever overwrites it without knowing
 * the number sends the chain to an address that is no object of the slab. That is noticed when the
 * chain is followed, reported, and the chain ends there: the objects behind are lost, and count as
 * in use so that they are never handed out (E2).
 *
 * A cache without a random number is plain. The test is a branch, not arithmetic: it is never taken
 * or always, the whole chain under one hold of the lock asks once, and arithmetic (a mask for the
 * byte-swapped half) would make every plain pointer wait for two loads more.
 */
#ifndef SLAB_FREELIST_H
#define SLAB_FREELIST_H

#include "types.h"

/* May alias, because the bytes were the user's object a moment ago. */
struct freeptr {
	uintptr_t stored;
} __attribute__((may_alias));

static inline struct freeptr *freelist_ptr(const struct kmem_cache *s, void *object)
{
	return (struct freeptr *)((char *)object + s->geo.offset);
}

/* What a pointer that is stored at @at is mixed with. Its own inverse. */
static inline uintptr_t freelist_mix(const struct kmem_cache *s, const struct freeptr *at)
{
	return s->random ^ __builtin_bswap64((uintptr_t)at);
}

/* What @object says comes next, believed. Whoever follows it checks it, or has reason not to. */
static inline void *freelist_next(const struct kmem_cache *s, void *object)
{
	const struct freeptr *at = freelist_ptr(s, object);

	if (unlikely(s->random))
		return (void *)(at->stored ^ freelist_mix(s, at));
	return (void *)at->stored;
}

static inline void freelist_set_next(const struct kmem_cache *s, void *object, const void *next)
{
	struct freeptr *at = freelist_ptr(s, object);

	at->stored = (uintptr_t)next;
	if (unlikely(s->random))
		at->stored ^= freelist_mix(s, at);
}

/* The same with hardening: ends in a report if the object is the head already (a double free). */
void freelist_push_hardened(const struct kmem_cache *s, struct frame *f, void *object);
unsigned int freelist_take_hardened(const struct kmem_cache *s, struct frame *f, void **batch,
				    unsigned int n);

static inline void freelist_push(const struct kmem_cache *s, struct frame *f, void *object)
{
	if (unlikely(s->random)) {
		freelist_push_hardened(s, f, object);
		return;
	}
	freelist_ptr(s, object)->stored = (uintptr_t)f->freelist;
	f->freelist = object;
}

/*
 * Take up to @n objects off the chain into @batch; returns how many. The caller adds them to
 * f->inuse; objects lost behind a damaged pointer have been added. @batch may be a sheaf that
 * usage.c still reads, hence relaxed atomics.
 */
static inline unsigned int freelist_take(const struct kmem_cache *s, struct frame *f, void **batch,
					 unsigned int n)
{
	unsigned int got = 0;

	if (unlikely(s->random))
		return freelist_take_hardened(s, f, batch, n);
	for (; got < n && f->freelist; got++) {
		__atomic_store_n(&batch[got], f->freelist, __ATOMIC_RELAXED);
		f->freelist = (void *)freelist_ptr(s, f->freelist)->stored;
	}
	return got;
}

/*
 * Bring what the next takes of @n objects from @nr slabs, in this order, will follow into the CPU's
 * cache. A chain is one miss after the other; the chains of several slabs miss at the same time.
 * Changes nothing and reports nothing: where a hardened chain is damaged it goes no further.
 */
#define FREELIST_ABREAST 8u
void freelist_fetch(const struct kmem_cache *s, struct frame *const *slabs, unsigned int nr,
		    unsigned int n);

/*
 * What follows @object of slab @f, checked if the chain is hardened: NULL after a report if it is
 * no object of the slab. For a chain whose objects all count as in use; nobody else changes it.
 */
void *freelist_follow(const struct kmem_cache *s, const struct frame *f, void *object);

/* @p is the address of an object of the slab that was handed out before: it may be on the chain. */
bool freelist_may_hold(const struct kmem_cache *s, const struct frame *f, const void *p);

/* Is @object on the chain? Stops where a hardened chain is damaged. */
bool freelist_has(const struct kmem_cache *s, const struct frame *f, const void *object);

/* What the options say of all caches; freelist_init() at boot, before the first cache. */
struct freelist_policy {
	bool hardened;	   /* freelist_hardened: mix the pointers */
	bool shuffled;	   /* freelist_random: chain new slabs in a random order */
	bool reproducible; /* the user gave the seed: everything follows from it */
	uint64_t seed;
};
void freelist_init(const struct freelist_policy *policy);

/*
 * Draw what the policy asks for @s, whose geometry is known. freelist_setup() is 0 or -ENOMEM (and
 * then nothing is to undo); freelist_teardown() gives the memory back. Any thread, any lock.
 */
int freelist_setup(struct kmem_cache *s);
void freelist_teardown(struct kmem_cache *s);

/*
 * Chain all objects of the new slab @f (SLAB_FREELIST_RANDOM, 4.7; 7.2 keeps the order): the
 * cache's permutation from a random place on, around its end, without the entries that a slab of
 * the lower order has no room for. No object stays fresh, so the first batch is the beginning of
 * that order too. Nothing happens to a cache without a permutation or a slab of one object.
 */
void freelist_build_random(const struct kmem_cache *s, struct frame *f);

/* Bytes of permutations. */
size_t freelist_bytes(void);

#endif
