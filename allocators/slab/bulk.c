// SPDX-License-Identifier: MIT
/*
 * Many objects with one hold of a lane or a lock. Taking: the sheaves at hand, the slabs, and
 * everything back if that does not suffice. Freeing to one cache with sheaves moves the objects
 * into those; otherwise the objects of one slab are brought together and those of one cache are
 * given back together (kernel: kmem_cache_free_bulk). Takes locks only through the files below.
 */
#include <string.h>

#include "alloc.h"
#include "cpuslab.h"
#include "debug.h"
#include "exts.h"
#include "free.h"
#include "nodes.h"
#include "pagemap.h"
#include "partial.h"
#include "sheaf.h"
#include "slabs.h"

/*
 * How many strangers are looked at before the rest of a slab's objects is given up: the kernel's
 * limit, so that a mixed array costs no quadratic time.
 */
#define LOOK_AHEAD 3

/* Objects given back under one hold of the lock, which so is short. */
#define RUN_MAX 64u

static unsigned int at_most(size_t n)
{
	return (unsigned int)min_size(n, UINT32_MAX);
}

static size_t take_from_slabs(struct kmem_cache *s, gfp_t gfp, size_t n, void **p)
{
	size_t got = 0;
	unsigned int more = 1;

	while (got < n && more) {
		more = slabs_take(s, gfp, NUMA_NO_NODE, p + got, at_most(n - got));
		got += more;
	}
	return got;
}

static size_t take(struct kmem_cache *s, gfp_t gfp, size_t n, void **p)
{
	size_t got = sheaf_take_bulk(s, n, p);

	got += take_from_slabs(s, gfp, n - got, p + got);
	for (size_t i = 0; (gfp & __GFP_ZERO) && i < got; i++)
		memset(p[i], 0, cache_object_size(s));
	return got;
}

static size_t take_one_by_one(struct kmem_cache *s, const struct alloc_request *r, size_t n,
			      void **p)
{
	size_t got = 0;

	while (got < n && (p[got] = alloc_general(s, r)))
		got++;
	return got;
}

/* A cache that checks or has hooks, or whose slabs may be a CPU's: each object is one of its own.
 */
static bool goes_alone(const struct kmem_cache *s)
{
	return debug_is_on(s) || hooks_needed(s) || slab_cpuslab;
}

bool kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t n, void **p)
{
	struct alloc_request r =
		alloc_make_request(s, gfp, NUMA_NO_NODE, __builtin_return_address(0));
	bool alone = goes_alone(s) || hooks_needed_to_alloc(s, gfp);
	size_t got;

	gate_enter();
	got = alone ? take_one_by_one(s, &r, n, p) : take(s, gfp, n, p);
	if (got < n)
		kmem_cache_free_bulk(s, got, p);
	gate_leave();
	return n && got == n;
}

/* Objects of one cache, waiting to be given back together. */
struct run {
	struct kmem_cache *cache;
	unsigned int nr;
	void *objects[RUN_MAX];
};

static void give_back(struct run *r)
{
	if (r->nr)
		partial_give(r->cache, r->objects, r->nr);
	r->nr = 0;
}

static void add(struct run *r, struct kmem_cache *s, void *object)
{
	if (r->cache != s || r->nr == RUN_MAX)
		give_back(r);
	r->cache = s;
	r->objects[r->nr++] = object;
}

static bool is_in(const struct frame *f, const void *p)
{
	return (uintptr_t)p - (uintptr_t)frame_address(f) < frame_bytes(f);
}

/*
 * Add the last of @n objects to the run, and those before it that lie in the same slab @f; what
 * stood behind them takes their places. Returns how many are left.
 */
static size_t add_slab(struct run *r, const struct frame *f, size_t n, void **p)
{
	unsigned int strangers = 0;

	add(r, f->cache, p[--n]);
	for (size_t i = n; i-- > 0 && strangers < LOOK_AHEAD;) {
		if (!is_in(f, p[i])) {
			strangers++;
			continue;
		}
		add(r, f->cache, p[i]);
		p[i] = p[--n];
	}
	return n;
}

static size_t free_last(struct run *r, struct kmem_cache *expected, size_t n, void **p)
{
	struct frame *f = free_frame(p[n - 1]);
	struct kmem_cache *s = f ? free_cache(f) : NULL;

	if (s && !goes_alone(s) && !exts_present(f) && (!expected || s == expected))
		return add_slab(r, f, n, p);
	if (expected)
		kmem_cache_free(expected, p[n - 1]);
	else
		kfree(p[n - 1]);
	return n - 1;
}

static void free_to_slabs(struct kmem_cache *s, size_t n, void **p)
{
	struct run r = { .nr = 0 };

	while (n)
		n = free_last(&r, s, n, p);
	give_back(&r);
}

/* May this object of a bulk for @s go into a sheaf of this CPU as it is? */
static bool is_local(struct kmem_cache *s, void *object)
{
	const struct frame *f = free_frame(object);

	return f && free_cache(f) == s && !exts_present(f) && nodes_is_here(f->node);
}

/* Bring the objects of this node to the front; returns how many there are. */
static size_t local_first(struct kmem_cache *s, size_t n, void **p)
{
	size_t nr = 0;

	for (size_t i = 0; i < n; i++) {
		void *object = p[i];

		if (!is_local(s, object))
			continue;
		p[i] = p[nr];
		p[nr++] = object;
	}
	return nr;
}

void kmem_cache_free_bulk(struct kmem_cache *s, size_t n, void **p)
{
	size_t put = 0;

	gate_enter();
	if (s && s->slot && !goes_alone(s))
		put = sheaf_give_bulk(s, local_first(s, n, p), p);
	free_to_slabs(s, n - put, p + put);
	gate_leave();
}
