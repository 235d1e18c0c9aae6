// SPDX-License-Identifier: MIT
/*
 * The trace workload: every thread's order is kept, every object is freed once by whom the
 * recording says, what the recorded allocator did for itself is left out, and neither the number of
 * threads nor the allocator changes what comes out. Small traces are made here; the shipped ones
 * run too.
 */
#include "hostile.h"

#include <time.h>

#include "lib/random.h"
#include "ktr_build.h"
#include "workloads/trace_image.h"

extern const struct workload workload_trace;

static const struct workload *const w = &workload_trace;
static char dir[] = "/tmp/slabbench-trace-XXXXXX";
static char path[64];
static struct build b;
static const unsigned int thread_counts[] = { 1, 2, 3, 8 };

static struct drive_image *plan_built(unsigned int threads, double scale)
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

static void note(char what, size_t size)
{
	uint32_t n = __atomic_fetch_add(&nr_calls, 1, __ATOMIC_SEQ_CST);

	if (self == UINT32_MAX)
		self = __atomic_fetch_add(&nr_selves, 1, __ATOMIC_SEQ_CST);
	assert_true(n < MAX_CALLS);
	calls[n] = (struct call){ what, self, size };
}

static void *note_alloc(size_t size, const struct alloc_site *site)
{
	uint32_t i = 0;

	while (i < nr_sites_seen && sites_seen[i] != site)
		i++;
	if (i == nr_sites_seen && nr_sites_seen < 16)
		sites_seen[nr_sites_seen++] = site;
	note('a', size);
	return malloc(size);
}

static void *note_zalloc(size_t size, const struct alloc_site *site)
{
	void *p = note_alloc(size, site);

	calls[nr_calls - 1].what = 'z';
	return memset(p, 0, size);
}

static void note_free(void *p, size_t size)
{
	note('f', size);
	free(p);
}

static void *note_cache_alloc(struct alloc_cache *cache)
{
	note('c', cache->size);
	return malloc(cache->size);
}

static void *note_cache_zalloc(struct alloc_cache *cache)
{
	note('y', cache->size);
	return calloc(1, cache->size);
}

static void note_cache_free(struct alloc_cache *cache, void *p)
{
	note('g', cache->size);
	free(p);
}

static struct alloc_cache *note_cache_create(const char *name, size_t size, size_t align,
					     unsigned int flags)
{
	struct alloc_cache *cache = &made[nr_made++];

	*cache = (struct alloc_cache){ .size = size, .align = align, .flags = flags };
	snprintf(cache->name, sizeof(cache->name), "%s", name);
	return cache;
}

static void note_cache_destroy(struct alloc_cache *cache)
{
	cache->size = 0;
}

static const struct alloc_ops note_ops = {
	.alloc = note_alloc,
	.zalloc = note_zalloc,
	.free = note_free,
	.cache_alloc = note_cache_alloc,
	.cache_zalloc = note_cache_zalloc,
	.cache_free = note_cache_free,
};

static void run_noted(unsigned int threads, double scale)
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

static void free_one(struct random *r, uint32_t *live, uint32_t *nr_live)
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
static void build_many(void)
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

/* Where in the recording the event behind a call is; UINT32_MAX: a free that it does not have. */
static uint32_t position(const struct call *c, unsigned int *recorded_thread)
{
	const struct expected *e = &expected[c->size];

	*recorded_thread = c->what == 'f' ? e->freer : e->owner;
	if (c->what != 'f')
		return e->allocated;
	return e->freer == BUILD_THREADS ? UINT32_MAX : e->freed;
}

static void check_order(unsigned int threads)
{
	uint32_t last[BUILD_THREADS] = { 0 }, nr_left = 0;
	unsigned int by[BUILD_THREADS];

	memset(by, 0xff, sizeof(by));
	for (uint32_t i = 0; i < nr_calls; i++) {
		unsigned int thread;
		uint32_t at = position(&calls[i], &thread);

		if (at == UINT32_MAX) {
			nr_left++;
			continue;
		}
		assert_int_equal(nr_left && threads == 1, 0);
		assert_true(at >= last[thread]);
		last[thread] = at + 1;
		if (by[thread] == UINT32_MAX)
			by[thread] = calls[i].thread;
		assert_int_equal(by[thread], calls[i].thread);
	}
	assert_int_equal(nr_calls - nr_left, b.nr_events);
	assert_int_equal(nr_calls, 2 * NR_OBJECTS);
}

