/* SPDX-License-Identifier: MIT */
/*
 * An allocator that a workload must survive, and the checks that every workload passes.
 *
 * Its addresses are 8 past a multiple of 16, new memory is full of 0xa5, freed memory of 0x5a and
 * kept for a while, a free must name the size and the cache that were asked for, and any one
 * allocation, or all from one on, can return NULL. Counters are of all threads; the checks run with
 * one and four.
 */
#ifndef TESTS_HARNESS_HOSTILE_H
#define TESTS_HARNESS_HOSTILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "drive.h"

#define HOSTILE_LIVE	0x6c69766521212121u
#define HOSTILE_DEAD	0x6465616421212121u
#define HOSTILE_KEPT	512 /* freed blocks that are not given back yet */
#define HOSTILE_NOWHERE UINT64_MAX

/* 40 bytes in front of an object, so that it lies 8 past a multiple of 16. */
struct hostile_header {
	uint64_t magic;
	uint64_t size;
	struct alloc_cache *cache;
	uint64_t pad[2];
};

struct hostile_state {
	uint64_t nr_allocs; /* begun */
	uint64_t nr_frees;
	uint64_t nr_bytes; /* asked for, each object rounded up to 64 */
	uint64_t fail_from;
	uint64_t fail_to; /* allocations fail_from <= number < fail_to return NULL */
	pthread_mutex_t lock;
	void *kept[HOSTILE_KEPT];
	unsigned int next_kept;
};

static struct hostile_state hostile __attribute__((unused)) = {
	.fail_from = HOSTILE_NOWHERE,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static inline void *hostile_new(size_t size, struct alloc_cache *cache, int fill)
{
	uint64_t number = __atomic_fetch_add(&hostile.nr_allocs, 1, __ATOMIC_RELAXED);
	struct hostile_header *h;

	if (number >= hostile.fail_from && number < hostile.fail_to)
		return NULL;
	h = malloc(sizeof(*h) + size);
	if (!h)
		return NULL;
	*h = (struct hostile_header){ HOSTILE_LIVE, size, cache, { 0 } };
	__atomic_fetch_add(&hostile.nr_bytes, (size + 63) & ~(size_t)63, __ATOMIC_RELAXED);
	return memset(h + 1, fill, size);
}

static inline void hostile_broken(const char *what)
{
	fprintf(stderr, "hostile allocator: %s\n", what);
	abort();
}

/* The block takes the place of the one freed HOSTILE_KEPT frees ago. */
static inline void hostile_keep(void *block)
{
	void *old;

	pthread_mutex_lock(&hostile.lock);
	old = hostile.kept[hostile.next_kept];
	hostile.kept[hostile.next_kept] = block;
	hostile.next_kept = (hostile.next_kept + 1) % HOSTILE_KEPT;
	pthread_mutex_unlock(&hostile.lock);
	free(old);
}

static inline void hostile_old(void *p, size_t size, struct alloc_cache *cache)
{
	struct hostile_header *h = (struct hostile_header *)p - 1;

	if (h->magic != HOSTILE_LIVE)
		hostile_broken("free of something that is not allocated");
	if (h->size != size)
		hostile_broken("free with another size than was asked for");
	if (h->cache != cache)
		hostile_broken("free to another cache than the object's");
	h->magic = HOSTILE_DEAD;
	memset(p, 0x5a, size);
	__atomic_fetch_add(&hostile.nr_frees, 1, __ATOMIC_RELAXED);
	hostile_keep(h);
}

static inline void *hostile_alloc(size_t size, const struct alloc_site *site)
{
	if (site->token > 15)
		hostile_broken("a site without a token");
	return hostile_new(size, NULL, 0xa5);
}

static inline void *hostile_zalloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return hostile_new(size, NULL, 0);
}

static inline void hostile_free(void *p, size_t size)
{
	hostile_old(p, size, NULL);
}

static inline void *hostile_realloc(void *p, size_t old_size, size_t size,
				    const struct alloc_site *site)
{
	void *q = hostile_alloc(size, site);

	if (!q)
		return NULL;
	memcpy(q, p, old_size < size ? old_size : size);
	hostile_old(p, old_size, NULL);
	return q;
}

static inline void *hostile_cache_alloc(struct alloc_cache *cache)
{
	return hostile_new(cache->size, cache, 0xa5);
}

static inline void *hostile_cache_zalloc(struct alloc_cache *cache)
{
	return hostile_new(cache->size, cache, 0);
}

static inline void hostile_cache_free(struct alloc_cache *cache, void *p)
{
	hostile_old(p, cache->size, cache);
}

static const struct alloc_ops hostile_ops __attribute__((unused)) = {
	.alloc = hostile_alloc,
	.zalloc = hostile_zalloc,
	.realloc = hostile_realloc,
	.free = hostile_free,
	.cache_alloc = hostile_cache_alloc,
	.cache_zalloc = hostile_cache_zalloc,
	.cache_free = hostile_cache_free,
};

