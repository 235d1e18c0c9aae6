// SPDX-License-Identifier: MIT
/* Lanes, barns and sheaves: what is at hand, how much of it, and that nothing is lost on the way.
 */
#include "common.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/percpu.h"
#include "allocators/slab/sheaf.h"
#include "lib/random.h"

static struct kmem_cache *make(const char *name, unsigned int size)
{
	struct kmem_cache *s = kmem_cache_create(name, size, 0, SLAB_NO_MERGE, NULL);

	assert_non_null(s);
	return s;
}

static size_t nr_cached(void)
{
	struct slab_usage u;

	slab_usage(&u);
	return u.nr_cached;
}

/* Allocate @n objects and free them again, in the order of allocation. */
static void churn(struct kmem_cache *s, unsigned int n)
{
	void **p = calloc(n, sizeof(*p));

	assert_non_null(p);
	for (unsigned int i = 0; i < n; i++)
		assert_non_null(p[i] = kmem_cache_alloc(s, GFP_KERNEL));
	for (unsigned int i = 0; i < n; i++)
		kmem_cache_free(s, p[i]);
	free(p);
}

static void test_capacities_are_the_kernel_s(void **state)
{
	static const unsigned int sizes[][2] = { { 8, 60 },    { 192, 60 },  { 256, 28 },
						 { 1016, 28 }, { 1024, 12 }, { 4096, 4 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *s = make("capacity", sizes[i][0]);

		assert_int_equal(s->geo.capacity, sizes[i][1]);
		kmem_cache_destroy(s);
	}
}

/* Main, spare and ten full sheaves in the barn: more goes back to the slabs. */
static void test_a_barn_keeps_ten_full_sheaves(void **state)
{
	struct kmem_cache *s = make("barn", 64);
	size_t before = nr_cached();

	(void)state;
	churn(s, 60 * 40);
	assert_in_range(s->node[0].barn.nr_full, 1, MAX_FULL_SHEAVES);
	assert_true(nr_cached() - before <= 60 * (MAX_FULL_SHEAVES + 2) * (percpu_nr_cpus() + 1));
	assert_equations_hold();
	kmem_cache_destroy(s);
	assert_int_equal(nr_cached(), before);
}

static void test_shrink_empties_all_sheaves_and_slabs(void **state)
{
	struct kmem_cache *s = make("shrink", 128);
	void *kept;

	(void)state;
	churn(s, 3000);
	kept = kmem_cache_alloc(s, GFP_KERNEL);
	assert_int_equal(kmem_cache_shrink(s), 1);
	assert_int_equal(s->node[0].nr_slabs, 1);
	assert_int_equal(s->node[0].barn.nr_full + s->node[0].barn.nr_empty, 0);
	assert_equations_hold();
	kmem_cache_free(s, kept);
	assert_int_equal(kmem_cache_shrink(s), 0);
	assert_int_equal(s->node[0].nr_slabs, 0);
	kmem_cache_destroy(s);
}

/* The slab with the fewest free objects first. */
static void test_shrink_puts_the_fullest_slabs_first(void **state)
{
	struct kmem_cache *s =
		kmem_cache_create("order", 256, 0, SLAB_CONSISTENCY_CHECKS | SLAB_NO_MERGE, NULL);
	unsigned int per = s->geo.objects, last = 0;
	void *p[8 * 64];
	struct frame *f;

	(void)state;
	for (unsigned int i = 0; i < 8 * per; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (unsigned int slab = 0; slab < 8; slab++) /* 3, 6, 1, 4, 7, 2, 5, 8 free ones */
		for (unsigned int i = 0; i < (slab * 3 + 2) % 8 + 1; i++)
			kmem_cache_free(s, p[slab * per + i]);
	assert_int_equal(kmem_cache_shrink(s), 1);
	list_for_each_entry (f, &s->node[0].partial, link) {
		unsigned int nr_free = f->objects - f->inuse;

		assert_true(nr_free > last);
		last = nr_free;
	}
	assert_int_equal(last, 8);
	for (unsigned int slab = 0; slab < 8; slab++)
		for (unsigned int i = (slab * 3 + 2) % 8 + 1; i < per; i++)
			kmem_cache_free(s, p[slab * per + i]);
	kmem_cache_destroy(s);
}

#define MOST_THREADS 256u

/* Threads allocate and free different numbers of objects, so that lanes end in every state. */
struct crowd {
	unsigned int nr_rounds; /* of each thread: all crowds do the same work */
	unsigned int nr;	/* rounds begun */
	struct kmem_cache *cache;
	pthread_barrier_t go;
	pthread_barrier_t done; /* all have churned and all still live */
	pthread_barrier_t leave;
};

static void *churn_in_a_crowd(void *arg)
{
	struct crowd *c = arg;

	pthread_barrier_wait(&c->go);
	for (unsigned int i = 0; i < c->nr_rounds; i++)
		churn(c->cache, 1000 + 37 * __atomic_fetch_add(&c->nr, 1, __ATOMIC_RELAXED));
	pthread_barrier_wait(&c->done);
	pthread_barrier_wait(&c->leave);
	return NULL;
}

/* Every CPU that this process may use gets its share of the threads. */
static void put_on_a_cpu(pthread_t thread, unsigned int i)
{
	cpu_set_t all, one;
	unsigned int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	for (i %= (unsigned int)CPU_COUNT(&all); !CPU_ISSET(cpu, &all) || i--; cpu++)
		;
	CPU_SET(cpu, &one);
	pthread_setaffinity_np(thread, sizeof(one), &one);
}

static void count_sheaf(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx)
{
	(void)s;
	(void)sheaf;
	++*(unsigned int *)ctx;
}

/*
 * Bytes that the sheaves hold with @nr threads alive that have all allocated and freed, were each
 * full: how full the lanes are in the end is chance.
 */
static size_t cached_by(unsigned int nr)
{
	struct crowd c = { .cache = make("crowd", 64), .nr_rounds = MOST_THREADS / nr };
	pthread_t *threads = calloc(nr, sizeof(*threads));
	unsigned int nr_sheaves = 0;

	pthread_barrier_init(&c.go, NULL, nr);
	pthread_barrier_init(&c.done, NULL, nr + 1);
	pthread_barrier_init(&c.leave, NULL, nr + 1);
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, churn_in_a_crowd, &c), 0);
		put_on_a_cpu(threads[i], i);
	}
	pthread_barrier_wait(&c.done);
	sheaf_visit(c.cache, count_sheaf, &nr_sheaves);
	pthread_barrier_wait(&c.leave);
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	assert_equations_hold();
	kmem_cache_destroy(c.cache);
	return nr_sheaves * (sizeof(struct slab_sheaf) + 60 * (sizeof(void *) + 64));
}

