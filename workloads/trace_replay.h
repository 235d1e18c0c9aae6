/* SPDX-License-Identifier: MIT */
/*
 * The measured part of the trace replay: following the streams of an image.
 *
 * Right after its allocation an object receives its tag in its first 8 bytes, and a large one once
 * in each further page (TRACE_PAGE_BYTES). On free the first tag (and the last of a large object)
 * is read back and compared, and its class is added to the digest. A slot of an object that is
 * handed over is written with release and read with acquire order.
 *
 * Why waiting for a hand-over cannot deadlock: all streams are parts of one sequence
 * (trace_order.h), each in its order. Of the threads that are not through, take the one whose next
 * operation comes first in that sequence. Should it wait, then for an allocation that comes earlier
 * still; whichever thread that belongs to is past it, or its next operation would have come first.
 * So this thread does not wait. The frees at the end of a repetition stand between two copies of
 * the sequence and wait for nobody. A thread that fails raises @stop, which ends every wait.
 */
#ifndef WORKLOADS_TRACE_REPLAY_H
#define WORKLOADS_TRACE_REPLAY_H

#include "trace_image.h"
#include "workload.h"

enum trace_counter { TRACE_HANDOFF_WAITS, TRACE_LEFT };

/* What a call needs, by class. */
struct trace_target {
	union {
		const struct alloc_site *site;
		struct alloc_cache *cache;
	};
	size_t size;
};

/* How far a thread came, for the one that cleans up. */
struct trace_worker {
	uint64_t nr_done;
	bool gave_up; /* waited for an object, and another thread failed */
	bool lost;    /* an object did not hold its tag until the next operation */
} __attribute__((aligned(128)));

/* run->state */
struct trace_state {
	const struct trace_image *image;
	void **slots;		      /* [image->nr_slots] */
	struct trace_target *targets; /* [image->nr_classes] */
	struct trace_worker *workers; /* [image->nr_threads] */
	struct alloc_site *sites;     /* [image->nr_sites] */
	struct alloc_cache **caches;  /* [image->nr_caches] */
	unsigned int nr_finished;     /* threads of this round; atomic */
	unsigned int stop;	      /* atomic */
};

/* One thread's round. It begins and ends with nothing allocated, also when it fails. */
void trace_replay(struct wl_thread *t);

#endif
