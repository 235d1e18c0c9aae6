/* SPDX-License-Identifier: MIT */
/*
 * What an allocation and a free entail besides moving an object: one function for each event, which
 * calls the parts concerned in their order. A cache that needs none of it has its slots set, so
 * that the fast paths never come here; hooks_decide() says that once, when the cache is made.
 */
#ifndef SLAB_HOOKS_H
#define SLAB_HOOKS_H

#include "exts.h"
#include "types.h"

/* One allocation, as the parts see it. */
struct alloc_request {
	gfp_t gfp;
	int node;    /* NUMA_NO_NODE, or where the object should be */
	size_t size; /* what the user asked for */
	struct kmalloc_token site;
	const void *caller;
};

/*
 * Do the allocations and frees of @s have to come here? Decided once it is set up, and again when
 * the first memory group is made.
 */
void hooks_decide(struct kmem_cache *s);

static inline bool hooks_needed(const struct kmem_cache *s)
{
	return __atomic_load_n(&s->hooked, __ATOMIC_RELAXED);
}

/* The same for one of them, whose flags or slab may ask for more than the cache. */
static inline bool hooks_needed_to_alloc(const struct kmem_cache *s, gfp_t gfp)
{
	return hooks_needed(s) || ((gfp & __GFP_ACCOUNT) && memcg_online());
}

static inline bool hooks_needed_to_free(const struct kmem_cache *s, const struct frame *f)
{
	return hooks_needed(s) || exts_present(f);
}

/*
 * May objects of @s be taken without the hooks of an allocation, by a handler that interrupted
 * anything (nolock.c)? Not if a free would miss what they did, or the user.
 */
bool hooks_are_optional(const struct kmem_cache *s);

/*
 * Before and after objects are taken. Before: false makes the allocation fail. After: the objects
 * are cleared if the request or init.h asks; false means that they have to go back and the
 * allocation fails. An object of kfence.h passes neither, it comes out of kfence_alloc() finished.
 */
bool hooks_before_alloc(struct kmem_cache *s, const struct alloc_request *r);
bool hooks_after_alloc(struct kmem_cache *s, const struct alloc_request *r, void **objects,
		       unsigned int n);

/* Before an object is put anywhere. False: it must not be, the report is written. */
bool hooks_free(struct kmem_cache *s, struct frame *f, void *object);

#endif