/* A busy CPU may have done nothing for a crowd. */
static size_t most_cached_by(unsigned int nr)
{
	size_t most = 0;

	for (int i = 0; i < 3; i++)
		most = max_size(most, cached_by(nr));
	return most;
}

static void test_cached_memory_does_not_grow_with_threads(void **state)
{
	size_t few, many;

	(void)state;
	if (!percpu_nr_cpus()) {
		print_message("lanes belong to threads here: %s\n", percpu_engine());
		skip();
	}
	few = most_cached_by(4);
	many = most_cached_by(MOST_THREADS);
	print_message("cached bytes: %zu with 4 threads, %zu with %u\n", few, many, MOST_THREADS);
	assert_true(many <= few + few / 20);
}

static void test_a_prefilled_sheaf_has_what_was_asked_for(void **state)
{
	struct kmem_cache *s = make("prefill", 100);
	unsigned int counts[] = { 1, 7, 60, 61, 500 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		unsigned int n = counts[i];
		struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(s, GFP_KERNEL, n);
		void *p[500];

		assert_true(kmem_cache_sheaf_size(sheaf) >= n);
		slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
		for (unsigned int k = 0; k < n; k++)
			assert_non_null(p[k] = kmem_cache_alloc_from_sheaf(s, 0, sheaf));
		slab_fault_arm(FAULT_PAGES, 0, 0);
		assert_int_equal(kmem_cache_refill_sheaf(s, GFP_KERNEL, &sheaf, n / 2 + 1), 0);
		assert_true(kmem_cache_sheaf_size(sheaf) >= n / 2 + 1);
		kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
		for (unsigned int k = 0; k < n; k++)
			kmem_cache_free(s, p[k]);
		assert_equations_hold();
	}
	kmem_cache_destroy(s);
}

