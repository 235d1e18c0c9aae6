// SPDX-License-Identifier: MIT
/*
 * Random operations over many caches and kmalloc sizes, in one thread and in several that free each
 * other's objects; every object carries a pattern, and the equations hold at every pause.
 */
#include "common.h"
#include "modes.h"

#include <pthread.h>

#include "lib/bits.h"
#include "lib/random.h"
#include "lib/sanitizers.h"

/* A sanitizer watches each byte of the patterns: it gets fewer steps, but all modes. */
#define LESS (UNDER_TSAN ? 12 : UNDER_ASAN ? 3 : 1)

#define NR_CACHES	12
#define NR_OBJECTS	(3000 / LESS)
#define NR_STEPS	(60000 / LESS)
#define NR_THREADS	4
#define NR_ROUNDS	4
#define NR_THREAD_STEPS (8000 / LESS)
#define NR_SHORT_LIVED	(200 / LESS)

/* What is remembered of a live object: the pattern fills all of it. */
struct live {
	unsigned char *p;
	size_t size;
	unsigned char pattern;
	struct kmem_cache *cache; /* NULL: kmalloc */
};

static struct kmem_cache *caches[NR_CACHES];

static void construct(void *object)
{
	(void)object;
}

static void make_caches(void)
{
	for (unsigned int i = 0; i < NR_CACHES; i++) {
		slab_flags_t flags = SLAB_NO_MERGE;

		if (i % 5 == 1)
			flags |= SLAB_HWCACHE_ALIGN;
		if (i % 5 == 2)
			flags |= SLAB_TYPESAFE_BY_RCU;
		if (i % 5 == 3)
			flags |= SLAB_CONSISTENCY_CHECKS;
		caches[i] = kmem_cache_create("random", 8 + i * i * 60, 0, flags,
					      i % 5 == 4 ? construct : NULL);
		assert_non_null(caches[i]);
	}
}

static void destroy_caches(void)
{
	for (unsigned int i = 0; i < NR_CACHES; i++)
		kmem_cache_destroy(caches[i]);
}

static size_t random_size(struct random *r)
{
	unsigned int shift = (unsigned int)random_below(r, 17);

	return 1 + random_below(r, (uint64_t)1 << shift);
}

/* Not with assert: also called off the main thread, where cmocka cannot catch. */
static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

static void allocate(struct random *r, struct live *o)
{
	uint64_t dice = random_below(r, 4);
	gfp_t gfp = random_below(r, 4) ? GFP_KERNEL : GFP_KERNEL | __GFP_ZERO;

	if (dice) {
		struct kmalloc_token t = { &caches[dice], dice };

		o->cache = NULL;
		o->size = random_size(r);
		o->p = kmalloc_token(o->size, random_below(r, 8) ? gfp : gfp | __GFP_ACCOUNT, t);
	} else {
		o->cache = caches[random_below(r, NR_CACHES)];
		o->size = kmem_cache_size(o->cache);
		o->p = kmem_cache_alloc(o->cache, gfp);
	}
	require(o->p, "out of memory");
	for (size_t i = 0; (gfp & __GFP_ZERO) && i < o->size; i++)
		require(o->p[i] == 0, "memory asked for as zero is not");
	o->pattern = (unsigned char)random_u64(r);
	memset(o->p, o->pattern, o->size);
}

static void verify(const struct live *o, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		require(o->p[i] == o->pattern, "an object changed while it was in use");
}

static void release(struct live *o)
{
	verify(o, o->size);
	if (o->cache)
		kmem_cache_free(o->cache, o->p);
	else
		kfree(o->p);
	o->p = NULL;
}

static void resize(struct random *r, struct live *o)
{
	size_t size = random_size(r);
	unsigned char *p;

	verify(o, o->size);
	p = krealloc(o->p, size, GFP_KERNEL);
	require(p, "out of memory");
	o->p = p;
	verify(o, size < o->size ? size : o->size);
	o->size = size;
	memset(p, o->pattern, size);
}

static void step(struct random *r, struct live *objects, size_t nr)
{
	struct live *o = &objects[random_below(r, nr)];

	if (!o->p)
		allocate(r, o);
	else if (!o->cache && random_below(r, 4) == 0)
		resize(r, o);
	else
		release(o);
}

static void release_all(struct live *objects, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (objects[i].p)
			release(&objects[i]);
}

static void test_random_operations_keep_the_equations(void **state)
{
	static struct live objects[NR_OBJECTS];
	struct random r;

	(void)state;
	random_seed(&r, test_seed(1));
	make_caches();
	for (unsigned int i = 0; i < NR_STEPS; i++) {
		step(&r, objects, NR_OBJECTS);
		if (i % (NR_STEPS / 20) == 0)
			assert_equations_hold();
	}
	release_all(objects, NR_OBJECTS);
	assert_equations_hold();
	destroy_caches();
	assert_equations_hold();
}

