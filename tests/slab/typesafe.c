// SPDX-License-Identifier: MIT
/*
 * SLAB_TYPESAFE_BY_RCU: objects are reused at once, but as long as a reader may look at one, there
 * is an object of the same type at its address.
 */
#include "readers.h"

#include <sched.h>

#include "allocators/slab/rcu_slab.h"
#include "lib/bits.h"
#include "lib/random.h"

#define MAGIC	  0x1234567890abcdefull
#define NR_PLACES 512
#define NR_ROUNDS 300

struct typed {
	uint64_t magic; /* written by the constructor and never again */
	uint64_t id;	/* changes with each use of the object */
	char rest[1000];
};

static void construct(void *object)
{
	struct typed *t = object;

	__atomic_store_n(&t->magic, MAGIC, __ATOMIC_RELAXED);
	__atomic_store_n(&t->id, 0, __ATOMIC_RELAXED);
}

static struct kmem_cache *make_cache(void)
{
	struct kmem_cache *s = kmem_cache_create("typesafe", sizeof(struct typed), 0,
						 SLAB_TYPESAFE_BY_RCU, construct);

	assert_non_null(s);
	return s;
}

static void allocate(struct kmem_cache *s, struct typed **p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		assert_non_null(p[i]);
	}
}

static void release(struct kmem_cache *s, struct typed **p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		kmem_cache_free(s, p[i]);
}

/* Take memory as others would, and leave marks all over it. */
static void use_memory_otherwise(size_t bytes)
{
	void *blocks[64];
	size_t each = bytes / ARRAY_SIZE(blocks);

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = kmalloc(each, GFP_KERNEL);
		if (blocks[i])
			memset(blocks[i], 0xff, each);
	}
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		kfree(blocks[i]);
}