static void test_a_prefill_that_gets_no_memory_leaves_nothing(void **state)
{
	struct kmem_cache *s = make("refused", 512);

	(void)state;
	for (uint64_t n = 1; n < 12; n++) {
		struct slab_sheaf *sheaf;

		slab_fault_arm(FAULT_PAGES, n, UINT64_MAX);
		sheaf = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 300);
		slab_fault_arm(FAULT_PAGES, 0, 0);
		if (sheaf)
			kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
		assert_equations_hold();
		assert_int_equal(kmem_cache_shrink(s), 0);
	}
	kmem_cache_destroy(s);
}

/* Without leave to wait a lane is not refilled: objects come one by one from the slabs. */
static void test_an_atomic_allocation_fills_no_sheaf(void **state)
{
	struct kmem_cache *s = make("atomic", 64);
	void *p = kmem_cache_alloc(s, GFP_ATOMIC);

	(void)state;
	assert_int_equal(s->node[0].nr_objects, s->geo.objects);
	assert_int_equal(s->node[0].nr_partial, 1);
	assert_int_equal(list_first_entry(&s->node[0].partial, struct frame, link)->inuse, 1);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

#define NR_WORKERS 6

static struct kmem_cache *contended;
static bool stop;

/* Hold up to 200 objects, each with its address written into it. */
static void *allocate_at_random(void *arg)
{
	struct random r;
	void **held[200] = { NULL };

	random_seed(&r, (uintptr_t)arg);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		size_t i = random_below(&r, ARRAY_SIZE(held));

		if (held[i]) {
			assert_ptr_equal(*held[i], held[i]);
			kmem_cache_free(contended, held[i]);
			held[i] = NULL;
		} else if ((held[i] = kmem_cache_alloc(contended, GFP_KERNEL))) {
			*held[i] = held[i];
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i])
			kmem_cache_free(contended, held[i]);
	return NULL;
}

/* Other threads' lanes are emptied under them all the time. */
static void test_flushes_while_others_allocate_lose_nothing(void **state)
{
	pthread_t threads[NR_WORKERS];

	(void)state;
	contended = make("contended", 64);
	__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
	for (uintptr_t i = 0; i < NR_WORKERS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, allocate_at_random, (void *)(i + 1)), 0);
	for (int i = 0; i < 2000; i++) {
		kmem_cache_shrink(contended);
		if (i % 16 == 0)
			sched_yield();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < NR_WORKERS; i++)
		pthread_join(threads[i], NULL);
	assert_equations_hold();
	if (percpu_nr_cpus())
		assert_int_equal(kmem_cache_shrink(contended), 0);
	kmem_cache_destroy(contended);
	assert_equations_hold();
}

static volatile sig_atomic_t nr_signals;

static void count_signal(int sig)
{
	(void)sig;
	nr_signals++;
}

/* A signal in the middle of a sequence makes it begin again; nothing may be lost or doubled. */
static void test_signals_in_the_fast_path_lose_nothing(void **state)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = { { 0, 0 }, { 0, 0 } };
	struct kmem_cache *s = make("signals", 64);
	void **p[50];

	(void)state;
	signal(SIGALRM, count_signal);
	setitimer(ITIMER_REAL, &often, NULL);
	while (nr_signals < 300) {
		for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			*p[i] = p[i];
		}
		for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
			assert_ptr_equal(*p[i], p[i]);
			kmem_cache_free(s, p[i]);
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
	assert_equations_hold();
	if (percpu_nr_cpus())
		assert_int_equal(kmem_cache_shrink(s), 0);
	kmem_cache_destroy(s);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capacities_are_the_kernel_s),
		cmocka_unit_test(test_a_barn_keeps_ten_full_sheaves),
		cmocka_unit_test(test_shrink_empties_all_sheaves_and_slabs),
		cmocka_unit_test(test_shrink_puts_the_fullest_slabs_first),
		cmocka_unit_test(test_cached_memory_does_not_grow_with_threads),
		cmocka_unit_test(test_a_prefilled_sheaf_has_what_was_asked_for),
		cmocka_unit_test(test_a_prefill_that_gets_no_memory_leaves_nothing),
		cmocka_unit_test(test_an_atomic_allocation_fills_no_sheaf),
		cmocka_unit_test(test_flushes_while_others_allocate_lose_nothing),
		cmocka_unit_test(test_signals_in_the_fast_path_lose_nothing),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