/* Objects that are left: freed by whoever allocated them, in the order of allocation. */
static void check_left(void)
{
	uint32_t last[8] = { 0 };

	for (uint32_t i = 0; i < nr_calls; i++) {
		const struct expected *e = &expected[calls[i].size];

		if (calls[i].what != 'f' || e->freer != BUILD_THREADS)
			continue;
		assert_true(e->allocated >= last[calls[i].thread]);
		last[calls[i].thread] = e->allocated;
	}
}

static void test_each_recorded_thread_keeps_its_order(void **state)
{
	(void)state;
	build_many();
	for (size_t i = 0; i < sizeof(thread_counts) / sizeof(thread_counts[0]); i++) {
		run_noted(thread_counts[i], 1);
		check_order(thread_counts[i]);
		check_left();
	}
}

static uint64_t digest_of(unsigned int threads, double scale, const char *arg,
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

static void test_any_number_of_threads_gives_one_digest(void **state)
{
	uint64_t digest;

	(void)state;
	build_many();
	build_save(&b, path);
	digest = digest_of(1, 1, path, &drive_ops);
	assert_true(digest != 0);
	for (size_t i = 0; i < sizeof(thread_counts) / sizeof(thread_counts[0]); i++) {
		assert_true(digest_of(thread_counts[i], 1, path, &drive_ops) == digest);
		hostile_reset(HOSTILE_NOWHERE, 0);
		assert_true(digest_of(thread_counts[i], 1, path, &hostile_ops) == digest);
		assert_int_equal(hostile.nr_frees, hostile.nr_allocs);
	}
}

static void test_the_shipped_traces_give_one_digest(void **state)
{
	static const char *const names[] = { "dentry-xfs", "dentry-reclaim", "xfs-buffer",
					     "pmem-xfs1k" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint64_t digest = digest_of(1, 0.1, names[i], &hostile_ops);

		for (size_t t = 0; t < sizeof(thread_counts) / sizeof(thread_counts[0]); t++)
			assert_true(digest_of(thread_counts[t], 0.1, names[i], &drive_ops) ==
				    digest);
	}
	check_digest(w, 2, 0.02, "xfs-buffer");
}

static void test_null_at_any_allocation_is_reported_and_undone(void **state)
{
	(void)state;
	build_many();
	build_save(&b, path);
	check_out_of_memory(w, 1, 0.3, path);
	check_out_of_memory(w, 3, 0.3, path);
	check_out_of_memory(w, 4, 0.002, "xfs-buffer");
}

static uint32_t count(char what, size_t size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nr_calls; i++)
		n += calls[i].what == what && (!size || calls[i].size == size);
	return n;
}

static void test_what_the_recorded_allocator_allocated_is_left_out(void **state)
{
	uint32_t object;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 40);
	object = build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 48);
	b.event[1].flags = KTR_INTERNAL;
	build_free(&b, 1, KTR_KFREE, object);
	object = build_kmalloc(&b, 1, SITE_PLAIN, GFP_ZERO, 56);
	b.event[3].flags = KTR_INTERNAL;
	run_noted(2, 1);
	assert_int_equal(nr_calls, 2);
	assert_int_equal(count('z', 40), 1);
	assert_int_equal(count('f', 40), 1);
}

static void test_nothing_but_internal_objects_is_refused(void **state)
{
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 48);
	b.event[0].flags = KTR_INTERNAL;
	build_save(&b, path);
	image = drive_plan(w, 1, 1, path, 1);
	assert_int_equal(image->status, -1);
	assert_string_equal(image->plan.why, "the trace has no event that a replay keeps");
	drive_release(image);
}

