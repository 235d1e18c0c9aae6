/* SPDX-License-Identifier: MIT */
/*
 * The contract of a workload: what a file in this folder, or a user's own C file, has to provide.
 *
 * A workload has two halves that run in different processes:
 *
 *   prepare()  runs once per cell in a process of its own. It draws every random number, reads
 * every file, and writes the plan of the work into the image: a flat block of bytes that is the
 * same for every allocator and that the harness checksums and stores. round()    runs in the
 * measured process, once per thread and round, and follows the image. It begins and ends with
 * nothing allocated. Nothing but the allocator under test is called in it: no malloc, no printf, no
 * random numbers, no clock.
 *
 * A trial runs several rounds of the same work in one process: first one whose memory is watched
 * (every call goes through counting hooks), then rounds that are timed as a whole, then one in
 * which each allocator call is timed. The workload does not know which one it is in.
 *
 * Every round must add the same number to t->digest whatever the allocator and the order of
 * threads, computed from what was read back out of the allocated memory.
 *
 * A workload may also do its work elsewhere, in programs that round() starts with the allocator in
 * front of them. Then round() may call what it likes, because none of it is under test, and the
 * digest is of what the programs answered; see struct wl_usage for what it owes.
 */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/allocator.h"

#define WL_NR_COUNTERS 8
#define WL_ABSENT      1 /* of prepare(): cannot run on this machine */

/* Input and output of prepare(). */
struct wl_plan {
	uint64_t seed;	      /* the only source of randomness */
	unsigned int threads; /* how many threads will run round() */
	double scale;	      /* amount of work: 1 is the default, about 50 to 150 ms a round */
	const char *arg;      /* text behind the name's colon, "" if none */
	const char *dir;      /* a directory for files of the run; it outlives the trials */

	/*
	 * Room for @bytes more in the image, zeroed, 64-byte aligned, contiguous with the last
	 * piece's rounded end; the pointer is good until prepare() returns. Never NULL: out of
	 * space ends the process with a sentence. The image is mapped read-only and at another
	 * address in the trial: keep offsets from its start, not pointers. The first piece is at
	 * offset 0.
	 */
	void *(*piece)(struct wl_plan *plan, size_t bytes);
	void *image;	    /* start of the image, after the first piece */
	size_t image_bytes; /* so far */

	uint64_t ops;	      /* out: operations of one round, all threads together */
	uint64_t alloc_bytes; /* out: upper bound of the bytes one round allocates, each object
			       * rounded up to 64, frees not counted (the null allocator never
			       * reuses) */
	uint64_t round_ns;    /* out: about how long a round takes, for the estimate; 0: by ops */
	char why[256];	      /* out: a sentence, when prepare() does not return 0 */
	char params[128]; /* out: what else names the cell, "files=20000 dirs=40"; may stay "" */
	char note[256];	  /* out: a thing the reader of the numbers must know; may stay "" */
};

/*
 * What the programs of a workload whose work is elsewhere have cost. round() adds to it; it is zero
 * before each round. The harness then measures time and digest itself and takes these for the rest:
 * it reads no memory, counts no calls and runs no latency round.
 */
struct wl_usage {
	uint64_t cpu_ns;	 /* user and system time */
	uint64_t peak_rss_bytes; /* high-water mark; of several at once, their sum */
	uint64_t nr_faults;	 /* minor and major */
	uint64_t nr_switches;	 /* voluntary and involuntary */
};

struct wl_run;

/* One thread of a trial. Only its own thread touches it while a round runs. */
struct wl_thread {
	struct alloc_ops ops; /* the allocator, or the meter around it; changes between rounds */
	struct wl_run *run;
	unsigned int index; /* 0 to run->threads - 1 */
	void *state;	    /* the workload's own, from setup() */
	uint64_t digest;    /* add to it; the harness sums over threads and rounds */
	const char *error;  /* set by wl_fail(): the round is void, the trial failed */
	uint64_t counters[WL_NR_COUNTERS]; /* add to them; summed over threads, divided by rounds */
	struct wl_usage usage;		   /* only of a workload whose work is elsewhere */
} __attribute__((aligned(128)));	   /* no two threads on one pair of cache lines */

