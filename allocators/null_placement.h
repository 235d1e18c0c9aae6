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

/* The k-th answer of a thread: 8 bytes, because reading them is part of the harness's cost. */
struct null_answer {
	uint32_t at; /* the object's place in the map, in units of NULL_UNIT */
	uint32_t size;
};

#define NULL_UNIT 16u

#define NULL_GROWN (1ull << 63)

/* No object has this size: the answer behind the last one. */
#define NULL_NO_SIZE UINT32_MAX

/* So many answers ahead the place is fetched into the cache, since it is known. */
#define NULL_AHEAD 32u

struct null_record {
	struct null_answer *cursor; /* the next answer; its size is NULL_NO_SIZE if there is none */
	/*
	 * Calls in order: the size of an allocation x 4 + zeroed x 2, or a freed index x 2 + 1;
	 * with NULL_GROWN it is not freed: the allocation that follows is the same object, resized.
	 */
	uint64_t *call;
	size_t nr_calls;
	struct null_answer *answer; /* [nr_answers + NULL_AHEAD], by null_place() */
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

/* Object @index of this thread, resized: it keeps its place, which has room for its largest size.
 */
static inline void null_record_realloc(struct null_record *r, uint64_t index, size_t size)
{
	if (r->nr_calls + 1 < NULL_MAX_CALLS) {
		r->call[r->nr_calls++] = NULL_GROWN | index << 1 | 1;
		null_record_alloc(r, size, false);
	}
}

/* Bytes that the answers reach into: reused ones from 0, zeroed ones from half of the map. */
struct null_extent {
	size_t warm_bytes, zeroed_bytes;
};

/*
 * Fill the answers of all @records with places in a map of @map_bytes (at most 64 GiB). False if it
 * is too small, or without memory.
 */
bool null_place(struct null_record *records, size_t map_bytes, struct null_extent *extent);

#endif
