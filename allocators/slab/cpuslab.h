/* SPDX-License-Identifier: MIT */
/*
 * engine=cpuslab: the rules of Linux 6.12 to 6.17, beside the sheaves of 7.x, so that the two
 * generations can be compared on the same slabs. Each CPU owns one slab and hands out its objects
 * without a lock; a free to that slab is lock-free too, any other takes node.lock (the kernel: a
 * 16-byte compare and exchange on the slab). A full slab that gets an object back goes to the
 * partial list of the freeing CPU; when that has cpu_partial_slabs slabs it is drained to the node.
 *
 * The fast paths are tried where the sheaves' fast path has found no slot, which costs a call and
 * some tests that sheaves do not pay. Caches with debug flags have no CPU slab. Any thread.
 */
#ifndef SLAB_CPUSLAB_H
#define SLAB_CPUSLAB_H

#include "types.h"

/* Is this the engine? Set at boot. */
extern bool slab_cpuslab;

/*
 * The fast paths, for caches that need no hooks: NULL, false if they do not apply. @expected is
 * the cache that the user named, or NULL.
 */
void *cpuslab_pop(struct kmem_cache *s);
bool cpuslab_push(const struct kmem_cache *expected, void *p);

/* An object, or NULL: no lane or no memory. @s has a lane, here and below. */
void *cpuslab_alloc(struct kmem_cache *s, gfp_t gfp);

void cpuslab_free(struct kmem_cache *s, struct frame *f, void *object);

/* Give all CPUs' slabs and partial lists back to the nodes, as far as percpu.h reaches. */
void cpuslab_flush_all(struct kmem_cache *s);

/* The same for a cache that nobody uses, and for a thread's lane when it ends. */
void cpuslab_drain(struct kmem_cache *s);
void cpuslab_end_lane(struct kmem_cache *s, struct lane *lane);

/* The kernel's limits: objects and slabs on a CPU's partial list (6.12 rules, by size). */
unsigned int cpuslab_partial_objects(const struct geometry *geo);
unsigned int cpuslab_partial_slabs(const struct geometry *geo);

/* Show every object of the freelists of CPUs' slabs until @visit says no; nobody else is inside. */
void cpuslab_visit(struct kmem_cache *s,
		   bool (*visit)(struct kmem_cache *s, void *object, void *ctx), void *ctx);

/*
 * Show each slab that CPUs hold, and how many free objects of its freelist count as in use. Each
 * CPU waits for its lock meanwhile. The current slabs of other threads stay hidden where lanes
 * belong to threads.
 */
void cpuslab_visit_slabs(struct kmem_cache *s,
			 void (*visit)(struct kmem_cache *s, struct frame *f, size_t nr_free,
				       void *ctx),
			 void *ctx);

#endif