/* One trial in the measured process. */
struct wl_run {
	const void *image; /* what prepare() wrote, read-only, already resident */
	size_t image_bytes;
	unsigned int threads;
	const char *dir;
	struct wl_thread *thread; /* [threads] */
	void *state;		  /* the workload's own, from setup() */
	/*
	 * Memory of the harness: zeroed, page-aligned, resident, not from the allocator under test
	 * and not counted as its memory. For setup() only. Never NULL (the trial ends instead).
	 */
	void *(*map)(struct wl_run *run, size_t bytes);
	/* Caches of the allocator under test, for setup() and teardown(). NULL: could not. */
	struct alloc_cache *(*cache_create)(const char *name, size_t size, size_t align,
					    unsigned int flags);
	void (*cache_destroy)(struct alloc_cache *cache);
	/* Write a sentence for the user into the trial's notes (setup() and teardown() only). */
	void (*note)(struct wl_run *run, const char *text);
	/*
	 * A thread that round() itself started calls this before it first calls the allocator, with
	 * the wl_thread that it works for. Nobody else may use that one until the thread ends.
	 */
	void (*adopt)(struct wl_thread *t);
};

struct wl_counter {
	const char *name;    /* metric name with its unit: "dio_einval_count" */
	const char *unit;    /* "count", "bytes", "ratio" */
	const char *summary; /* one line */
};

struct workload {
	const char *name;
	const char *summary; /* one line */
	const char *op;	     /* what one operation is: "a dcache call" */
	const char *takes;   /* what may follow the colon, "FILE.ktr.zst"; NULL: nothing */
	const char *
		variants[4]; /* arguments that a comparison runs by default; {NULL}: once without */
	/*
	 * The work is done by other programs (struct wl_usage): an allocator that cannot be put in
	 * front of them is left out, threads are not pinned, and a comparison runs it only when it
	 * is named, with one thread unless told otherwise.
	 */
	bool elsewhere;
	bool on_request;	  /* no default of a comparison: run when it is named */
	struct alloc_site *sites; /* tokens are resolved by the harness before setup() */
	unsigned int nr_sites;
	struct wl_counter counters[WL_NR_COUNTERS]; /* those without a name are not reported */

	/* 0; -1 with plan->why: the user's mistake; WL_ABSENT with plan->why: left out. */
	int (*prepare)(struct wl_plan *plan);
	int (*setup)(struct wl_run *run);     /* 0, or -1 with run->thread[0].error set */
	void (*round)(struct wl_thread *t);   /* all threads at once */
	void (*teardown)(struct wl_run *run); /* not required; after the last round */
};

/* In this folder: WORKLOAD(dentry_name) = { ... }; in a user's script: WORKLOAD(script) = { ... }.
 */
#define WORKLOAD(identifier) const struct workload workload_##identifier

/* Void this round: @why is shown to the user. Returns so that a round can `return wl_fail(...)`. */
static inline void wl_fail(struct wl_thread *t, const char *why)
{
	if (!t->error)
		t->error = why;
}

#define WL_OUT_OF_MEMORY "the allocator returned NULL"

static inline void *wl_alloc(struct wl_thread *t, size_t size, const struct alloc_site *site)
{
	return t->ops.alloc(size, site);
}

static inline void *wl_zalloc(struct wl_thread *t, size_t size, const struct alloc_site *site)
{
	return t->ops.zalloc(size, site);
}

static inline void wl_free(struct wl_thread *t, void *p, size_t size)
{
	t->ops.free(p, size);
}

static inline void *wl_cache_alloc(struct wl_thread *t, struct alloc_cache *cache)
{
	return t->ops.cache_alloc(cache);
}

static inline void wl_cache_free(struct wl_thread *t, struct alloc_cache *cache, void *p)
{
	t->ops.cache_free(cache, p);
}

/* workloads/registry.c: by name, by position (NULL past the end). */
const struct workload *workload_find(const char *name, size_t len);
const struct workload *workload_at(size_t index);

#endif