/* Objects travel through these cells: release when put, acquire when taken. */
#define NR_CELLS 256

static struct live *cells[NR_CELLS];

struct worker {
	pthread_t thread;
	uint64_t seed;
	unsigned int nr_steps;
	struct live objects[200];
};

static struct live *exchange(struct random *r, struct live *mine)
{
	return __atomic_exchange_n(&cells[random_below(r, NR_CELLS)], mine, __ATOMIC_ACQ_REL);
}

/* Give an object to whoever finds it, and free what was found in its place. */
static void trade(struct random *r)
{
	struct live *o = malloc(sizeof(*o));

	require(o, "malloc");
	allocate(r, o);
	o = exchange(r, o);
	if (!o)
		return;
	release(o);
	free(o);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct random r;

	random_seed(&r, w->seed);
	for (unsigned int i = 0; i < w->nr_steps; i++) {
		if (random_below(&r, 2))
			trade(&r);
		else
			step(&r, w->objects, 200);
		if (i % (NR_THREAD_STEPS / 8) == 0) {
			struct slab_usage usage;

			slab_usage(&usage);
			require(usage.nr_slabs > 0, "no slabs in use");
		}
	}
	release_all(w->objects, 200);
	return NULL;
}

static void empty_cells(void)
{
	for (unsigned int i = 0; i < NR_CELLS; i++) {
		struct live *o = __atomic_exchange_n(&cells[i], NULL, __ATOMIC_ACQUIRE);

		if (o)
			release(o);
		free(o);
	}
}

static void test_threads_free_each_other_s_objects(void **state)
{
	static struct worker workers[NR_THREADS];
	uint64_t seed = test_seed(2);

	(void)state;
	make_caches();
	for (unsigned int round = 0; round < NR_ROUNDS; round++) {
		for (unsigned int i = 0; i < NR_THREADS; i++) {
			workers[i].seed = seed + round * 100 + i;
			workers[i].nr_steps = NR_THREAD_STEPS;
			assert_int_equal(
				pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
		}
		for (unsigned int i = 0; i < NR_THREADS; i++)
			assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_equations_hold();
	}
	empty_cells();
	destroy_caches();
	assert_equations_hold();
}

static void *make_and_destroy(void *arg)
{
	struct random r;

	random_seed(&r, (uintptr_t)arg);
	for (int i = 0; i < NR_SHORT_LIVED; i++) {
		struct kmem_cache *s = kmem_cache_create(
			"short-lived", 8 + (unsigned int)random_below(&r, 500), 0, 0, NULL);
		void *p[100];

		require(s, "out of memory");
		for (int j = 0; j < 100; j++)
			p[j] = kmem_cache_alloc(s, GFP_KERNEL);
		for (int j = 0; j < 100; j++)
			kmem_cache_free(s, p[j]);
		kmem_cache_destroy(s);
	}
	return NULL;
}

static void test_threads_make_and_destroy_caches(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, make_and_destroy, (void *)(i + 7)), 0);
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_equations_hold();
}

/* libslab boots once a process, so each set of options has a process of its own. */
static const char *const modes[] = {
	"partition=random,seed=1,dirty=1M",
	"engine=cpuslab",
	"engine=cpuslab,stats=1,partition=typed",
	"stats=1,reserve=0",
	"debug=FZPU",
	"freelist_random=1,freelist_hardened=1,init_on_alloc=1,init_on_free=1",
	"freelist_hardened=1,engine=cpuslab",
	"kfence=1",
	"page_size=16K,limit=64M",
	"profiling=1",
	"debug=Z,engine=cpuslab",
	"nodes=4,virtual=1,shuffle=1",
	"page_size=64K,engine=cpuslab,nodes=2",
	"page_size=16K,virtual=1,debug=FZPU",
	"classes=fine,sheaves=grow,partition=typed,partitions=256",
	"classes=fine,engine=cpuslab,partition=random,partitions=64",
	"sheaves=grow,virtual=1,nodes=2,purge=1",
	"sheaves=grow,reserve=0,minalign=16,kfence=1",
	"sheaves=grow,classes=fine,page_size=64K,profiling=1,limit=256M",
};

static const char *mode;

static int boot(void **state)
{
	int err = slab_boot(mode);

	(void)state;
	if (err)
		print_error("%s: %s\n", mode, slab_boot_error());
	return err;
}

static int run_group(const char *name)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations_keep_the_equations),
		cmocka_unit_test(test_threads_free_each_other_s_objects),
		cmocka_unit_test(test_threads_make_and_destroy_caches),
	};

	mode = name;
	return cmocka_run_group_tests_name(mode, tests, boot, NULL);
}

int main(void)
{
	return run_modes(modes, ARRAY_SIZE(modes), run_group);
}
