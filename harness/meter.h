/* SPDX-License-Identifier: MIT */
/*
 * The hooks that the harness puts around an allocator in the rounds that are not timed as a whole:
 * the watching ones count live bytes, addresses and waste; the timing ones read the clock around
 * each call. In the timed rounds the workload calls the allocator directly and none of this runs.
 * A meter belongs to one thread; meter_bind() makes it the calling thread's.
 */
#ifndef HARNESS_METER_H
#define HARNESS_METER_H

#include "allocators/allocator.h"
#include "channel.h"
#include "histogram.h"

#define METER_CLASSES  24 /* requests by the next power of two: 2^0 to 2^23 */
#define METER_DIVISORS 13 /* addresses by their largest power-of-two divisor: 1 to 4096 */

struct meter {
	struct alloc_ops real;
	int64_t *live;	   /* in the shared page */
	int64_t live_peak; /* of this thread alone */
	uint64_t nr_allocs;
	uint64_t requested_bytes, usable_bytes;
	uint64_t nr_promised, nr_natural; /* size divisible by 32 or more; address too */
	uint64_t nr_page_fit, nr_page_cross;
	uint64_t nr_line_fit, nr_line_cross;
	uint64_t align[METER_CLASSES][METER_DIVISORS];
	struct histogram latency; /* in clock ticks */
};

/* The calling thread's meter. */
extern __thread struct meter *meter_self __attribute__((tls_model("initial-exec")));

void meter_bind(struct meter *m);
void meter_watch(struct alloc_ops *ops); /* fill with the watching hooks */
void meter_time(struct alloc_ops *ops);	 /* fill with the timing hooks */

/* Remember the object size of a cache, for the watching hooks. From one thread, before rounds. */
void meter_cache(const struct alloc_cache *cache, size_t size);

/* Called by the watching hooks when the live set has grown; see slab_use of the allocator. */
void meter_on_growth(void (*hook)(void));

/* Not measured: the same in both sets of hooks. */
size_t meter_usable(void *p, size_t size);

/* Add the counts of @from, but not its live bytes. */
void meter_merge(struct meter *into, const struct meter *from);

#endif
