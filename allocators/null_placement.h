/* SPDX-License-Identifier: MIT */
/*
 * Where the null allocator puts objects, worked out between rounds.
 *
 * Every round of a trial makes the same calls in the same order in each thread. So one round is
 * recorded, and from the record follows where a perfect allocator could have put each object: in
 * the place that was freed last, by the same thread, for the same size. The rounds after it only
 * look the k-th answer up, and find their memory as warm as a real allocator's would be.
 *
 * Not reused are the places of objects that another thread frees, since the threads' pace differs
 * from round to round, and of zeroed objects, so that clearing can be done between rounds.
 * One record belongs to one thread; null_place() is called while no thread allocates.
 */
#ifndef ALLOCATORS_NULL_PLACEMENT_H
#define ALLOCATORS_NULL_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The k-th answer of a thread. */
struct null_answer {
	char *p;
	size_t size;
};

struct null_record {
	/* Calls in order: the size of an allocation x 4 + zeroed x 2, or a freed index x 2 + 1. */
	uint64_t *call;
	size_t nr_calls;
	struct null_answer *answer; /* [nr_answers], by null_place() */
	size_t nr_answers;	    /* allocations recorded */
	struct null_record *next;
};

/* The most calls of one thread in a round; the arrays are address space until they are used. */
#define NULL_MAX_CALLS (1ul << 26)

/* A record in memory of its own; NULL without memory. */
struct null_record *null_record_new(void);

static inline void null_record_alloc(struct null_record *r, size_t size, bool zeroed)
{
	if (r->nr_calls < NULL_MAX_CALLS) {
		r->call[r->nr_calls++] = (uint64_t)size << 2 | (uint64_t)zeroed << 1;
		r->nr_answers++;
	}
}

static inline void null_record_free(struct null_record *r, uint64_t index)
{
	if (r->nr_calls < NULL_MAX_CALLS)
		r->call[r->nr_calls++] = index << 1 | 1;
}

/* Bytes that the answers reach into each map. */
struct null_extent {
	size_t warm_bytes, zeroed_bytes;
};

/*
 * Fill the answers of all @records: places in @warm are reused, those in @zeroed are not. False if
 * one of the maps, of @map_bytes each, is too small, or without memory.
 */
bool null_place(struct null_record *records, char *warm, char *zeroed, size_t map_bytes,
		struct null_extent *extent);

#endif