/* Forget what was counted; allocations from @from on and before @to will fail. */
static inline void hostile_reset(uint64_t from, uint64_t to)
{
	hostile.nr_allocs = 0;
	hostile.nr_frees = 0;
	hostile.nr_bytes = 0;
	hostile.fail_from = from;
	hostile.fail_to = to;
	for (unsigned int i = 0; i < HOSTILE_KEPT; i++) {
		free(hostile.kept[i]);
		hostile.kept[i] = NULL;
	}
}

/* The seed of a test program: SEED in the environment, printed so that a failure can be repeated.
 */
static inline uint64_t hostile_seed(void)
{
	const char *text = getenv("SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20261121;

	printf("SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* Two rounds with malloc, two with the hostile allocator: one digest, all freed, bound kept. */
static inline void check_digest(const struct workload *w, unsigned int threads, double scale,
				const char *arg)
{
	struct drive_image *image = drive_plan(w, threads, scale, arg, hostile_seed());
	struct drive_result first = { 0 }, second = { 0 };

	assert_int_equal(image->status, 0);
	assert_true(image->plan.ops > 0);
	drive_run(w, image, threads, &drive_ops, &first);
	assert_null(first.error);
	assert_true(first.agree);
	assert_true(first.digest != 0);
	hostile_reset(HOSTILE_NOWHERE, 0);
	drive_run(w, image, threads, &hostile_ops, &second);
	assert_null(second.error);
	assert_true(second.agree);
	assert_true(first.digest == second.digest);
	assert_true(hostile.nr_allocs > 0);
	assert_int_equal(hostile.nr_frees, hostile.nr_allocs);
	assert_true(hostile.nr_bytes <= 2 * image->plan.alloc_bytes);
	hostile_reset(HOSTILE_NOWHERE, 0);
	drive_release(image);
}

/* One round with allocations @from to @to refused, which must end with a sentence and no leak. */
static inline void check_refusal(const struct workload *w, const struct drive_image *image,
				 unsigned int threads, uint64_t from, uint64_t to)
{
	struct drive_result r = { .rounds = 1 };
	uint64_t nr_refused;

	hostile_reset(from, to);
	drive_run(w, image, threads, &hostile_ops, &r);
	nr_refused = hostile.nr_allocs < to ? hostile.nr_allocs - from : to - from;
	assert_non_null(r.error);
	assert_string_equal(r.error, WL_OUT_OF_MEMORY);
	assert_int_equal(hostile.nr_frees, hostile.nr_allocs - nr_refused);
	hostile_reset(HOSTILE_NOWHERE, 0);
}

/* NULL once at the first allocations and at others through the round, and NULL from there on. */
static inline void check_out_of_memory(const struct workload *w, unsigned int threads, double scale,
				       const char *arg)
{
	struct drive_image *image = drive_plan(w, threads, scale, arg, hostile_seed());
	struct drive_result r = { .rounds = 1 };
	uint64_t total, step;

	assert_int_equal(image->status, 0);
	hostile_reset(HOSTILE_NOWHERE, 0);
	drive_run(w, image, threads, &hostile_ops, &r);
	total = hostile.nr_allocs;
	for (uint64_t k = 0; k < 40 && k < total; k++)
		check_refusal(w, image, threads, k, k + 1);
	step = total / 60 + 1;
	for (uint64_t k = 40; k < total; k += step) {
		check_refusal(w, image, threads, k, k + 1);
		check_refusal(w, image, threads, k, HOSTILE_NOWHERE);
	}
	drive_release(image);
}

static inline bool same_image(const struct drive_image *a, const struct drive_image *b)
{
	return a->plan.image_bytes == b->plan.image_bytes &&
	       !memcmp(a->plan.image, b->plan.image, a->plan.image_bytes);
}

static inline void check_seeds(const struct workload *w, unsigned int threads, double scale,
			       const char *arg)
{
	uint64_t seed = hostile_seed();
	struct drive_image *a = drive_plan(w, threads, scale, arg, seed);
	struct drive_image *b = drive_plan(w, threads, scale, arg, seed);
	struct drive_image *c = drive_plan(w, threads, scale, arg, seed + 1);

	assert_int_equal(a->status | b->status | c->status, 0);
	assert_true(same_image(a, b));
	assert_false(same_image(a, c));
	assert_int_equal(a->plan.ops, b->plan.ops);
	assert_int_equal(a->plan.alloc_bytes, b->plan.alloc_bytes);
	drive_release(a);
	drive_release(b);
	drive_release(c);
}

/* prepare() refuses @arg in a sentence that repeats it. */
static inline void check_wrong_argument(const struct workload *w, const char *arg)
{
	struct drive_image *image = drive_plan(w, 1, 0.01, arg, 1);

	assert_int_equal(image->status, -1);
	assert_non_null(strstr(image->plan.why, arg));
	drive_release(image);
}

/* Counter @name of @r, which must exist. */
static inline uint64_t counter_of(const struct workload *w, const struct drive_result *r,
				  const char *name)
{
	for (int i = 0; i < WL_NR_COUNTERS; i++)
		if (w->counters[i].name && !strcmp(w->counters[i].name, name))
			return r->counters[i];
	fail_msg("%s has no counter %s", w->name, name);
	return 0;
}

#endif
