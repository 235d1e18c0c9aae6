/* SPDX-License-Identifier: MIT */
/*
 * The counters of allocation profiling: for each call site the bytes and objects that are allocated
 * now. A site is a location; it gets its counters when it first allocates and keeps them for ever,
 * so an object's extension may point at them. The kernel has the counters in the site's static tag;
 * here tags are constants of programs and libraries that come and go, so they stand apart, in a
 * hash table.
 *
 * Threads: any, no lock held that alloc_tag.lock would come before (it is a leaf: types.h). Sums
 * are exact when nobody allocates, as good as the moment otherwise.
 */
#ifndef SLAB_ALLOC_TAG_H
#define SLAB_ALLOC_TAG_H

#include "stripe.h"
#include "types.h"

struct alloc_tag_counters {
	uint64_t bytes; /* of one stripe, modulo 2^64: frees may be counted on another */
	uint64_t calls;
} __attribute__((aligned(64)));

struct alloc_tag {
	const void *location;
	const char *text;	/* "file:line func:name", copied; NULL if the site has no codetag */
	struct alloc_tag *next; /* in its bucket */
	struct alloc_tag *later;
	struct alloc_tag_counters counters[NR_STRIPES];
};

/* Is profiling on? Set once, at boot. */
extern bool alloc_tag_on;

static inline bool alloc_tag_enabled(void)
{
	return unlikely(__atomic_load_n(&alloc_tag_on, __ATOMIC_RELAXED));
}

/* At boot. Profiling costs memory only as sites appear. */
void alloc_tag_init(bool profiling);

/* The counters of a call site, made if there are none. NULL without memory: it is not counted. */
struct alloc_tag *alloc_tag_of(struct kmalloc_token site);

/* One object of @bytes more, or less. */
void alloc_tag_add(struct alloc_tag *tag, size_t bytes);
void alloc_tag_sub(struct alloc_tag *tag, size_t bytes);

/* The sums over all stripes. */
struct alloc_tag_counters alloc_tag_read(const struct alloc_tag *tag);

/* The site that allocated first, and the one after @tag; NULL at the end. */
const struct alloc_tag *alloc_tag_first(void);
const struct alloc_tag *alloc_tag_next(const struct alloc_tag *tag);

#endif
