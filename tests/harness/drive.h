/* SPDX-License-Identifier: MIT */
/*
 * A small driver that runs one workload inside a test, without the harness: it prepares an image,
 * gives the round its memory and threads, and tells what came out.
 *
 *	struct drive_image *image = drive_plan(&workload_x, 4, 0.02, "", 1);
 *	struct drive_result r = { .rounds = 2 };
 *	drive_run(&workload_x, image, 4, &drive_ops, &r);
 *	assert_null(r.error);
 *	drive_release(image);
 *
 * The image is copied to fresh read-only pages for each run, so a write to it or a pointer kept
 * from prepare() ends in a fault. Threads are made for each round and joined behind it. A caller's
 * own ops see this file's struct alloc_cache unless the result names other cache hooks.
 */
#ifndef TESTS_HARNESS_DRIVE_H
#define TESTS_HARNESS_DRIVE_H

#include <ftw.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "workloads/workload.h"

#define DRIVE_IMAGE_BYTES ((size_t)4 << 30) /* reserved, touched as prepare() asks */
#define DRIVE_NR_MAPS	  512
#define DRIVE_NR_THREADS  64

/* What prepare() made. @plan is the first member: piece() finds the image by it. */
struct drive_image {
	struct wl_plan plan; /* ops, alloc_bytes, why, params, note as prepare() left them */
	int status;	     /* what prepare() returned */
	char dir[256];	     /* under TMPDIR, removed with its files by drive_release() */
};

struct drive_result {
	unsigned int rounds; /* in: 0 means 2 */
	/* In: both NULL means struct alloc_cache below. */
	struct alloc_cache *(*cache_create)(const char *name, size_t size, size_t align,
					    unsigned int flags);
	void (*cache_destroy)(struct alloc_cache *cache);

	uint64_t digest;		   /* of the first round, all threads */
	bool agree;			   /* every round gave that digest */
	const char *error;		   /* the first failure, NULL if none */
	uint64_t counters[WL_NR_COUNTERS]; /* of all threads and rounds, divided by rounds */
	uint64_t ns;			   /* of the fastest round, begin to last join */
	char notes[1024];		   /* run->note() sentences, one a line */
};

/* The cache of drive_ops and of tests with ops of their own. */
struct alloc_cache {
	size_t size;
	size_t align;
	unsigned int flags;
	char name[32];
};

static inline void *drive_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return malloc(size);
}

static inline void *drive_zalloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return calloc(1, size);
}

static inline void *drive_realloc(void *p, size_t old_size, size_t size,
				  const struct alloc_site *site)
{
	(void)old_size;
	(void)site;
	return realloc(p, size);
}

static inline void drive_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

static inline void *drive_cache_alloc(struct alloc_cache *cache)
{
	return malloc(cache->size);
}

static inline void *drive_cache_zalloc(struct alloc_cache *cache)
{
	return calloc(1, cache->size);
}

static inline void drive_cache_free(struct alloc_cache *cache, void *p)
{
	(void)cache;
	free(p);
}

static inline size_t drive_usable(void *p, size_t size)
{
	(void)size;
	return malloc_usable_size(p);
}

/* The C library's malloc behind the contract's hooks. */
static const struct alloc_ops drive_ops __attribute__((unused)) = {
	.alloc = drive_alloc,
	.zalloc = drive_zalloc,
	.realloc = drive_realloc,
	.free = drive_free,
	.cache_alloc = drive_cache_alloc,
	.cache_zalloc = drive_cache_zalloc,
	.cache_free = drive_cache_free,
	.usable = drive_usable,
};

static inline struct alloc_cache *drive_cache_create(const char *name, size_t size, size_t align,
						     unsigned int flags)
{
	struct alloc_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->size = size;
	cache->align = align;
	cache->flags = flags;
	snprintf(cache->name, sizeof(cache->name), "%s", name);
	return cache;
}

static inline void drive_cache_destroy(struct alloc_cache *cache)
{
	free(cache);
}

static inline void *drive_map_pages(size_t bytes, int flags)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
		       0);

	if (p == MAP_FAILED) {
		perror("drive: mmap");
		abort();
	}
	return p;
}

