/* SPDX-License-Identifier: MIT */
/*
 * A cache's slabs that have free objects, by node, and the moves between the states of a slab
 * (types.h). Every function takes node.lock once for a whole batch. Any thread.
 */
#ifndef SLAB_PARTIAL_H
#define SLAB_PARTIAL_H

#include "types.h"

void partial_init(struct node *n);

/*
 * Take up to @n free objects from listed slabs of @node into @batch; returns how many, 0 if none is
 * listed. partial_try_take() gives up at once if the lock is held.
 */
unsigned int partial_take(struct kmem_cache *s, unsigned int node, void **batch, unsigned int n);
unsigned int partial_try_take(struct kmem_cache *s, unsigned int node, void **batch,
			      unsigned int n);

/*
 * For single.c too, with node.lock held: what a node says of its slabs. partial_count_in(): one
 * more; partial_count_out(): one less, which goes back. partial_enlist(): the caller has put the
 * slab on node.partial; partial_unlist() takes it off. partial_is_surplus(): empty, and enough are
 * listed without it.
 */
void partial_count_in(struct kmem_cache *s, struct node *n, const struct frame *f);
void partial_count_out(struct kmem_cache *s, struct node *n, const struct frame *f);

static inline void partial_enlist(struct node *n, struct frame *f)
{
	f->on_list = true;
	__atomic_store_n(&n->nr_partial, n->nr_partial + 1, __ATOMIC_RELAXED);
}

static inline void partial_unlist(struct node *n, struct frame *f)
{
	list_del(&f->link);
	f->on_list = false;
	__atomic_store_n(&n->nr_partial, n->nr_partial - 1, __ATOMIC_RELAXED);
}

static inline bool partial_is_surplus(const struct kmem_cache *s, const struct node *n,
				      const struct frame *f)
{
	return !f->inuse && n->nr_partial >= cache_min_partial(s);
}

/* More than min_partial slabs listed: enough for other nodes to take some. */
bool partial_has_many(const struct kmem_cache *s, unsigned int node);

/* Put @n objects of @s back. Slabs that fall empty beyond min_partial go back to the buddy. */
void partial_give(struct kmem_cache *s, void *const *batch, unsigned int n);

/*
 * One object of @node, or one back, without waiting for a lock: NULL or false where that would be
 * needed. Async-signal-safe. partial_take_nolock() may make a slab, so the cache has no
 * constructor; partial_give_nolock() refuses an object whose slab would have to go to the buddy.
 */
void *partial_take_nolock(struct kmem_cache *s, unsigned int node);
bool partial_give_nolock(struct kmem_cache *s, void *object);

/* Count an isolated slab in, and list it at the head unless it is full. */
void partial_add_new(struct kmem_cache *s, struct frame *f);

/*
 * For engine=cpuslab. partial_give_one(): put one object back; true if its slab was full and is now
 * the caller's (on_cpu). partial_claim(): the first listed slab, now the caller's, or NULL.
 * partial_take_chain(): all free objects of a slab of the caller's, linked; NULL if it has none.
 * partial_return(): a slab goes back where the rules of 6.12 want it: the head of the list.
 */
bool partial_give_one(struct kmem_cache *s, struct frame *f, void *object);
struct frame *partial_claim(struct kmem_cache *s, unsigned int node);
void *partial_take_chain(struct kmem_cache *s, struct frame *f);
void partial_return(struct kmem_cache *s, struct frame *f);

/* Count a new slab in that belongs to a CPU. */
void partial_count_new(struct kmem_cache *s, struct frame *f);

/* Give all empty slabs back; returns the number of slabs that remain. */
size_t partial_release(struct kmem_cache *s);

/*
 * As partial_release(), and order the list so that slabs with the fewest free objects come first
 * and are filled up, while the others may fall empty (kernel: __kmem_cache_do_shrink).
 */
size_t partial_shrink(struct kmem_cache *s);

/*
 * For mend.c, alone: what is counted of a node is nothing; count a slab, and list it if it should
 * be and is not.
 */
void partial_forget_counts(struct node *n);
void partial_count_again(struct kmem_cache *s, struct frame *f);

#endif
