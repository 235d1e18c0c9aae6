// SPDX-License-Identifier: MIT
/*
 * Free places are kept in stacks by size: exact to 16 bytes up to 1 KiB, then eight steps to each
 * doubling. A stack is a chain through the answers' indices.
 */
#include "null_placement.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXACT_BYTES 1024u
#define EXACT	    (EXACT_BYTES / 16 + 1)
#define STEPS	    8u
#define NR_STACKS   (EXACT + STEPS * 54)
#define NONE	    UINT32_MAX

static void *map_lazily(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct null_record *null_record_new(void)
{
	struct null_record *r = map_lazily(sizeof(*r));

	if (!r)
		return NULL;
	r->call = map_lazily(NULL_MAX_CALLS * sizeof(*r->call));
	return r->call ? r : NULL;
}

/* The stack of @size, whose places are all *@bytes large. */
static unsigned int stack_of(size_t size, size_t *bytes)
{
	unsigned int shift;

	if (size <= EXACT_BYTES) {
		*bytes = (size + 15) & ~15ul;
		return (unsigned int)(*bytes / 16);
	}
	shift = 63 - __builtin_clzll(size - 1) - 3;
	*bytes = (((size - 1) >> shift) + 1) << shift;
	return EXACT + (shift - 7) * STEPS + (unsigned int)((size - 1) >> shift) % STEPS;
}

struct place {
	struct null_record *r;
	struct null_extent *extent;
	size_t half_bytes;
	uint32_t stack[NR_STACKS];
	uint32_t *below; /* of an answer in a stack */
	uint32_t *first; /* of an answer: the index that its object had at first */
	uint32_t *room;	 /* of a first index: the largest size of the object */
};

/* @used counts from @start; a place that does not fit is none. */
static bool fresh(struct null_answer *a, size_t *used, size_t start, size_t bytes, size_t room)
{
	if (bytes > room - *used)
		return false;
	a->at = (uint32_t)((start + *used) / NULL_UNIT);
	*used += bytes;
	return true;
}

/* Which answers are one object, and how large it grows. */
static void follow(struct place *w)
{
	uint32_t nr = 0;

	for (size_t i = 0; i < w->r->nr_calls; i++) {
		uint64_t call = w->r->call[i];
		bool grown = i && (w->r->call[i - 1] & NULL_GROWN) && !(call & 1);
		uint32_t first;

		if (call & 1)
			continue;
		first = grown ? w->first[(uint32_t)((w->r->call[i - 1] & ~NULL_GROWN) >> 1)] : nr;
		w->first[nr++] = first;
		if (w->room[first] < call >> 2)
			w->room[first] = (uint32_t)(call >> 2);
	}
}

static bool place_object(struct place *w, uint32_t index, size_t size, bool zeroed)
{
	struct null_answer *a = &w->r->answer[index];
	size_t bytes;
	uint32_t *top = &w->stack[stack_of(w->room[index], &bytes)];

	a->size = (uint32_t)size;
	if (w->first[index] != index) {
		a->at = w->r->answer[w->first[index]].at;
		return true;
	}
	if (zeroed)
		return fresh(a, &w->extent->zeroed_bytes, w->half_bytes, bytes, w->half_bytes);
	if (*top == NONE)
		return fresh(a, &w->extent->warm_bytes, 0, bytes, w->half_bytes);
	a->at = w->r->answer[*top].at;
	*top = w->below[*top];
	return true;
}

static void free_place(struct place *w, uint32_t index)
{
	const struct null_answer *a = &w->r->answer[index];
	size_t bytes;
	uint32_t *top = &w->stack[stack_of(w->room[w->first[index]], &bytes)];

	if ((size_t)a->at * NULL_UNIT >= w->half_bytes)
		return;
	w->below[index] = *top;
	*top = index;
}

static bool place_record(struct place *w)
{
	uint32_t nr = 0;

	memset(w->stack, 0xff, sizeof(w->stack));
	follow(w);
	for (size_t i = 0; i < w->r->nr_calls; i++) {
		uint64_t call = w->r->call[i];

		if (call & NULL_GROWN)
			continue;
		if (call & 1)
			free_place(w, (uint32_t)(call >> 1));
		else if (!place_object(w, nr++, call >> 2, call & 2))
			return false;
	}
	w->r->answer[nr].size = NULL_NO_SIZE;
	return true;
}

/* Answers stay; what it took to place them is given back. */
static bool place_with(struct place *w, size_t n)
{
	uint32_t *p = map_lazily(3 * n * sizeof(*p));
	bool ok;

	w->r->answer = map_lazily(n * sizeof(*w->r->answer));
	if (!p)
		return false;
	w->below = p;
	w->first = p + n;
	w->room = p + 2 * n;
	ok = w->r->answer && place_record(w);
	munmap(p, 3 * n * sizeof(*p));
	return ok;
}

bool null_place(struct null_record *records, size_t map_bytes, struct null_extent *extent)
{
	struct place w = { .extent = extent, .half_bytes = map_bytes / 2 };
	bool ok = true;

	*extent = (struct null_extent){ 0 };
	for (w.r = records; w.r && ok; w.r = w.r->next)
		ok = place_with(&w, w.r->nr_answers + NULL_AHEAD);
	return ok;
}