static void test_empty_slabs_wait_for_the_reader(void **state)
{
	struct kmem_cache *s = make_cache();
	struct typed *p[NR_PLACES];
	struct slab_usage before, waiting, after;
	struct reader r;

	(void)state;
	reader_start(&r);
	allocate(s, p, NR_PLACES);
	slab_usage(&before);
	release(s, p, NR_PLACES);
	assert_int_equal(kmem_cache_shrink(s), 0);
	assert_true(rcu_nr_slabs() > 0);
	assert_true(rcu_slab_bytes() >= NR_PLACES * sizeof(struct typed));
	slab_usage(&waiting);
	assert_int_equal(waiting.slab_bytes, before.slab_bytes); /* held, though in no cache */
	assert_equations_hold();

	use_memory_otherwise(8u << 20);
	for (unsigned int i = 0; i < NR_PLACES; i++)
		assert_true(p[i]->magic == MAGIC);
	reader_stop(&r);
	rcu_barrier_all("test");
	assert_int_equal(rcu_nr_slabs(), 0);
	assert_int_equal(rcu_slab_bytes(), 0);
	slab_usage(&after);
	assert_true(after.slab_bytes + NR_PLACES * sizeof(struct typed) <= waiting.slab_bytes);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void test_slabs_beyond_min_partial_go_by_themselves(void **state)
{
	struct kmem_cache *s = kmem_cache_create(
		"checked", 1000, 0, SLAB_TYPESAFE_BY_RCU | SLAB_CONSISTENCY_CHECKS, NULL);
	void *p[NR_PLACES];
	size_t nr_slabs;

	(void)state;
	for (unsigned int i = 0; i < NR_PLACES; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	nr_slabs = s->node[0].nr_slabs;
	for (unsigned int i = 0; i < NR_PLACES; i++)
		kmem_cache_free(s, p[i]);
	assert_true(s->node[0].nr_slabs <= s->geo.min_partial);
	assert_true(s->node[0].nr_slabs < nr_slabs);
	rcu_barrier_all("test");
	assert_int_equal(rcu_nr_slabs(), 0);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void test_objects_are_reused_without_waiting(void **state)
{
	struct kmem_cache *s = make_cache();
	struct typed *p;
	struct reader r;

	(void)state;
	reader_start(&r);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	assert_ptr_equal(kmem_cache_alloc(s, GFP_KERNEL), p);
	kmem_cache_free(s, p);
	reader_stop(&r);
	kmem_cache_destroy(s);
}

static void test_destroy_waits_for_its_slabs(void **state)
{
	struct kmem_cache *s = make_cache();
	struct typed *p[NR_PLACES];

	(void)state;
	allocate(s, p, NR_PLACES);
	release(s, p, NR_PLACES);
	kmem_cache_destroy(s);
	assert_int_equal(rcu_nr_slabs(), 0);
	assert_equations_hold();
}

static struct typed *places[NR_PLACES];
static bool stop;

struct finding {
	uint64_t seed;
	uint64_t nr_read;
	uint64_t nr_freed; /* of those, freed while the reader was there */
	uint64_t nr_wrong;
};

static bool is_there(struct typed **place, const struct typed *t)
{
	return __atomic_load_n(place, __ATOMIC_ACQUIRE) == t;
}

/* Some readers stay until the object is gone and look at it a little longer. */
static void read_place(struct finding *f, struct typed **place)
{
	unsigned int patience = random_mix(&f->seed) % 64 ? 10 : 1000;
	struct typed *t;

	rcu_read_lock();
	t = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	for (unsigned int i = 0; t && i < patience; i++) {
		f->nr_wrong += __atomic_load_n(&t->magic, __ATOMIC_RELAXED) != MAGIC;
		if (patience > 10)
			sched_yield();
	}
	__atomic_fetch_add(&f->nr_read, t != NULL, __ATOMIC_RELAXED);
	__atomic_fetch_add(&f->nr_freed, t && !is_there(place, t), __ATOMIC_RELAXED);
	reader_unlock();
}

static void *walk(void *arg)
{
	struct finding *f = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		read_place(f, &places[random_mix(&f->seed) % NR_PLACES]);
	return NULL;
}

static void fill(struct kmem_cache *s, uint64_t round)
{
	for (unsigned int i = 0; i < NR_PLACES; i++) {
		struct typed *t = kmem_cache_alloc(s, GFP_KERNEL);

		__atomic_store_n(&t->id, round * NR_PLACES + i + 1, __ATOMIC_RELEASE);
		__atomic_store_n(&places[i], t, __ATOMIC_RELEASE);
	}
}

static void clear(struct kmem_cache *s)
{
	for (unsigned int i = 0; i < NR_PLACES; i++)
		kmem_cache_free(s, __atomic_exchange_n(&places[i], NULL, __ATOMIC_ACQ_REL));
}

/* A reader runs when the system lets it; it has met an object that was freed under it. */
static bool has_met(const struct finding *f)
{
	return __atomic_load_n(&f->nr_freed, __ATOMIC_RELAXED);
}

static void test_a_reader_never_sees_another_type(void **state)
{
	struct kmem_cache *s = make_cache();
	uint64_t seed = test_seed(1);
	struct finding f[2] = { { .seed = seed }, { .seed = ~seed } };
	pthread_t thread[2];

	(void)state;
	__atomic_store_n(&stop, false, __ATOMIC_RELEASE);
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, walk, &f[i]), 0);
	for (uint64_t round = 0; round < NR_ROUNDS || !has_met(&f[0]) || !has_met(&f[1]); round++) {
		fill(s, round);
		clear(s);
		kmem_cache_shrink(s);
		use_memory_otherwise(2u << 20);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
		pthread_join(thread[i], NULL);
		assert_true(f[i].nr_read > 0);
		assert_int_equal(f[i].nr_wrong, 0);
		assert_true(f[i].nr_freed > 0);
		print_message("%llu objects read, %llu of them freed meanwhile\n",
			      (unsigned long long)f[i].nr_read, (unsigned long long)f[i].nr_freed);
	}
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2,dirty=64K");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_slabs_wait_for_the_reader),
		cmocka_unit_test(test_slabs_beyond_min_partial_go_by_themselves),
		cmocka_unit_test(test_objects_are_reused_without_waiting),
		cmocka_unit_test(test_destroy_waits_for_its_slabs),
		cmocka_unit_test(test_a_reader_never_sees_another_type),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