static inline void *drive_piece(struct wl_plan *plan, size_t bytes)
{
	size_t at = (plan->image_bytes + 63) & ~(size_t)63;

	if (at + bytes > DRIVE_IMAGE_BYTES) {
		fprintf(stderr, "drive: an image of %zu bytes is too large\n", at + bytes);
		abort();
	}
	plan->image_bytes = at + bytes;
	return (char *)plan->image + at;
}

/*
 * Prepare @w in a directory of its own. Never NULL; a workload that refuses leaves its sentence in
 * ->plan.why and -1 in ->status.
 */
static inline struct drive_image *drive_plan(const struct workload *w, unsigned int threads,
					     double scale, const char *arg, uint64_t seed)
{
	struct drive_image *image = calloc(1, sizeof(*image));

	if (!image)
		abort();
	snprintf(image->dir, sizeof(image->dir), "%s/slabbench-drive-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(image->dir)) {
		perror("drive: mkdtemp");
		abort();
	}
	image->plan = (struct wl_plan){
		.seed = seed,
		.threads = threads,
		.scale = scale,
		.arg = arg,
		.dir = image->dir,
		.piece = drive_piece,
		.image = drive_map_pages(DRIVE_IMAGE_BYTES, MAP_NORESERVE),
	};
	image->status = w->prepare(&image->plan);
	return image;
}

static inline int drive_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void drive_remove_dir(const char *dir)
{
	nftw(dir, drive_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void drive_release(struct drive_image *image)
{
	drive_remove_dir(image->dir);
	munmap(image->plan.image, DRIVE_IMAGE_BYTES);
	free(image);
}

/* One run: wl_run is the first member, so that its hooks find the rest. */
struct drive_trial {
	struct wl_run run;
	struct wl_thread thread[DRIVE_NR_THREADS];
	const struct workload *w;
	struct drive_result *result;
	struct {
		void *p;
		size_t bytes;
	} maps[DRIVE_NR_MAPS];
	unsigned int nr_maps;
};

static inline void *drive_map(struct wl_run *run, size_t bytes)
{
	struct drive_trial *trial = (struct drive_trial *)run;

	if (trial->nr_maps == DRIVE_NR_MAPS) {
		fprintf(stderr, "drive: more than %d maps\n", DRIVE_NR_MAPS);
		abort();
	}
	bytes = bytes ? bytes : 1;
	trial->maps[trial->nr_maps].bytes = bytes;
	trial->maps[trial->nr_maps].p = drive_map_pages(bytes, MAP_POPULATE);
	return trial->maps[trial->nr_maps++].p;
}

static inline void drive_note(struct wl_run *run, const char *text)
{
	struct drive_result *r = ((struct drive_trial *)run)->result;
	size_t at = strlen(r->notes);

	snprintf(r->notes + at, sizeof(r->notes) - at, "%s\n", text);
}

static inline void drive_adopt(struct wl_thread *t)
{
	(void)t;
}

struct drive_arg {
	const struct workload *w;
	struct wl_thread *t;
};

static inline void *drive_thread(void *p)
{
	struct drive_arg *arg = p;

	arg->w->round(arg->t);
	return NULL;
}

static inline uint64_t drive_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* All threads once; a single thread runs in the caller. Returns the nanoseconds it took. */
static inline uint64_t drive_round(struct drive_trial *trial)
{
	pthread_t id[DRIVE_NR_THREADS];
	struct drive_arg arg[DRIVE_NR_THREADS];
	unsigned int n = trial->run.threads;
	uint64_t start = drive_now_ns();

	for (unsigned int i = 0; i < n; i++)
		arg[i] = (struct drive_arg){ trial->w, &trial->thread[i] };
	if (n == 1) {
		trial->w->round(&trial->thread[0]);
		return drive_now_ns() - start;
	}
	for (unsigned int i = 0; i < n; i++) {
		if (pthread_create(&id[i], NULL, drive_thread, &arg[i])) {
			perror("drive: pthread_create");
			abort();
		}
	}
	for (unsigned int i = 0; i < n; i++)
		pthread_join(id[i], NULL);
	return drive_now_ns() - start;
}

/* Sum of the threads' digests, which starts again from 0. */
static inline uint64_t drive_take_digest(struct drive_trial *trial)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < trial->run.threads; i++) {
		sum += trial->thread[i].digest;
		trial->thread[i].digest = 0;
		if (trial->thread[i].error && !trial->result->error)
			trial->result->error = trial->thread[i].error;
	}
	return sum;
}