static void test_every_kind_of_free_frees_what_its_object_is(void **state)
{
	(void)state;
	b.nr_events = b.nr_objects = 0;
	for (uint8_t op = KTR_KFREE; op < KTR_NR_OPS; op++) {
		uint32_t plain = build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 100u + op);
		uint32_t cached = build_cache_alloc(&b, 0, CACHE_DENTRY, GFP_KERNEL);

		build_free(&b, 1, op, cached);
		build_free(&b, 1, op, plain);
		if (op == KTR_KFREE)
			op = KTR_CACHE_FREE; /* kfree() takes both, kmem_cache_free() does not */
	}
	run_noted(2, 1);
	assert_int_equal(count('a', 0), 4);
	assert_int_equal(count('f', 0), 4);
	assert_int_equal(count('c', 192), 4);
	assert_int_equal(count('g', 192), 4);
}

static void test_sites_and_caches_are_those_of_the_recording(void **state)
{
	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 64);
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 65);
	build_kmalloc(&b, 0, SITE_POINTERS, GFP_ZERO, 64);
	build_kmalloc(&b, 0, SITE_POINTERS, GFP_RECLAIMABLE, 64);
	build_cache_alloc(&b, 0, CACHE_MAPLE, GFP_ZERO);
	build_cache_alloc(&b, 0, CACHE_DENTRY, GFP_KERNEL);
	run_noted(1, 1);
	assert_int_equal(nr_sites_seen, 3);
	assert_int_equal(count('z', 64), 1);
	assert_int_equal(count('y', 256), 1);
	assert_int_equal(nr_made, 2);
	assert_string_equal(made[0].name, "maple_node");
	assert_int_equal(made[0].align, 256);
	assert_string_equal(made[1].name, "dentry");
	assert_int_equal(made[1].flags, ALLOC_CACHE_RECLAIMABLE | ALLOC_CACHE_ACCOUNT);
	assert_int_equal(made[0].size + made[1].size, 0); /* teardown() destroyed them */
}

/* The sites' memory is gone after the run, so they are looked at in an allocation. */
static void *look_alloc(size_t size, const struct alloc_site *site)
{
	if (size == 64) {
		assert_string_equal(site->type, "ifs_alloc");
		assert_false(site->has_pointers);
		assert_true(site->token < 8);
		assert_int_equal(site->gfp, 0xcc0);
	} else {
		assert_string_equal(site->type, "xfs_trans_alloc");
		assert_true(site->has_pointers);
		assert_in_range(site->token, 8, 15);
		assert_int_equal(site->gfp, 0x400cd0);
	}
	return malloc(size);
}

static void test_a_site_is_named_by_its_function(void **state)
{
	struct alloc_ops ops = drive_ops;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 64);
	build_kmalloc(&b, 0, SITE_POINTERS, GFP_RECLAIMABLE, 72);
	build_save(&b, path);
	ops.alloc = look_alloc;
	digest_of(1, 1, path, &ops);
}

static uint64_t expected_ops(double scale)
{
	uint64_t kept = (uint64_t)(scale * b.nr_events), nr_allocs = 0;

	for (uint64_t i = 0; i < kept; i++)
		nr_allocs += b.event[i].op <= KTR_CACHE_ALLOC;
	return 2 * nr_allocs;
}

static void test_a_scale_below_one_is_a_prefix(void **state)
{
	struct drive_image *image;

	(void)state;
	build_many();
	image = plan_built(2, 0.1);
	assert_int_equal(image->plan.ops, expected_ops(0.1));
	drive_release(image);
	image = plan_built(1, 1e-9);
	assert_int_equal(image->plan.ops, 2);
	drive_release(image);
	run_noted(1, 0.1);
}

static void test_a_scale_above_one_repeats_the_trace(void **state)
{
	struct drive_image *image;

	(void)state;
	build_many();
	build_save(&b, path);
	for (unsigned int threads = 1; threads <= 4; threads++) {
		image = plan_built(threads, 2.6);
		assert_int_equal(image->plan.ops, 3 * 2 * NR_OBJECTS);
		assert_non_null(strstr(image->plan.params, " repeats=3"));
		drive_release(image);
		assert_true(digest_of(threads, 3, path, &hostile_ops) ==
			    3 * digest_of(1, 1, path, &drive_ops));
	}
	image = drive_plan(w, 1, 1e6, path, 1);
	assert_int_equal(image->status, -1);
	assert_non_null(strstr(image->plan.why, "scale 1e+06 is too large for this trace"));
	drive_release(image);
}

