/* SPDX-License-Identifier: MIT */
/*
 * KFENCE: now and then an allocation gets a page of its own between two guard pages, so that in a
 * program that runs for long every kind of misuse is caught at its first wrong access
 * (Documentation/dev-tools/kfence.rst; constants of mm/kfence, 7.2). Off by default; then the pool
 * has no bytes, kfence_alloc() is one comparison and is_kfence_address() always false.
 *
 * When it is on, the core asks kfence_alloc() at each allocation: the caches have no fast slot. The
 * gate opens once an interval, for one allocation and kfence_burst more; asking a closed gate reads
 * the coarse clock. Objects lie outside of slab_range, so a free finds them where it finds that a
 * pointer is not libslab's, and slab_check() and slab_usage() know nothing of them.
 *
 * What is wrong is reported in the kernel's words on fd 2, and the program goes on as the kernel
 * would: an access to a guard page or to a freed object faults (the handler of SIGSEGV, installed
 * at boot, passes on to the previous one what is not ours), is reported, and the page is opened; a
 * wrong free is refused; bytes written around an object are found when it is freed. Accesses by
 * system calls end in EFAULT without a report. A program that installs its own SIGSEGV handler
 * later has to call the one it replaces.
 *
 * Any thread. No lock is held at a call, except that kfence_shutdown_cache() is under slab_mutex.
 */
#ifndef SLAB_KFENCE_H
#define SLAB_KFENCE_H

#include "types.h"

/* The options. */
struct kfence_config {
	uint64_t interval_ms; /* CONFIG_KFENCE_SAMPLE_INTERVAL, 100 there; 0: no KFENCE */
	uint64_t nr_objects;  /* CONFIG_KFENCE_NUM_OBJECTS, 255 */
	uint64_t burst; /* kfence.burst, 0: allocations after the first while the gate is open */
	uint64_t seed;	/* on which side of its page an object lies */
};
#define KFENCE_NUM_OBJECTS     255u
#define KFENCE_MAX_OBJECTS     16383u /* each splits the address space in two: below max_map_count */
#define KFENCE_SAMPLE_INTERVAL 100u

/* At boot, alone, after pagemap_create(). 0 or -ENOMEM. kfence_exit() undoes it. */
int kfence_init(const struct kfence_config *config);
void kfence_exit(void);

/* The pool: (nr_objects + 1) * 2 pages. Constant after boot; both 0 when KFENCE is off. */
struct kfence_range {
	uintptr_t base;
	size_t bytes;
};
extern struct kfence_range kfence_range;

static inline bool kfence_is_on(void)
{
	return unlikely(kfence_range.bytes);
}

/* In the pool: an object of ours, or a guard page. */
static inline bool is_kfence_address(const void *p)
{
	return unlikely((uintptr_t)p - kfence_range.base < kfence_range.bytes);
}

/*
 * A guarded object of @size bytes, as asked for (object_size for a cache's own), or NULL: the usual
 * way is to be gone then. It is constructed, cleared if init_want_alloc(), and must not pass the
 * hooks that know the layout of @s. @caller: where the public function returns to.
 *
 * Never for SLAB_SKIP_KFENCE. Never, and counted as incompatible, for sizes above a page, GFP flags
 * that name a zone or a node, DMA caches; nor, here, for SLAB_TYPESAFE_BY_RCU, whose objects stay
 * readable after a free, and for an alignment above a page.
 */
void *kfence_sample(struct kmem_cache *s, size_t size, gfp_t gfp, const void *caller);

static inline void *kfence_alloc(struct kmem_cache *s, size_t size, gfp_t gfp, const void *caller)
{
	return kfence_is_on() ? kfence_sample(s, size, gfp, caller) : NULL;
}

/* True if @p was in the pool: it has been freed, or reported and left alone. */
bool kfence_free(void *p, const void *caller);

/* The three for addresses of the pool; 0 or NULL if no object in use is there. */
size_t kfence_ksize(const void *p);
const void *kfence_object_start(const void *p);
struct kmem_cache *kfence_cache(const void *p);

/*
 * @s is being destroyed, which guarded objects do not prevent: those in use become zombies, whose
 * next access is reported as a use after free, and reports name the cache "<destroyed>".
 */
void kfence_shutdown_cache(const struct kmem_cache *s);

/* Bytes of the pool that were ever used, and of the notes about it. */
size_t kfence_bytes(void);

#endif
