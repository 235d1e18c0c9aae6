/* SPDX-License-Identifier: MIT */
/*
 * The pool of KFENCE: which page is whose, and what is remembered of each object. Two pages of
 * guard, then for each object a page and a guard page; the notes lie elsewhere.
 *
 *   guard guard [object 0] guard [object 1] guard ... [object n - 1] guard
 *
 * An object is at one end of its page, what it leaves of the page holds the canary. All pages start
 * without access; an object's page is open while the object is in use. Objects are reused first in,
 * first out, so that a freed page stays closed for as long as possible.
 *
 * States: unused -> allocated -> freed -> allocated ...; a zombie stays freed. The one that takes
 * an object off the free list (kfence_pool_get) or moves it from allocated to freed
 * (kfence_pool_claim) owns it until it puts it back; others may read its notes at any time, for
 * reports.
 */
#ifndef SLAB_KFENCE_POOL_H
#define SLAB_KFENCE_POOL_H

#include "kfence.h"
#include "kfence_stack.h"

enum kfence_state { KFENCE_UNUSED, KFENCE_ALLOCATED, KFENCE_FREED };

/* Who did something to an object, and when. */
struct kfence_track {
	int32_t tid;
	uint32_t cpu;
	uint64_t ns; /* of the monotonic clock */
	struct kfence_stack stack;
};

struct kfence_object {
	struct list_head link; /* the free list */
	enum kfence_state state;
	bool guard_open; /* a guard page beside it was hit and opened */
	char *page;
	char *start;
	size_t size;
	const struct kmem_cache *cache; /* NULL: destroyed */
	uint64_t covered_hash;		/* what the filter counts it under (kfence_covered.h) */
	struct kfence_track allocated;
	struct kfence_track freed;
};

/* Reserve the pool and its notes. 0 or -ENOMEM. */
int kfence_pool_create(size_t nr_objects);
void kfence_pool_destroy(void);

/* The object that has been free for longest, its page open, or NULL. */
struct kfence_object *kfence_pool_get(void);

/* Close the page of an object that the caller owns, and the guards beside it; back on the list. */
void kfence_pool_put(struct kfence_object *o);

/* The same without the list: the object is lost. */
void kfence_pool_close(struct kfence_object *o);

/* The one whose page holds @address; NULL for a guard page. */
struct kfence_object *kfence_pool_find(uintptr_t address);

/* The object in use that is nearest to @address, which is in a guard page; NULL if none is beside.
 */
struct kfence_object *kfence_pool_nearest(uintptr_t address);

/* Open the page that holds @address, of an object or a guard. */
void kfence_pool_open(uintptr_t address);

/* The number of @o, and the object of a number (0 to kfence_pool_nr() - 1). */
size_t kfence_pool_index(const struct kfence_object *o);
struct kfence_object *kfence_pool_object(size_t index);
size_t kfence_pool_nr(void);

/* Place an object of @size bytes in the page of @o, at its end if @right, else at its start. */
void kfence_pool_place(struct kfence_object *o, size_t size, size_t align, bool right);

/* From allocated to freed: true for one caller only. */
bool kfence_pool_claim(struct kfence_object *o);

static inline enum kfence_state kfence_state(const struct kfence_object *o)
{
	return __atomic_load_n(&o->state, __ATOMIC_ACQUIRE);
}

/* What a byte around an object holds: differs between neighbours, so that shifted copies show. */
static inline unsigned char kfence_canary(const char *at)
{
	return 0xaa ^ (unsigned char)((uintptr_t)at & 7);
}

void kfence_canary_fill(const struct kfence_object *o);

/* The first byte from @from to the end of the page that no longer holds the canary; NULL: none. */
const char *kfence_canary_check(const struct kfence_object *o, const char *from);

/* Note that this thread did it now; @caller as in kfence_stack_save(). */
void kfence_track(struct kfence_track *track, const void *caller);

size_t kfence_pool_bytes(void);

#endif