static void test_what_a_plan_tells_is_exact(void **state)
{
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_free(&b, 3, KTR_KFREE, build_kmalloc(&b, 2, SITE_PLAIN, GFP_ZERO, 1));
	build_kmalloc(&b, 2, SITE_PLAIN, GFP_ZERO, 65);
	build_cache_alloc(&b, 4, CACHE_LARGE, GFP_ZERO);
	image = plan_built(2, 1);
	assert_int_equal(image->plan.ops, 6);
	assert_int_equal(image->plan.alloc_bytes, 64 + 128 + 12352);
	assert_string_equal(image->plan.params, "events=6 objects=3 threads-recorded=3");
	drive_release(image);
}

/* Each object is freed by the other of two threads before that one goes on: no way is longer. */
static void test_threads_that_wait_for_each_other_all_the_time_end(void **state)
{
	struct drive_result r = { .rounds = 3 };
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	for (uint16_t i = 0; i < 2000; i++)
		build_free(&b, (i + 1) % 8, KTR_KFREE,
			   build_kmalloc(&b, i % 8, SITE_PLAIN, GFP_ZERO, 1 + i % 5000));
	for (size_t i = 1; i < sizeof(thread_counts) / sizeof(thread_counts[0]); i++) {
		image = plan_built(thread_counts[i], 2);
		drive_run(w, image, thread_counts[i], &drive_ops, &r);
		assert_null(r.error);
		assert_true(r.agree);
		drive_release(image);
	}
}

static void test_the_counters_say_what_was_left_and_waited_for(void **state)
{
	struct drive_result r = { .rounds = 2 };
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	for (int i = 0; i < 5; i++)
		build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 100);
	build_free(&b, 0, KTR_KFREE, 2);
	image = plan_built(1, 3);
	drive_run(w, image, 1, &drive_ops, &r);
	assert_int_equal(r.counters[0], 0);
	assert_int_equal(r.counters[1], 3 * 4);
	assert_string_equal(w->counters[0].name, "handoff_wait_count");
	assert_string_equal(w->counters[1].name, "live_at_end_count");
	drive_release(image);
}

/* Two threads that write to one object are a race, as thread sanitizers are right to say. */
#if defined(__SANITIZE_THREAD__)
#define MAX_RACING 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MAX_RACING 1
#endif
#endif
#ifndef MAX_RACING
#define MAX_RACING 3
#endif

/* Gives out one piece of memory for two objects that are alive at once, from the 100th on. */
static char *twice;
static uint32_t nr_given;

static void *double_alloc(size_t size, const struct alloc_site *site)
{
	uint32_t n = __atomic_add_fetch(&nr_given, 1, __ATOMIC_RELAXED);

	(void)size;
	(void)site;
	return n < 100 ? malloc(NR_OBJECTS + FIRST_SIZE) : twice;
}

static void double_free(void *p, size_t size)
{
	(void)size;
	if (p != twice)
		free(p);
}

static void test_memory_given_out_twice_is_noticed(void **state)
{
	struct alloc_ops ops = drive_ops;

	(void)state;
	ops.alloc = double_alloc;
	ops.free = double_free;
	twice = malloc(NR_OBJECTS + FIRST_SIZE);
	build_many();
	for (unsigned int threads = 1; threads <= MAX_RACING; threads++) {
		struct drive_image *image = plan_built(threads, 1);
		struct drive_result r = { .rounds = 1 };

		nr_given = 0;
		drive_run(w, image, threads, &ops, &r);
		assert_non_null(r.error);
		assert_non_null(strstr(r.error, "was overwritten"));
		drive_release(image);
	}
	free(twice);
}

/* Spoils one byte of an object when the next one is allocated. */
static unsigned char *before;
static size_t spoil_at;

static void *spoil_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	if (before)
		before[spoil_at] ^= 1;
	before = before ? before : calloc(1, size);
	return size == 9 ? malloc(size) : before;
}

static void spoil_run(uint32_t size, size_t at, bool noticed)
{
	struct alloc_ops ops = drive_ops;
	struct drive_result r = { .rounds = 1 };
	struct drive_image *image;

	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, size);
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 9);
	image = plan_built(1, 1);
	ops.alloc = spoil_alloc;
	before = NULL;
	spoil_at = at;
	drive_run(w, image, 1, &ops, &r);
	assert_int_equal(r.error != NULL, noticed);
	drive_release(image);
}

