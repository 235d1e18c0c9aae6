/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the trace workload share: traces made on the spot, an allocator that writes
 * down what is asked of it, and a directory. Include it first and once; run begin() and end()
 * around all tests. The state is the program's, so nothing here is for two tests at once.
 */
#ifndef TESTS_HARNESS_TRACE_WORLD_H
#define TESTS_HARNESS_TRACE_WORLD_H

#include "hostile.h"

#include "lib/random.h"
#include "ktr_build.h"

extern const struct workload workload_trace;

static const struct workload *const w __attribute__((unused)) = &workload_trace;
static char dir[] = "/tmp/slabbench-trace-XXXXXX";
static char path[64];
static struct build b;
static const unsigned int thread_counts[] __attribute__((unused)) = { 1, 2, 3, 8 };

static inline struct drive_image *plan_built(unsigned int threads, double scale)
{
	struct drive_image *image;

	build_save(&b, path);
	image = drive_plan(w, threads, scale, path, 1);
	if (image->status)
		fail_msg("%s", image->plan.why);
	return image;
}

/*
 * An allocator that writes down what is asked of it. A size names an object: build_many() makes no
 * two of one size.
 */
struct call {
	char what; /* a and z: allocations, c and y: from a cache, f and g: frees of both */
	unsigned int thread;
	size_t size;
};

#define MAX_CALLS 50000

static struct call calls[MAX_CALLS];
static uint32_t nr_calls;
static __thread unsigned int self = UINT32_MAX;
static unsigned int nr_selves;
static const struct alloc_site *sites_seen[16];
static uint32_t nr_sites_seen;
static struct alloc_cache made[16];
static uint32_t nr_made;

static inline void note(char what, size_t size)
{
	uint32_t n = __atomic_fetch_add(&nr_calls, 1, __ATOMIC_SEQ_CST);

	if (self == UINT32_MAX)
		self = __atomic_fetch_add(&nr_selves, 1, __ATOMIC_SEQ_CST);
	assert_true(n < MAX_CALLS);
	calls[n] = (struct call){ what, self, size };
}

static inline void note_site(const struct alloc_site *site)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint32_t i = 0;

	pthread_mutex_lock(&lock);
	while (i < nr_sites_seen && sites_seen[i] != site)
		i++;
	if (i == nr_sites_seen && nr_sites_seen < 16)
		sites_seen[nr_sites_seen++] = site;
	pthread_mutex_unlock(&lock);
}

static inline void *note_alloc(size_t size, const struct alloc_site *site)
{
	note_site(site);
	note('a', size);
	return malloc(size);
}

static inline void *note_zalloc(size_t size, const struct alloc_site *site)
{
	note_site(site);
	note('z', size);
	return calloc(1, size);
}

static inline void note_free(void *p, size_t size)
{
	note('f', size);
	free(p);
}

static inline void *note_cache_alloc(struct alloc_cache *cache)
{
	note('c', cache->size);
	return malloc(cache->size);
}

static inline void *note_cache_zalloc(struct alloc_cache *cache)
{
	note('y', cache->size);
	return calloc(1, cache->size);
}

static inline void note_cache_free(struct alloc_cache *cache, void *p)
{
	note('g', cache->size);
	free(p);
}

static inline struct alloc_cache *note_cache_create(const char *name, size_t size, size_t align,
						    unsigned int flags)
{
	struct alloc_cache *cache = &made[nr_made++];

	*cache = (struct alloc_cache){ .size = size, .align = align, .flags = flags };
	snprintf(cache->name, sizeof(cache->name), "%s", name);
	return cache;
}

static inline void note_cache_destroy(struct alloc_cache *cache)
{
	cache->size = 0;
}

static const struct alloc_ops note_ops __attribute__((unused)) = {
	.alloc = note_alloc,
	.zalloc = note_zalloc,
	.free = note_free,
	.cache_alloc = note_cache_alloc,
	.cache_zalloc = note_cache_zalloc,
	.cache_free = note_cache_free,
};

static inline void run_noted(unsigned int threads, double scale)
{
	struct drive_image *image = plan_built(threads, scale);
	struct drive_result r = { .rounds = 1,
				  .cache_create = note_cache_create,
				  .cache_destroy = note_cache_destroy };

	nr_calls = nr_sites_seen = nr_made = nr_selves = 0;
	self = UINT32_MAX;
	drive_run(w, image, threads, &note_ops, &r);
	assert_null(r.error);
	assert_int_equal(nr_calls, image->plan.ops);
	drive_release(image);
}

/* What build_many() recorded, by the size that names the object. */
struct expected {
	unsigned int owner, freer; /* recorded threads; BUILD_THREADS: alive at the end */
	uint32_t allocated, freed; /* positions in the recording */
};

#define NR_OBJECTS 3000
#define FIRST_SIZE 8

static struct expected expected[FIRST_SIZE + NR_OBJECTS];

static inline void free_one(struct random *r, uint32_t *live, uint32_t *nr_live)
{
	uint32_t pick = (uint32_t)random_below(r, *nr_live), object = live[pick];
	struct expected *e = &expected[FIRST_SIZE + object];

	live[pick] = live[--*nr_live];
	/* Mostly by its owner, as in a kernel. */
	e->freer = random_below(r, 3) ? e->owner : (unsigned int)random_below(r, 6);
	e->freed = b.nr_events;
	build_free(&b, (uint16_t)e->freer, KTR_KFREE, object);
}

/* Six threads that take turns at random, and free each other's objects. */
static inline void build_many(void)
{
	static uint32_t live[NR_OBJECTS];
	uint32_t nr_live = 0;
	struct random r;

	b.nr_events = b.nr_objects = 0;
	random_seed(&r, hostile_seed());
	while (b.nr_objects < NR_OBJECTS) {
		uint32_t size = FIRST_SIZE + b.nr_objects;

		if (nr_live && random_below(&r, 100) < 45) {
			free_one(&r, live, &nr_live);
			continue;
		}
		expected[size] = (struct expected){ (unsigned int)random_below(&r, 6),
						    BUILD_THREADS, b.nr_events, 0 };
		live[nr_live++] = build_kmalloc(&b, (uint16_t)expected[size].owner, SITE_PLAIN,
						GFP_KERNEL, size);
	}
}

static inline uint64_t digest_of(unsigned int threads, double scale, const char *arg,
				 const struct alloc_ops *ops)
{
	struct drive_image *image = drive_plan(w, threads, scale, arg, 1);
	struct drive_result r = { 0 };

	if (image->status)
		fail_msg("%s", image->plan.why);
	drive_run(w, image, threads, ops, &r);
	assert_null(r.error);
	assert_true(r.agree);
	drive_release(image);
	return r.digest;
}

static inline uint32_t count(char what, size_t size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nr_calls; i++)
		n += calls[i].what == what && (!size || calls[i].size == size);
	return n;
}

static inline int begin(void **state)
{
	const char *root = getenv("SRCDIR");
	char traces[4096];

	(void)state;
	snprintf(traces, sizeof(traces), "%s/workloads/traces", root ? root : ".");
	setenv("SLABBENCH_TRACES", traces, 1);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/built.ktr", dir);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

#endif
