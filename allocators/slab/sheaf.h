/* SPDX-License-Identifier: MIT */
/*
 * What happens when a lane has nothing at hand or no room: sheaves move between the lane's main and
 * spare, the barn and the slabs (kernel 7.x: __pcs_replace_empty_main, __pcs_replace_full_main).
 * A slow path first takes the lane's sheaves, so that it owns them, and puts back what it ends
 * with. Any thread; no lock held beyond percpu_lock (types.h).
 */
#ifndef SLAB_SHEAF_H
#define SLAB_SHEAF_H

#include "grow.h"
#include "types.h"

/* Where the memory of sheaves comes from; set at boot, before the first cache with sheaves. */
struct sheaf_memory {
	void *(*get)(size_t bytes, gfp_t gfp);
	void (*put)(void *memory);
};
void sheaf_init(const struct sheaf_memory *memory);

/* What @sheaf was made of: it begins its color's lines into that (E9). */
static inline void *sheaf_block(const struct slab_sheaf *sheaf)
{
	return (char *)(uintptr_t)sheaf - (size_t)sheaf->color * COLOR_BYTES;
}

/* One object, or NULL: no lane, no memory, or a refill that @gfp does not allow. */
void *sheaf_alloc(struct kmem_cache *s, gfp_t gfp);

/* Room for @object, and in with it. False: no lane or no memory; the object stays the caller's. */
bool sheaf_free(struct kmem_cache *s, void *object);

/*
 * Up to @n objects that are at hand: in the lane's sheaves, then in full ones of the barn. And the
 * other way: objects of this node, hooks run, as many as find room. Both return how many.
 */
size_t sheaf_take_bulk(struct kmem_cache *s, size_t n, void **p);
size_t sheaf_give_bulk(struct kmem_cache *s, size_t n, void *const *p);

/* Give all sheaves of @s and their objects back, as far as percpu.h reaches. */
void sheaf_flush_all(struct kmem_cache *s);

/* The same for a cache that nobody uses: nothing is left; and for a lane whose thread ends. */
void sheaf_drain(struct kmem_cache *s);
void sheaf_end_lane(struct kmem_cache *s, struct lane *lane);

/*
 * Show every sheaf of @s with free objects in lanes and barns, with percpu_lock or barn.lock held:
 * objects in rcu_free are in use until their grace period has passed. Sheaves in lanes
 * are in use meanwhile: what @visit reads may be out of date or no sheaf any more, but can be read.
 */
void sheaf_visit(struct kmem_cache *s,
		 void (*visit)(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx),
		 void *ctx);

/*
 * The parts, for prefill.c and rcu_sheaf.c; the caller owns the sheaf. sheaf_new(): empty, or NULL.
 * sheaf_get_empty(): the barn's or a new one. sheaf_refill(): take objects from slabs until there
 * are @want; returns how many were taken. sheaf_flush(): objects back to their slabs.
 * sheaf_put_away(): a sheaf of the usual capacity to the barn, where there is room; that of this
 * thread's node or of @node.
 */
struct slab_sheaf *sheaf_new(struct kmem_cache *s, unsigned int capacity, gfp_t gfp);
struct slab_sheaf *sheaf_get_empty(struct kmem_cache *s, gfp_t gfp);
unsigned int sheaf_refill(struct slab_sheaf *sheaf, gfp_t gfp, unsigned int want);
void sheaf_flush(struct slab_sheaf *sheaf);
void sheaf_put_away(struct slab_sheaf *sheaf);
void sheaf_put_away_on(struct slab_sheaf *sheaf, unsigned int node);
void sheaf_delete(struct slab_sheaf *sheaf);

/* Into an empty place of a lane; false if somebody else has filled it meanwhile. */
bool sheaf_settle(struct slab_sheaf **place, struct slab_sheaf *sheaf);

/* A free object of a sheaf that has one, or one more for a sheaf that has room. */
void *sheaf_pop(struct slab_sheaf *sheaf);
void sheaf_push(struct slab_sheaf *sheaf, void *object);

#endif