static void test_a_spoilt_byte_of_the_first_word_and_of_each_page_is_noticed(void **state)
{
	(void)state;
	spoil_run(1, 0, true);
	spoil_run(3, 2, true);
	spoil_run(7, 0, true);
	spoil_run(8, 7, true);
	spoil_run(300, 0, true);
	spoil_run(300, 8, false);
	spoil_run(4096, 7, true);
	spoil_run(4100, 4096, true);
	spoil_run(20000, 16384, true);
	spoil_run(20000, 16392, false);
}

static struct alloc_cache *no_cache(const char *name, size_t size, size_t align, unsigned int flags)
{
	return strcmp(name, "dentry") ? note_cache_create(name, size, align, flags) : NULL;
}

static void test_a_cache_that_cannot_be_created_is_an_error(void **state)
{
	struct drive_result r = { .cache_create = no_cache, .cache_destroy = note_cache_destroy };
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_cache_alloc(&b, 0, CACHE_MAPLE, GFP_ZERO);
	build_cache_alloc(&b, 0, CACHE_DENTRY, GFP_KERNEL);
	image = plan_built(1, 1);
	nr_made = 0;
	drive_run(w, image, 1, &note_ops, &r);
	assert_string_equal(r.error, "the allocator could not create the cache 'dentry'");
	assert_int_equal(nr_made, 1);
	assert_int_equal(made[0].size, 0);
	drive_release(image);
}

static void refuse(const char *arg, const char *text)
{
	struct drive_image *image = drive_plan(w, 1, 1, arg, 1);

	assert_int_equal(image->status, -1);
	if (!strstr(image->plan.why, text))
		fail_msg("'%s' does not say '%s'", image->plan.why, text);
	drive_release(image);
}

static void test_an_unknown_name_is_refused_with_those_there_are(void **state)
{
	char own[4096];

	(void)state;
	snprintf(own, sizeof(own), "%s", getenv("SLABBENCH_TRACES"));
	refuse("dentry-xf", "no trace 'dentry-xf'; shipped are dentry-reclaim, dentry-xfs, "
			    "pmem-xfs1k, xfs-buffer");
	refuse("", "trace needs a name or a file");
	refuse("/nowhere/x.ktr.zst", "cannot be opened");
	refuse("nowhere.ktr", "cannot be opened");
	setenv("SLABBENCH_TRACES", dir, 1);
	build_many();
	build_save(&b, path);
	refuse("dentry-xf", "no trace 'dentry-xf'");
	setenv("SLABBENCH_TRACES", own, 1);
}

static int begin(void **state)
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

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_recorded_thread_keeps_its_order),
		cmocka_unit_test(test_any_number_of_threads_gives_one_digest),
		cmocka_unit_test(test_the_shipped_traces_give_one_digest),
		cmocka_unit_test(test_null_at_any_allocation_is_reported_and_undone),
		cmocka_unit_test(test_what_the_recorded_allocator_allocated_is_left_out),
		cmocka_unit_test(test_nothing_but_internal_objects_is_refused),
		cmocka_unit_test(test_every_kind_of_free_frees_what_its_object_is),
		cmocka_unit_test(test_sites_and_caches_are_those_of_the_recording),
		cmocka_unit_test(test_a_site_is_named_by_its_function),
		cmocka_unit_test(test_a_scale_below_one_is_a_prefix),
		cmocka_unit_test(test_a_scale_above_one_repeats_the_trace),
		cmocka_unit_test(test_what_a_plan_tells_is_exact),
		cmocka_unit_test(test_threads_that_wait_for_each_other_all_the_time_end),
		cmocka_unit_test(test_the_counters_say_what_was_left_and_waited_for),
		cmocka_unit_test(test_memory_given_out_twice_is_noticed),
		cmocka_unit_test(test_a_spoilt_byte_of_the_first_word_and_of_each_page_is_noticed),
		cmocka_unit_test(test_a_cache_that_cannot_be_created_is_an_error),
		cmocka_unit_test(test_an_unknown_name_is_refused_with_those_there_are),
	};

	alarm(240); /* a replay that waits for ever must not hold the suite */
	return cmocka_run_group_tests(tests, begin, end);
}