static inline void drive_rounds(struct drive_trial *trial)
{
	struct drive_result *r = trial->result;

	r->agree = true;
	r->ns = UINT64_MAX;
	for (unsigned int k = 0; k < r->rounds; k++) {
		uint64_t ns = drive_round(trial);
		uint64_t digest = drive_take_digest(trial);

		r->ns = ns < r->ns ? ns : r->ns;
		if (!k)
			r->digest = digest;
		r->agree = r->agree && digest == r->digest;
	}
	for (unsigned int i = 0; i < trial->run.threads; i++)
		for (int c = 0; c < WL_NR_COUNTERS; c++)
			r->counters[c] += trial->thread[i].counters[c];
	for (int c = 0; c < WL_NR_COUNTERS; c++)
		r->counters[c] /= r->rounds;
}

static inline void *drive_copy_image(const struct drive_image *image)
{
	size_t bytes = image->plan.image_bytes + 64;
	void *copy = drive_map_pages(bytes, 0);

	memcpy(copy, image->plan.image, image->plan.image_bytes);
	mprotect(copy, bytes, PROT_READ);
	return copy;
}

static inline void drive_begin(struct drive_trial *trial, const struct drive_image *image,
			       unsigned int threads, const struct alloc_ops *ops)
{
	struct drive_result *r = trial->result;

	trial->run = (struct wl_run){
		.image = drive_copy_image(image),
		.image_bytes = image->plan.image_bytes,
		.threads = threads,
		.dir = image->dir,
		.thread = trial->thread,
		.map = drive_map,
		.cache_create = r->cache_create ? r->cache_create : drive_cache_create,
		.cache_destroy = r->cache_destroy ? r->cache_destroy : drive_cache_destroy,
		.note = drive_note,
		.adopt = drive_adopt,
	};
	for (unsigned int i = 0; i < threads; i++)
		trial->thread[i] =
			(struct wl_thread){ .ops = *ops, .run = &trial->run, .index = i };
	for (unsigned int i = 0; i < trial->w->nr_sites; i++)
		if (trial->w->sites[i].token == SITE_TOKEN_UNSET)
			trial->w->sites[i].token = trial->w->sites[i].has_pointers ? 8 : 1;
}

/*
 * Run @image with @ops: setup, rounds, teardown (not after a setup() that failed). Everything out
 * of @r is overwritten, its inputs stay. Returns 0, or -1 with r->error set (by setup() or by any
 * round).
 */
static inline int drive_run(const struct workload *w, const struct drive_image *image,
			    unsigned int threads, const struct alloc_ops *ops,
			    struct drive_result *r)
{
	struct drive_trial *trial = calloc(1, sizeof(*trial));

	if (!trial || threads > DRIVE_NR_THREADS)
		abort();
	*r = (struct drive_result){ .rounds = r->rounds ? r->rounds : 2,
				    .cache_create = r->cache_create,
				    .cache_destroy = r->cache_destroy };
	trial->w = w;
	trial->result = r;
	drive_begin(trial, image, threads, ops);
	if (w->setup(&trial->run)) {
		r->error = trial->thread[0].error ? trial->thread[0].error : "setup() failed";
	} else {
		drive_rounds(trial);
		if (w->teardown)
			w->teardown(&trial->run);
	}
	for (unsigned int i = 0; i < trial->nr_maps; i++)
		munmap(trial->maps[i].p, trial->maps[i].bytes);
	munmap((void *)(uintptr_t)trial->run.image, image->plan.image_bytes + 64);
	free(trial);
	return r->error ? -1 : 0;
}

#endif
